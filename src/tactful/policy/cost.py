"""Ask when need × value of the answer exceeds this user's cost of a question now. Every number can be read.

    worth = need · value · P(answers) · timing          cost = λ + δ · P(rejects)
    ask    iff  worth > cost

- **need** is what the reader says (1 − clarity). A reader that does not know is answered at once, the cheapest safe action.
- **value** is what an answer is worth in this domain, in reward units: the share of the task that an open request leaves
  to chance, plus the bonus γ of a welcome question (`docs/concepts/rewards.md`).
- **P(rejects)** is this user's: a Beta prior over users, updated by every reaction that was seen. Of a user who is not
  known the policy expects the upper end (`caution` standard deviations above the mean): asking a stranger is a
  risk, and the first answer or rejection soon tells.
- **timing**: a question about the goal loses its value after a tenth of the work, every question after half of it (arXiv:2605.07937).
  A second question in one task costs λ more for each one before it, and after a rejection nothing is asked.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from tactful.data.sealed import load_document, save_document
from tactful.types import Decision, PublicState, Record

TURNS = 4
"""Exchanges that count as the whole of a task, where nothing better is known."""


class Costs(Record):
    """What a question is worth and costs, in reward units (one solved task is worth 1)."""

    value: Mapping[str, float] = {}
    """Domain → value of the answer to a needed question, where you know it; empty by default."""
    otherwise: float = 0.8
    """Value in any other domain."""
    lam: float = 0.1
    """λ: every question takes time."""
    delta: float = 0.7
    """δ: a question that the user rejects."""
    rejects: tuple[float, float] = (1.2, 2.8)
    """Beta prior (rejected, not rejected) over users: three questions in ten are rejected, known as from four users."""
    caution: float = 0.6
    """Standard deviations above the mean of the posterior at which P(rejects) is taken."""
    scale: float = 1.0
    """Multiplies the whole cost: what one question is worth to you. Asking falls as it rises."""


@dataclass(frozen=True)
class Weighed:
    """The numbers of one decision."""

    need: float
    worth: float
    cost: float
    rejects: float
    """P(rejects) that was reckoned with."""
    why: str
    """In words: what decided."""


@dataclass(frozen=True)
class CostPolicy:
    """The rule above over `actions` (least to most asking); the most asking one where complexity is high too."""

    actions: tuple[str, ...]
    costs: Costs = field(default_factory=Costs)
    complex_from: float = 0.7
    """Complexity in [0, 1] from which the most asking action is taken when something is asked."""
    name: str = "cost"
    training: Mapping[str, Any] = field(default_factory=dict)
    """Where fitted costs come from; empty for costs that were set by hand."""

    def weigh(self, state: PublicState) -> Weighed:
        """Worth and cost of a question at this state."""
        costs = self.costs
        need = 1 - state.query_clarity
        rejects = _rejects(state, costs)
        asked = max(state.questions_asked, state.prev_reject)
        value = costs.value.get(state.domain, costs.otherwise)
        worth = need * value * (1 - rejects) * _timing(state)
        cost = costs.scale * (costs.lam * (1 + asked) + costs.delta * rejects)
        if state.need_unknown:
            return Weighed(need, 0.0, cost, rejects, f"the reader does not know ({state.need_unknown})")
        if state.prev_reject:
            return Weighed(need, 0.0, cost, rejects, "this user rejected a question in this task")
        why = (
            "an answer is worth more than the question costs"
            if worth > cost
            else (
                "little is missing" if need < 0.5 else "the question would cost more than its answer is worth"
            )
        )
        return Weighed(need, worth, cost, rejects, why)

    def act(self, state: PublicState, rng: random.Random | None = None) -> Decision:
        """The least asking action unless asking is worth it. Probabilities: a logistic of worth − cost, for the record."""
        weighed = self.weigh(state)
        asks = weighed.worth > weighed.cost
        asking = self.actions[-1] if state.task_complexity >= self.complex_from else self.actions[1]
        action = asking if asks else self.actions[0]
        chance = 1 / (1 + math.exp(-(weighed.worth - weighed.cost) / 0.1)) if weighed.worth else 0.0
        shares = dict.fromkeys(self.actions, 0.0)
        shares[self.actions[0]] += 1 - chance
        shares[asking] += chance
        return Decision(action=action, probabilities=shares)

    def save(self, path: Path | str) -> None:
        """Write the policy to a new JSON file. Raises UserError when `path` exists: nothing is overwritten."""
        content = CostPolicyFile(
            actions=self.actions, costs=self.costs, complex_from=self.complex_from, training=self.training
        )
        save_document(Path(path), content)


class CostPolicyFile(Record):
    """A cost policy on disk: numbers that can be read and changed by hand."""

    format: Literal["tactful-cost-policy-1"] = "tactful-cost-policy-1"
    actions: tuple[str, ...] = Field(min_length=2)
    costs: Costs
    complex_from: float = 0.7
    training: Mapping[str, Any] = {}


def load_cost_policy(path: Path) -> CostPolicy:
    """The cost policy in `path`. Raises DataError when the file is missing or holds something else."""
    again = "make it again with 'tactful learn'"
    content = load_document(path, CostPolicyFile, what="cost policy", again=again)
    return CostPolicy(content.actions, content.costs, content.complex_from, training=content.training)


def _rejects(state: PublicState, costs: Costs) -> float:
    """P(this user rejects a question), at the cautious end of what is known of them."""
    rejected = costs.rejects[0] + state.user.rejected
    other = costs.rejects[1] + max(0, state.user.questions - state.user.rejected)
    total = rejected + other
    mean = rejected / total
    spread = math.sqrt(mean * (1 - mean) / (total + 1))
    return min(1.0, mean + costs.caution * spread)


def _timing(state: PublicState) -> float:
    """Share of a question's value that is left, by progress through the task."""
    progress = state.dialogue_turn / TURNS
    if progress > 0.5:
        return 0.25
    about_the_goal = bool(state.missing) and state.missing[0] == "goal"
    return 0.5 if about_the_goal and progress > 0.1 else 1.0
