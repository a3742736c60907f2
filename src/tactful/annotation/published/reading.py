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
class PublishedFile:
    """One file, read."""

    name: str
    items: tuple[LabelledMoment, ...]
    """Their ids are the places of the rows: what stands twice is two."""
    contradictions: tuple[str, ...]
    """`file:row: …` of each whose category is not what its proposal and `valid` make it."""
    bad: int
    problems: tuple[str, ...]
    """`file:line: what is wrong` of the first bad rows."""


def read_published(path: Path | str) -> PublishedFile:
    """Every row that can be read; the others are counted. Raises: UserError when it cannot be opened or is no JSON lines."""
    contradictions: list[str] = []

    def parse(row: Any) -> LabelledMoment:
        given = row.get("category") if isinstance(row, Mapping) else None
        plain = {key: value for key, value in row.items() if key != "category"} if given is not None else row
        item = parse_labelled(plain)
        place = f"{rows.name}:row {rows.read}"
        moment = item.moment.model_copy(update={"id": place})
        if given is not None and CATEGORIES.get(str(given), given) != item.category:
            contradictions.append(f"{place}: category {shorten(given)}, but it is {item.category}")
        return item.model_copy(update={"moment": moment})

    rows = Rows(path, parse, skip_bad=True, kind="moment")
    items = tuple(rows)
    return PublishedFile(rows.name, items, tuple(contradictions), rows.bad, tuple(rows.problems))
