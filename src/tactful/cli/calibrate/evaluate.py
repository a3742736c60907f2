"""`tactful calibrate evaluate`: policies on held-out tasks, measured on the same futures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tactful.cli.options import (
    ActionsOption,
    JsonFlag,
    ModelFlags,
    ModelOption,
    PersonasOption,
    RewardFlags,
    RunFlags,
    SkipBadFlag,
    UserModelOption,
    finite,
)
from tactful.cli.output import emit_json, next_command, quoted, say, tell_failures
from tactful.cli.splice import without
from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.calibration.play.actions import ActionSpace
    from tactful.calibration.types import Persona
    from tactful.data.io import Rows
    from tactful.evaluation.policies.evaluate import Settings
    from tactful.evaluation.policies.results import Evaluation, PolicyResult
    from tactful.evaluation.policies.training_data import Decisions
    from tactful.evaluation.policies.tree import ActionTree
    from tactful.evaluation.policies.tree_job import TreeConfig
    from tactful.runs import Job, RunSummary
    from tactful.types import Policy, Provenance, State


def evaluate(
    *,
    states_file: Annotated[Path, typer.Option("--states", help="JSONL of states, or a run that made them.")],
    model: ModelOption,
    rewarded: Annotated[
        Path | None,
        typer.Option(
            "--rewarded", help="Rewarded training rollouts (of `calibrate reward`): what is learned from."
        ),
    ] = None,
    policies: Annotated[
        str,
        typer.Option(
            "--policies",
            help="By commas: `learned`, `learned-ridge` (cross-fitted, need --rewarded), `policy:PATH`. "
            "Every fixed action, `random` and `rule` always stand beside them.",
        ),
    ] = "learned,learned-ridge",
    actions: ActionsOption = "levels",
    worth: RewardFlags,
    personas: PersonasOption = "",
    unseen_personas: Annotated[
        str,
        typer.Option(
            "--unseen-personas", help="Reported apart; default: the built-in held-out ones; `none` for none."
        ),
    ] = "",
    passes: Annotated[
        int, typer.Option("--passes", min=1, help="Repeats of each state with fresh luck.")
    ] = 4,
    users_per_task: Annotated[
        int, typer.Option("--users-per-task", min=1, help="Personas that each state meets in each pass.")
    ] = 3,
    tasks_per_user: Annotated[
        int, typer.Option("--tasks-per-user", min=1, help="Tasks that one user does in sequence.")
    ] = 12,
    max_turns: Annotated[int, typer.Option("--max-turns", min=1, help="Assistant messages per task.")] = 4,
    folds: Annotated[int, typer.Option("--folds", min=2, help="Folds of cross-fitting, by base task.")] = 5,
    min_margin: Annotated[
        float,
        typer.Option(
            "--min-margin", min=0, callback=finite, help="Least reward difference of a training pair."
        ),
    ] = 0.05,
    sweep: Annotated[
        bool,
        typer.Option("--sweep/--no-sweep", help="Retrain under other reward constants for the Pareto front."),
    ] = True,
    user_model: UserModelOption = "rules",
    at: ModelFlags,
    run: Annotated[RunFlags, without("limit")],
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure policies on held-out tasks: success, cost, regret, sensitivity, with intervals by base task.

    Example: `tactful calibrate evaluate --states states.jsonl --rewarded runs/reward --model offline --out runs/eval`

    Every sequence of actions is rolled out once per task, user and pass; all policies are read off the same
    futures. `--resume` on a finished run measures again without a single call.
    """
    from tactful.calibration.pipeline import SCRIPTS
    from tactful.calibration.play.actions import load_action_space
    from tactful.evaluation.policies.evaluate import Settings
    from tactful.evaluation.policies.tree_job import TreeConfig
    from tactful.runs import run_job

    states = _states(states_file, skip_bad=skip_bad)
    domain = _one_domain(states, states_file)
    space = load_action_space(actions, domain)
    settings = Settings(
        reward=worth.config(),
        folds=folds,
        tasks_per_user=tasks_per_user,
        min_margin=min_margin,
        seed=run.seed,
        sweep=sweep,
    )
    learned, given = _policies(policies, space, has_training=rewarded is not None)
    decisions = _decisions(rewarded, space, skip_bad=skip_bad) if learned and rewarded is not None else None
    config = TreeConfig(
        actions=actions,
        passes=passes,
        users_per_task=users_per_task,
        max_turns=max_turns,
        seed=run.seed,
        assistant=at.spec(model, SCRIPTS, run),
        user=None if user_model == "rules" else at.spec(user_model, SCRIPTS, run),
    )
    job = _tree_job(config, states, personas, unseen_personas)
    if str(states_file) != "-":
        again = {
            "source": str(states_file.resolve()),
            "personas": _absolute(personas),
            "unseen_personas": _absolute(unseen_personas),
            "skip_bad": skip_bad,
        }
        job = replace(job, resume_args=again)
    summary = run_job(job, run.options())
    found = _measure(summary, decisions, settings, learned, given, unsafe=worth.unsafe_exec)
    _print(found, summary, as_json=as_json)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _absolute(names: str) -> str:
    """The same personas by names that hold in any working directory."""
    return ",".join(str(Path(name).resolve()) if name.endswith(".toml") else name for name in _names(names))


