"""`tactful data export`: preference pairs as trainers read them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, SkipBadFlag
from tactful.cli.output import emit_json, say
from tactful.errors import UsageError


def export(
    pairs: Annotated[
        Path, typer.Argument(metavar="RUN|FILE", help="Run folder or file with preference pairs.")
    ],
    *,
    to: Annotated[str, typer.Option("--to", help="Form: trl, llama-factory or openai.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for the files.")],
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Write preference pairs in the form that a trainer reads, with their provenance beside.

    Example: `tactful data export runs/pairs --to trl --out data/dpo/trl`

    Of `utterance synthesize`: preference pairs, and every chosen side for SFT. The hidden side of a task (references,
    tests, requirements) and what a user wrote next are never in the prompt of an export.
    """
    from tactful.utterance.export import holds_pairs

    if holds_pairs(pairs):
        _export_utterance(pairs, to, out, skip_bad=skip_bad, as_json=as_json)
        return
    if skip_bad:
        raise UsageError(f"--skip-bad is for records of 'utterance synthesize'; {pairs} holds other pairs")
    from tactful.data.check import refuse_other_kind
    from tactful.data.export import export_pairs, pairs_file

    refuse_other_kind(pairs_file(pairs), "pairs", given=pairs)
    done = export_pairs(pairs, to, out)
    left_out = {"equal_sides": done.equal_sides, "repeated": done.repeated}
    if as_json:
        emit_json({"rows": done.pairs, **left_out, "to": to, "out": str(out)})
        return
    say(
        f"{done.pairs} pairs written to {out} for {to}{_left_out(**left_out)}; provenance in {out / 'provenance.jsonl'}"
    )


def _left_out(*, equal_sides: int, repeated: int) -> str:
    """What an export left out, in words; nothing where that is nothing."""
    told = [
        f"{count} {what}"
        for count, what in (
            (equal_sides, "with two equal sides"),
            (repeated, "that repeat an earlier pair"),
        )
        if count
    ]
    return f" (left out: {', '.join(told)})" if told else ""


def _export_utterance(pairs: Path, to: str, out: Path, *, skip_bad: bool, as_json: bool) -> None:
    from tactful.utterance.export import export_utterance

    done = export_utterance(pairs, to, out, skip_bad=skip_bad)
    if as_json:
        counts = done.model_dump(include={"equal_sides", "repeated", "bad"})
        emit_json({"rows": done.pairs, "sft_rows": done.sft, **counts, "to": to, "out": str(out)})
        return
    say(
        f"{done.records} records: {done.pairs} preference pairs and {done.sft} rows for SFT written to {out} for {to}"
        f"{_left_out(equal_sides=done.equal_sides, repeated=done.repeated)}, "
        f"{done.records - done.pairs - done.equal_sides - done.repeated} records without a kept pair, "
        f"{done.bad} unusable lines left out"
    )
