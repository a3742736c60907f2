"""Runs to look at, made by the real runner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tactful.errors import ProviderError
from tactful.runs import Context, RunOptions, RunSummary, Skip, run_stage
from tactful.types import Record


class Request(Record):
    id: str
    number: int


class Reply(Record):
    id: str
    said: str
    asked: bool
    needed: bool | None
    reward: float
    persona: str
    unscored: bool = False


class Config(Record):
    note: str = ""


def reply(number: int) -> Reply:
    """Every third one asks; of every fourth nobody knows whether it was needed; reward −1, 0, 1, 2, 3, −1, …"""
    said = "关于退款的问题" if number % 5 == 2 else f"Refunds of order {number} take time"
    return Reply(
        id=f"r{number}",
        said=said,
        asked=number % 3 == 0,
        needed=None if number % 4 == 0 else number % 2 == 0,
        reward=number % 5 - 1.0,
        persona="hurried" if number % 2 else "patient",
        unscored=number % 10 == 9,
    )


async def answering(request: Request, context: Context) -> Reply | Skip:
    if request.number % 10 == 7:
        raise ProviderError("the endpoint hung up", outcome="out_of_reach")
    if request.number % 10 == 8:
        return Skip("nothing to do")
    return reply(request.number)


async def shouting(request: Request, context: Context) -> Reply:
    return reply(request.number).model_copy(update={"said": "SHOUTED loudly"})


def requests(count: int) -> Iterator[Request]:
    return (Request(id=f"r{number}", number=number) for number in range(count))


def make_run(out: Path, count: int = 20, *, resume: bool = False, limit: int | None = None) -> RunSummary:
    return run_stage(
        noun="view",
        verb="try",
        config=Config(),
        source=requests(count),
        stage=answering,
        options=RunOptions(out=out, progress="off", resume=resume, limit=limit),
    )
