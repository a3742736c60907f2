"""Tables that cannot be printed without their baselines: a `Table` that lacks one is refused when it is made.

The terminal, the page and the tests all read the same tables.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Self, TypeVar

from pydantic import model_validator

from tactful.evaluation.judges.baselines import BASELINES
from tactful.evaluation.judges.results import (
    CATEGORIES,
    FIGURES,
    KINDS,
    Calibration,
    JudgeRow,
    Kind,
    Measured,
    PublishedRow,
)
from tactful.evaluation.shown import Line
from tactful.stats import FEWEST_GROUPS, Estimate
from tactful.types import Record

WIDTH = 110
"""Columns of the terminal that a table may take; a wider one is broken into blocks, each with all its rows."""
SHOWN = ("balanced_accuracy", "auroc", "f1", "precision", "recall", "brier")
"""Figures in the order of the tables; accuracy equals balanced accuracy where all four categories weigh the same."""


class TableRow(Line):
    """One line of a table; its cells stand in the order of the columns."""

    cells: tuple[str, ...]


class Table(Record):
    """What is printed. Raises when made, unless every name in `baselines` is a row marked as a baseline."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    notes: tuple[str, ...] = ()
    baselines: tuple[str, ...] = BASELINES
    """Rows that this table must have; a look-up and an always-… row in any case."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if "look-up" not in self.baselines or not any(name.startswith("always-") for name in self.baselines):
            raise ValueError(f"table '{self.title}': its baselines must name 'look-up' and one 'always-…'")
        there = {row.name for row in self.rows if row.baseline}
        missing = [name for name in self.baselines if name not in there]
        if missing:
            raise ValueError(f"table '{self.title}' lacks the baseline rows {', '.join(missing)}")
        uneven = [row.name for row in self.rows if len(row.cells) != len(self.columns)]
        if uneven:
            raise ValueError(
                f"table '{self.title}': row '{uneven[0]}' does not have {len(self.columns)} cells"
            )
        return self


def table_text(table: Table, *, width: int = WIDTH) -> Iterator[str]:
    """The table as lines for the terminal."""
    yield table.title
    first = max(len(row.name) for row in table.rows) + 2
    sizes = [
        2 + max(len(title), *(len(row.cells[at]) for row in table.rows))
        for at, title in enumerate(table.columns)
    ]
    for block in _blocks(sizes, width - first - 2):
        yield "  " + "".ljust(first) + "".join(table.columns[at].rjust(sizes[at]) for at in block)
        for row in table.rows:
            yield "  " + row.name.ljust(first) + "".join(row.cells[at].rjust(sizes[at]) for at in block)
    for note in table.notes:
        yield from textwrap.wrap(note, width - 2, initial_indent="  ", subsequent_indent="  ")


def _blocks(sizes: Sequence[int], room: int) -> Iterator[list[int]]:
    block: list[int] = []
    for at, size in enumerate(sizes):
        if block and sum(sizes[one] for one in block) + size > room:
            yield block
            block = []
        block.append(at)
    yield block


L = TypeVar("L", bound=Line)
Value = Estimate | float | str | None


def cell(found: Value, *, digits: int = 3) -> str:
    """As `Estimate.short`, of a plain number too; – for None. A text stands as it is."""
    if isinstance(found, Estimate):
        return found.short(digits)
    if isinstance(found, str):
        return found
    return "–" if found is None else f"{found:.{digits}f}"


def table_row(name: str, baseline: bool, values: Iterable[Value]) -> TableRow:
    """A line of `values`, each as `cell` shows it."""
    return TableRow(name=name, baseline=baseline, cells=tuple(map(cell, values)))


def table_rows(lines: Iterable[L], values: Callable[[L], Iterable[Value]]) -> tuple[TableRow, ...]:
    """The lines of a table, each of its own `values`."""
    return tuple(table_row(line.name, line.baseline, values(line)) for line in lines)


# ---------------------------------------------------------------- the tables of a measured judge


def judge_tables(found: Measured) -> list[Table]:
    """All tables of one judge, the corrected ones first, then ProactiveBench's own."""
    tables = [_figures(found, equal=True), _by_category(found), _figures(found, equal=False)]
    tables += [_probabilities(found, kind) for kind in KINDS if any(_of(row, kind) for row in found.rows)]
    return [*tables, _agreement(found), published_table(found.published)]


def _figures(found: Measured, *, equal: bool) -> Table:
    title = "The four categories weighted equally (weights, no resampling)" if equal else "As the data stands"
    names = SHOWN if equal else ("balanced_accuracy", "accuracy", *SHOWN[1:])
    notes = [_sizes(found), *_unscored_note(found), *_against_always(found), *_moved(found)] if equal else []
    return Table(
        title=title,
        columns=tuple(titled(name) for name in names),
        rows=table_rows(
            found.rows, lambda row: [(row.equal if equal else row.plain).get(name) for name in names]
        ),
        notes=tuple(notes),
    )


