"""Results that print as their tables, also in a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


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
