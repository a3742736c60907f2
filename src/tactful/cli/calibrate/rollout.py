"""`tactful calibrate rollout`: every state with every persona, a branch for each action not taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

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
)
from tactful.cli.output import emit_json, end_empty, next_command, quoted, say, tell_failures
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.calibration.forecast import Forecast
    from tactful.calibration.pipeline import RolloutConfig
    from tactful.data.io import Rows
    from tactful.runs import Job, RunSummary
    from tactful.types import Policy, State


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
    from tactful.calibration.pipeline import SCRIPTS, RolloutConfig
    from tactful.runs import begun, run_job

    config = RolloutConfig(
        actions=actions,
        turns=turns,
        mainline=mainline,
        personas=tuple(name.strip() for name in personas.split(",") if name.strip()),
        passes=passes,
        tasks_per_user=tasks_per_user,
        max_turns=max_turns,
        branch_depth=branch_depth,
        seed=run.seed,
        assistant=at.spec(model, SCRIPTS, run),
        user=None if user_model == "rules" else at.spec(user_model, SCRIPTS, run),
    )
    rows, job = _rollout_job(config, source, skip_bad=skip_bad)
    if dry_run:
        _print_forecast(_forecast(job, config, run.limit), as_json=as_json)
        return
    fix = "make some with 'tactful calibrate states'"
    first = begun(iter(job.source), rows.name, what="usable state", fix=fix)
    _print_summary(run_job(replace(job, source=first), run.options()), rows, as_json=as_json)


def _rollout_job(config: RolloutConfig, source: str, *, skip_bad: bool) -> tuple[Rows[State], Job]:
    """The rows of `source`, and the run over them that `config` describes."""
    from tactful.calibration.pipeline import rollout_job
    from tactful.calibration.tasks.state_rows import ready_rows
    from tactful.data.check import refuse_other_kind
    from tactful.runs import resolve_input
    from tactful.types import content_hash

    path = resolve_input(source)
    refuse_other_kind(path, "states", given=source)
    policy = _mainline(config)
    if config.mainline.startswith("policy:"):
        digest = content_hash(Path(config.mainline.removeprefix("policy:")).read_bytes())
        config = config.model_copy(update={"mainline_hash": digest})
    rows = ready_rows(path, skip_bad=skip_bad)
    job = rollout_job(config, rows, mainline=policy, total=_total(config, path))
    if str(path) == "-":
        return rows, job
    again = {"source": str(path.resolve()), "skip_bad": skip_bad}
    return rows, replace(job, resume_args=again)


def _total(config: RolloutConfig, path: Path) -> int | None:
    """How many sessions the states in `path` give; None where the file is too long to be read for it."""
    from tactful.calibration.pipeline import by_names, count_sessions
    from tactful.data.io import read_jsonl
    from tactful.runs import worth_counting
    from tactful.types import State

    if not worth_counting(path):
        return None
    return count_sessions(
        read_jsonl(path, State, skip_bad=True),
        personas=by_names(config.personas),
        passes=config.passes,
        tasks_per_user=config.tasks_per_user,
        seed=config.seed,
    )


def retry_rollout(config: dict[str, Any], source: str, skip_bad: bool) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    from tactful.calibration.pipeline import RolloutConfig

    return _rollout_job(RolloutConfig.model_validate(config), source, skip_bad=skip_bad)[1]


def _mainline(config: RolloutConfig) -> Policy | None:
    """The policy that `--mainline` names; None for `random`."""
    if config.mainline == "random":
        return None
    if config.mainline == "rule":
        from tactful.calibration.play.actions import load_action_spaces
        from tactful.policy.simple import RulePolicy

        spaces = load_action_spaces(config.actions)
        return RulePolicy(next(iter(spaces.values())).names)
    if config.mainline.startswith("policy:"):
        from tactful.policy.store import load_policy

        return load_policy(Path(config.mainline.removeprefix("policy:")))
    raise UsageError(f"--mainline {config.mainline}: expected random, rule or policy:PATH")


def _forecast(job: Job, config: RolloutConfig, limit: int | None) -> Forecast:
    import asyncio
    from itertools import islice

    from tactful.calibration.forecast import forecast

    return asyncio.run(
        forecast(
            islice(job.source, limit),  # type: ignore[arg-type]
            job.stage,  # type: ignore[arg-type]
            assistant=config.assistant,
            user=config.user,
            seed=config.seed,
            total=job.total if limit is None or job.total is None else min(limit, job.total),
        )
    )


def _print_forecast(expected: Forecast, *, as_json: bool) -> None:
    if as_json:
        emit_json(expected.model_dump(mode="json"))
        return
    played = "all" if expected.sampled == expected.sessions else f"the first {expected.sampled}"
    say(f"{expected.sessions} sessions; estimated by playing {played} with a stand-in, nothing was sent:")
    for role in expected.roles:
        cost = "price not known" if role.cost_usd is None else f"about {role.cost_usd:.2f} USD"
        say(
            f"  {role.role} {role.model}: {role.calls} calls, {role.prompt_tokens} prompt and "
            f"{role.completion_tokens} completion tokens, {cost}"
        )


def _print_summary(summary: RunSummary, rows: Rows[State], *, as_json: bool) -> None:
    folder = summary.folder
    with folder.records_path.open("rb") as file:
        trajectories = sum(1 for _ in file)
    if as_json:
        emit_json(
            {
                "run": str(folder.path),
                "sessions": {
                    "read": summary.read,
                    "done": summary.done,
                    "failed": summary.failed,
                    "skipped": summary.skipped,
                },
                "trajectories": trajectories,
                "bad_lines": rows.bad,
                "usage": summary.usage.model_dump(mode="json"),
            }
        )
    say(
        f"{summary.done} sessions done, {summary.failed} failed; {trajectories} trajectories in {folder.path}"
    )
    if rows.bad:
        say(f"{rows.bad} unusable lines left out, the first: {rows.problems[0]}")
    tell_failures(summary)
    end_empty(summary)
    next_command(f"tactful calibrate reward {quoted(folder.path)}")
