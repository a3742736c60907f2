"""Ask when need × value of the answer exceeds this user's cost of a question now. Every number can be read.

    worth = need · value · (1 − P(rejects)) · timing          cost = λ · questions + δ · P(rejects)
    ask as many questions as make worth − cost greatest, none where it is never above 0

- **need** is what the reader says (1 − clarity). A reader that does not know is answered at once, the cheapest safe action.
- **value** is what the answers to one question, and to two in one message, are worth in this domain, in reward units: the
  share of the task that an open request leaves to chance, plus the bonus γ of a welcome question
  (`docs/concepts/rewards.md`). Where one thing alone is missing, or the reader names one alone, a second is worth nothing.
- **P(rejects)** is this user's: a Beta prior over users, updated by every answer and rejection that was seen; its mean, since
  a reward is linear in it. A needless question is rejected more often, so it falls as need rises.
- **timing**: a question about the goal loses half its value after a tenth of the work, every question three quarters of it
  after half (arXiv:2605.07937).
  A question costs λ more for each one before it in the task, and after a rejection nothing is asked.

The numbers were measured on users of training alone: `benchmarks/asking_by_cost.py`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from tactful.data.sealed import load_document, save_document
from tactful.policy.simple import refuse_no_state
from tactful.types import Decision, PublicState, Record

TURNS = 4
"""Exchanges that count as the whole of a task, where nothing better is known."""
_SPREAD = 0.1  # of the logistic that turns worth − cost into the probabilities of a decision


Value = float | tuple[float, ...]
"""Worth of what one needed question brings, of two in all, …; a number: a second one brings nothing more."""


class Costs(Record):
    """What questions are worth and cost, in reward units (one solved task is worth 1)."""

    value: Mapping[str, Value] = {"coding": (0.63, 0.90), "planning": (0.58, 0.70)}
    """By domain, where none is rejected."""
    otherwise: Value = (0.8, 0.9)
    """The same in any other domain."""
    lam: float = 0.1
    """λ: every question takes time."""
    delta: float = 0.7
    """δ: a message with questions that the user rejects."""
    rejects: tuple[float, float] = (0.65, 2.3)
    """Beta prior (rejected, answered) over users: 22 needed questions in 100 are rejected, known as from three."""
    needless: float = 0.25
    """How far P(rejects) of a needless question is moved towards 1."""
    scale: float = 1.0
    """Multiplies the whole cost: what one question is worth to you. Asking falls as it rises."""

    @field_validator("rejects")
    @classmethod
    def _a_prior(cls, rejects: tuple[float, float]) -> tuple[float, float]:
        if min(rejects) < 0 or sum(rejects) == 0:
            raise ValueError("expected two numbers from 0 on, of which one is above 0")
        return rejects


@dataclass(frozen=True)
class Weighed:
    """The numbers of one decision."""

    need: float
    worth: float
    cost: float
    rejects: float
    """P(rejects) that was reckoned with."""
    questions: int
    """How many would be put; 0: none is left to put."""
    value: float
    """What their answers would be worth if they are needed and not rejected."""
    timing: float
    """Share of that value that is left."""
    why: str
    """In words: what decided."""

    @property
    def asks(self) -> bool:
        """Whether it is worth it."""
        return self.worth > self.cost


@dataclass(frozen=True)
class CostPolicy:
    """The rule above. `actions` go from the least to the most asking: none, one question, two …"""

    actions: tuple[str, ...]
    costs: Costs = field(default_factory=Costs)
    name: str = "cost"
    training: Mapping[str, Any] = field(default_factory=dict)
    """Where fitted costs come from; empty for costs that were set by hand."""

    def weigh(self, state: PublicState, rejects: float | None = None) -> Weighed:
        """Worth and cost of the number of questions for which worth − cost is greatest; ties go to the fewest.

        `rejects`: P(this user rejects a needed question), from whoever knows it better than the counts in the state do,
        which are then not looked at.
        """
        found = max(self.options(state, rejects), key=lambda option: option.worth - option.cost)
        if state.need_unknown:
            return replace(found, worth=0.0, why=f"the reader does not know ({state.need_unknown})")
        if state.prev_reject:
            return replace(found, worth=0.0, why="this user rejected a question in this task")
        return found

    def options(self, state: PublicState, rejects: float | None = None) -> list[Weighed]:
        """What could be asked now, fewest questions first; where none is left, one that is worth nothing."""
        need, asked, costs = round(1 - state.query_clarity, 6), state.questions_put, self.costs
        value = costs.value.get(state.domain, costs.otherwise)
        told = (value,) if isinstance(value, float) else value
        values = (0.0, *told[: len(state.missing) or None])
        known = _rejects(state, costs) if rejects is None else rejects
        refused, timing = known + (1 - need) * (1 - known) * costs.needless, _timing(state)
        found = []
        for more in range(1, min(len(self.actions), len(values) - asked)):
            brings = values[asked + more] - values[asked]
            worth = need * brings * (1 - refused) * timing
            cost = costs.scale * (costs.lam * more * (1 + asked) + costs.delta * refused)
            found.append(Weighed(need, worth, cost, refused, more, brings, timing, _why(worth, cost, need)))
        spent = "no question is left whose answer would bring anything"
        return found or [Weighed(need, 0.0, 0.0, refused, 0, 0.0, timing, spent)]

    def act(self, state: PublicState, rng: random.Random | None = None) -> Decision:
        """The least asking action unless asking is worth it. Probabilities: a logistic of worth − cost, for the record."""
        refuse_no_state(state)
        weighed = self.weigh(state)
        asking = self.asking(state, weighed)
        against = min(700.0, (weighed.cost - weighed.worth) / _SPREAD)  # e^710 is no float any more
        chance = 1 / (1 + math.exp(against)) if weighed.worth else 0.0
        shares = dict.fromkeys(self.actions, 0.0)
        shares[self.actions[0]] += 1 - chance
        shares[asking] += chance
        told = {"need": weighed.need, "worth": round(weighed.worth, 4), "cost": round(weighed.cost, 4)}
        if state.need_unknown:
            told = {}
        return Decision(
            action=asking if weighed.asks else self.actions[0], probabilities=shares, weighed=told
        )

    def asking(self, state: PublicState, weighed: Weighed) -> str:
        """The action that puts as many questions."""
        return self.actions[min(len(self.actions) - 1, state.questions_put + max(1, weighed.questions))]

    def tips_at(self, state: PublicState) -> float | None:
        """The least need in [0, 1], to a hundredth, from which it would ask here; None: whatever the need."""
        for percent in range(101):
            if self.weigh(state.model_copy(update={"query_clarity": 1 - percent / 100})).asks:
                return percent / 100
        return None

    def explain(self, state: PublicState) -> list[str]:
        """The numbers of the decision, a sentence a line, and what would tip it."""
        if state.need_unknown:
            return [
                f"p(need) not known, so the cheapest safe action: {self.actions[0]} ({state.need_unknown})"
            ]
        found, costs = self.weigh(state), self.costs
        missing = ", ".join(state.missing) or ("nothing" if found.need < 0.5 else "not told")
        lines = [
            f"p(need) {found.need:.2f}, missing: {missing}, worth {found.worth:.2f}, cost {found.cost:.2f}: {found.why}"
        ]
        if not found.questions or not found.worth:
            return lines
        times = "" if costs.scale == 1 else f"{costs.scale:g} × "
        lines.append(
            f"worth {found.worth:.2f} = need {found.need:.2f} × value {found.value:.2f} × not rejected "
            f"{1 - found.rejects:.2f} × timing {found.timing:.2f}"
        )
        lines.append(
            f"cost {found.cost:.2f} = {times}(λ {costs.lam:g} × {found.questions * (1 + state.questions_put)} + "
            f"δ {costs.delta:g} × P(rejects) {found.rejects:.2f})"
        )
        return [*lines, self._tips(state, found)]

    def _tips(self, state: PublicState, found: Weighed) -> str:
        least = self.tips_at(state)
        times = max(option.worth / option.cost if option.cost else math.inf for option in self.options(state))
        if found.asks:
            return f"it would answer at once below p(need) {least:.2f}, or if questions cost {times:.2g} times as much"
        need = "at no p(need)" if least is None else f"from p(need) {least:.2f}"
        return f"it would ask {need}, or if questions cost {times:.2g} times as much"

    def save(self, path: Path | str) -> None:
        """Write the policy to a new JSON file. Raises UserError when `path` exists: nothing is overwritten."""
        save_document(
            Path(path), CostPolicyFile(actions=self.actions, costs=self.costs, training=self.training)
        )


class CostPolicyFile(Record):
    """A cost policy on disk: numbers that can be read and changed by hand."""

    format: Literal["tactful-cost-policy-1"] = "tactful-cost-policy-1"
    actions: tuple[str, ...] = Field(min_length=2)
    costs: Costs
    training: Mapping[str, Any] = {}


def load_cost_policy(path: Path) -> CostPolicy:
    """The cost policy in `path`. Raises DataError when the file is missing or holds something else."""
    again = "make it again with 'tactful learn'"
    content = load_document(path, CostPolicyFile, what="cost policy", again=again)
    return CostPolicy(content.actions, content.costs, training=content.training)


def _rejects(state: PublicState, costs: Costs) -> float:
    """P(this user rejects a needed question now), from what they did in this task and those before it."""
    rejected = costs.rejects[0] + state.user.rejected + state.prev_reject
    answered = costs.rejects[1] + state.user.answered + state.answered
    return rejected / (rejected + answered)


def _timing(state: PublicState) -> float:
    """Share of a question's value that is left, by progress through the task."""
    progress = state.dialogue_turn / TURNS
    if progress > 0.5:
        return 0.25
    about_the_goal = bool(state.missing) and state.missing[0] == "goal"
    return 0.5 if about_the_goal and progress > 0.1 else 1.0


def _why(worth: float, cost: float, need: float) -> str:
    if worth > cost:
        return "a question is worth more than it costs"
    return "little is missing" if need < 0.5 else "the question would cost more than its answer is worth"