def retry_evaluate(
    config: dict[str, Any], source: str, personas: str, unseen_personas: str, skip_bad: bool
) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    from tactful.evaluation.policies.tree_job import TreeConfig

    states = _states(Path(source), skip_bad=skip_bad)
    _one_domain(states, Path(source))
    return _tree_job(TreeConfig.model_validate(config), states, personas, unseen_personas)


def _tree_job(config: TreeConfig, states: list[State], personas: str, unseen_personas: str) -> Job:
    """The run that expands the trees over `states`, which are of one domain."""
    from tactful.calibration.play.actions import load_action_space
    from tactful.calibration.play.personas import builtin_personas, choose_personas
    from tactful.evaluation.policies.tree_job import tree_job

    domain = states[0].domain
    seen = choose_personas(_names(personas), domain)
    if unseen_personas == "none":
        unseen: tuple[Persona, ...] = ()
    elif unseen_personas:
        unseen = choose_personas(_names(unseen_personas), domain)
    else:
        unseen = tuple(p for p in builtin_personas(domain) if p.held_out and p not in seen)
    if both := sorted({p.name for p in seen} & {p.name for p in unseen}):
        raise UsageError(f"--unseen-personas {both[0]}: is among --personas too, so training may know it")
    return tree_job(
        config,
        states,
        load_action_space(config.actions, domain),
        [persona.model_copy(update={"held_out": False}) for persona in seen],
        [persona.model_copy(update={"held_out": True}) for persona in unseen],
    )


def _states(path: Path, *, skip_bad: bool) -> list[State]:
    from tactful.calibration.tasks.state_rows import ready_rows
    from tactful.data.check import refuse_other_kind
    from tactful.runs import resolve_input

    file = resolve_input(path)
    refuse_other_kind(file, "states", given=path)
    rows = ready_rows(file, skip_bad=skip_bad)
    states = list(rows)
    _tell_bad(rows)
    return states


def _tell_bad(rows: Rows[Any]) -> None:
    if rows.bad:
        say(f"{rows.bad} unusable lines left out, the first: {rows.problems[0]}")


def _one_domain(states: list[State], path: Path) -> str:
    domains = sorted({state.domain for state in states})
    if not domains:
        raise DataError.at(path, None, "holds no state", fix="make some with 'tactful calibrate states'")
    if len(domains) > 1:
        raise DataError.at(
            path,
            None,
            f"holds states of {', '.join(domains)}",
            fix="an evaluation is of one domain: give one file for each",
        )
    return domains[0]


def _policies(text: str, space: ActionSpace, *, has_training: bool) -> tuple[tuple[str, ...], list[Policy]]:
    """Names of learned policies, and the given ones opened. Baselines are only checked: they always take part."""
    from tactful.evaluation.policies.evaluate import LEARNED
    from tactful.policy import open_policy
    from tactful.policy.embedded import EmbeddedPolicy

    learned: list[str] = []
    given: list[Policy] = []
    for name in _names(text):
        if name in LEARNED:
            learned.append(name)
            continue
        policy = open_policy(name, space.names)
        if isinstance(policy, EmbeddedPolicy):
            # All files of `policy train` bear the name of their head, so here they go by their paths.
            given.append(replace(policy, name=name.removeprefix("policy:")))
    if learned and not has_training:
        raise UsageError(
            "learned policies are trained on rewarded rollouts: give --rewarded RUN, or --policies rule for baselines only"
        )
    return tuple(learned), given


