"""A proposer and a judge that do as they are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tactful.errors import ParseError
from tactful.gym.trainset.pipeline import TrainsetStage
from tactful.gym.trainset.types import JudgedPoint, Point, Verdict
from tactful.runs import Context
from tactful.types import Message


class Saying:
    """A chat model that says the next of its proposals; an exception is raised."""

    name = "m"
    generator = "endpoint"

    def __init__(self, *proposals: str | Exception | None) -> None:
        self.left = list(proposals)
        self.asked: list[tuple[Message, ...]] = []

    async def structured(self, prompt: Any, reply_type: Any, **_: Any) -> Any:
        self.asked.append(tuple(prompt.messages))
        said = self.left.pop(0)
        if isinstance(said, Exception):
            raise said
        return reply_type(thought="Because of the events.", proposal=said)


@dataclass
class Judge:
    """Accepts what is named; `None` in `by` is silence, a value of None is unscored."""

    by: Mapping[str | None, bool | None] = field(default_factory=dict)
    identity: str = "j"
    prompts: Sequence[Any] = ()
    p_accept: Mapping[str | None, float] = field(default_factory=dict)
    asked: list[str | None] = field(default_factory=list)

    async def judge(self, point: Point, proposal: str | None, context: Context) -> Verdict:
        self.asked.append(proposal)
        return Verdict(
            accepted=self.by.get(proposal, False),
            p_accept=self.p_accept.get(proposal),
            reason=f"not {proposal}",
        )


async def tried_at(point: Point, model: Saying, judge: Judge, *, tries: int = 15) -> JudgedPoint:
    """What the stage makes of a point."""
    return await TrainsetStage(judge, tries)(point, Context(point.id, 0, "r", {"proposer": model}))


UNREADABLE = ParseError("no JSON", reply="?")
