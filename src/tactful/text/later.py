"""Patterns that are compiled when they are first used: together they take a tenth of a second, and most commands need few."""

from __future__ import annotations

import re
from typing import Any, cast


def later(source: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` gives, compiled at the first use of one of its methods.

    Example: `later(r"(?i)please").search("Please!")`
    """
    return cast("re.Pattern[str]", _Later(source, flags))


class _Later:
    """Stands for a pattern; each method that was asked for once is kept."""

    def __init__(self, source: str, flags: int) -> None:
        self._made_from = source, flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # copying and pickling look for these before `_made_from` is there
        found = getattr(re.compile(*self._made_from), name)
        setattr(self, name, found)
        return found
