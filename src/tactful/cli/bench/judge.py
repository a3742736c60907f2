"""`tactful bench judge`: how good is a judge of moments, beside what any judge must beat?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.bench.options import NewFolderOption, refuse_taken
from tactful.cli.options import (
    ConcurrencyOption,
    EndpointFlags,
    JsonFlag,
    MomentsArgument,
    RunFlags,
    SkipBadFlag,
)
from tactful.cli.output import next_command, quoted, say, tell_found
from tactful.cli.splice import without
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.evaluation.judges.report import JudgeBench


@dataclass(frozen=True, kw_only=True)
class AskingFlags(RunFlags):
    """How moments are judged: no run folder is made."""

    concurrency: ConcurrencyOption = 16


def judge(
    data: MomentsArgument,
    *,
    model: Annotated[
        Path | None,
        typer.Option("--model", help="Measure this model, a folder of `reward train` or `train reward`."),
    ] = None,
    leave_one_session_out: Annotated[
        bool,
        typer.Option(
            "--leave-one-session-out",
            help="Measure our embedded model, trained for each session of DATA on the other sessions.",
        ),
    ] = False,
    likeness: Annotated[
        str,
        typer.Option(
            "--likeness",
            help="--leave-one-session-out: how texts are compared, `ngrams` or a sentence encoder's name or folder.",
        ),
    ] = "ngrams",
    judge_model: Annotated[
        str | None, typer.Option("--judge", help="Measure a prompted model of this name, or `offline`.")
    ] = None,
    judged: Annotated[
        Path | None,
        typer.Option("--judged", help="Measure these judgements: JSONL or a run of `reward judge` on DATA."),
    ] = None,
    allow_seen: Annotated[
        bool,
        typer.Option(
            "--allow-seen",
            help="Measure also on sessions that --model was trained on, and by labels that the judge gave itself; marked so.",
        ),
    ] = False,
    votes: Annotated[int, typer.Option("--votes", min=1, help="--judge: verdicts asked for per moment.")] = 1,
    probes: Annotated[
        bool, typer.Option("--probes", help="Also try to game the judge: length, parroting, praise, orders.")
    ] = False,
    probe_moments: Annotated[
        int, typer.Option("--probe-moments", min=1, help="Moments attacked, drawn evenly over sessions.")
    ] = 300,
    leak: Annotated[
        bool,
        typer.Option(
            "--leak", help="With --leave-one-session-out: also show what a split by item gives away."
        ),
    ] = False,
    out: NewFolderOption = None,
    at: EndpointFlags,
    run: Annotated[AskingFlags, without("out", "resume", "budget_usd", "budget_tokens")],
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure a judge of moments: four categories weighted equally, baselines, intervals by session, and as published.

    Example: `tactful bench judge reward_train.jsonl --leave-one-session-out --probes --out judged`
    """
    from tactful.api.reward.measure import measure_judge

    ways = [model is not None, leave_one_session_out, judge_model is not None, judged is not None]
    if sum(ways) != 1:
        raise UsageError(
            "name one judge to measure: --model FOLDER, --leave-one-session-out, --judge MODEL or --judged FILE"
        )
    refuse_taken(out)
    found = measure_judge(
        data,
        model=model,
        judge=judge_model,
        judged=judged,
        likeness=likeness,
        allow_seen=allow_seen,
        leak=leak,
        votes=votes,
        probes=probe_moments if probes else 0,
        skip_bad=skip_bad,
        seed=run.seed,
        limit=run.limit,
        cache=run.cache,
        concurrency=run.concurrency,
        base_url=at.base_url,
        api_key_env=at.api_key_env,
        timeout=at.timeout,
    )
    tell(found, out, as_json=as_json)
    if model is not None:
        next_command(f"tactful reward gate {quoted(model)} {quoted(data)} --cost-false-alarm 2 --cost-miss 1")
    else:
        next_command(f"tactful reward train {quoted(data)} --out model")


def tell(found: JudgeBench, out: Path | None, *, as_json: bool) -> None:
    """Warnings, tables, and where the page is."""
    for warning in found.warnings:
        say(f"WARNING: {warning}")
    tell_found(found, as_json=as_json)
    if out is not None:
        results, page = found.save(out)
        say(f"results: {results}")
        say(f"page: {page}")
