"""What people said, whole in memory: labelled moments, decisions about suggestions, or whichever of them a file holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tactful.data.formats.episodes import MomentRows
from tactful.data.formats.moments import labelled_rows, parse_labelled
from tactful.data.formats.suggestions import DecidedSuggestion, parse_decision, suggestion_rows
from tactful.errors import DataError, UserError
from tactful.types import LabelledMoment

_FIX = "give rows with 'obs', 'pred_task' and 'valid'"


@dataclass(frozen=True)
class Labelled:
    """What a file holds: labelled moments, or decisions about suggestions; never both."""

    name: str
    """The file as messages name it."""
    moments: tuple[LabelledMoment, ...] = ()
    decisions: tuple[DecidedSuggestion, ...] = ()
    bad: int = 0
    """Unusable rows left out."""
    problems: tuple[str, ...] = ()
    """What was wrong with the first of them."""


def read_moments(data: Path | str, *, skip_bad: bool = False) -> Labelled:
    """The labelled moments of a file.

    Raises: DataError at the first unusable row unless `skip_bad`, and for a file without a usable one.
    """
    rows = labelled_rows(data, skip_bad=skip_bad)
    items = tuple(rows)
    if not items:
        raise DataError.at(rows.name, None, "holds no labelled moment", fix=_FIX)
    return Labelled(rows.name, moments=items, bad=rows.bad, problems=tuple(rows.problems))


def read_either(data: Path | str, limit: int | None = None, *, skip_bad: bool = False) -> Labelled:
    """The rows of a file, of the kind that its first row is of. Raises: DataError, as `read_moments`."""
    parse: Callable[[Any], LabelledMoment | DecidedSuggestion] | None = None

    def as_the_first(row: Any) -> LabelledMoment | DecidedSuggestion:
        nonlocal parse
        if isinstance(row, LabelledMoment):  # out of an episode
            return row
        if parse is None:
            parse = parse_decision if _is_decision(row) else parse_labelled
        return parse(row)

    def own_id(item: LabelledMoment | DecidedSuggestion) -> str:
        return item.suggestion.id if isinstance(item, DecidedSuggestion) else item.moment.id

    rows = MomentRows(data, as_the_first, skip_bad=skip_bad, kind="row", key=own_id)
    items = list(islice(rows, limit))
    if not items:
        first = f"; the first of {rows.bad} unusable rows: {rows.problems[0]}" if rows.problems else ""
        raise DataError.at(rows.name, None, f"holds no labelled moment{first}", fix=_FIX)
    return Labelled(
        rows.name,
        moments=tuple(item for item in items if not isinstance(item, DecidedSuggestion)),
        decisions=tuple(item for item in items if isinstance(item, DecidedSuggestion)),
        bad=rows.bad,
        problems=tuple(rows.problems),
    )


def _is_decision(row: object) -> bool:
    """Whether a row is a decision about a suggestion in an editor, by its own keys."""
    return isinstance(row, Mapping) and "obs" not in row and bool({"shown_time", "decided_time"} & set(row))


def read_decisions(paths: Sequence[Path | str], *, skip_bad: bool = False) -> Labelled:
    """The decisions of all files. Raises: DataError; UserError for none, or for one that is given twice."""
    decisions: list[DecidedSuggestion] = []
    seen: dict[str, str] = {}
    bad = 0
    for path in paths:
        rows = suggestion_rows(path, skip_bad=skip_bad)
        mine = list(rows)
        for decision in mine:
            if (other := seen.get(decision.suggestion.id)) is not None:
                raise UserError(
                    f"{path}: suggestion '{decision.suggestion.id}' is in {other} too; give each decision once"
                )
        seen |= {decision.suggestion.id: rows.name for decision in mine}
        decisions += mine
        bad += rows.bad
    name = ", ".join(map(str, paths))
    if not decisions:
        why = f"all {bad} rows are unusable" if bad else "the files are empty"
        raise UserError(f"{name}: no decision to measure ({why}); run 'tactful data check'")
    return Labelled(name, decisions=tuple(decisions), bad=bad)
