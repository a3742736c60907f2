"""`tactful reward evaluate`: what the embedded reward model is worth on sessions that it never saw."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.bench.options import NewFolderOption, refuse_taken
from tactful.cli.options import JsonFlag, LimitOption, MomentsArgument, SeedOption, SkipBadFlag
from tactful.cli.output import next_command, quoted
from tactful.cli.reward.options import LikenessOption
from tactful.errors import UsageError

PROBED = 300
"""Moments attacked with --probes."""


def evaluate(
    data: MomentsArgument,
    *,
    model: Annotated[
        Path | None, typer.Option("--model", help="Measure this model; it must not have seen these sessions.")
    ] = None,
    leave_one_session_out: Annotated[
        bool,
        typer.Option(
            "--leave-one-session-out",
            help="Judge each session of DATA by a model trained on the others; the default without --model.",
        ),
    ] = False,
    likeness: LikenessOption = "ngrams",
    allow_seen: Annotated[
        bool,
        typer.Option(
            "--allow-seen",
            help="Measure --model also on sessions it was trained on, or by labels it gave itself; marked so.",
        ),
    ] = False,
    probes: Annotated[
        bool, typer.Option("--probes", help="Also try to game the model: length, parroting, praise, orders.")
    ] = False,
    leak: Annotated[bool, typer.Option("--leak", help="Also show what a split by item gives away.")] = False,
    out: NewFolderOption = None,
    limit: LimitOption = None,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure the embedded reward model, or --model, out of session, beside always-accept, random and look-up.

    Example: `tactful reward evaluate reward_train.jsonl --leave-one-session-out`

    The same tables as `tactful bench judge`, which measures any other judge too.
    """
    from tactful.api.reward.measure import measure_judge
    from tactful.cli.bench.judge import tell

    if model is not None and leave_one_session_out:
        raise UsageError("give --model to measure a model that exists, or --leave-one-session-out, not both")
    if model is not None and likeness != "ngrams":
        raise UsageError("--likeness belongs to --leave-one-session-out; a saved model knows its own")
    if model is not None and leak:
        raise UsageError("--leak trains anew under two splits; it belongs to --leave-one-session-out")
    if model is None and allow_seen:
        raise UsageError("--allow-seen belongs to --model; without it no session is judged by what saw it")
    refuse_taken(out)
    found = measure_judge(
        data,
        model=model,
        likeness=likeness,
        allow_seen=allow_seen,
        leak=leak,
        probes=PROBED if probes else 0,
        limit=limit,
        seed=seed,
        skip_bad=skip_bad,
    )
    tell(found, out, as_json=as_json)
    if model is None:
        next_command(f"tactful reward train {quoted(data)} --out model")
    else:
        next_command(f"tactful reward gate {quoted(model)} {quoted(data)} --cost-false-alarm 2 --cost-miss 1")
