"""What results show: a table that prints, is drawn in a notebook, and gives its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas


def to_pandas(rows: Sequence[dict[str, Any]]) -> pandas.DataFrame:
    """The rows as a data frame. Raises UserError where pandas is not installed."""
    try:
        import pandas
    except ModuleNotFoundError as error:
        from tactful.errors import UserError

        raise UserError("to_pandas() needs pandas: pip install pandas; rows() needs nothing") from error
    return pandas.DataFrame(rows)


class Table:
    """Cells of text under heads: `print(table)`; in a notebook it is drawn. `rows()` holds the values behind them."""

    def __init__(
        self,
        heads: Sequence[str],
        cells: Sequence[Sequence[str]],
        rows: Sequence[dict[str, Any]],
        note: str = "",
    ) -> None:
        self.heads = tuple(heads)
        self.cells = [tuple(line) for line in cells]
        self.note = note
        self._rows = list(rows)

    def rows(self) -> list[dict[str, Any]]:
        """The values, a dictionary a row."""
        return list(self._rows)

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a data frame. Raises UserError where pandas is not installed."""
        return to_pandas(self._rows)

    def lines(self) -> Iterator[str]:
        """The table as text: the first column to the left, the others to the right."""
        everything = [self.heads, *self.cells]
        widths = [max(len(line[column]) for line in everything) for column in range(len(self.heads))]
        for line in everything:
            cells = [line[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
            yield "  ".join(cells).rstrip()
        if self.note:
            yield self.note

    def __len__(self) -> int:
        return len(self.cells)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        heads = "".join(f"<th>{escape(head)}</th>" for head in self.heads)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in self.cells
        )
        note = f"<caption>{escape(self.note)}</caption>" if self.note else ""
        return f"<table>{note}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
