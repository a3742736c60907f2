"""The whole server over real HTTP on loopback, with the bundled encoder and a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import tactful as tf


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    database: Path = tmp_path_factory.mktemp("live") / "live.sqlite"
    with tf.live_serve(database=str(database), mode="act") as served:
        yield served.address