def _decisions(path: Path, space: ActionSpace, *, skip_bad: bool) -> Decisions:
    """What is learned from: the rewarded rollouts of the domain of `space`."""
    from tactful.calibration.reward.rewarding import parse_rewarded
    from tactful.data.check import refuse_other_kind
    from tactful.data.io import Rows
    from tactful.evaluation.policies.training_data import Decisions
    from tactful.runs import resolve_input

    file = resolve_input(path)
    refuse_other_kind(file, "rewarded", given=path)
    rows = Rows(file, parse_rewarded, skip_bad=skip_bad, kind="rewarded trajectory")
    mine = (record for record in rows if record.trajectory.domain == space.domain)
    decisions = Decisions.from_rewarded(mine, space.names)
    _tell_bad(rows)
    return decisions


def _measure(
    summary: RunSummary,
    decisions: Decisions | None,
    settings: Settings,
    learned: tuple[str, ...],
    given: list[Policy],
    *,
    unsafe: bool,
) -> Evaluation:
    """Score the trees of the run, measure, and store `evaluation.json` beside them."""
    from tactful.errors import UserError
    from tactful.evaluation.policies.evaluate import evaluate as measure
    from tactful.evaluation.policies.evaluate import score_trees
    from tactful.evaluation.policies.report import FILE_NAME
    from tactful.evaluation.policies.tree import ActionTree
    from tactful.runs import write_atomic

    trees = list(summary.folder.records(ActionTree))
    if not trees:
        tell_failures(summary, then=", then measure again with --resume")
        raise UserError(f"{summary.folder.path}: no tree could be rolled out, so there is nothing to measure")
    found = measure(
        trees,
        score_trees(trees, settings.reward, unsafe=unsafe),
        decisions,
        settings,
        learned=learned,
        given=given,
        failed=summary.failed,
        provenance=_provenance(trees),
    )
    write_atomic(summary.folder.path / FILE_NAME, [found.model_dump_json(indent=1).encode(), b"\n"])
    return found


def _provenance(trees: list[ActionTree]) -> Provenance:
    """That of the first tree, with the prompts of all."""
    hashes = {name: value for tree in trees for name, value in tree.frame.provenance.prompt_hashes.items()}
    return trees[0].frame.provenance.model_copy(update={"prompt_hashes": hashes})


def _print(found: Evaluation, summary: RunSummary, *, as_json: bool) -> None:
    path = summary.folder.path
    if as_json:
        emit_json(
            {
                "run": str(path),
                "headline": found.headline(),
                **found.model_dump(mode="json", exclude={"samples"}),
            }
        )
    say()
    for line in table_lines(found):
        say(line)
    say()
    for note in found.notes:
        say(f"note: {note}")
    if found.rehearsal:
        say("A rehearsal, not a language model, spoke.")
    say(found.headline())
    say(
        f"{found.trees} trees, {found.episodes} episodes, {found.unscored} unscored, {found.failed} failed; "
        "intervals (95%, by base task) are conditional on these simulated users"
    )
    tell_failures(summary, then=", then measure again with --resume")
    next_command(f"tactful bench report {quoted(path)} --out report.html")


def table_lines(found: Evaluation) -> list[str]:
    """The policies as a short table, best reward first."""
    measures = (
        ("reward", 22),
        ("task_score", 22),
        ("interruption_cost", 24),
        ("questions", 11),
        ("regret", 8),
    )
    order = sorted(found.policies, key=_reward_of, reverse=True)
    first = max(16, *(len(item.name) + 1 for item in order))
    lines = [
        f"{found.domain:<{first}}" + "".join(f"{name.replace('_', ' '):>{width}}" for name, width in measures)
    ]
    for item in order:
        cells = []
        for name, width in measures:
            estimate = item.measures[name]
            if estimate.value is None:
                text = "unscored"
            elif width > 11 and estimate.low is not None:
                text = estimate.text()
            else:
                text = f"{estimate.value:.3f}"
            cells.append(f"{text:>{width}}")
        lines.append(f"{item.name:<{first}}" + "".join(cells))
    return lines


def _reward_of(item: PolicyResult) -> float:
    value = item.measures["reward"].value
    return float("-inf") if value is None else value
