"""What every test stands on: nothing of it is kept in the home of whoever runs it, and it takes one core."""

from __future__ import annotations

import os
import tempfile
from asyncio import selector_events
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="tactful-tests-")
os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # matrices here are small: more threads only wait for each other

# The gate tries the same examples each time, so that it fails for what was changed; `make soak` draws new ones.
settings.register_profile("drawn anew", deadline=None, max_examples=1000)
settings.register_profile("the same", deadline=None, derandomize=True)
settings.load_profile("the same")

HERE = Path(__file__).parent
TRAIN = tuple(f"{HERE}/{folder}/" for folder in ("training", "policy/language_model", "reading/encoder"))
"""Most of what lies here skips without the extra `[train]`, which only `make slow` installs: it runs these a second time."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes the extra `[train]` before tests are chosen by mark."""
    for item in items:
        if str(item.path).startswith(TRAIN):
            item.add_marker(pytest.mark.train)


def _of_a_test(init: Any, told: Any) -> tuple[Any, Any]:
    """A connection that is left open is blamed on whichever test runs when it is collected: let it say whose it is."""

    def __init__(self: Any, *given: Any, **named: Any) -> None:
        self.test = os.environ.get("PYTEST_CURRENT_TEST", "no test")
        init(self, *given, **named)

    def __repr__(self: Any) -> str:
        return f"{told(self)[:-1]} of {self.test}>"

    return __init__, __repr__


_TRANSPORT: Any = selector_events._SelectorTransport  # type: ignore[attr-defined]
_TRANSPORT.__init__, _TRANSPORT.__repr__ = _of_a_test(_TRANSPORT.__init__, _TRANSPORT.__repr__)
