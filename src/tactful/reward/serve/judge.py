"""`POST /v1/judge` and `/v1/reactions`: our own form, with probabilities, influences, the gate and online history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import AwareDatetime, Field, field_validator

from tactful.reward.gate.rule import Costs, Gate, GateConfig
from tactful.reward.history import HistoryTracker
from tactful.reward.serve.errors import invalid
from tactful.reward.serve.guard import as_record
from tactful.reward.serve.moments import moment_of
from tactful.reward.types import Acceptance
from tactful.types import Moment, ProposalHistory, Record

MOST_MOMENTS = 256
"""In one request."""
MOST_USERS = 10_000
"""Whose reactions are kept, in memory alone."""


class MomentAsked(Record):
    """One moment to judge."""

    events: list[Any]
    """`{"time", "event"}`, oldest first."""
    proposal: Any
    """The help offered; null = silence. Required, so that a forgotten one is no silence."""
    user: str = Field(default="", max_length=200)
    """Whose reactions count, as `/v1/reactions` told them."""
    history: ProposalHistory | None = None
    """What is known of earlier proposals; goes before what `/v1/reactions` told."""


class OneAsked(MomentAsked):
    """A single moment, and what errors cost."""

    costs: Costs | None = None
    """Decide by these, where the server has no gate of its own."""


class ManyAsked(Record):
    """A batch."""

    moments: list[MomentAsked] = Field(min_length=1, max_length=MOST_MOMENTS)
    costs: Costs | None = None


class Reaction(Record):
    """What a user did with one proposal."""

    user: str = Field(min_length=1, max_length=200)
    accepted: bool = Field(strict=True)
    at: AwareDatetime | None = None
    """When it was shown."""

    @field_validator("at")
    @classmethod
    def _in_utc(cls, at: datetime | None) -> datetime | None:
        try:
            return at and at.astimezone(UTC)
        except OverflowError:
            raise ValueError("lies outside the years 1 to 9999 of UTC") from None


def read_asked(body: dict[str, Any], tracker: HistoryTracker) -> tuple[list[Moment], Costs | None]:
    """The moments of a request, each with the history that is known. Raises: ApiError 400."""
    if "moments" in body:
        many = as_record(ManyAsked, body)
        return [_moment(one, tracker) for one in many.moments], many.costs
    one = as_record(OneAsked, body)
    return [_moment(one, tracker)], one.costs


def gate_for(own: Gate | None, costs: Costs | None, judge: str) -> Gate | None:
    """The server's gate, or one from the costs of a request; None decides nothing.

    Raises: ApiError 400 when both are there: a promise of the server's gate would not hold at other costs.
    """
    if own is not None and costs is not None:
        raise invalid("this server decides by its own gate; leave 'costs' out", "costs")
    return own if costs is None else Gate(judge=judge, config=GateConfig(costs=costs))


def answers(
    moments: Sequence[Moment], judged: Sequence[Acceptance], gate: Gate | None
) -> list[dict[str, Any]]:
    """One answer per moment. `decision` is about a proposal: a silence has none, nor has a server without gate."""
    told = []
    for moment, acceptance in zip(moments, judged, strict=True):
        row = acceptance.model_dump(
            mode="json", include={"p_accept", "p_need", "accepted", "reason", "influences", "votes"}
        )
        decision = gate.decide(acceptance) if gate is not None and moment.proposal is not None else None
        row["decision"] = (
            None if decision is None else decision.model_dump(include={"action", "threshold", "reason"})
        )
        told.append(row)
    return told


def _moment(asked: MomentAsked, tracker: HistoryTracker) -> Moment:
    moment = moment_of(asked.events, asked.proposal, user=asked.user, history=asked.history)
    if asked.history is not None or not asked.user:
        return moment
    known = tracker.history(asked.user, moment.events[-1].at)
    return moment.model_copy(update={"history": known}) if known.shown else moment
