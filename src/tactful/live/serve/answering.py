"""Answers out of readings: a probability where the reader knows, a refusal with its reason where it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field

from tactful.audit.turns import CONTEXT
from tactful.live.serve.asked import (
    ChoiceAsked,
    DecisionsAsked,
    MessageItem,
    PredicateAsked,
    QuestionAsked,
    ScoreAsked,
)
from tactful.live.serve.questions import (
    ACCEPTS,
    COMPLAINS,
    CRITICAL_GAP,
    GROUPS,
    MISSING,
    NEEDLESS_QUESTION,
    NEEDS,
    REACTS,
    KnownQuestion,
    known_question,
    parted,
)
from tactful.live.types import Described
from tactful.reading.types import Exchange, Need, OfferReading, ReactionReading, ReaderAtOnce, Request
from tactful.reward.serve.errors import ApiError
from tactful.reward.serve.moments import moment_of
from tactful.text.lang import estimate_tokens
from tactful.types import Message, Moment, Record


class PredicateAnswer(Record):
    """How probable the statement is."""

    type: Literal["predicate"] = "predicate"
    name: str | None = None
    probability: float = Field(ge=0, le=1)


class ValueShare(Record):
    """A choice and its probability."""

    value: str | bool
    probability: float = Field(ge=0, le=1)


class ChoiceAnswer(Record):
    """The likeliest choice, and all of them."""

    type: Literal["choice"] = "choice"
    name: str | None = None
    choice: str | bool
    confidence: float = Field(ge=0, le=1)
    probabilities: tuple[ValueShare, ...]


class LevelShare(Described):
    """A level of a scale and its probability."""

    label: str
    value: int
    """Its place, from 0."""
    probability: float = Field(ge=0, le=1)


class ScoreAnswer(Described):
    """The expected place on the scale, and all levels."""

    type: Literal["score"] = "score"
    name: str | None = None
    score: float
    confidence: float = Field(ge=0, le=1)
    """Of the likeliest level."""
    probabilities: tuple[LevelShare, ...]


class RefusalAnswer(Record):
    """No answer: not one of our questions, or the reader does not know."""

    type: Literal["refusal"] = "refusal"
    name: str | None = None
    reason: str


AnswerGiven = Annotated[
    PredicateAnswer | ChoiceAnswer | ScoreAnswer | RefusalAnswer, Field(discriminator="type")
]


class UsageGiven(Record):
    """Tokens, as estimated; nothing is written, so that the output is 0."""

    input_tokens: int
    input_tokens_details: Mapping[str, int] = {"cache_write_tokens": 0, "cached_tokens": 0}
    output_tokens: int = 0
    output_tokens_details: Mapping[str, int] = {"reasoning_tokens": 0}
    total_tokens: int


class DecisionGiven(Described):
    """A reply: one answer for each question, in order."""

    model: str
    """Which reader answered."""
    answers: tuple[AnswerGiven, ...]
    usage: UsageGiven


def decision(asked: DecisionsAsked, reader: ReaderAtOnce) -> DecisionGiven:
    """The answers to a request. What is asked twice is read once."""
    readings = _Readings(asked.said, reader)
    texts = [one.text for one in asked.said] + [question.words for question in asked.questions]
    tokens = sum(map(estimate_tokens, texts))
    return DecisionGiven(
        model=reader.name,
        answers=tuple(_answer(question, readings) for question in asked.questions),
        usage=UsageGiven(input_tokens=tokens, total_tokens=tokens),
    )


class _Unanswered(Exception):
    """This question gets no answer, for the reason told."""


def _answer(question: QuestionAsked, readings: _Readings) -> AnswerGiven:
    try:
        found = known_question(question.name, question.words)
        if found is None:
            raise _Unanswered(
                "not one of the questions that this reader can answer; GET /v1/decisions lists them"
            )
        if question.type not in found.forms:
            raise _Unanswered(f"'{found.name}' is asked as {' or '.join(found.forms)}")
        if found.name == REACTS:
            return _reaction(question, readings)
        return _even(question, _probability(found, readings))
    except _Unanswered as error:
        return RefusalAnswer(name=question.name, reason=str(error))


def _probability(question: KnownQuestion, readings: _Readings) -> float:
    name = question.name
    if name == COMPLAINS:
        return _known(readings.reaction.complaint, readings.reaction.unknown)
    if name == ACCEPTS:
        return _known(readings.offer.accept, readings.offer.unknown)
    need = readings.need
    p = _known(need.need, need.unknown)
    if name == NEEDS:
        return p
    if name == NEEDLESS_QUESTION:
        return 1 - p
    if name == CRITICAL_GAP:
        return _known(need.critical, "nothing is likely to be missing, or the reader cannot tell what")
    kind = name.removeprefix(MISSING)
    found = next((gap.p for gap in need.missing if gap.kind == kind), None)
    return _known(found, "less likely missing than not; the reader tells no more")


def _even(question: QuestionAsked, p: float) -> AnswerGiven:
    """A probability in the form that was asked for: true and false as choices, no and yes as levels."""
    if isinstance(question, PredicateAsked):
        return PredicateAnswer(name=question.name, probability=p)
    if isinstance(question, ChoiceAsked):
        if {one.value for one in question.choices} != {True, False}:
            raise _Unanswered("this question has two choices, true and false")
        return _chosen(question, [p if one.value is True else 1 - p for one in question.choices])
    if len(question.levels) != 2:
        raise _Unanswered("this question has two levels, no and yes")
    return _scored(question, [1 - p, p])


def _reaction(question: QuestionAsked, readings: _Readings) -> AnswerGiven:
    shares = readings.reaction.probabilities
    if isinstance(question, ChoiceAsked):
        parts = parted(one.value for one in question.choices)
        if parts is None:
            raise _Unanswered(
                f"the choices do not hold each label of a reaction once; {', '.join(GROUPS)} stand for several"
            )
    else:
        assert isinstance(question, ScoreAsked)
        if len(question.levels) != len(GROUPS):
            raise _Unanswered("this question has three levels: complaint, neither, approval")
        parts = GROUPS
    if shares is None:
        raise _Unanswered(readings.reaction.unknown)
    sums = [min(1.0, sum(shares[label] for label in labels)) for labels in parts.values()]
    return _chosen(question, sums) if isinstance(question, ChoiceAsked) else _scored(question, sums)


def _chosen(question: ChoiceAsked, shares: Sequence[float]) -> ChoiceAnswer:
    best = max(range(len(shares)), key=shares.__getitem__)
    return ChoiceAnswer(
        name=question.name,
        choice=question.choices[best].value,
        confidence=shares[best],
        probabilities=tuple(
            ValueShare(value=one.value, probability=p)
            for one, p in zip(question.choices, shares, strict=True)
        ),
    )


def _scored(question: ScoreAsked, shares: Sequence[float]) -> ScoreAnswer:
    return ScoreAnswer(
        name=question.name,
        score=sum(place * p for place, p in enumerate(shares)),
        confidence=max(shares),
        probabilities=tuple(
            LevelShare(label=one.label, value=place, probability=p)
            for place, (one, p) in enumerate(zip(question.levels, shares, strict=True))
        ),
    )


def _known(value: float | None, why: str) -> float:
    if value is None:
        raise _Unanswered(why)
    return value


class _Readings:
    """What is read of one input, each thing when it is first asked for. Raises _Unanswered where it is not there."""

    def __init__(self, said: Sequence[MessageItem], reader: ReaderAtOnce) -> None:
        self.said = said
        self.reader = reader

    @cached_property
    def last(self) -> int:
        """Place of the user's last message."""
        found = next((at for at in range(len(self.said) - 1, -1, -1) if self.said[at].role == "user"), None)
        if found is None:
            raise _Unanswered("the input holds no message of the user")
        if self.said[found].seen:
            raise _Unanswered("the last user message holds an image, which this reader does not see")
        return found

    @cached_property
    def need(self) -> Need:
        turns = [_message(one) for one in self.said[max(0, self.last - CONTEXT) : self.last]]
        asked = Request(text=self.said[self.last].text, context=tuple(turns))
        return self.reader.needs_now([asked])[0]

    @cached_property
    def reaction(self) -> ReactionReading:
        at = self.last
        if at == 0 or self.said[at - 1].role != "assistant":
            raise _Unanswered("there is no answer of the assistant right before the last user message")
        query = next((one.text for one in reversed(self.said[: at - 1]) if one.role == "user"), "")
        exchange = Exchange(query=query, answer=self.said[at - 1].text, next=self.said[at].text)
        return self.reader.reactions_now([exchange])[0]

    @cached_property
    def offer(self) -> OfferReading:
        return self.reader.offers_now([_moment(self.said[self.last])])[0]


def _message(item: MessageItem) -> Message:
    return Message(role="user" if item.role == "user" else "assistant", content=item.text)


def _moment(item: MessageItem) -> Moment:
    """The moment of an `input_json` part or a JSON text `{"events": […], "proposal": …}`, or of the lines that our own
    `decisions:` reader sends: events, what is known of earlier offers, the offer.

    Raises: _Unanswered where it is neither.
    """
    given = item.data if item.data is not None else _json(item.text)
    if not isinstance(given, dict) or not {"events", "proposal"} <= given.keys():
        lines = [_json(line) for line in item.text.splitlines()]
        if len(lines) < 3 or not isinstance(lines[0], dict) or "event" not in lines[0]:
            raise _Unanswered(
                'the input is no JSON {"events": [{"time", "event"}, …], "proposal": text or null}'
            )
        given = {"events": lines[:-2], "proposal": lines[-1]}
    try:
        return moment_of(given["events"], given["proposal"])
    except ApiError as error:
        raise _Unanswered(str(error)) from None


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
