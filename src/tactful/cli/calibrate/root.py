"""`tactful calibrate`: from tasks to preference pairs."""

from __future__ import annotations

import importlib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tactful.cli.common import (
    ApiKeyEnvOption,
    BaseUrlOption,
    BudgetTokensOption,
    BudgetUsdOption,
    CacheOption,
    ConcurrencyOption,
    DryRunFlag,
    JsonFlag,
    LimitOption,
    ModelOption,
    OutOption,
    ResumeFlag,
    SeedOption,
    SkipBadFlag,
    begun,
    emit_json,
    end_empty,
    finite,
    model_spec,
    next_command,
    quoted,
    say,
    tell_failures,
    worth_counting,
)
from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.calibration.forecast import Forecast
    from tactful.calibration.pipeline import RolloutConfig
    from tactful.data.io import Rows
    from tactful.runs import Job, RunSummary
    from tactful.types import Policy, State

_PARTS = ("rewards", "evaluate", "demo")
"""Modules of this package that add verbs of their own: `register(noun)`."""


def register(app: typer.Typer) -> None:
    """Add the noun `calibrate`."""
    noun = typer.Typer(no_args_is_help=True, help="From tasks to preference pairs, a policy and its measure.")
    noun.command("states")(states)
    noun.command("rollout")(rollout)
    for part in _PARTS:
        importlib.import_module(f"tactful.cli.calibrate.{part}").register(noun)
    app.add_typer(noun, name="calibrate")


# ---------------------------------------------------------------- states


