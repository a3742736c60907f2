"""Results that print as their tables, also in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import TypeVar

from tactful.data.page import refuse_existing, write_texts
from tactful.types import Record

R = TypeVar("R", bound=Record)


class Line(Record):
    """What was measured, or a baseline beside it: a line of every table."""

    name: str
    baseline: bool


class Shown:
    """`print(result)` shows what the command prints."""

    def lines(self) -> Iterable[str]:
        """The tables as text."""
        raise NotImplementedError

    def __str__(self) -> str:
        return "\n".join(self.lines())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def save_page(found: R, render: Callable[[R], str], folder: Path | str) -> tuple[Path, Path]:
    """Write `results.json` and `report.html` into `folder`; their paths. Raises UsageError where they are there."""
    place = Path(folder)
    refuse_existing(place, ("results.json", "report.html"))
    texts = {"results.json": f"{found.model_dump_json(indent=1)}\n", "report.html": render(found)}
    results, page = write_texts(place, texts)
    return results, page
