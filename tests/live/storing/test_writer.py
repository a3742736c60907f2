"""The one thread that writes outlives whoever no longer waits for it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, insert, select

from tactful.live.storing import open_live_store
from tactful.live.storing.tables import meta
from tactful.live.storing.writer import Kind, Writer


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


def test_writes_that_are_alike_are_made_together_and_one_that_is_not_comes_between(tmp_path: Path) -> None:
    made: list[object] = []
    early, late = (
        Kind(0, lambda _, several: made.append([*several])),
        Kind(1, lambda _, some: made.append([*some])),
    )
    with open_live_store(tmp_path / "live.sqlite") as store:
        writer, go = Writer(store), threading.Event()
        writer.put(lambda _: bool(go.wait(10)) or None)
        for number in range(3):
            writer.put_one(late, f"late {number}")
            writer.put_one(early, f"early {number}")
        writer.put(lambda _: made.append("alone"))
        writer.put_one(early, "after")
        go.set()
        writer.close()
    assert made == [["early 0", "early 1", "early 2"], ["late 0", "late 1", "late 2"], "alone", ["after"]]


def test_one_write_that_fails_takes_none_of_those_beside_it_along(tmp_path: Path) -> None:
    def rows(connection: Connection, names: Sequence[str]) -> None:
        for name in names:
            if name == "bad":
                raise ValueError(name)
            _row(connection, name)

    kind = Kind(0, rows)
    with open_live_store(tmp_path / "live.sqlite") as store:
        writer = Writer(store)
        done = [writer.put_one(kind, name) for name in ("first", "bad", "second")]
        writer.close()
        assert [type(one.exception()) for one in done] == [type(None), ValueError, type(None)]
        assert writer.lost == 1
        with store.read() as connection:
            assert sorted(connection.execute(select(meta.c.name)).scalars()) == ["first", "second"]


def _row(connection: Connection, name: str) -> None:
    connection.execute(insert(meta).values(name=name, value="1"))
