"""What takes seconds to work out, kept while what it was made of stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar

from starlette.requests import Request

T = TypeVar("T")
MOST_KEPT = 6


class Kept:
    """The results that were asked for last. Any thread may ask; two that ask for the same at once may both work it out."""

    def __init__(self) -> None:
        self._found: dict[Hashable, object] = {}
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made for this key, or made now."""
        with self._lock:
            found = self._found.pop(key, None)
        if found is None:
            found = make()
        with self._lock:
            self._found[key] = found
            for oldest in list(self._found)[:-MOST_KEPT]:
                del self._found[oldest]
        return found  # type: ignore[return-value]


def kept_of(request: Request) -> Kept:
    """That of the app that was asked."""
    kept: Kept = request.app.state.kept
    return kept