def states(
    mode: Annotated[
        Literal["synthetic", "dataset"],
        typer.Option(
            "--mode", help="`synthetic` draws bundled seed tasks; `dataset` completes a file of yours."
        ),
    ],
    domain: Annotated[
        str,
        typer.Option("--domain", help="`coding`, `planning` or your own; dataset: for rows that name none."),
    ],
    n: Annotated[int, typer.Option("--n", min=1, help="synthetic: how many states.")] = 50,
    source: Annotated[
        Path | None,
        typer.Option("--input", help="dataset: JSONL or CSV with a `query` in each row; `-` is stdin."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="New file; default: stdout.")] = None,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Make the decision points that rollouts start from.

    Example: `tactful calibrate states --mode synthetic --domain coding --n 50 --out states.jsonl`

    A missing clarity or complexity is estimated from the text of the query alone.
    """
    from tactful.calibration.tasks.state_rows import state_rows
    from tactful.calibration.tasks.states import complete_states, synthetic_states
    from tactful.data.io import write_jsonl

    if as_json and out is None:
        raise UsageError("--json prints the summary, so the states need a file: add --out FILE")
    if out is not None and out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    if (mode == "dataset") != (source is not None):
        raise UsageError("--input FILE belongs to --mode dataset, which needs it")
    bad, problems = 0, []
    if source is None:
        made = synthetic_states(domain, n, seed)
    else:
        rows = state_rows(source, domain=domain, skip_bad=skip_bad)
        made = complete_states(list(rows))
        bad, problems = rows.bad, rows.problems
    if not made:
        raise DataError.at(
            source or "-", None, "holds no usable state", fix="write one JSON object with a 'query' per line"
        )
    write_jsonl(out or "-", made)
    say(f"{len(made)} states" + (f", {bad} unusable lines left out:" if bad else ""))
    for problem in problems:
        say(f"  {problem}")
    if as_json:
        emit_json({"out": str(out), "states": len(made), "bad": bad})
    if out is not None:
        _say_next(out, made)


def _say_next(out: Path, made: list[State]) -> None:
    """The rollout that fits these states: rehearsed where every one can be, else with a model and why."""
    from tactful.calibration.play.actions import load_action_space
    from tactful.calibration.play.offline import lacks_for_rehearsal
    from tactful.errors import ConfigError

    try:
        solutions = {name: load_action_space("levels", name).solution for name in {s.domain for s in made}}
    except ConfigError as error:
        say(f"rollouts need an action space of yours ({error})")
        next_command(f"tactful calibrate rollout {quoted(out)} --actions FOLDER --model MODEL")
        return
    lacking = [keys for s in made if (keys := lacks_for_rehearsal(s.hidden, solutions[s.domain]))]
    if not lacking:
        next_command(f"tactful calibrate rollout {quoted(out)} --model offline")
        return
    named = sorted({key for keys in lacking for key in keys})
    say(
        f"{len(lacking)} of {len(made)} states cannot be rehearsed offline, since they bring no "
        f"{' or '.join(map(repr, named))}: add that to the rows, or take a model"
    )
    next_command(f"tactful calibrate rollout {quoted(out)} --model MODEL")


# ---------------------------------------------------------------- rollout


def rollout(
    source: Annotated[str, typer.Argument(metavar="STATES", help="JSONL of states; `-` is stdin.")],
    model: ModelOption,
    actions: Annotated[
        str, typer.Option("--actions", help="`levels`, `clarify-execute`, or a folder with an action space.")
    ] = "levels",
    turns: Annotated[
        Literal["single", "multi"],
        typer.Option(
            "--turns", help="`single`: one message with question and solution; `multi`: a dialogue."
        ),
    ] = "multi",
    mainline: Annotated[
        str, typer.Option("--mainline", help="multi: `random`, `rule` or `policy:PATH` plays the mainline.")
    ] = "random",
    personas: Annotated[
        str,
        typer.Option(
            "--personas", help="Names and TOML files, by commas; default: all built in for training."
        ),
    ] = "",
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
    user_model: Annotated[
        str, typer.Option("--user-model", help="Who plays the user: `rules`, `offline` or a model name.")
    ] = "rules",
    base_url: BaseUrlOption = None,
    api_key_env: ApiKeyEnvOption = "OPENAI_API_KEY",
    temperature: Annotated[
        float | None, typer.Option("--temperature", min=0, max=2, help="Default: the endpoint's.")
    ] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option("--max-tokens", min=1, help="Length limit of one reply; default: the endpoint's."),
    ] = None,
    requests_per_minute: Annotated[
        float | None,
        typer.Option("--requests-per-minute", min=0.001, callback=finite, help="Send no faster than this."),
    ] = None,
    seed: SeedOption = 0,
    concurrency: ConcurrencyOption = 32,
    out: OutOption = None,
    resume: ResumeFlag = False,
    limit: LimitOption = None,
    cache: CacheOption = None,
    budget_usd: BudgetUsdOption = None,
    budget_tokens: BudgetTokensOption = None,
    skip_bad: SkipBadFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Play every state with every persona: a mainline, and a branch for each action it did not take.

    Example: `tactful calibrate rollout states.jsonl --model offline --out runs/rollout`

    With an endpoint: `tactful calibrate rollout states.jsonl --model gpt-4.1-mini --budget-usd 2`
    """
    from tactful.calibration.pipeline import SCRIPTS, RolloutConfig
    from tactful.runs import RunOptions, run_job

    spec = partial(
        model_spec,
        scripts=SCRIPTS,
        seed=seed,
        base_url=base_url,
        api_key_env=api_key_env,
        temperature=temperature,
        max_tokens=max_tokens,
        requests_per_minute=requests_per_minute,
        concurrency=concurrency,
    )
    config = RolloutConfig(
        actions=actions,
        turns=turns,
        mainline=mainline,
        personas=tuple(name.strip() for name in personas.split(",") if name.strip()),
        passes=passes,
        tasks_per_user=tasks_per_user,
        max_turns=max_turns,
        branch_depth=branch_depth,
        seed=seed,
        assistant=spec(model),
        user=None if user_model == "rules" else spec(user_model),
    )
    rows, job = _rollout_job(config, source, skip_bad=skip_bad)
    if dry_run:
        _print_forecast(_forecast(job, config, limit), as_json=as_json)
        return
    options = RunOptions(
        out=out,
        resume=resume,
        concurrency=concurrency,
        budget_usd=budget_usd,
        budget_tokens=budget_tokens,
        cache=cache,
        seed=seed,
        limit=limit,
    )
    fix = "make some with 'tactful calibrate states'"
    first = begun(iter(job.source), rows.name, what="usable state", fix=fix)
    _print_summary(run_job(replace(job, source=first), options), rows, as_json=as_json)


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
    return rows, replace(job, resume_with="tactful.cli.calibrate.root:retry_rollout", resume_args=again)


def _total(config: RolloutConfig, path: Path) -> int | None:
    """How many sessions the states in `path` give; None where the file is too long to be read for it."""
    from tactful.calibration.pipeline import by_names, count_sessions
    from tactful.data.io import read_jsonl
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
