"""`tactful data audit`: what is wrong with a published set?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, SeedOption
from tactful.cli.output import say, tell_found


def proactivebench(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILES…",
            help="Judged moments in ProactiveBench's form, JSONL; of several the first is the training file.",
        ),
    ],
    *,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Print what is wrong with a set of judged moments: leaks, labels against votes, missing silence, agreement, a look-up.

    Example: `tactful data audit proactivebench reward_train.jsonl reward_test.jsonl`

    Observations that files share and that rows of one file share; session groups; labels that contradict the majority of their
    own votes, and ties; whether any item says that everyone wanted silence; agreement corrected for chance; and how far a
    look-up gets that never reads the proposal. Intervals go by session. Rows that cannot be read are counted and shown.
    """
    from tactful.annotation.published.telling import audit_lines, headline
    from tactful.api.data.published import audit_proactivebench

    found = audit_proactivebench(*files, seed=seed)
    tell_found(found, audit_lines, as_json=as_json)
    say(headline(found))
    if not any(one.items for one in found.files):
        raise typer.Exit(1)
