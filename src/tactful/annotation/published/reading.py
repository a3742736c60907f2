"""Rows of a published set, also those whose category contradicts them: an audit reads broken sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tactful.data.formats.moments import CATEGORIES, parse_labelled
from tactful.data.io import Rows, shorten
from tactful.types import LabelledMoment


@dataclass(frozen=True)
class PublishedRow:
    """One row."""

    item: LabelledMoment
    """Its id is the place of the row: what stands twice is two."""
    contradicts: str
    """`file:row: …` where its category is not what its proposal and `valid` make it; empty: it is, or none was given."""


@dataclass(frozen=True)
class PublishedFile:
    """One file, read."""

    name: str
    rows: tuple[PublishedRow, ...]
    bad: int
    problems: tuple[str, ...]
    """`file:line: what is wrong` of the first bad rows."""

    @property
    def items(self) -> list[LabelledMoment]:
        """The moments with their labels."""
        return [row.item for row in self.rows]


def read_published(path: Path | str) -> PublishedFile:
    """Every row that can be read; the others are counted. Raises: UserError when it cannot be opened or is no JSON lines."""

    def parse(row: Any) -> PublishedRow:
        given = row.get("category") if isinstance(row, Mapping) else None
        plain = {key: value for key, value in row.items() if key != "category"} if given is not None else row
        item = parse_labelled(plain)
        place = f"{rows.name}:row {rows.read}"
        moment = item.moment.model_copy(update={"id": place})
        wrong = given is not None and CATEGORIES.get(str(given), given) != item.category
        return PublishedRow(
            item=item.model_copy(update={"moment": moment}),
            contradicts=f"{place}: category {shorten(given)}, but it is {item.category}" if wrong else "",
        )

    rows = Rows(path, parse, skip_bad=True, kind="moment")
    found = tuple(rows)
    return PublishedFile(rows.name, found, rows.bad, tuple(rows.problems))