def _sizes(found: Measured) -> str:
    counts = ", ".join(f"{found.categories.get(name, 0)} {name}" for name in CATEGORIES)
    missing = [name for name in CATEGORIES if not found.categories.get(name)]
    none = f"; none is {' or '.join(missing)}, the others share the weight" if missing else ""
    intervals = f"95% intervals by session, {found.resamples} draws"
    if found.sessions < FEWEST_GROUPS:
        intervals = f"too few for an interval ({FEWEST_GROUPS} sessions are needed)"
    return f"{found.items} moments of {found.sessions} sessions: {counts}{none}; {intervals}."


def _unscored_note(found: Measured) -> list[str]:
    judge = [f"{found.judge} {found.unscored} of {found.items}"] if found.unscored else []
    counts = {
        row.name: max((one.unscored for one in row.plain.values()), default=0) for row in found.rows[1:]
    }
    left_out = judge + [f"{name} {count} of the others" for name, count in counts.items() if count]
    return [f"Left out as unscored: {', '.join(left_out)}."] if left_out else []


def _against_always(found: Measured) -> list[str]:
    """F1 never stands without always-accept's."""
    against = {item.baseline: item.equal for item in found.differences}["always-accept"].get("f1")
    if against is None or against.value is None:
        return []
    return [f"F1 minus always-accept's: {cell(against)}."]


def _moved(found: Measured) -> list[str]:
    """The probabilities of proposals and silences have different base rates; here both are one half."""
    if not found.at_even_rates:
        return []
    return [
        "AUROC and Brier: probabilities moved from the base rate that they are meant at to one half, by their odds."
    ]


def _by_category(found: Measured) -> Table:
    return Table(
        title="Share judged right, by category",
        columns=CATEGORIES,
        rows=table_rows(found.rows, lambda row: [row.categories.get(name) for name in CATEGORIES]),
        notes=(
            "ProactiveBench's names: Correct-Detection, False-Alarm, Missed-Need, Non-Response (its files say "
            "Correct-Rejection).",
        ),
    )


def _of(row: JudgeRow, kind: Kind) -> Calibration | None:
    return next((item for item in row.calibration if item.kind == kind), None)


def _probabilities(found: Measured, kind: Kind) -> Table:
    def values(row: JudgeRow) -> list[Value]:
        item = _of(row, kind)
        if item is None:
            return [row.auroc_of.get(kind), *[None] * 5]
        floors = item.ece_floor.text(), item.session_gap_floor.text()
        rates = f"{item.mean_p:.3f} / {item.rate:.3f}"
        return [row.auroc_of.get(kind), item.ece, floors[0], item.session_gap, floors[1], rates]

    return Table(
        title=f"Probabilities of {kind}, as the data stands",
        columns=("AUROC", "ECE", "its floor", "gap by session", "its floor", "mean p / rate"),
        rows=table_rows(found.rows, values),
        notes=(
            "ECE: ten bins of equal mass; no interval holds it, so read it beside its floor. Floor: what a perfectly calibrated judge with the same probabilities shows "
            "at this size, mean (95th percentile). Gap: mean over sessions of |mean p − rate|.",
        ),
    )


def _agreement(found: Measured) -> Table:
    return Table(
        title="Agreement with people, Krippendorff's alpha (nominal; 0 is chance)",
        columns=("with their verdict", "with one annotator"),
        rows=table_rows(found.rows, lambda row: [row.agreement.with_verdict, row.agreement.with_annotator]),
        notes=(f"The annotators among themselves: {cell(found.people_alpha)}.",),
    )


def published_table(rows: Sequence[PublishedRow]) -> Table:
    """ProactiveBench's own figures: an unreadable judgement is wrong in its category and 'not accepted' in the counts."""
    columns = ("Accuracy", "Precision", "Recall", "F1", "TP", "FP", "TN", "FN", *CATEGORIES)
    return Table(
        title="As published (unreadable counted as not accepted; no weights, no intervals)",
        columns=columns,
        rows=table_rows(
            rows,
            lambda row: [
                *(row.accuracy, row.precision, row.recall, row.f1),
                *(f"{count:g}" for count in (row.tp, row.fp, row.tn, row.fn)),
                *(row.category_accuracy.get(name) for name in CATEGORIES),
            ],
        ),
        notes=("The counts of 'random' are expected ones.",),
    )


_TITLES: Mapping[str, str] = {"auroc": "AUROC", "f1": "F1", "brier": "Brier"}


def titled(name: str) -> str:
    """A figure's name as column titles write it."""
    assert name in FIGURES
    return _TITLES.get(name, name.replace("_", " "))
