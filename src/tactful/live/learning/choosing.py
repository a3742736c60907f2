"""A choice out of what is believed: the best guess, now and then a draw from the belief (Thompson), never past the guards.

With the exploration share ε, P(ask) = (1 − ε) · [the best guess asks] + ε · P(p ≤ p*), where p is this user's chance of rejecting,
distributed as believed, and p* the highest at which asking is still worth it. So each choice has an exact propensity.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from pydantic import Field

from tactful.policy.cost import CostPolicy
from tactful.types import Decision, Policy, PublicState, Record, UserHistory

_SURE = 1e6
"""Weight of a prior that holds one value alone."""
_STEPS = 16


class Guards(Record):
    """Bounds that no draw passes."""

    questions_per_conversation: int = Field(default=3, ge=0)
    """More are never advised."""
    rejected_in_a_row: int = Field(default=2, ge=1)
    """After so many, over whatever conversations, no question is advised until another reaction than rejecting comes or the taste fades."""
    explore: float = Field(default=0.1, ge=0, le=0.5)
    """Share ε of the turns that are decided by a draw; 0: never."""


@dataclass(frozen=True)
class Chosen:
    """One choice and how it came about."""

    decision: Decision
    asks: bool
    propensity: float | None
    explored: bool
    rejects: float
    reason: str


def choose(
    policy: Policy,
    state: PublicState,
    belief: tuple[float, float],
    guards: Guards,
    rng: random.Random,
    *,
    asked_before: int = 0,
    streak: int = 0,
) -> Chosen:
    """What to do in `state` for a user of whom `belief` (rejected, answered) is believed.

    `asked_before`: questions already put in this conversation. A policy that does not weigh costs decides alone, from the
    state; guards hold for it as well.
    """
    mean = belief[0] / (belief[0] + belief[1])
    held = _held(guards, asked_before, streak)
    if not isinstance(policy, CostPolicy):
        decision = policy.act(state, rng)
        asks = decision.action != policy.actions[0]
        if asks and held:
            return Chosen(_still(policy), False, None, False, mean, held)
        return Chosen(decision, asks, None, False, mean, "as the policy decides")
    best = _with(policy, belief).weigh(state)
    if held:
        return Chosen(_still(policy), False, 1.0, False, mean, held)
    drawn = bool(guards.explore) and rng.random() < guards.explore
    used = belief
    if drawn:
        p = rng.betavariate(*belief)
        used = (p * _SURE, (1 - p) * _SURE)
    found = _with(policy, used).weigh(state)
    share = (1 - guards.explore) * best.asks
    if guards.explore:
        share += guards.explore * _asks_below(policy, state, belief)
    decision = _with(policy, used).act(state)
    decision = decision.model_copy(update={"probabilities": _shares(policy, decision, share)})
    propensity = share if found.asks else 1 - share
    return Chosen(
        decision, found.asks, min(1.0, max(1e-6, propensity)), found.asks != best.asks, mean, found.why
    )


def _held(guards: Guards, asked_before: int, streak: int) -> str:
    if asked_before >= guards.questions_per_conversation:
        return f"{asked_before} questions were put in this conversation, the most that the guards allow"
    if streak >= guards.rejected_in_a_row:
        return f"this user rejected the last {streak} questions"
    return ""


def _with(policy: CostPolicy, belief: tuple[float, float]) -> CostPolicy:
    return replace(policy, costs=policy.costs.model_copy(update={"rejects": belief}))


def _asks_below(policy: CostPolicy, state: PublicState, belief: tuple[float, float]) -> float:
    """P(asking) where this user's chance of rejecting is drawn from the belief: it falls as that rises, so one point parts it."""
    from scipy.special import betainc

    def asks(p: float) -> bool:
        return _with(policy, (p * _SURE, (1 - p) * _SURE)).weigh(state).asks

    if not asks(1e-9):
        return 0.0
    if asks(1 - 1e-9):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if asks(middle) else (low, middle)
    return float(betainc(*belief, low))


def _still(policy: Policy) -> Decision:
    shares = dict.fromkeys(policy.actions, 0.0)
    shares[policy.actions[0]] = 1.0
    return Decision(action=policy.actions[0], probabilities=shares)


def _shares(policy: CostPolicy, decision: Decision, asking: float) -> dict[str, float]:
    asked = next((name for name in policy.actions[1:] if decision.probabilities.get(name)), policy.actions[1])
    shares = dict.fromkeys(policy.actions, 0.0)
    shares[policy.actions[0]] = 1 - asking
    shares[asked] = asking
    return shares


def shown_history(belief: tuple[float, float], population: tuple[float, float]) -> UserHistory:
    """What a user showed, in whole numbers, for policies that see counts."""
    no, yes = (round(max(0.0, now - before)) for now, before in zip(belief, population, strict=True))
    return UserHistory(tasks=no + yes, questions=no + yes, answered=yes, rejected=no)
