"""`tactful runs retry`: going on with what failed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import (
    BudgetTokensOption,
    BudgetUsdOption,
    CacheOption,
    ConcurrencyOption,
    ExecutorFlags,
    JsonFlag,
    RunArgument,
    TimeoutOption,
)
from tactful.cli.output import emit_json, next_command, quoted, say

if TYPE_CHECKING:
    from tactful.runs import Job, RunFolder


def retry(
    run: RunArgument,
    *,
    unscored: Annotated[
        bool, typer.Option("--unscored", help="Also take again what is done but could not be judged.")
    ] = False,
    max_tokens: Annotated[
        int | None,
        typer.Option(
            "--max-tokens", min=1, help="At least this much room for a reply, for what was too long."
        ),
    ] = None,
    timeout: TimeoutOption = None,
    concurrency: ConcurrencyOption = 32,
    budget_usd: BudgetUsdOption = None,
    budget_tokens: BudgetTokensOption = None,
    cache: CacheOption = None,
    on: ExecutorFlags,
    trust: Annotated[
        bool, typer.Option("--trust", help="The folder is yours: send to the endpoint that it names.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Take the failed records of a run again. Nothing else is touched; earlier cost stays counted.

    Example: `tactful runs retry runs/calibrate-rollout-20260101T120000Z --concurrency 8`

    More room and time: `tactful runs retry runs/feedback --max-tokens 16000 --timeout 900`
    """
    from tactful.runs import RunFolder, RunOptions, retry_run

    folder = RunFolder.open(run)
    options = RunOptions(
        concurrency=concurrency,
        budget_usd=budget_usd,
        budget_tokens=budget_tokens,
        cache=cache,
        timeout_s=timeout,
        least_max_tokens=max_tokens,
        **on.chosen(),
    )
    summary = retry_run(folder, _job(folder, trust=trust), unscored=unscored, options=options)
    if as_json:
        emit_json(
            {
                "path": str(summary.folder.path),
                **summary.counts(),
                "unscored": summary.unscored,
                "usage": summary.usage.model_dump(mode="json"),
            }
        )
    if summary.failed:
        next_command(f"tactful runs show {quoted(run)}")


def on_a_terminal() -> bool:
    """A person sees what is asked and can answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _job(folder: RunFolder, *, trust: bool) -> Job:
    """The job of the folder; on a terminal a person is asked about what is strange in it. Raises: SafetyRefusal."""
    from tactful.errors import SafetyRefusal
    from tactful.jobs import job_of

    try:
        return job_of(folder, trust=trust)
    except SafetyRefusal as refused:
        if trust or not on_a_terminal():
            raise
        say(f"tactful: {refused}")
        if not typer.confirm("Is it yours, and shall it go on?", err=True):
            raise
        return job_of(folder, trust=True)
