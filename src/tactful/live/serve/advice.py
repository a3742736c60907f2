"""`POST /v1/advice`, `/v1/asks` and `/v1/observations`: decisions turn by turn, and what came of them, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Literal, Self

from pydantic import Field, model_validator

from tactful.live.advisor import Advisor
from tactful.live.deciding.vetting import Vetted, vet
from tactful.live.following.tasks import Followed, is_due
from tactful.live.types import QUESTION_OUTCOMES, Advice, Described, Observation
from tactful.mend.types import Outcome
from tactful.reward.serve.errors import invalid
from tactful.types import Message, NativeAsk, Record

_STORED_S = 0.1
"""So long an answer waits to be able to say that its advice is safe."""


class Said(Record):
    """One message."""

    role: Literal["system", "user", "assistant"]
    content: str = Field(max_length=200_000)

    def message(self) -> Message:
        """As the rest of the house knows it."""
        return Message(role=self.role, content=self.content)


class AskPut(Described):
    """A question that the assistant puts, or put, by a tool."""

    tool: str = Field(default="ask", max_length=200)
    questions: tuple[str, ...] = Field(min_length=1, max_length=20)
    options: tuple[tuple[str, ...], ...] = Field(default=(), max_length=20)
    """The choices offered with each question."""
    answer: str | None = Field(default=None, max_length=20_000)
    declined: bool = False
    """The user rejected or interrupted it."""

    def native(self) -> NativeAsk:
        """As logs know it."""
        return NativeAsk(**self.model_dump())


class AdviceAsked(Described):
    """A conversation whose last message is the user's."""

    messages: tuple[Said, ...] = Field(min_length=1, max_length=2000)
    user: str = Field(default="", max_length=500)
    """Any name for the person; only a hash of it is kept."""
    conversation: str = Field(default="", max_length=64)
    """Its id, where there is one; else it is recognised by its prefix."""
    ask: AskPut | None = None
    """How the assistant's last turn asked, where it used a tool."""


class AdviceGiven(Advice):
    """The advice, and whether it is safe in the database already."""

    stored: bool
    """False: not yet, or it failed; the decision stands."""


class AdviceStands(Described):
    """Whether advice that was given may be acted on."""

    killed: bool
    """The kill switch is on: no assistant is to be told anything, whatever was advised before."""


class AskVetted(Record):
    """A question that the assistant is about to put, in a conversation whose last message is the user's."""

    messages: tuple[Said, ...] = Field(min_length=1, max_length=2000)
    conversation: str = Field(min_length=1, max_length=64)
    user: str = Field(default="", max_length=500)
    ask: AskPut


class ObservationAsked(Described):
    """What came of a turn: by id of its advice, or the latest one of a conversation; as it is read from messages, or told."""

    advice: str = Field(default="", max_length=64)
    conversation: str = Field(default="", max_length=64)
    messages: tuple[Said, ...] = Field(default=(), max_length=2000)
    """The last one is the user's reply to the turn."""
    ask: AskPut | None = None
    outcome: Outcome | None = None
    """Told, instead of messages."""
    asked: bool | None = None
    """Told: whether the assistant did ask; None: as the outcome says."""

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if bool(self.advice) == bool(self.conversation):
            raise ValueError("give one of 'advice' and 'conversation'")
        if bool(self.messages) == (self.outcome is not None):
            raise ValueError("give one of 'messages' and 'outcome'")
        return self


class ObservationGiven(Record):
    """What was learned; None: nothing (the advice is not known, was observed before, or the messages hold no reply)."""

    observation: Observation | None


def messages_of(said: Sequence[Said]) -> list[Message]:
    """The messages. Raises: ApiError 400 where the last one is not the user's."""
    messages = [one.message() for one in said]
    if not is_due(messages):
        raise invalid(
            "the last of 'messages' is not the user's; ask when it is the assistant's turn", "messages"
        )
    return messages


async def advise(advisor: Advisor, asked: AdviceAsked) -> AdviceGiven:
    """What to do about the user's last message."""
    decided = await advisor.adecide(
        messages_of(asked.messages),
        user=asked.user,
        conversation=asked.conversation,
        ask=asked.ask.native() if asked.ask else None,
    )
    return AdviceGiven(**dict(decided.advice), stored=await _is_stored(decided.stored))


async def _is_stored(work: Future[None]) -> bool:
    try:
        await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(work)), _STORED_S)
    except Exception:  # late, or failed: either way it may not be relied on
        return False
    return True


def stands(advisor: Advisor) -> AdviceStands:
    """Whether advice that was given may be acted on."""
    return AdviceStands(killed=advisor.killed())


def vetted(advisor: Advisor, asked: AskVetted) -> Vetted:
    """Whether the question may be put."""
    advice = advisor.standing(messages_of(asked.messages), user=asked.user, conversation=asked.conversation)
    return vet(advice, asked.ask.native())


def observed(advisor: Advisor, asked: ObservationAsked) -> ObservationGiven:
    """What came of the turn, learned."""
    found = asked.advice
    if not found:
        latest = advisor.latest(asked.conversation)
        found = latest.id if latest else ""
    if not found:
        return ObservationGiven(observation=None)
    if asked.outcome is not None:
        did = asked.asked if asked.asked is not None else asked.outcome in QUESTION_OUTCOMES
        told = Followed(asked=did, outcome=asked.outcome, complaint=None)
        return ObservationGiven(observation=advisor.observe(found, told=told))
    messages = [one.message() for one in asked.messages]
    ask = asked.ask.native() if asked.ask else None
    return ObservationGiven(observation=advisor.observe(found, messages, ask=ask))
