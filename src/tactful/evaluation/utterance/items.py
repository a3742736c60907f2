"""What an utterance evaluation reads: predictions with their gold messages, from runs, files or published sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tactful.data.formats.chats import Dialogue, source_name
from tactful.data.io import Rows, describe, one_of, shorten
from tactful.data.recognise import kind_of
from tactful.errors import DataError, UsageError
from tactful.evaluation.utterance.copies import COPIES, without_copies
from tactful.runs import RunFolder, resolve_input
from tactful.types import TAG, Record
from tactful.utterance.predict.predictor import Label, Prediction
from tactful.utterance.predict.published import (
    GoldByHistory,
    PublishedSide,
    array_rows,
    gold_of,
    is_array,
    prediction_of,
)
from tactful.utterance.types import VIEWS, PairedExample

_OURS = one_of(Prediction, PairedExample)
HINDSIGHT = (
    "{count} of the predictions were revised with the gold message in sight (chosen sides of synthesized pairs): "
    "their figures say what a teacher can be led to, not how well anything predicts."
)
KEPT = (
    "{count} of the predictions were written knowing the category of the gold message, and chosen because they came "
    "close to it (chosen sides of synthesized pairs, as they are): their figures are no measure of prediction either."
)
KNOWN_CATEGORY = "Published insights were written knowing the category of the gold message; a model that predicts does not."


class Items(Record):
    """Predictions to evaluate, and what became of the rest of the input."""

    items: tuple[Prediction, ...]
    read: int
    """Records of the input."""
    failed: int = 0
    """Records of a run for which the model gave no answer; they are in no figure."""
    skipped: int = 0
    """Dialogues of a run without a possible target."""
    bad: int = 0
    """Unusable lines that were left out (`--skip-bad`)."""
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader should know before trusting the figures."""


def read_items(
    sources: Sequence[Path | str],
    *,
    labels: Path | str | None = None,
    dialogues: Path | str | None = None,
    side: PublishedSide = "insight",
    skip_bad: bool = False,
) -> Items:
    """The predictions of runs or files: of `utterance predict`, `utterance synthesize`, or published rows.

    `labels`: a run or file of `utterance synthesize`, whose category and view label the items of the same id.
    `dialogues`: the raw dialogues in which the gold messages of ProUtt's processed files are looked up.

    Raises: UserError when a file cannot be read, holds nothing, or two hold the same id; DataError for a bad line
    (unless `skip_bad`).
    """
    found = _together(
        [_read(one, dialogues=dialogues, side=side, skip_bad=skip_bad) for one in sources], sources
    )
    if labels is not None:
        found = _labelled(found, labels, skip_bad=skip_bad)
    if not found.items:
        raise UsageError(
            f"{', '.join(map(str, sources))}: no predictions ({found.read} read, {found.failed} failed, {found.bad} bad); "
            "make them with 'tactful utterance predict'"
        )
    items, copies = without_copies(found.items)
    notes = (COPIES.format(count=copies),) if copies else ()
    return found.model_copy(update={"items": items, "notes": (*found.notes, *notes)})


def _together(parts: Sequence[Items], sources: Sequence[Path | str]) -> Items:
    origin: dict[str, int] = {}
    for number, part in enumerate(parts):
        for item in part.items:
            before = origin.setdefault(item.id, number)
            if before != number:
                raise UsageError(
                    f"'{item.id}' is in {sources[before]} and in {sources[number]}; evaluate them one by one, "
                    "and each once"
                )
    return Items(
        items=tuple(item for part in parts for item in part.items),
        read=sum(part.read for part in parts),
        failed=sum(part.failed for part in parts),
        skipped=sum(part.skipped for part in parts),
        bad=sum(part.bad for part in parts),
        problems=tuple(problem for part in parts for problem in part.problems),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
    )


def _read(source: Path | str, *, dialogues: Path | str | None, side: PublishedSide, skip_bad: bool) -> Items:
    if str(source) != "-" and Path(source).is_dir():
        return _from_run(RunFolder.open(source))
    path = resolve_input(source)
    if str(path) != "-" and is_array(Path(path)):
        return _from_array(Path(path), dialogues, side, skip_bad=skip_bad)
    kinds: set[str] = set()

    def parse(row: Any) -> Prediction:
        item, kind = _parse(row, side)
        kinds.add(kind)
        return item

    rows = Rows(path, parse, skip_bad=skip_bad, kind="prediction", key=lambda item: item.id)
    name = source_name(path)
    items = tuple(item if item.source else item.model_copy(update={"source": name}) for item in rows)
    return Items(
        items=items,
        read=rows.read,
        bad=rows.bad,
        problems=tuple(rows.problems),
        notes=_notes(items, kinds, side),
    )


def _parse(row: Any, side: PublishedSide) -> tuple[Prediction, str]:
    if not isinstance(row, Mapping):
        raise ValueError(f"the row is {shorten(row)}, expected an object")
    if _is_ours(row):
        item: Prediction | PairedExample = _OURS.validate_python(row)
        return (item, "prediction") if isinstance(item, Prediction) else (from_pair(item), "pair")
    return prediction_of(row, side=side), "published" if "insight_reason" in row else "row"


def _is_ours(row: Mapping[str, Any]) -> bool:
    return TAG in row or kind_of(row) in (Prediction.row_kind, PairedExample.row_kind)


