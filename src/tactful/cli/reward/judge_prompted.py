"""`tactful reward judge --judge`: moments judged by a prompted model, as a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tactful.cli.output import (
    emit_json,
    end_empty,
    next_command,
    print_lines,
    quoted,
    say,
    tell_bad,
    tell_failures,
    tell_forecast,
)

if TYPE_CHECKING:
    from tactful.api.reward.judge import AskingOptions
    from tactful.api.runs import Run
    from tactful.reward.types import Acceptance


def judge_by_prompt(source: str, model: str, chosen: AskingOptions, *, dry_run: bool, as_json: bool) -> None:
    """Judge the moments in `source` and tell the outcome; a dry run sends nothing.

    Raises: UsageError (votes at temperature 0), DataError, EndpointRefused, BudgetSpent; typer.Exit(1) when all failed.
    """
    from tactful.api.reward.judge import ask_moments, forecast_asking

    if dry_run:
        expected = forecast_asking(source, model=model, **chosen)
        words = f"{expected.moments} moments; estimated, nothing was sent:"
        tell_forecast(expected, words, [(model, expected)], as_json=as_json)
        return
    _report(
        ask_moments(source, model=model, **chosen), source, model, chosen.get("votes", 1), as_json=as_json
    )


def _report(run: Run[Acceptance], source: str, model: str, votes: int, *, as_json: bool) -> None:
    from tactful.runs import resolve_input

    summary = run.summary
    accepted = rejected = ties = unreadable_votes = 0
    for said in run:
        accepted += said.accepted is True
        rejected += said.accepted is False
        ties += said.accepted is None and any(vote is not None for vote in said.votes)
        unreadable_votes += said.votes.count(None)
    result = {
        "run": str(run.folder),
        "judge": model,
        "votes": votes,
        "moments": {**summary.counts(), "bad_lines": run.bad},
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
            print_lines(f"{name.ljust(10)} {result[name]:>7}")
    place = quoted(run.folder)
    if model == "offline":
        say("a rehearsal: cues made these judgements, no language model read anything")
    tell_bad(run)
    say(f"{summary.done} of {summary.read} moments judged, {summary.failed} failed; in {place}")
    if summary.unscored:
        say(f"{summary.unscored} unscored ({ties} by a tie); {unreadable_votes} votes unreadable")
        say(f"take the unscored again: tactful runs retry {place} --unscored")
    tell_failures(summary)
    end_empty(summary)
    shown = "DATA" if source == "-" else quoted(resolve_input(source))
    next_command(f"tactful bench judge {shown} --judged {place}")
