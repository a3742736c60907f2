"""The one thread that writes outlives whoever no longer waits for it."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Connection, insert, select

from tactful.live.storing import open_live_store
from tactful.live.storing.tables import meta
from tactful.live.storing.writer import Writer


def test_a_write_that_nobody_waits_for_any_more_is_made_and_ends_nothing(tmp_path: Path) -> None:
    with open_live_store(tmp_path / "live.sqlite") as store:
        writer, go = Writer(store), threading.Event()

        held = writer.put(lambda connection: (go.wait(10), _row(connection, "first"))[-1])
        gone = writer.put(lambda connection: _row(connection, "second"))
        assert gone.cancel()
        go.set()
        held.result(10)
        writer.put(lambda connection: _row(connection, "third")).result(10)
        writer.close()
        with store.read() as connection:
            assert sorted(connection.execute(select(meta.c.name)).scalars()) == ["first", "second", "third"]


def _row(connection: Connection, name: str) -> None:
    connection.execute(insert(meta).values(name=name, value="1"))
