"""A database in a file of this test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tactful.annotation.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Of SQLite: pages are the same on both."""
    with open_store(tmp_path / "annotations.sqlite") as one:
        yield one
