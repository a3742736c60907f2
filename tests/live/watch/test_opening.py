"""A watcher by what it is to do, opened while the loop of its caller goes on."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from tactful import aio
from tactful.live.watch import opening


async def test_whoever_gives_up_while_the_reader_is_read_leaves_no_database_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nkind = "fix"\nwhen = "error"\noffer = "Look into it?"')
    begun, may_end = threading.Event(), threading.Event()
    read = opening.open_embedded_reader

    def slowly(name: str):
        begun.set()
        may_end.wait(20)
        return read(name)

    monkeypatch.setattr(opening, "open_embedded_reader", slowly)

    async def watched() -> None:
        async with aio.live_watch(rules=rules, reader="surface", database=str(tmp_path / "live.sqlite")):
            pass

    watching = asyncio.ensure_future(watched())
    await asyncio.to_thread(begun.wait, 20)  # and the loop goes on meanwhile
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    may_end.set()
    await asyncio.get_running_loop().shutdown_default_executor()
    assert os.listdir(tmp_path) == ["rules.toml"]
    assert not [one for one in threading.enumerate() if one.name == "tactful-live-writer"]
