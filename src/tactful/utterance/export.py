"""Synthesized pairs in the forms that trainers read: preference pairs, and the chosen sides for SFT.

`pairs` and `sft` in one of `data.exporting.forms.FORMS`. The prompt is the one of `utterance predict`, made from the
context alone, and as much of it as synthesis showed: gold messages, labels and later messages are never in it. Every record
serves for SFT; only kept pairs are preference pairs. Beside each data file lies a `…provenance.jsonl`, one line per row in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson

from tactful.data.exporting.forms import Answered, Distinct, Preference, form_of, new_folder, said
from tactful.data.io import Rows, held, write_jsonl
from tactful.data.recognise import kind_of
from tactful.errors import UserError
from tactful.runs import RunFolder, resolve_input
from tactful.sources import open_source
from tactful.types import Message, Provenance, Record
from tactful.utterance.predict.predictor import predict_prompt
from tactful.utterance.stages.target_text import target_text
from tactful.utterance.types import Branch, Contrast, Origin, PairedExample, Side

PAIRS, SFT = "tactful_utterance_pairs", "tactful_utterance_sft"
"""Names of the data sets in `dataset_info.json`."""


class ExampleProvenance(Record):
    """One line of the `…provenance.jsonl` beside a data file: what a row rests on, without any message."""

    id: str
    group: str
    """The dialogue: splits go by it."""
    source: str
    lang: str
    branch: Branch
    contrast: Contrast
    chosen_origin: Origin
    rejected_origin: Origin | None
    margin: float | None
    dropped: str
    provenance: Provenance


class UtteranceExport(Record):
    """What an export wrote. `records` = `sft`; `records` − `pairs` − `equal_sides` − `repeated` had no kept pair."""

    records: int
    pairs: int
    sft: int
    equal_sides: int = 0
    """Kept pairs left out: both sides are the same text."""
    repeated: int = 0
    """Kept pairs left out: the same pair came before."""
    contradicting: int = 0
    """Of `pairs`: those that prefer what an earlier one rejects at the same prompt; both are written."""
    bad: int = 0
    """Unusable lines that were left out (`--skip-bad`)."""


def predict_messages(pair: PairedExample) -> tuple[Message, ...]:
    """The prompt as messages: the instruction and the context, nothing else."""
    return predict_prompt(pair.context, pair.lang, max_chars=pair.max_chars).messages


def answer_of(pair: PairedExample, side: Side) -> tuple[Message, ...]:
    """One side as the assistant's message."""
    return said(target_text(pair.tree, pair.category_reasoning, side.category, side.insight))


def _preference(pair: PairedExample) -> Preference:
    assert pair.rejected is not None
    return Preference(
        pair.id, predict_messages(pair), answer_of(pair, pair.chosen), answer_of(pair, pair.rejected)
    )


def _answered(pair: PairedExample) -> Answered:
    return Answered(pair.id, predict_messages(pair), answer_of(pair, pair.chosen))


def example_provenance(pair: PairedExample) -> ExampleProvenance:
    """What a row rests on."""
    return ExampleProvenance(
        id=pair.id,
        group=pair.dialogue_id,
        source=pair.source,
        lang=pair.lang,
        branch=pair.branch,
        contrast=pair.contrast,
        chosen_origin=pair.chosen.origin,
        rejected_origin=pair.rejected.origin if pair.rejected is not None else None,
        margin=pair.margin,
        dropped=pair.dropped,
        provenance=pair.provenance,
    )


def holds_pairs(run_or_file: Path | str) -> bool:
    """A run of `utterance synthesize`, or a file whose first row is one of its records."""
    path = Path(run_or_file)
    if path.is_dir():
        try:
            info = RunFolder.open(path).info()
        except UserError:
            return False
        return (info.noun, info.verb) == ("utterance", "synthesize")
    try:
        with open_source(path) as file:
            row = orjson.loads(next((line for line in file if line.strip()), b"null"))
    except (OSError, orjson.JSONDecodeError):
        return False
    return isinstance(row, dict) and kind_of(row) == PairedExample.row_kind


def export_utterance(
    run_or_file: Path | str, to: str, out: Path | str, *, skip_bad: bool = False
) -> UtteranceExport:
    """Write pairs and SFT rows in one of `FORMS` into the new folder `out`; the records are read twice, and held where they come from a pipe.

    Where no pair was kept, no pairs file is written.

    Raises: UserError for an unknown form, no records, or a folder that holds files; DataError for a bad line
    (unless `skip_bad`).
    """
    form = form_of(to)
    folder = new_folder(out)
    source = resolve_input(run_or_file)
    rows = Rows(
        source, PairedExample.model_validate, skip_bad=skip_bad, kind="record", key=lambda row: row.id
    )
    given = held(rows, source)
    records = 0
    distinct = Distinct()
    kept: set[int] = set()
    for at, record in enumerate(given):
        records += 1
        if record.kept and distinct.takes(_preference(record)):
            kept.add(at)
    if not records:
        raise UserError(f"{source}: holds no records; run 'tactful utterance synthesize' first")

    def pairs() -> Iterator[PairedExample]:
        return (record for at, record in enumerate(given) if at in kept)

    form.write(folder, "sft", (form.sft(_answered(record)) for record in given))
    write_jsonl(folder / "sft_provenance.jsonl", map(example_provenance, given))
    if kept:
        form.write(folder, "pairs", (form.pair(_preference(record)) for record in pairs()))
        write_jsonl(folder / "provenance.jsonl", map(example_provenance, pairs()))
    form.describe(folder, {PAIRS: "pairs", SFT: "sft"} if kept else {SFT: "sft"})
    return UtteranceExport(
        records=records,
        pairs=len(kept),
        sft=records,
        equal_sides=distinct.equal_sides,
        repeated=distinct.repeated,
        contradicting=distinct.contradicting,
        bad=rows.bad,
    )
