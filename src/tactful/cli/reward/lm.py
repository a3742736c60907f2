"""`tactful reward judge DATA --judge MODEL`: moments judged by a prompted model. Called by `cli/reward_judge.py`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tactful.cli.output import emit_json, end_empty, next_command, quoted, say, tell_failures
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.data.io import Rows
    from tactful.reward.judging.prompt import Layout
    from tactful.reward.pipeline import LMJudgeConfig, RewardForecast
    from tactful.runs import Job, RunOptions, RunSummary
    from tactful.types import Moment

MAX_TOKENS = 4096
"""Room for a reasoning model to think before it answers; the door doubles it when a reply comes back empty."""


def run_lm_judge(
    source: str,
    model: str,
    options: RunOptions,
    *,
    votes: int = 1,
    layout: Layout = "tactful",
    base_url: str | None = None,
    api_key_env: str = "OPENAI_API_KEY",
    temperature: float | None = None,
    max_tokens: int = MAX_TOKENS,
    requests_per_minute: float | None = None,
    skip_bad: bool = False,
    dry_run: bool = False,
    as_json: bool = False,
) -> RunSummary | None:
    """Judge the moments in `source` (a file, a run folder or `-`) by `model` (`offline` rehearses) and tell the outcome.

    The whole command behind `--judge`: run folder, progress, counts, failures, next command. `options` are the runner's
    (out, resume, concurrency, budgets, cache, seed, limit). `records.jsonl` of the run holds one `Acceptance` per moment,
    in input order. Gives None for a dry run, which sends nothing.

    Raises: UsageError (votes at temperature 0), DataError, EndpointRefused, BudgetSpent; typer.Exit(1) when all failed.
    """
    from tactful.llm import model_spec
    from tactful.reward.judging.judge import SCRIPTS
    from tactful.reward.pipeline import LMJudgeConfig, forecast_judging
    from tactful.runs import begun, run_job

    if votes > 1 and temperature == 0:
        raise UsageError(f"--votes {votes} at --temperature 0 draws the same reply {votes} times; raise it")
    spec = model_spec(
        model,
        scripts=SCRIPTS,
        seed=options.seed,
        base_url=base_url,
        api_key_env=api_key_env,
        temperature=temperature,
        max_tokens=max_tokens,
        requests_per_minute=requests_per_minute,
        concurrency=options.concurrency * votes,
    )
    config = LMJudgeConfig(judge=spec, votes=votes, layout=layout)
    rows, job = _job(config, source, skip_bad=skip_bad)
    if dry_run:
        tell_forecast(forecast_judging(rows, config, limit=options.limit), model, as_json=as_json)
        return None
    first = begun(
        iter(job.source),
        rows.name,
        what="moment",
        fix="write one JSON object with `obs` and `pred_task` per line",
    )
    summary = run_job(replace(job, source=first), options)
    _report(summary, rows, config, as_json=as_json)
    return summary


def _job(config: LMJudgeConfig, source: str, *, skip_bad: bool) -> tuple[Rows[Moment], Job]:
    from tactful.data.formats.moments import moment_rows
    from tactful.reward.pipeline import judge_job
    from tactful.runs import resolve_input, worth_counting

    path = resolve_input(source)
    rows = moment_rows(path, skip_bad=skip_bad)
    job = judge_job(config, rows)
    if str(path) == "-":
        return rows, job
    if worth_counting(path):
        job = replace(job, total=sum(1 for _ in moment_rows(path, skip_bad=True)))
    again = {"source": str(path.resolve()), "skip_bad": skip_bad}
    return rows, replace(job, resume_args=again)


def retry_lm_judge(config: dict[str, Any], source: str, skip_bad: bool) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    from tactful.reward.pipeline import LMJudgeConfig

    return _job(LMJudgeConfig.model_validate(config), source, skip_bad=skip_bad)[1]


def tell_forecast(expected: RewardForecast, model: str, *, as_json: bool) -> None:
    """What a run would ask for; nothing was sent."""
    if as_json:
        emit_json(expected.model_dump(mode="json"))
        return
    cost = "price not known" if expected.cost_usd is None else f"about {expected.cost_usd:.2f} USD"
    say(f"{expected.moments} moments; estimated, nothing was sent:")
    say(
        f"  {model}: {expected.calls} calls, {expected.prompt_tokens} prompt and "
        f"{expected.completion_tokens} completion tokens, {cost}"
    )


def _report(summary: RunSummary, rows: Rows[Moment], config: LMJudgeConfig, *, as_json: bool) -> None:
    from tactful.reward.types import Acceptance

    accepted = rejected = ties = unreadable_votes = 0
    for said in summary.folder.records(Acceptance):
        accepted += said.accepted is True
        rejected += said.accepted is False
        ties += said.accepted is None and any(vote is not None for vote in said.votes)
        unreadable_votes += said.votes.count(None)
    result = {
        "run": str(summary.folder.path),
        "judge": config.judge.name,
        "votes": config.votes,
        "moments": {
            "read": summary.read,
            "done": summary.done,
            "failed": summary.failed,
            "skipped": summary.skipped,
            "bad_lines": rows.bad,
        },
        "accepted": accepted,
        "rejected": rejected,
        "unscored": summary.unscored,
        "ties": ties,
        "unreadable_votes": unreadable_votes,
        "usage": summary.usage.model_dump(mode="json"),
    }
    if as_json:
        emit_json(result)
    else:
        for name in ("accepted", "rejected", "unscored"):
            print(f"{name.ljust(10)} {result[name]:>7}")
    place = quoted(summary.folder.path)
    if config.judge.name == "offline":
        say("a rehearsal: cues made these judgements, no language model read anything")
    if rows.bad:
        say(f"{rows.bad} unusable lines left out, the first: {rows.problems[0]}")
    say(f"{summary.done} of {summary.read} moments judged, {summary.failed} failed; in {place}")
    if summary.unscored:
        say(f"{summary.unscored} unscored ({ties} by a tie); {unreadable_votes} votes unreadable")
        say(f"take the unscored again: tactful runs retry {place} --unscored")
    tell_failures(summary)
    end_empty(summary)
    shown = "DATA" if rows.path == "-" else quoted(Path(rows.path))
    next_command(f"tactful bench judge {shown} --judged {place}")
