"""What an evaluation found, as one record: the file `evaluation.json` that tables and the report are made from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from tactful.calibration.reward.rewards import RewardConfig
from tactful.evaluation.policies.metrics import Sensitivity
from tactful.evaluation.policies.pareto import Point
from tactful.stats import Estimate
from tactful.stats.estimate import FEWEST_GROUPS
from tactful.types import Message, Provenance, Record

Kind = Literal["baseline", "learned", "given"]
"""Of a policy: trained here and cross-fitted (`learned`), brought along (`given`), or without training."""


class PolicyResult(Record):
    """One policy over all trees of training personas, and apart over personas that were never in training."""

    name: str
    kind: Kind
    measures: Mapping[str, Estimate]
    """Entry of `metrics.MEASURES` → mean and interval by base task, personas seen in training."""
    unseen_personas: Mapping[str, Estimate]
    """The same with personas never seen in training; empty when there were none."""
    asking: Mapping[str, Estimate] = {}
    """Entry of `stats.asking.MEANINGS` → figure and interval by base task, personas seen in training."""
    asking_unseen: Mapping[str, Estimate] = {}
    sensitivity: Sensitivity
    action_shares: Mapping[str, Estimate]
    """Share of each action among first decisions."""

    @property
    def mean_reward(self) -> float:
        """For an order of policies: an unscored one has −∞, so that it is never the best."""
        value = self.measures["reward"].value
        return -math.inf if value is None else value


class Comparison(Record):
    """Paired difference of mean reward, the policy minus the baseline, on the same tasks, users and passes."""

    policy: str
    baseline: str
    difference: Estimate
    unseen_personas: Estimate | None
    unseen_by_user: Estimate | None = None
    """The same difference with its interval over users in place of base tasks: what a further user may bring."""

    def unseen_text(self) -> str:
        """The difference with unseen users; also by user, where there are enough of them for an interval."""
        if self.unseen_personas is None:
            return "none evaluated"
        by_user = self.unseen_by_user
        if by_user is None or by_user.low is None:
            return self.unseen_personas.text()
        return f"{self.unseen_personas.text()}, by user [{by_user.low:.3f}, {by_user.high:.3f}]"


class Sample(Record):
    """A conversation worth reading."""

    title: str
    policy: str
    state_id: str
    persona: str
    actions: tuple[str, ...]
    messages: tuple[Message, ...]
    reward: float
    task_score: float
    interruption_cost: float


class Coefficient(Record):
    """How strongly a feature moves an action's score, over one standard deviation of the feature."""

    feature: str
    meaning: str
    weights: Mapping[str, float]
    """Action → weight, mean over folds."""


