"""Watchers that are closed at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.commands import tactful
from tests.live.watch.watched import Watched, watched

__all__ = ["tactful"]


@pytest.fixture
async def watching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Watched]]:
    """Makes watchers on `live.sqlite`, as `watched` does."""
    monkeypatch.chdir(tmp_path)
    made: list[Watched] = []

    def make(**given: Any) -> Watched:
        made.append(watched(tmp_path / "live.sqlite", **given))
        return made[-1]

    yield make
    for one in made:
        with suppress(Exception):
            await one.watcher.close()
