"""`tactful calibrate evaluate`: policies on held-out tasks, measured on the same futures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import (
    ActionsOption,
    JsonFlag,
    ModelFlags,
    PersonasOption,
    RewardFlags,
    RunFlags,
    SkipBadFlag,
    UserModelOption,
    finite,
    names_of,
)
from tactful.cli.output import emit_json, next_command, quoted, say, tell_bad, tell_failures
from tactful.cli.splice import without
from tactful.errors import UsageError, UserError

if TYPE_CHECKING:
    from tactful.api.calibrate.evaluate import EvaluateOptions, EvaluationRun

_AGAIN = ", then measure again with --resume"


def evaluate(
    *,
    states_file: Annotated[Path, typer.Option("--states", help="JSONL of states, or a run that made them.")],
    models: Annotated[
        list[str],
        typer.Option(
            "--model",
            help="Model name, or `offline` for the rehearsal; several: repeat it, and they are compared.",
        ),
    ],
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
    futures. `--resume` on a finished run measures again without a single call. With several `--model`, each has its
    run in a folder of --out, and the table shows the differences to the first, paired by task, user and luck.
    """
    from tactful.api.calibrate.evaluate import evaluate as measure

    chosen: EvaluateOptions = {
        "actions": actions,
        "config": worth.config_file,
        "personas": names_of(personas),
        "unseen_personas": None if not unseen_personas else names_of(unseen_personas.removeprefix("none")),
        "passes": passes,
        "users_per_task": users_per_task,
        "tasks_per_user": tasks_per_user,
        "max_turns": max_turns,
        "folds": folds,
        "min_margin": min_margin,
        "sweep": sweep,
        "user_model": user_model,
        "unsafe_exec": worth.unsafe_exec,
        "skip_bad": skip_bad,
        **at.given(),
        **run.given(),
    }
    found: list[EvaluationRun] = []
    for model, out in _folders(models, run.out).items():
        chosen["out"] = out
        try:
            one = measure(states_file, model=model, policies=names_of(policies), rewarded=rewarded, **chosen)
        except UserError as error:
            if (summary := getattr(error, "summary", None)) is not None:
                tell_failures(summary, then=_AGAIN)
            raise
        found.append(one)
        _tell(found[-1])
    if len(found) == 1:
        if as_json:
            emit_json(_result(found[0]))
    else:
        _compare(found, as_json=as_json)
    for one in found:
        tell_failures(one.summary, then=_AGAIN)
    folders = " ".join(quoted(one.folder) for one in found)
    next_command(f"tactful bench report {folders} --out report.html")


def _folders(models: list[str], out: Path | None) -> dict[str, Path | None]:
    """Model → folder of its run: `out` itself for one, a folder in it for each of several."""
    if len(models) == 1:
        return {models[0]: out}
    if out is None or len(set(models)) < len(models):
        raise UsageError(
            "several --model need --out FOLDER, in which each gets its run, and to be named once each"
        )
    return {model: out / re.sub(r"[^A-Za-z0-9._-]+", "-", model) for model in models}


def _result(run: EvaluationRun) -> dict[str, object]:
    found = run.found
    return {
        "run": str(run.folder),
        "headline": found.headline(),
        **found.model_dump(mode="json", exclude={"samples"}),
    }


def _compare(found: list[EvaluationRun], *, as_json: bool) -> None:
    from tactful.api.calibrate.compare import compare

    table = compare(*found)
    if as_json:
        emit_json({"runs": [_result(one) for one in found], "comparison": table.rows()})
    say()
    say(str(table))


def _tell(run: EvaluationRun) -> None:
    found = run.found
    tell_bad(run)
    say()
    say(str(run.table()))
    say()
    say(str(run.asking()))
    say()
    say(found.headline())
    say(f"{found.trees} trees, {found.episodes} episodes, {found.unscored} unscored, {found.failed} failed")
    say(found.of_intervals())
