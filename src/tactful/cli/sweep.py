"""`tactful sweep`: a grid over any command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import ExecutorFlags, JsonFlag
from tactful.cli.output import emit_json, print_lines, say
from tactful.cli.splice import without


def sweep(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="TOML: `command`, `out`, `[set]`, `[grid]` and `show`.")
    ],
    *,
    on: Annotated[ExecutorFlags, without("per_worker_concurrency")],
    as_json: JsonFlag = False,
) -> None:
    """Run a command once for each combination of a grid, and put all of them into one table.

    Example: `tactful sweep sweep.toml`, where the file says
    `command = ["calibrate", "evaluate"]`, `out = "runs/sweep"`, `show = ["policies.name=rule.measures.reward"]`,
    and under `[set]` `states = "states.jsonl"`, under `[grid]` `model = ["a", "b"]` and `max-turns = [2, 4]`

    What is done is not done again, unless a file that it read has changed; what failed or was interrupted is taken up by the same
    command. In the table a number of the result that has a flag's name is `result.NAME`. With --executor ray as many run at a time
    as there are workers.
    """
    from tactful.api.sweep import sweep as swept

    table = swept(config, say=say, **on.chosen())
    if as_json:
        emit_json(table.rows())
    else:
        print_lines(*str(table).splitlines())
