"""`tactful calibrate rollout`: every state with every persona, a branch for each action not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tactful.cli.options import (
    ActionsOption,
    DryRunFlag,
    JsonFlag,
    ModelFlags,
    ModelOption,
    PersonasOption,
    RunFlags,
    SkipBadFlag,
    UserModelOption,
    names_of,
)
from tactful.cli.output import emit_json, next_command, quoted, say, tell_end, tell_forecast

if TYPE_CHECKING:
    from tactful.api.runs import Run
    from tactful.types import Trajectory


def rollout(
    source: Annotated[str, typer.Argument(metavar="STATES", help="JSONL of states; `-` is stdin.")],
    *,
    model: ModelOption,
    actions: ActionsOption = "levels",
    turns: Annotated[
        Literal["single", "multi"],
        typer.Option(
            "--turns", help="`single`: one message with question and solution; `multi`: a dialogue."
        ),
    ] = "multi",
    mainline: Annotated[
        str, typer.Option("--mainline", help="multi: `random`, `rule` or `policy:PATH` plays the mainline.")
    ] = "random",
    personas: PersonasOption = "",
    passes: Annotated[
        int, typer.Option("--passes", min=1, help="Repeats of each state with each persona.")
    ] = 1,
    tasks_per_user: Annotated[
        int, typer.Option("--tasks-per-user", min=1, help="Tasks that one user does in sequence.")
    ] = 1,
    max_turns: Annotated[int, typer.Option("--max-turns", min=1, help="Assistant messages per task.")] = 4,
    branch_depth: Annotated[
        int | None,
        typer.Option(
            "--branch-depth", min=1, help="Decisions of a branch before it must solve; default: to its end."
        ),
    ] = None,
    user_model: UserModelOption = "rules",
    at: ModelFlags,
    run: RunFlags,
    skip_bad: SkipBadFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Play every state with every persona: a mainline, and a branch for each action it did not take.

    Example: `tactful calibrate rollout states.jsonl --model offline --out runs/rollout`

    With an endpoint: `tactful calibrate rollout states.jsonl --model gpt-4.1-mini --budget-usd 2`
    """
    from tactful.api.calibrate import rollout as play

    chosen: play.RolloutOptions = {
        "actions": actions,
        "turns": turns,
        "mainline": mainline,
        "personas": names_of(personas),
        "passes": passes,
        "tasks_per_user": tasks_per_user,
        "max_turns": max_turns,
        "branch_depth": branch_depth,
        "user_model": user_model,
        "skip_bad": skip_bad,
        **at.given(),
        **run.given(),
    }
    if dry_run:
        expected = play.forecast_rollout(source, model=model, **chosen)
        played = "all" if expected.sampled == expected.sessions else f"the first {expected.sampled}"
        words = (
            f"{expected.sessions} sessions; estimated by playing {played} with a stand-in, nothing was sent:"
        )
        roles = [(f"{one.role} {one.model}", one) for one in expected.roles]
        tell_forecast(expected, words, roles, as_json=as_json)
        return
    done = play.rollout(source, model=model, **chosen)
    _print_summary(done, as_json=as_json)


def _print_summary(run: Run[Trajectory], *, as_json: bool) -> None:
    summary = run.summary
    with summary.folder.records_path.open("rb") as file:
        trajectories = sum(1 for _ in file)
    if as_json:
        emit_json(
            {
                "run": str(run.folder),
                "sessions": summary.counts(),
                "trajectories": trajectories,
                "bad_lines": run.bad,
                "usage": summary.usage.model_dump(mode="json"),
            }
        )
    say(f"{summary.done} sessions done, {summary.failed} failed; {trajectories} trajectories in {run.folder}")
    tell_end(run)
    next_command(f"tactful calibrate reward {quoted(run.folder)}")
