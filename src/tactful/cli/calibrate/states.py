"""`tactful calibrate states`: the decision points that rollouts start from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tactful.cli.options import JsonFlag, ReaderFlags, SeedOption, SkipBadFlag
from tactful.cli.output import emit_json, next_command, quoted, say
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.types import State


def states(
    mode: Annotated[
        Literal["synthetic", "dataset"],
        typer.Option(
            "--mode", help="`synthetic` draws bundled seed tasks; `dataset` completes a file of yours."
        ),
    ],
    domain: Annotated[
        str | None,
        typer.Option("--domain", help="`coding`, `planning` or your own; dataset: for rows that name none."),
    ] = None,
    n: Annotated[
        int | None,
        typer.Option("--n", min=1, help="synthetic: how many states; default: 50."),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--input", help="dataset: JSONL or CSV with a `query` in each row; `-` is stdin."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="New file; default: stdout.")] = None,
    *,
    by: ReaderFlags,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Make the decision points that rollouts start from.

    Example: `tactful calibrate states --mode synthetic --domain coding --n 50 --out states.jsonl`

    A missing clarity is read by --reader, a missing complexity estimated, from the text of the query alone. Bundled tasks
    bring an estimate of their own.
    """
    from tactful.api.calibrate.states import states as make

    if as_json and out is None:
        raise UsageError("--json prints the summary, so the states need a file: add --out FILE")
    if out is not None and out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    if (mode == "dataset") != (source is not None):
        raise UsageError("--input FILE belongs to --mode dataset, which needs it")
    if source is not None and n is not None:
        raise UsageError(f"--n {n}: --mode dataset completes every row of its file; leave --n out")
    if source is None and domain is None:
        raise UsageError("--mode synthetic needs --domain: coding or planning")
    made = make(
        source or str(domain),
        n=n,
        domain=domain,
        reader=by.reader,
        skip_bad=skip_bad,
        **by.options(seed=seed),
    )
    made.save(out or "-")
    say(f"{len(made)} states" + (f", {made.bad} unusable lines left out:" if made.bad else ""))
    for problem in made.problems:
        say(f"  {problem}")
    if as_json:
        emit_json({"out": str(out), "states": len(made), "bad": made.bad})
    if out is not None:
        _say_next(out, made)


def _say_next(out: Path, made: Sequence[State]) -> None:
    """The rollout that fits these states: rehearsed where every one can be, else with a model and why."""
    from tactful.calibration.play.actions import load_action_space
    from tactful.calibration.play.offline import lacks_for_rehearsal
    from tactful.errors import ConfigError

    try:
        solutions = {name: load_action_space("levels", name).solution for name in {s.domain for s in made}}
    except ConfigError as error:
        say(f"rollouts need an action space of yours ({error})")
        next_command(f"tactful calibrate rollout {quoted(out)} --actions FOLDER --model MODEL")
        return
    lacking = [keys for s in made if (keys := lacks_for_rehearsal(s.hidden, solutions[s.domain]))]
    if not lacking:
        next_command(f"tactful calibrate rollout {quoted(out)} --model offline")
        return
    named = sorted({key for keys in lacking for key in keys})
    say(
        f"{len(lacking)} of {len(made)} states cannot be rehearsed offline, since they bring no "
        f"{' or '.join(map(repr, named))}: add that to the rows, or take a model"
    )
    next_command(f"tactful calibrate rollout {quoted(out)} --model MODEL")
