"""A choice out of what is believed: the best guess, now and then a draw from the belief (Thompson), never past the guards.

The best guess weighs a question with the expected chance of its being rejected, since a reward is linear in it. With the
exploration share ε, a chance is drawn from the belief instead and taken for true. So

    P(action) = (1 − ε) · [the best guess is this action] + ε · P(p lies where the policy takes this action)

and each choice has an exact propensity: worth − cost of every option is linear in p, which parts [0, 1] into few intervals.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from pydantic import Field

from tactful.live.learning.patience import RECENT, Belief
from tactful.policy.cost import CostPolicy
from tactful.types import Decision, Policy, PublicState, Record, UserHistory

_LONGEST_REST_DAYS = 60.0


class Guards(Record):
    """Bounds that no draw passes."""

    questions_per_conversation: int = Field(default=3, ge=0)
    """More are never advised."""
    rejected_in_a_row: int = Field(default=3, ge=1)
    """After so many, over whatever conversations, this user is left in peace for `rest_days`."""
    rest_days: float = Field(default=7.0, ge=0)
    """Then a question is possible again, where it is worth it by what is then believed. Each further rejection doubles the time,
    up to 60 days: nobody is bothered often, and nobody is given up for ever."""
    annoyed_after: float = Field(default=1.2, gt=0)
    """After so much rejection among the last `annoyed_of` questions, only questions that matter much are put to this user for
    `cool_down_days`: those that are worth it even to somebody who rejects `annoyed_rejects` of them. Nothing is explored meanwhile.
    A rejected question counts 1 where it was needed, and less the less it was."""
    annoyed_of: int = Field(default=2, ge=1, le=RECENT)
    cool_down_days: float = Field(default=0.0, ge=0)
    """0: this guard is off. It buys peace with reward: `docs/measured/live.md`."""
    annoyed_rejects: float = Field(default=0.7, ge=0, le=1)
    explore: float = Field(default=0.2, ge=0, le=0.5)
    """Share ε of the turns that are decided by a draw; 0: never."""

    def held(self, asked: int, streak: float, days: float) -> str:
        """Why no question is possible now; empty: one is.

        `asked`: questions of this conversation; `streak`: rejected in a row, the last of them `days` ago.
        """
        if asked >= self.questions_per_conversation:
            return f"{asked} questions were put in this conversation, the most that the guards allow"
        if days < self.rest(streak):
            return f"this user rejected the last {streak:g} questions, the last one {days:.1f} days ago"
        return ""

    def annoyed(self, recent: Sequence[float], days: float) -> str:
        """Why only what matters much is asked now; empty: nothing speaks against questions.

        `recent`: how far this user rejected each of their last questions, the latest last; that was `days` ago.
        """
        last = recent[-self.annoyed_of :]
        if sum(last) < self.annoyed_after or days >= self.cool_down_days:
            return ""
        rejected = sum(one > 0 for one in last)
        return f"this user rejected {rejected} of the last {len(last)} questions, the last one asked {days:.1f} days ago"

    def rest(self, streak: float) -> float:
        """Days without a question after so many rejections in a row."""
        more = int(streak) - self.rejected_in_a_row
        return 0.0 if more < 0 else min(_LONGEST_REST_DAYS, self.rest_days * 2 ** min(more, 10))


@dataclass(frozen=True)
class Chosen:
    """One choice and how it came about."""

    decision: Decision
    asks: bool
    propensity: float | None
    explored: bool
    reason: str


def choose(
    policy: Policy,
    state: PublicState,
    belief: Belief,
    guards: Guards,
    rng: random.Random,
    *,
    held: str = "",
    annoyed: str = "",
) -> Chosen:
    """What to do in `state` for a user of whom `belief` is held; `held`: why no question is possible; `annoyed`: why few are.

    A policy that does not weigh costs decides alone, from the state; guards hold for it as well, and only one that draws by its
    probabilities has a propensity.
    """
    if not isinstance(policy, CostPolicy):
        return _as_it_decides(policy, state, rng, held or annoyed)
    if held:
        return _certain(policy, policy.actions[0], held)
    best = policy.weigh(state, belief.mean)
    if state.need_unknown or state.prev_reject:  # whatever the user is like, no question is worth it
        return _certain(policy, policy.actions[0], best.why)
    if annoyed:
        return _where_it_matters(policy, state, max(belief.mean, guards.annoyed_rejects), annoyed)
    usual = policy.asking(state, best) if best.asks else policy.actions[0]
    shares = dict.fromkeys(policy.actions, 0.0)
    shares[usual] = 1 - guards.explore
    if guards.explore:
        for action, share in drawn_shares(policy, state, belief).items():
            shares[action] += guards.explore * share
    taken, why = usual, best.why
    if guards.explore and rng.random() < guards.explore:
        p = belief.draw(rng)
        taken = _action(policy, state, p)
        if taken != usual:
            why = f"drawn, to learn more of this user: as if they rejected {p:.0%} of needed questions"
    quiet = policy.actions[0]
    asks = taken != quiet
    propensity = 1 - shares[quiet] if asks else shares[quiet]
    return Chosen(
        Decision(action=taken, probabilities=shares),
        asks,
        min(1.0, max(1e-9, propensity)),
        asks != (usual != quiet),
        why,
    )


def drawn_shares(policy: CostPolicy, state: PublicState, belief: Belief) -> dict[str, float]:
    """Action → P(a p drawn from the belief makes the policy take it)."""
    shares = dict.fromkeys(policy.actions, 0.0)
    if not policy.weigh(state, 0.0).asks:
        shares[policy.actions[0]] = 1.0
        return shares
    lines = [(0.0, 0.0)]
    for never, always in zip(policy.options(state, 0.0), policy.options(state, 1.0), strict=True):
        lines.append((never.worth - never.cost, always.worth - always.cost))
    crossing = {0.0, 1.0}
    for (a0, a1), (b0, b1) in combinations(lines, 2):
        gap0, gap1 = a0 - b0, a1 - b1
        if gap0 * gap1 < 0:
            crossing.add(gap0 / (gap0 - gap1))
    points = sorted(crossing)
    below = [0.0, *(belief.below(point) for point in points[1:-1]), 1.0]
    for (left, right), (before, upto) in zip(pairwise(points), pairwise(below), strict=True):
        shares[_action(policy, state, (left + right) / 2)] += upto - before
    return shares


def _action(policy: CostPolicy, state: PublicState, rejects: float) -> str:
    weighed = policy.weigh(state, rejects)
    return policy.asking(state, weighed) if weighed.asks else policy.actions[0]


def _as_it_decides(policy: Policy, state: PublicState, rng: random.Random, held: str) -> Chosen:
    draws = bool(getattr(policy, "draws", False))
    decision = policy.act(state, rng)
    asks = decision.action != policy.actions[0]
    if held:
        why = held if asks else "as the policy decides"
        return _certain(policy, policy.actions[0], why, propensity=1.0 if draws else None)
    quiet = decision.probabilities.get(policy.actions[0], 0.0)
    propensity = (1 - quiet if asks else quiet) if draws else None
    return Chosen(decision, asks, propensity, False, "as the policy decides")


def _where_it_matters(policy: CostPolicy, state: PublicState, rejects: float, annoyed: str) -> Chosen:
    taken = _action(policy, state, rejects)
    asks = taken != policy.actions[0]
    why = f"{annoyed}; {'this one is worth it all the same' if asks else 'this one does not matter enough'}"
    return _certain(policy, taken, why)


def _certain(policy: Policy, action: str, why: str, *, propensity: float | None = 1.0) -> Chosen:
    shares = {one: float(one == action) for one in policy.actions}
    decision = Decision(action=action, probabilities=shares)
    return Chosen(decision, action != policy.actions[0], propensity, False, why)


def shown_history(shown: tuple[float, float]) -> UserHistory:
    """What a user as they are now showed, (no, yes), in whole numbers, for policies that see counts."""
    no, yes = (round(count) for count in shown)
    return UserHistory(tasks=no + yes, questions=no + yes, answered=yes, rejected=no)
