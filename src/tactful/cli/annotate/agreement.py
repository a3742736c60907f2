"""`tactful annotate agreement`: how far can the votes be trusted?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, SeedOption, SkipBadFlag
from tactful.cli.output import say, tell_bad, tell_found


def agreement(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="DATABASE|FOLDER|FILE…",
            help="Databases of annotations (a file, or `postgresql://…`), exported folders (`items.jsonl`, "
            "`annotations.jsonl`), or labelled moments with votes in `annotation`; `-` is stdin.",
        ),
    ],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="New folder for agreement.txt and agreement.json.")
    ] = None,
    resamples: Annotated[
        int, typer.Option("--resamples", min=100, help="Draws of sessions behind each interval.")
    ] = 1000,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Say how far annotators agree beyond chance: on each question, by setting, and each annotator with the others.

    Example: `tactful annotate agreement exported --out agreement`

    Krippendorff's alpha, Fleiss' and Cohen's kappa, and the raw agreement beside its chance level, with intervals by session.
    Skipped and withdrawn answers and repeats are left out and counted; repeats tell how far annotators agree with
    themselves, items whose answer is known how often they are right.

    ProactiveBench's own votes: `tactful annotate agreement reward_train.jsonl`
    """
    from tactful.annotation.agreement.telling import agreement_lines, headline
    from tactful.api.annotate.agreement import read_votes, told_agreement

    collected = read_votes(*sources, skip_bad=skip_bad)
    tell_bad(collected)
    found = told_agreement(collected, out=out, seed=seed, resamples=resamples)
    tell_found(found, agreement_lines, as_json=as_json)
    say(headline(found))
    if out is not None:
        say(f"written to {out}")
