"""Policies on held-out tasks: scores of the action trees, walks, intervals, regret, and the Pareto sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from tactful.calibration.reward.information import CELLS, information
from tactful.calibration.reward.rewards import RewardConfig, reward
from tactful.calibration.reward.task_score import TaskScorer
from tactful.errors import UserError
from tactful.evaluation.policies.metrics import (
    LeafScores,
    TreeScores,
    action_shares,
    outcome_columns,
    sensitivity,
    summarise,
)
from tactful.evaluation.policies.pareto import Point, with_front
from tactful.evaluation.policies.results import (
    Coefficient,
    Comparison,
    Evaluation,
    Kind,
    PolicyResult,
    Sample,
)
from tactful.evaluation.policies.training_data import Decisions
from tactful.evaluation.policies.walking.asking import asking
from tactful.evaluation.policies.walking.crossfit import Folds, crossfit
from tactful.evaluation.policies.walking.tree import ActionTree
from tactful.evaluation.policies.walking.walk import PolicyFor, Walk, columns, user_sessions, walk_trees
from tactful.policy import CostPolicy, FixedPolicy, RandomPolicy, RulePolicy
from tactful.policy.embedded import EmbeddedPolicy, Head
from tactful.policy.features import FEATURES
from tactful.policy.language_model.policy import LanguageModelPolicy
from tactful.stats import Estimate
from tactful.stats.bootstrap import Array, grouped_mean
from tactful.types import Message, Policy, Provenance

LEARNED: dict[str, Head] = {"learned": "dpo", "learned-ridge": "ridge"}
"""Name of a learned policy → head."""


@dataclass(frozen=True)
class Settings:
    """How to evaluate; every field has the default of the command."""

    reward: RewardConfig = field(default_factory=RewardConfig)
    folds: int = 5
    tasks_per_user: int = 12
    min_margin: float = 0.05
    seed: int = 0
    sweep: bool = True


def score_trees(trees: Sequence[ActionTree], config: RewardConfig, *, unsafe: bool = False) -> TreeScores:
    """Scores of every leaf. Programs that occur in several leaves run once."""
    leaves = [(index, leaf) for index, tree in enumerate(trees) for leaf in tree.leaves]
    episodes = [trees[index].trajectory(leaf) for index, leaf in leaves]
    found: list[dict[int, LeafScores]] = [{} for _ in trees]
    with TaskScorer(timeout_s=config.timeout_s, memory_mb=config.memory_mb, unsafe=unsafe) as scorer:
        for (index, leaf), episode, scores in zip(leaves, episodes, scorer.score_all(episodes), strict=True):
            rewarded = reward(episode, scores, config)
            found[index][leaf] = LeafScores(
                reward=rewarded.reward,
                task_score=rewarded.task_score,
                interruption_cost=rewarded.interruption_cost,
            )
    return found


def evaluate(
    trees: Sequence[ActionTree],
    scores: TreeScores,
    decisions: Decisions | None,
    settings: Settings,
    *,
    learned: Sequence[str],
    given: Sequence[Policy] = (),
    failed: int = 0,
    provenance: Provenance,
    keep: Callable[[Mapping[str, Array]], None] = lambda rewards: None,
) -> Evaluation:
    """Measure fixed, random, rule, `learned` (names in `LEARNED`) and `given` policies on the same futures.

    Learned policies need `decisions` (training rollouts) and are cross-fitted by base task: on each task acts the
    policy that was trained without it. `failed` trees could not be rolled out; they are only counted. `keep` gets the
    reward of every policy on every tree (NaN where unscored), for comparisons with other runs.
    Raises UserError when folds or pairs are too few, when two policies share a name, or when nobody among the users
    of training was met.
    """
    if learned and decisions is None:
        raise UserError(f"{', '.join(learned)}: learned policies need rewarded rollouts to be trained on")
    stage = _Stage(trees, scores, settings)
    if not stage.seen.any():
        raise UserError("no tree with a user that training may know: there is nothing to compare on")
    entries = _entries(stage, decisions, learned, given)
    walks = {name: stage.walk(policy_for) for name, (_, policy_for) in entries.items()}
    outcomes = {name: stage.outcomes(walk) for name, walk in walks.items()}
    rewards = {name: found["reward"] for name, found in outcomes.items()}
    keep(rewards)
    results = tuple(
        stage.result(name, kind, walks[name], outcomes[name]) for name, (kind, _) in entries.items()
    )
    fixed = [item for item in results if item.name.startswith("always-")]
    best_fixed = max(fixed, key=lambda item: item.mean_reward).name
    main = [name for name, (kind, _) in entries.items() if kind != "baseline"]
    points = [
        point
        for item in results
        if (point := _point(item.name, item.measures["interruption_cost"], item.measures["task_score"]))
    ]
    notes = _notes(stage, given)
    if failed:
        notes.insert(
            0,
            f"{failed} of {failed + len(trees)} trees could not be rolled out and are in no figure: if they failed for a "
            "reason that goes with the task, every figure is biased. failures.jsonl says why.",
        )
    if stage.learned and decisions is not None and settings.sweep:
        more, left_out = _sweep(stage, decisions)
        points, notes = points + more, notes + left_out
    first = trees[0]
    return Evaluation(
        domain=first.state.domain,
        action_space=first.frame.action_space,
        reward=settings.reward,
        states=len({tree.state.id for tree in trees}),
        base_tasks=len({tree.group for tree in trees}),
        personas=tuple(sorted({tree.persona for tree in trees if not tree.held_out})),
        unseen_personas=tuple(sorted({tree.persona for tree in trees if tree.held_out})),
        passes=len({tree.pass_index for tree in trees}),
        trees=len(trees),
        episodes=sum(len(item) for item in scores),
        failed=failed,
        unscored=sum(leaf.reward is None for item in scores for leaf in item.values()),
        training_pairs=stage.training_pairs,
        value_of_information=stage.value_of_information(rewards),
        policies=results,
        comparisons=tuple(
            stage.compare(name, baseline, rewards)
            for name in dict.fromkeys((*main, "cost"))
            for baseline in walks
            if baseline != name
        ),
        best_fixed=best_fixed,
        pareto=tuple(with_front(points)),
        coefficients=_coefficients(stage.learned),
        samples=_samples(stage, walks[main[0]], rewards[main[0]], main[0]) if main else (),
        notes=tuple(notes),
        provenance=provenance,
        seed=settings.seed,
    )


class _Stage:
    """The trees, who meets them in which order, and what each policy got out of them."""

    def __init__(self, trees: Sequence[ActionTree], scores: TreeScores, settings: Settings) -> None:
        self.trees, self.scores, self.settings = trees, scores, settings
        self.sessions = user_sessions(trees, tasks_per_user=settings.tasks_per_user, seed=settings.seed)
        self.columns = columns(trees)
        self.seen = ~self.columns["held_out"]
        self.folds: Folds | None = None
        """What learned policies are cross-fitted over; None without training."""
        self.training_pairs = 0
        self.learned: list[EmbeddedPolicy] = []
        """The DPO policies, one per fold: what the sweep retrains and the coefficients show."""

    def walk(self, policy_for: PolicyFor) -> list[Walk]:
        return walk_trees(self.trees, self.sessions, policy_for, seed=self.settings.seed)

    def outcomes(self, walks: Sequence[Walk]) -> dict[str, Array]:
        return outcome_columns(self.trees, self.scores, walks)

    def result(
        self, name: str, kind: Kind, walks: Sequence[Walk], outcomes: Mapping[str, Array]
    ) -> PolicyResult:
        groups, seen = self.columns["group"], self.seen
        shown = [walk for walk, mine in zip(walks, seen, strict=True) if mine]
        strangers = [walk for walk, mine in zip(walks, seen, strict=True) if not mine]
        unseen = {key: values[~seen] for key, values in outcomes.items()}
        return PolicyResult(
            name=name,
            kind=kind,
            measures=summarise({key: values[seen] for key, values in outcomes.items()}, groups[seen]),
            unseen_personas=summarise(unseen, groups[~seen]) if strangers else {},
            asking=asking(self.trees, shown),
            asking_unseen=asking(self.trees, strangers) if strangers else {},
            sensitivity=sensitivity(shown, groups[seen]),
            action_shares=action_shares(shown, groups[seen], self.trees[0].actions),
        )

    def compare(self, policy: str, baseline: str, rewards: Mapping[str, Array]) -> Comparison:
        gap = rewards[policy] - rewards[baseline]
        groups, seen = self.columns["group"], self.seen

        def unseen(by: Array) -> Estimate | None:
            return grouped_mean(gap[~seen], by[~seen]) if (~seen).any() else None

        return Comparison(
            policy=policy,
            baseline=baseline,
            difference=grouped_mean(gap[seen], groups[seen]),
            unseen_personas=unseen(groups),
            unseen_by_user=unseen(self.columns["persona"]),
        )

    def value_of_information(self, rewards: Mapping[str, Array]) -> Estimate | None:
        """Of knowing whether the wording is complete, by the rewards of the fixed policies; None: one wording alone."""
        fixed = {name: values for name, values in rewards.items() if name.startswith("always-")}
        wording, seen = self.columns["wording"], self.seen
        groups, index = np.unique(self.columns["group"][seen], return_inverse=True)
        table = np.full((len(groups), len(CELLS), len(fixed)), np.nan)
        for place, values in enumerate(fixed.values()):
            for at, cell in enumerate(CELLS):
                mine = (wording[seen] == cell) & ~np.isnan(values[seen])
                count = np.bincount(index[mine], minlength=len(groups))
                sums = np.bincount(index[mine], weights=values[seen][mine], minlength=len(groups))
                table[count > 0, at, place] = sums[count > 0] / count[count > 0]
        table = table[~np.isnan(table).all(axis=(1, 2))]
        if sum(np.any(wording[seen] == cell) for cell in CELLS) < 2:
            return None
        unscored = np.any([np.isnan(values) for values in fixed.values()], axis=0)
        found = information(self.trees[0].state.domain, table, list(fixed)).value
        return found.model_copy(update={"unscored": int((unscored & seen & (wording != "")).sum())})


def _entries(
    stage: _Stage, decisions: Decisions | None, learned: Sequence[str], given: Sequence[Policy]
) -> dict[str, tuple[Kind, PolicyFor]]:
    """Name → kind and policy for each group."""
    actions = stage.trees[0].actions
    entries: dict[str, tuple[Kind, PolicyFor]] = {}
    if decisions is not None:
        table = decisions.pairs(stage.settings.reward, min_margin=stage.settings.min_margin)
        stage.training_pairs = len(table)
        groups = set(map(str, stage.columns["group"])) | set(map(str, decisions.groups))
        stage.folds = Folds.over(groups, count=stage.settings.folds, seed=stage.settings.seed)
        for name in learned:
            head = LEARNED[name]
            policy_for, policies = crossfit(
                table, stage.folds, head=head, seed=stage.settings.seed, name=name
            )
            entries[name] = ("learned", policy_for)
            if head == "dpo":
                stage.learned = policies
    others: list[tuple[Kind, Policy]] = [("given", policy) for policy in given]
    others += [("baseline", FixedPolicy(action, actions)) for action in actions]
    others += [("baseline", made(actions)) for made in (RandomPolicy, RulePolicy, CostPolicy)]
    for kind, policy in others:
        if policy.name in entries:
            raise UserError(f"two policies are called '{policy.name}'; give each its own name")
        entries[policy.name] = (kind, _same(policy))
    return entries


def _same(policy: Policy) -> PolicyFor:
    return lambda group: policy


def sweep_configs(base: RewardConfig) -> dict[str, RewardConfig]:
    """Reward constants that the Pareto sweep retrains under: α of the weighted form, else λ and δ."""
    if base.form == "weighted":
        return {f"α={a:g}": base.model_copy(update={"alpha": a}) for a in (0.05, 0.1, 0.2, 0.3, 0.6, 1.2)}
    by_lambda = {f"λ={v:g}": base.model_copy(update={"lam": v}) for v in (0.0, 0.05, 0.2, 0.3, 0.5, 0.8)}
    by_delta = {f"δ={v:g}": base.model_copy(update={"delta": v}) for v in (0.2, 1.5)}
    return {**by_lambda, **by_delta}


def _sweep(stage: _Stage, decisions: Decisions) -> tuple[list[Point], list[str]]:
    """Retrain under other constants and place each policy by the success and cost of the base constants.

    Also what could not be retrained (constants under which hardly two actions differ), in words.
    """
    assert stage.folds is not None
    l2 = float(np.median([policy.l2 for policy in stage.learned]))
    points: list[Point] = []
    left_out: list[str] = []
    seen, groups = stage.seen, stage.columns["group"]
    for name, config in sweep_configs(stage.settings.reward).items():
        table = decisions.pairs(config, min_margin=stage.settings.min_margin)
        try:
            policy_for, _ = crossfit(
                table, stage.folds, head="dpo", seed=stage.settings.seed, name="learned", l2=l2
            )
        except UserError as error:
            left_out.append(f"The Pareto sweep leaves out {name}: {error}.")
            continue
        outcomes = stage.outcomes(stage.walk(policy_for))
        cost = grouped_mean(outcomes["interruption_cost"][seen], groups[seen])
        task = grouped_mean(outcomes["task_score"][seen], groups[seen])
        if point := _point(f"learned, {name}", cost, task, kind="sweep"):
            points.append(point)
    return points, left_out


def _point(
    name: str, cost: Estimate, task: Estimate, *, kind: Literal["policy", "sweep"] = "policy"
) -> Point | None:
    """Where a policy lies; None when nothing of it was scored."""
    if cost.value is None or task.value is None:
        return None
    return Point(
        name=name,
        interruption_cost=cost.value,
        task_score=task.value,
        kind=kind,
        cost_interval=cost,
        task_interval=task,
    )


def _notes(stage: _Stage, given: Sequence[Policy]) -> list[str]:
    """Given policies that were trained on tasks they are measured on, or do not say."""
    groups = set(map(str, stage.columns["group"]))
    notes: list[str] = []
    for policy in given:
        if not isinstance(policy, EmbeddedPolicy | LanguageModelPolicy):
            continue
        trained_on = policy.training.get("base_tasks")
        if trained_on is None:
            notes.append(
                f"{policy.name}: its file does not say which tasks it was trained on; it may know these."
            )
        elif shared := len(groups & set(trained_on)):
            notes.append(
                f"{policy.name} was trained on {shared} of these {len(groups)} base tasks: its figures are not held out."
            )
    return notes


def _coefficients(policies: Sequence[EmbeddedPolicy]) -> tuple[Coefficient, ...]:
    if not policies:
        return ()
    weights = np.mean([policy.weights - policy.weights.mean(axis=0) for policy in policies], axis=0)
    return tuple(
        Coefficient(
            feature=feature,
            meaning=meaning,
            weights={action: float(weights[row, place]) for row, action in enumerate(policies[0].actions)},
        )
        for place, (feature, meaning) in enumerate(FEATURES.items())
    )


def _samples(
    stage: _Stage, walks: Sequence[Walk], rewards: Array, policy: str, *, each: int = 3
) -> tuple[Sample, ...]:
    """The best and the worst scored conversations of `policy`, each from another base task."""
    scored = [walk for walk, reward in zip(walks, rewards, strict=True) if not np.isnan(reward)]
    order = sorted(scored, key=lambda walk: (-rewards[walk.tree], stage.trees[walk.tree].id))
    return tuple(
        _sample(stage, walk, policy, title)
        for title, ranked in (("best", order), ("worst", order[::-1]))
        for walk in _of_distinct_tasks(stage, ranked, each)
    )


def _of_distinct_tasks(stage: _Stage, ranked: Sequence[Walk], count: int) -> list[Walk]:
    """The first `count` walks of different base tasks."""
    found: dict[str, Walk] = {}
    for walk in ranked:
        found.setdefault(stage.trees[walk.tree].group, walk)
    return list(found.values())[:count]


def _sample(stage: _Stage, walk: Walk, policy: str, title: str) -> Sample:
    tree, leaf = stage.trees[walk.tree], stage.scores[walk.tree][walk.leaf]
    assert leaf.reward is not None, "samples are drawn from scored walks"
    assert leaf.task_score is not None, "what has a reward has a task score"
    steps = tree.steps(walk.leaf)
    messages = [Message(role="user", content=tree.state.query)]
    for step in steps:
        messages.append(Message(role="assistant", content=step.message))
        messages.append(Message(role="user", content=step.reaction.reply))
    return Sample(
        title=title,
        policy=policy,
        state_id=tree.state.id,
        persona=tree.persona,
        actions=tuple(step.action for step in steps),
        messages=tuple(messages),
        reward=leaf.reward,
        task_score=leaf.task_score,
        interruption_cost=leaf.interruption_cost,
    )
