"""`tactful data export`: preference pairs as trainers read them, episodes as traces or moments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tactful.cli.options import JsonFlag, SkipBadFlag
from tactful.cli.output import emit_json, say

if TYPE_CHECKING:
    from tactful.data.exporting.pairs import PairsExport
    from tactful.utterance.export import UtteranceExport


def export(
    pairs: Annotated[
        Path,
        typer.Argument(metavar="RUN|FILE", help="Run folder or file with preference pairs, or episodes."),
    ],
    *,
    to: Annotated[
        str, typer.Option("--to", help="Form: trl, llama-factory or openai; of episodes: traces or moments.")
    ],
    out: Annotated[Path, typer.Option("--out", help="New folder for the files.")],
    times: Annotated[
        Literal["epoch", "text"],
        typer.Option("--times", help="--to traces: seconds since 1970, or `Day 1, 9:00:05 AM`."),
    ] = "epoch",
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Write preference pairs in the form that a trainer reads, with their provenance beside.

    Example: `tactful data export runs/pairs --to trl --out data/dpo/trl`

    Of `utterance synthesize`: preference pairs, and every chosen side for SFT. The hidden side of a task (references,
    tests, requirements) and what a user wrote next are never in the prompt of an export.

    Of `gym run`: `tactful data export runs/gym --to traces --out traces`, or `--to moments`, in ProactiveBench's forms.
    """
    from tactful.api.data.export import export as exported
    from tactful.gym.traces import MomentsExport, TracesExport
    from tactful.utterance.export import UtteranceExport

    done = exported(pairs, to, out, times=times, skip_bad=skip_bad)
    if isinstance(done, TracesExport):
        if as_json:
            emit_json({**done.model_dump(), "to": to, "out": str(out)})
        left_out = f"; {done.empty} episodes without an event left out" if done.empty else ""
        say(
            f"{done.traces} traces of {done.events} events with {done.offers} offers written to {out}{left_out}"
        )
        return
    if isinstance(done, MomentsExport):
        if as_json:
            emit_json({**done.model_dump(), "to": to, "out": str(out)})
        told = ", ".join(f"{count} {name}" for name, count in done.categories.items())
        say(f"{done.moments} labelled moments written to {out / 'moments.jsonl'}: {told}")
        return
    counts = {"equal_sides": done.equal_sides, "repeated": done.repeated, "contradicting": done.contradicting}
    if as_json:
        more = (
            {"sft_rows": done.sft, **counts, "bad": done.bad} if isinstance(done, UtteranceExport) else counts
        )
        emit_json({"rows": done.pairs, **more, "to": to, "out": str(out)})
    elif isinstance(done, UtteranceExport):
        say(
            f"{done.records} records: {done.pairs} preference pairs and {done.sft} rows for SFT written to {out} for "
            f"{to}{_left_out(done)}, {done.records - done.pairs - done.equal_sides - done.repeated} records "
            f"without a kept pair, {done.bad} unusable lines left out"
        )
    else:
        provenance = out / "provenance.jsonl"
        say(f"{done.pairs} pairs written to {out} for {to}{_left_out(done)}; provenance in {provenance}")


def _left_out(done: PairsExport | UtteranceExport) -> str:
    """What an export left out, and what contradicts, in words; nothing where that is nothing."""
    left_out = [
        f"{count} {what}"
        for count, what in (
            (done.equal_sides, "with two equal sides"),
            (done.repeated, "that repeat an earlier pair"),
        )
        if count
    ]
    told = [f"left out: {', '.join(left_out)}"] if left_out else []
    if done.contradicting:
        told.append(f"{done.contradicting} prefer what an earlier one rejects, and both are written")
    return f" ({'; '.join(told)})" if told else ""
