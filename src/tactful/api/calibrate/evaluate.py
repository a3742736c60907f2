"""Policies on held-out tasks, measured on the same futures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast

from tactful.api.calibrate.reward import reward_config, rewarded_input
from tactful.api.calibrate.rollout import ready_states
from tactful.api.options import ModelOptions, RunSettings, configured, listed, run_options, spec_of, takes
from tactful.api.runs import Run, outside_loop, worked
from tactful.api.tables import Table
from tactful.errors import DataError, UsageError, UserError

if TYPE_CHECKING:
    from tactful.calibration.play.actions import ActionSpace
    from tactful.calibration.reward.rewards import RewardConfig
    from tactful.calibration.types import Persona, Rewarded
    from tactful.evaluation.policies.evaluate import Settings
    from tactful.evaluation.policies.results import Evaluation
    from tactful.evaluation.policies.training_data import Decisions
    from tactful.evaluation.policies.walking.tree import ActionTree
    from tactful.evaluation.policies.walking.tree_job import TreeConfig
    from tactful.runs import Job, RunSummary
    from tactful.types import Policy, Provenance, State

LEARNED = ("learned", "learned-ridge")
"""What stands beside the fixed policies where there are rewarded rollouts to learn from."""


class EvaluateOptions(ModelOptions, RunSettings, total=False):
    """What may be given to `evaluate` beside states, model and policies. Defaults are those of the command."""

    actions: str
    config: RewardConfig | Path | str | None
    personas: Sequence[str]
    """Names and TOML files; default: all built in for training."""
    unseen_personas: Sequence[str] | None
    """Reported apart; None: the built-in held-out ones; empty: none."""
    passes: int
    users_per_task: int
    tasks_per_user: int
    max_turns: int
    folds: int
    min_margin: float
    sweep: bool
    """Retrain under other reward constants for the Pareto front; default True."""
    user_model: str
    unsafe_exec: bool
    skip_bad: bool


class EvaluationRun(Run["ActionTree"]):
    """What an evaluation found: a headline, a table, a picture; iterating gives the action trees behind it."""

    _measure: Callable[[RunSummary], Evaluation] | None = None

    @cached_property
    def found(self) -> Evaluation:
        """Every figure, as in `evaluation.json`. Raises DataError where trees were rolled out since it was measured."""
        from tactful.evaluation.policies.report import read_evaluation

        if self._measure is not None:
            return self._measure(self.summary)
        found = read_evaluation(self.folder)
        if found.failed != self.summary.failed:
            problem = f"was measured when {found.failed} trees had failed, now {self.summary.failed} have"
            raise DataError.at(self.folder, None, problem, fix="measure it again: evaluate with --resume")
        return found

    def headline(self) -> str:
        """What the figures say, in a few sentences; also when they say nothing, or the opposite, or are not held out."""
        return " ".join((self.found.headline(), *self.found.caveats))

    def table(self) -> Table:
        """The policies with their main measures and 95% intervals by base task, best reward first; notes below."""
        from tactful.evaluation.policies.tables import policy_table

        heads, cells = policy_table(self.found)
        return Table(
            heads, cells, self.rows(), note="\n".join(f"note: {told}" for told in self.found.caveats)
        )

    def asking(self) -> Table:
        """How well each policy asks: Ask-F1 and its parts, turns to clarify, coverage, rate of asking by clarity."""
        from tactful.evaluation.policies.tables import asking_table
        from tactful.stats.asking import MEANINGS

        heads, cells = asking_table(self.found)
        return Table(heads, cells, [row for row in self.rows() if row["measure"] in MEANINGS])

    def rows(self) -> list[dict[str, Any]]:
        """A dictionary for each policy and measure: value, low, high, items, groups, unscored."""
        from tactful.evaluation.policies.tables import policy_rows

        return policy_rows(self.found)

    def plot(self, path: Path | str) -> None:
        """Task success against interruption cost, as `.svg`, `.pdf` or `.png`: what the ending says."""
        from tactful.evaluation.policies.tables import write_figure

        write_figure([self.found], Path(path))

    def _repr_html_(self) -> str:
        from html import escape

        return (
            f"<p>{escape(self.found.headline())}</p>{self.table()._repr_html_()}{self.asking()._repr_html_()}"
        )


@takes(EvaluateOptions)
def evaluate(
    states: Run[State] | Iterable[State] | Path | str,
    *,
    model: str = "offline",
    policies: Sequence[str | Path | Policy] | None = None,
    rewarded: Run[Rewarded] | Iterable[Rewarded] | Path | str | None = None,
    **options: Unpack[EvaluateOptions],
) -> EvaluationRun:
    """Policies on tasks of one domain: reward, success, cost, regret, with intervals by base task.

    Every sequence of actions is rolled out once per task, user and pass; all policies are read off the same futures.
    `model` writes the messages; `offline`, the default, rehearses, and every figure says so. `policies` are trained
    ones, files (a Path, or `policy:PATH`), `learned` or `learned-ridge`; the latter two, the default where `rewarded` is given,
    are trained on `rewarded` (training rollouts) and cross-fitted by base task. Every fixed action, `random` and
    `rule` always stand beside them. With `resume=True` a finished run is measured again without a call.

    Raises UserError when nothing can be measured (no tree was rolled out: `error.summary` knows the failures), UsageError when `learned` has nothing to learn from.

    >>> import tactful as tf
    >>> result = tf.evaluate(tf.states("coding", n=12), passes=1, users_per_task=1, out="runs/e", progress="off")
    >>> "always-LOW" in str(result.table())
    True
    """
    from tactful.calibration.pipeline import SCRIPTS
    from tactful.calibration.play.actions import load_action_space
    from tactful.evaluation.policies.evaluate import Settings
    from tactful.evaluation.policies.walking.tree import ActionTree
    from tactful.evaluation.policies.walking.tree_job import TreeConfig

    skip_bad, seed = options.get("skip_bad", False), options.get("seed", 0)
    read = ready_states(states, skip_bad)
    tasks = list(read)
    space = load_action_space(options.get("actions", "levels"), _one_domain(tasks, read.name))
    chosen = listed("policies", policies) if policies is not None else LEARNED if rewarded is not None else ()
    learned, given = _policies(chosen, space, has_training=rewarded is not None)
    decisions = _decisions(rewarded, space, skip_bad) if learned and rewarded is not None else None
    settings = Settings(reward=reward_config(options.get("config")), **_given(options, Settings))
    user = options.get("user_model", "rules")
    config = configured(
        TreeConfig,
        **{**_given(options, TreeConfig), "personas": (), "unseen_personas": (), "seed": seed},
        assistant=spec_of(model, SCRIPTS, options),
        user=None if user == "rules" else spec_of(user, SCRIPTS, options),
    )
    personas = listed("personas", options.get("personas", ()))
    unseen = listed("unseen_personas", options.get("unseen_personas"))
    job = _tree_job(config, tasks, personas, unseen)
    if read.retraceable is not None:
        again = {
            "source": str(read.retraceable),
            "personas": ",".join(_absolute(personas)),
            "unseen_personas": "" if unseen is None else ",".join(_absolute(unseen)) or "none",
            "skip_bad": skip_bad,
        }
        job = replace(job, resume_args=again)
    summary = worked(job, run_options(options))
    unsafe = options.get("unsafe_exec", False)

    def measured(summary: RunSummary) -> Evaluation:
        return outside_loop(lambda: _measure(summary, decisions, settings, learned, given, unsafe=unsafe))

    found = measured(summary)
    rebuilt = None if read.retraceable else lambda: _tree_job(config, tasks, personas, unseen)
    run = EvaluationRun(summary, ActionTree, source=read, again=rebuilt)
    run.found, run._measure = found, measured
    return run


def _given(options: EvaluateOptions, kind: Any) -> dict[str, Any]:
    """The options that are plain fields of `kind`."""
    fields = getattr(kind, "model_fields", None) or kind.__dataclass_fields__
    return {name: options[name] for name in fields if name in options and name != "reward"}  # type: ignore[literal-required]


def retry_evaluate(
    config: dict[str, Any], source: str, personas: str, unseen_personas: str, skip_bad: bool
) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    from tactful.evaluation.policies.walking.tree_job import TreeConfig

    read = ready_states(source, skip_bad)
    tasks = list(read)
    _one_domain(tasks, read.name)
    unseen = None if not unseen_personas else () if unseen_personas == "none" else unseen_personas.split(",")
    chosen = personas.split(",") if personas else ()
    return _tree_job(TreeConfig.model_validate(config), tasks, chosen, unseen)


def _absolute(names: Sequence[str]) -> list[str]:
    """The same personas by names that hold in any working directory."""
    return [str(Path(name).resolve()) if name.endswith(".toml") else name for name in names]


def _tree_job(
    config: TreeConfig,
    states: Sequence[State],
    personas: Sequence[str],
    unseen_personas: Sequence[str] | None,
) -> Job:
    """The run that expands the trees over `states`, which are of one domain."""
    from tactful.calibration.play.actions import load_action_space
    from tactful.calibration.play.personas import builtin_personas, choose_personas
    from tactful.evaluation.policies.walking.tree_job import tree_job

    domain = states[0].domain
    seen = choose_personas(personas, domain)
    unseen: tuple[Persona, ...] = ()
    if unseen_personas is None:
        unseen = tuple(p for p in builtin_personas(domain) if p.held_out and p not in seen)
    elif unseen_personas:
        unseen = choose_personas(unseen_personas, domain)
    if both := sorted({p.name for p in seen} & {p.name for p in unseen}):
        raise UsageError(f"--unseen-personas {both[0]}: is among --personas too, so training may know it")
    return tree_job(
        config,
        states,
        load_action_space(config.actions, domain),
        [persona.model_copy(update={"held_out": False}) for persona in seen],
        [persona.model_copy(update={"held_out": True}) for persona in unseen],
    )


def _one_domain(states: Sequence[State], name: str) -> str:
    domains = sorted({state.domain for state in states})
    if not domains:
        raise DataError.at(name, None, "holds no state", fix="make some with 'tactful calibrate states'")
    if len(domains) > 1:
        raise DataError.at(
            name,
            None,
            f"holds states of {', '.join(domains)}",
            fix="an evaluation is of one domain: give one file for each",
        )
    return domains[0]


def _policies(
    chosen: Sequence[str | Path | Policy], space: ActionSpace, *, has_training: bool
) -> tuple[tuple[str, ...], list[Policy]]:
    """Names of learned policies, and the given ones opened. Baselines are only checked: they always take part."""
    from tactful.policy import open_policy, ready

    learned: list[str] = []
    given: list[Policy] = []
    for one in chosen:
        item = f"policy:{os.fspath(one)}" if isinstance(one, os.PathLike) else one
        if not isinstance(item, str):
            given.append(ready(item))
            continue
        if item in LEARNED:
            learned.append(item)
            continue
        policy = open_policy(item, space.names)
        if item.startswith("policy:"):
            # All files of `policy train` bear the name of their head, so here they go by their paths.
            given.append(replace(cast("Any", policy), name=item.removeprefix("policy:")))
    if learned and not has_training:
        raise UsageError(
            "learned policies are trained on rewarded rollouts: give --rewarded RUN, or --policies rule for baselines only"
        )
    return tuple(learned), given


def _decisions(rewarded: Any, space: ActionSpace, skip_bad: bool) -> Decisions:
    """What is learned from: the rewarded rollouts of the domain of `space`."""
    from tactful.evaluation.policies.training_data import Decisions

    read = rewarded_input(rewarded, skip_bad)
    mine = (record for record in read if record.trajectory.domain == space.domain)
    return Decisions.from_rewarded(mine, space.names)


def _measure(
    summary: RunSummary,
    decisions: Decisions | None,
    settings: Settings,
    learned: Sequence[str],
    given: Sequence[Policy],
    *,
    unsafe: bool,
) -> Evaluation:
    """Score the trees of the run, measure, and store `evaluation.json` and `outcomes.json` beside them."""
    from tactful.evaluation.policies.compare import save_outcomes
    from tactful.evaluation.policies.evaluate import evaluate as measure
    from tactful.evaluation.policies.evaluate import score_trees
    from tactful.evaluation.policies.report import FILE_NAME
    from tactful.evaluation.policies.walking.tree import ActionTree
    from tactful.runs import write_atomic

    trees = list(summary.folder.records(ActionTree))
    if not trees:
        nothing = UserError(
            f"{summary.folder.path}: no tree could be rolled out, so there is nothing to measure"
        )
        nothing.summary = summary  # type: ignore[attr-defined]
        raise nothing
    found = measure(
        trees,
        score_trees(trees, settings.reward, unsafe=unsafe),
        decisions,
        settings,
        learned=learned,
        given=given,
        failed=summary.failed,
        provenance=_provenance(trees),
        keep=lambda outcomes: save_outcomes(summary.folder.path, trees, outcomes),
    )
    write_atomic(summary.folder.path / FILE_NAME, [found.model_dump_json(indent=1).encode(), b"\n"])
    return found


def _provenance(trees: Sequence[ActionTree]) -> Provenance:
    """That of the first tree, with the prompts of all."""
    hashes = {name: value for tree in trees for name, value in tree.frame.provenance.prompt_hashes.items()}
    return trees[0].frame.provenance.model_copy(update={"prompt_hashes": hashes})
