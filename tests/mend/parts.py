"""Judged conversations made by hand: one letter a turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tactful.mend.learning.costs import Followed, Prices, costs_of
from tactful.mend.learning.numbers import LearnedCosts
from tactful.mend.types import LoggedTalk, LoggedTurn, Outcome
from tactful.types import PublicState

ASKED = ("welcome", "needless", "rejected", "left")


def turn(outcome: Outcome, at: int = 0, talk: str = "c", **known: Any) -> LoggedTurn:
    """A turn with that outcome; `known` goes to its state, or to itself."""
    state = {
        "id": f"{talk}#{at}",
        "domain": "code",
        "query": "q",
        "query_clarity": 0.1,
        "task_complexity": 0.1,
        "group": talk,
    }
    mine = {name: known.pop(name) for name in tuple(known) if name in LoggedTurn.model_fields}
    return LoggedTurn(
        state=PublicState(**{**state, **known}),
        turn=at,
        outcome=outcome,
        **{"asked": outcome in ASKED, "answer": "a", "reply": "r", **mine},
    )


def talk(id: str, outcomes: Sequence[Outcome], *, user: str = "", **known: Any) -> LoggedTalk:
    """A conversation whose turns led to these outcomes."""
    group = f"user {user}" if user else id
    turns = tuple(turn(outcome, 2 * at + 1, id, group=group, **known) for at, outcome in enumerate(outcomes))
    return LoggedTalk(id=id, user=user, messages=(), turns=turns)


def learn_costs(talks: Iterable[LoggedTalk], prices: Prices) -> LearnedCosts:
    """The costs that these conversations tell."""
    followed, held = Followed(prices), list(talks)
    for one in held:
        followed.add(one)
    domains = {turn.state.domain for one in held for turn in one.turns}
    return costs_of(followed, sorted(domains), users_named=any(one.user for one in held))
