"""Long lists a page at a time."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

_LAST = 1_000_000


def page_number(request: Request) -> int:
    """The page that is asked for, from 1."""
    given = request.query_params.get("page", "1")
    return min(max(int(given), 1), _LAST) if given.isdecimal() and len(given) < 8 else 1


@dataclass(frozen=True)
class Paging:
    """Where in a list a page is."""

    request: Request
    number: int
    size: int
    total: int

    @property
    def first(self) -> int:
        """Number of the first row, from 1."""
        return (self.number - 1) * self.size + 1

    @property
    def last(self) -> int:
        """Number of the last row."""
        return min(self.number * self.size, self.total)

    @property
    def before(self) -> str | None:
        """Address of the page before; None on the first."""
        return self._to(self.number - 1) if self.number > 1 else None

    @property
    def after(self) -> str | None:
        """Address of the page after; None on the last."""
        return self._to(self.number + 1) if self.last < self.total else None

    def _to(self, number: int) -> str:
        return f"?{self.request.url.include_query_params(page=number).query}"
