"""The whole server over real HTTP on loopback, with the bundled encoder and a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import tactful as tf
from tactful.live.serve import advice


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("live")
    (folder / "live.toml").write_text('mode = "act"\ntimeout_ms = 20000\n[guards]\nexplore = 0\n')  # no draws
    with (
        pytest.MonkeyPatch.context() as patched,
        tf.live_serve(config=folder / "live.toml", database=str(folder / "live.sqlite")) as served,
    ):
        patched.setattr(advice, "_STORED_S", 20.0)  # a busy machine stores late, and says so
        yield served.address
