"""`tactful gym show`: one episode to read."""

from __future__ import annotations

from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, RunArgument
from tactful.cli.output import emit_json, print_lines, printable
from tactful.errors import DataError


def show(
    run: RunArgument,
    episode: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Of the episode; default: the first.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show one episode: each event, offer and reaction at its time, and how it ended.

    Example: `tactful gym show runs/gym scene-3/p0`
    """
    from tactful.data.check import refuse_other_kind
    from tactful.data.io import read_jsonl
    from tactful.gym.told import told
    from tactful.gym.types import GymEpisode
    from tactful.runs import resolve_input

    path = resolve_input(run)
    refuse_other_kind(path, "episodes", given=run)
    ids: list[str] = []
    for one in read_jsonl(path, GymEpisode):
        if episode in (None, one.id):
            if as_json:
                emit_json(one.model_dump(mode="json"))
                return
            for line in told(one):
                print_lines(printable(line))
            return
        ids.append(one.id)
    if not ids:
        raise DataError.at(
            path, None, "holds no episode", fix="give a run of `gym run` that has finished some"
        )
    known = ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
    raise DataError.at(path, None, f"holds no episode '{episode}'", fix=f"it has: {known}")