class Evaluation(Record):
    """Everything that an evaluation measured."""

    format: Literal["tactful-evaluation-1"] = "tactful-evaluation-1"
    domain: str
    action_space: str
    reward: RewardConfig
    states: int
    base_tasks: int
    personas: tuple[str, ...]
    unseen_personas: tuple[str, ...]
    passes: int
    trees: int
    """Task × user × pass, each with every sequence of actions."""
    episodes: int
    """Leaves of all trees."""
    failed: int
    """Trees that could not be rolled out; they are in failures.jsonl and in no figure."""
    unscored: int
    """Episodes whose task score is unknown; left out of reward, task score and regret."""
    training_pairs: int
    value_of_information: Estimate | None
    """What knowing the completeness of a request would gain over the best fixed action."""
    policies: tuple[PolicyResult, ...]
    comparisons: tuple[Comparison, ...]
    best_fixed: str
    """The fixed policy with the highest mean reward."""
    pareto: tuple[Point, ...]
    coefficients: tuple[Coefficient, ...]
    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()
    """What a reader should know before trusting the figures."""
    provenance: Provenance
    seed: int

    @property
    def rehearsal(self) -> bool:
        """True when no language model spoke."""
        return self.provenance.generator == "offline"

    @property
    def caveats(self) -> tuple[str, ...]:
        """What belongs beside every figure: the notes, and that no language model spoke."""
        return (*self.notes, *(["A rehearsal, not a language model, spoke."] if self.rehearsal else []))

    @property
    def main_policy(self) -> str | None:
        """What the headline is about: the first policy learned here, else the first that was brought along."""
        kinds = {item.kind: item.name for item in reversed(self.policies)}
        return kinds.get("learned", kinds.get("given"))

    @property
    def learned_wins(self) -> bool:
        """True when the main policy beats every fixed action with the whole interval above 0."""
        against = [item for item in self.comparisons if item.policy == self.main_policy]
        fixed = [item for item in against if item.baseline.startswith("always-")]
        return bool(fixed) and all(item.difference.above_zero for item in fixed)

    def headline(self) -> str:
        """What the figures say, in a few sentences; also when they say nothing, or the opposite."""
        against = {item.baseline: item for item in self.comparisons if item.policy == self.main_policy}
        fixed = {name: item.difference for name, item in against.items() if name.startswith("always-")}
        if not fixed:
            return "No learned policy was evaluated." + self._of_cost()
        best = fixed[self.best_fixed]
        shown, basis = best.text(), f"(95% interval, {best.groups} base tasks)"
        if best.value is not None and best.low is None:
            shown, basis = best.short(), f"({_why_no_interval(best)})"
        learned = any(item.kind == "learned" for item in self.policies)
        who = "The learned policy" if learned else f"The policy {self.main_policy}"
        worse = [name for name, difference in fixed.items() if verdict(difference) == "worse than"]
        lost = [name for name, difference in fixed.items() if not difference.above_zero]
        if not lost:
            words = (
                f"{who} beats every fixed level: {best.text()} reward over {self.best_fixed}, "
                f"the best of them {basis}."
            )
        else:
            claim = (
                f"is WORSE than {', '.join(worse)}" if worse else f"is NOT shown to beat {', '.join(lost)}"
            )
            words = f"{who} {claim}: difference to {self.best_fixed} {shown} {basis}."
        compared = against[self.best_fixed]
        unseen = compared.unseen_personas
        if unseen is not None and unseen.value is not None:
            told = compared.unseen_text()
            words += f" With users never seen in training it is {verdict(unseen)} {self.best_fixed}: {told}."
        if "rule" in against:
            rule = against["rule"].difference
            words += f" It is {verdict(rule)} the hand-written rule: {rule.text()}."
        return words + self._of_cost()

    def of_intervals(self) -> str:
        """What the figures' intervals are over, or why there are none."""
        if self.base_tasks < FEWEST_GROUPS:
            return (
                f"There are no intervals by base task: {self.base_tasks} are too few, {FEWEST_GROUPS} are needed. "
                "The figures are conditional on these simulated users."
            )
        return "Intervals are 95%, by base task, and conditional on these simulated users."

    def _of_cost(self) -> str:
        """What the figures say of asking by probability and cost, against asking nothing; empty where not compared."""
        mine = {item.baseline: item for item in self.comparisons if item.policy == "cost"}
        found = mine.get(f"always-{self._least}")
        if found is None or self.main_policy == "cost":
            return ""
        words = f" Asking by cost is {verdict(found.difference)} {found.baseline}: {found.difference.text()}"
        if found.unseen_personas is not None and found.unseen_personas.value is not None:
            words += f"; with unseen users {verdict(found.unseen_personas)} it: {found.unseen_text()}"
        return words + "."

    @property
    def _least(self) -> str:
        """The least asking action."""
        return next(iter(self.policies[0].action_shares), "") if self.policies else ""


def verdict(difference: Estimate) -> str:
    """What an interval of a difference allows to say."""
    if difference.value is None:
        return "not comparable with"
    if difference.low is None or difference.high is None:
        return "not shown to differ from"
    if difference.low > 0:
        return "better than"
    return "worse than" if difference.high < 0 else "not shown to differ from"


def _why_no_interval(found: Estimate) -> str:
    if found.groups < FEWEST_GROUPS:
        return f"{found.groups} base tasks are too few for an interval, {FEWEST_GROUPS} are needed"
    return f"no interval: all {found.groups} base tasks are alike"
