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
from tactful.cli.output import emit_json, next_command, quoted, say
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
        Path | None, typer.Option("--model", help="Measure this model, a folder of `reward train`.")
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
            "--allow-seen", help="Measure --model also on sessions that it was trained on; marked so."
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
    import asyncio

    from tactful.data.formats.labelled import read_moments
    from tactful.evaluation.judges.bench import bench, by_model, by_prompt, crossed, from_file
    from tactful.reward.embedded.model import load_model
    from tactful.reward.judging.judge import SCRIPTS

    ways = [model is not None, leave_one_session_out, judge_model is not None, judged is not None]
    if sum(ways) != 1:
        raise UsageError(
            "name one judge to measure: --model FOLDER, --leave-one-session-out, --judge MODEL or --judged FILE"
        )
    if judge_model is None and (votes != 1 or run.cache is not None):
        raise UsageError("--votes and --cache belong to --judge; no other judge asks a model")
    if likeness != "ngrams" and not leave_one_session_out:
        raise UsageError("--likeness belongs to --leave-one-session-out; no other judge is trained here")
    if allow_seen and model is None:
        raise UsageError("--allow-seen belongs to --model; no other judge is a model trained before")
    if leak and not leave_one_session_out:
        raise UsageError("--leak trains anew under two splits; it belongs to --leave-one-session-out")
    if probes and judged is not None:
        raise UsageError(
            "--probes asks the judge again; judgements in a file cannot be asked (leave out --probes)"
        )
    refuse_taken(out)
    given = read_moments(data, run.limit, skip_bad=skip_bad)
    attacked, seed = probe_moments if probes else 0, run.seed
    if model is not None:
        name = str(model)
        found = by_model(
            given.moments, load_model(model), name, attacked=attacked, allow_seen=allow_seen, seed=seed
        )
    elif judge_model is not None:
        found = asyncio.run(
            by_prompt(
                given.moments,
                at.spec(judge_model, SCRIPTS, run),
                votes=votes,
                cache=run.cache,
                concurrency=run.concurrency,
                attacked=attacked,
                seed=seed,
            )
        )
    elif judged is not None:
        found = from_file(given.moments, judged)
    else:
        found = crossed(given.moments, likeness=likeness, attacked=attacked, seed=seed)
    tell(bench(given, found, leak=likeness if leak else None, seed=seed), out, as_json=as_json)
    if model is not None:
        next_command(f"tactful reward gate {quoted(model)} {quoted(data)} --cost-false-alarm 2 --cost-miss 1")
    else:
        next_command(f"tactful reward train {quoted(data)} --out model")


def tell(found: JudgeBench, out: Path | None, *, as_json: bool) -> None:
    """Warnings, tables, and where the page is."""
    from tactful.evaluation.judges.report import bench_lines, write_bench

    for warning in found.warnings:
        say(f"WARNING: {warning}")
    if as_json:
        emit_json(found.model_dump(mode="json"))
    else:
        print(*bench_lines(found), sep="\n")
    if out is not None:
        results, page = write_bench(found, out)
        say(f"results: {results}")
        say(f"page: {page}")