def _notes(items: tuple[Prediction, ...], kinds: set[str], side: PublishedSide) -> tuple[str, ...]:
    notes = []
    for mark, note in ((_REVISED, HINDSIGHT), (_AS_IS, KEPT)):
        if marked := sum(mark in item.problems for item in items):
            notes.append(note.format(count=marked))
    if "published" in kinds:
        notes.append(KNOWN_CATEGORY if side == "insight" else HINDSIGHT.format(count="All"))
    if "processed" in kinds and side != "rejected":
        notes.append(HINDSIGHT.format(count="Some"))
    return tuple(notes)


_REVISED = "revised with the gold message in sight"
_AS_IS = "kept because it came close to the gold message"


def from_pair(pair: PairedExample) -> Prediction:
    """The chosen side of a synthesized pair, marked by how the gold message got it there: revised, or kept as it is."""
    insight = pair.chosen.insight
    return Prediction(
        id=pair.id,
        dialogue_id=pair.dialogue_id,
        turn=pair.turn,
        source=pair.source,
        lang=pair.lang,
        context=pair.context,
        predictions=insight.predictions,
        views=tuple(name for name in VIEWS for _ in insight.view(name).predictions),
        category=None,  # synthesis starts from the gold category: nothing was predicted
        problems=(_AS_IS if pair.chosen.origin == "as_is" else _REVISED,),
        reply="",
        hindsight=_label(pair),
        provenance=pair.provenance,
    )


def _label(pair: PairedExample) -> Label:
    return Label(message=pair.gold.message, category=pair.gold.category, view=pair.gold.view)


def _from_run(folder: RunFolder) -> Items:
    info, counts = folder.info(), folder.counts()
    if (info.noun, info.verb) == ("utterance", "predict"):
        items = tuple(folder.records(Prediction))
    elif (info.noun, info.verb) == ("utterance", "synthesize"):
        items = tuple(map(from_pair, folder.records(PairedExample)))
    else:
        raise DataError(
            f"{folder.path}: is a run of '{info.noun} {info.verb}', expected one of 'utterance predict' or "
            "'utterance synthesize'; give the folder that one of them wrote"
        )
    return Items(
        items=items,
        read=counts.done + counts.failed + counts.skipped,
        failed=counts.failed,
        skipped=counts.skipped,
        notes=_notes(items, set(), "insight"),
    )


def _from_array(path: Path, dialogues: Path | str | None, side: PublishedSide, *, skip_bad: bool) -> Items:
    rows = array_rows(path)
    if dialogues is None and any(map(_needs_gold, rows)):
        raise UsageError(
            f"{path}: processed files hold no gold messages; give the raw dialogues they were made from: --dialogues"
        )
    gold = GoldByHistory(() if dialogues is None else _raw(dialogues, skip_bad=skip_bad))
    items: dict[str, Prediction] = {}
    kinds: set[str] = set()
    problems: list[str] = []
    for number, row in enumerate(rows, start=1):
        try:
            whole = gold.row(row, number, side) if _needs_gold(row) else row
            item, kind = _parse(whole, side)
            if item.id in items:
                raise ValueError(f"an earlier row has its id '{item.id}'; ids must differ")
        except ValueError as error:
            said = describe(error, "prediction") if isinstance(error, ValidationError) else error
            problem = f"row {number}: {said}"
            if not skip_bad:
                fix = "correct the row, or leave it out with --skip-bad"
                raise DataError.at(path, None, problem, fix=fix) from error
            problems.append(f"{path}: {problem}")
        else:
            kinds.add(kind if whole is row else "processed")
            name = item.source or source_name(path)
            items[item.id] = item.model_copy(update={"source": name})
    found = tuple(items.values())
    return Items(
        items=found,
        read=len(rows),
        bad=len(problems),
        problems=tuple(problems[:20]),
        notes=_notes(found, kinds, side),
    )


def _needs_gold(row: Any) -> bool:
    """It is a processed row, or like one in holding no gold message."""
    return isinstance(row, Mapping) and not _is_ours(row) and gold_of(row) is None


def _raw(dialogues: Path | str, *, skip_bad: bool) -> Iterator[Dialogue]:
    rows = Rows(dialogues, Dialogue.model_validate, skip_bad=skip_bad, kind="dialogue", key=lambda d: d.id)
    for dialogue in rows:
        yield dialogue.model_copy(update={"id": dialogue.id or f"dialogue-{rows.read}"})


def _labelled(found: Items, labels: Path | str, *, skip_bad: bool) -> Items:
    """The items with the labels of the pairs of the same id."""
    rows = Rows(
        resolve_input(labels),
        PairedExample.model_validate,
        skip_bad=skip_bad,
        kind="pair",
        key=lambda pair: pair.id,
    )
    known = {pair.id: pair for pair in rows}
    if not known.keys() & {item.id for item in found.items}:
        raise UsageError(
            f"{labels}: labels none of the predictions; were both made with the same --targets and --seed?"
        )
    items = tuple(
        item.model_copy(update={"hindsight": _relabelled(item, known[item.id])}) if item.id in known else item
        for item in found.items
    )
    notes = (f"{rows.bad} unusable lines of the labels were left out.",) if rows.bad else ()
    problems = (*found.problems, *rows.problems)
    return found.model_copy(update={"items": items, "problems": problems, "notes": (*found.notes, *notes)})


def _relabelled(item: Prediction, pair: PairedExample) -> Label:
    if pair.gold.message != item.hindsight.message:
        raise DataError(f"'{item.id}' has another gold message in the labels; they belong to other dialogues")
    return _label(pair)
