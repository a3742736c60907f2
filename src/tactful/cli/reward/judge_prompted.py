"""`tactful reward judge --judge`: moments judged by a prompted model, as a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.cli.options import ModelFlags, RunFlags
from tactful.cli.output import emit_json, end_empty, next_command, quoted, say, tell_bad, tell_failures
from tactful.cli.reward.options import tell_forecast
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.data.io import Rows
    from tactful.reward.judging.prompt import Layout
    from tactful.reward.pipeline import LMJudgeConfig
    from tactful.runs import RunSummary
    from tactful.types import Moment


@dataclass(frozen=True)
class Asked:
    """Whom to ask, and how."""

    model: str
    votes: int
    layout: Layout
    skip_bad: bool
    dry_run: bool
    as_json: bool


def judge_by_prompt(source: str, asked: Asked, at: ModelFlags, run: RunFlags) -> None:
    """Judge the moments in `source` and tell the outcome; a dry run sends nothing.

    Raises: UsageError (votes at temperature 0), DataError, EndpointRefused, BudgetSpent; typer.Exit(1) when all failed.
    """
    from tactful.reward.forecast import forecast_judging
    from tactful.reward.judging.judge import SCRIPTS
    from tactful.reward.pipeline import MAX_TOKENS, LMJudgeConfig, judge_file
    from tactful.runs import begun, run_job

    votes = asked.votes
    if votes > 1 and at.temperature == 0:
        raise UsageError(f"--votes {votes} at --temperature 0 draws the same reply {votes} times; raise it")
    calls = replace(run, concurrency=run.concurrency * votes)
    spec = replace(at, max_tokens=MAX_TOKENS).spec(asked.model, SCRIPTS, calls)
    config = LMJudgeConfig(judge=spec, votes=votes, layout=asked.layout)
    rows, job = judge_file(config, source, skip_bad=asked.skip_bad)
    if asked.dry_run:
        tell_forecast(forecast_judging(rows, config, limit=run.limit), asked.model, as_json=asked.as_json)
        return
    fix = "write one JSON object with `obs` and `pred_task` per line"
    first = begun(iter(job.source), rows.name, what="moment", fix=fix)
    _report(run_job(replace(job, source=first), run.options()), rows, config, as_json=asked.as_json)


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
    tell_bad(rows)
    say(f"{summary.done} of {summary.read} moments judged, {summary.failed} failed; in {place}")
    if summary.unscored:
        say(f"{summary.unscored} unscored ({ties} by a tie); {unreadable_votes} votes unreadable")
        say(f"take the unscored again: tactful runs retry {place} --unscored")
    tell_failures(summary)
    end_empty(summary)
    shown = "DATA" if rows.path == "-" else quoted(Path(rows.path))
    next_command(f"tactful bench judge {shown} --judged {place}")
