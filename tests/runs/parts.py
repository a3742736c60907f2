"""Records, stages and a configuration for the tests of the runner. Importable, so that they can be pickled."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tactful.errors import ProviderError
from tactful.llm.types import ModelSpec
from tactful.runs import Context, Job, OutsideHash, RunOptions, RunSummary, Skip, run_stage
from tactful.types import Message, Record


class Item(Record):
    id: str
    number: int


class Answer(Record):
    id: str
    double: int
    draw: float = 0.0
    run_id: str = ""
    unscored: bool = False


class Config(Record):
    factor: int = 2
    note: str | None = None
    concurrency: Annotated[int, OutsideHash()] = 4


def items(count: int, start: int = 0) -> Iterator[Item]:
    return (Item(id=f"item-{number}", number=number) for number in range(start, count))


async def double(item: Item, context: Context) -> Answer:
    return Answer(
        id=item.id, double=2 * item.number, draw=round(context.rng.random(), 12), run_id=context.run_id
    )


async def double_in_odd_order(item: Item, context: Context) -> Answer:
    """Later records finish earlier."""
    await asyncio.sleep(0.002 * (5 - item.number % 5))
    return await double(item, context)


async def moody(item: Item, context: Context) -> Answer | Skip:
    """Of ten records one is skipped, one fails by the endpoint, one by a bug."""
    match item.number % 10:
        case 3:
            return Skip("nothing to do")
        case 5:
            raise ProviderError("the endpoint hung up", outcome="out_of_reach")
        case 7:
            raise ZeroDivisionError("7 again")
    return await double(item, context)


@dataclass(frozen=True)
class Logged:
    """Doubles, and writes each record it works on into a log: one line, one system call."""

    log: Path
    pause_s: float = 0.0

    async def __call__(self, item: Item, context: Context) -> Answer:
        with self.log.open("ab", buffering=0) as file:
            file.write(f"{item.id}\n".encode())
        if self.pause_s:
            await asyncio.sleep(self.pause_s)
        return await double(item, context)

    def worked_on(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


async def ask(item: Item, context: Context) -> Answer:
    """Two calls, the second after the first."""
    model = context.models["assistant"]
    first = await model.complete([Message(role="user", content=f"first about {item.id}")])
    second = await model.complete([Message(role="user", content=f"second about {item.id}, {first.text}")])
    return Answer(id=item.id, double=len(second.text))


async def ask_the_same(item: Item, context: Context) -> Answer:
    """All records ask the same question."""
    reply = await context.models["assistant"].complete([Message(role="user", content="Which way?")])
    return Answer(id=item.id, double=len(reply.text))


async def ask_for_a_record(item: Item, context: Context) -> Answer:
    """A structured reply."""
    said = [Message(role="user", content=f"Answer item {item.id}")]
    return await context.models["assistant"].structured(said, Answer)


async def fatal(item: Item, context: Context) -> Answer:
    """The third record kills the process that works on it."""
    if item.number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    await asyncio.sleep(0.01)
    return await double(item, context)


def endpoint(base_url: str, **more: Any) -> dict[str, ModelSpec]:
    return {"assistant": ModelSpec(name="m", base_url=base_url, **more)}


def run(
    out: Path | None, *, stage=double, count: int = 10, source=None, config=None, models=None, **options
) -> RunSummary:
    return run_stage(
        noun="test",
        verb="double",
        config=config or Config(),
        source=items(count) if source is None else source,
        stage=stage,
        models=models,
        options=RunOptions(out=out, **{"progress": "off", "concurrency": 4, **options}),
    )


def job(count: int = 10, *, stage=moody, config: Config | None = None) -> Job:
    return Job(noun="test", verb="double", config=config or Config(), source=items(count), stage=stage)
