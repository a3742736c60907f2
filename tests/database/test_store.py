"""A database is opened by path or address, read at one state, written whole or not at all, and says what is wrong with it."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest
from sqlalchemy import delete, insert, select, text

from tactful.annotation.store import open_store
from tactful.database import Store
from tactful.errors import MissingExtra, UserError
from tactful.live.storing import open_live_store
from tactful.live.storing.tables import meta


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_live_store(tmp_path / "live.sqlite")


def names(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(select(meta.c.name).order_by(meta.c.name)).scalars())


def test_a_write_that_fails_midway_leaves_nothing(store: Store) -> None:
    def broken() -> None:
        with store.write() as connection:
            connection.execute(insert(meta).values(name="first", value="1"))
            raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        broken()
    assert names(store) == []


@pytest.mark.parametrize("another", [False, True])
def test_nothing_is_written_to_a_file_that_was_taken_away(
    store: Store, tmp_path: Path, another: bool
) -> None:
    (tmp_path / "live.sqlite").rename(tmp_path / "kept.sqlite")
    if another:
        (tmp_path / "live.sqlite").write_bytes(b"")
    with (
        pytest.raises(UserError, match=r"live\.sqlite: the file was taken away"),
        store.write() as connection,
    ):
        connection.execute(insert(meta).values(name="lost", value="1"))
    assert names(store) == []


def values(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(select(meta.c.value)).scalars())


def test_a_damaged_text_is_told_as_such_and_not_shown(store: Store) -> None:
    with store.write() as connection:
        connection.execute(text("INSERT INTO meta VALUES ('a', cast(x'736563726574ff' AS TEXT))"))
    with pytest.raises(UserError, match=r"live\.sqlite: the file is damaged") as told:
        values(store)
    assert "secret" not in str(told.value)


def test_pages_that_are_damaged_are_told_as_such(store: Store, tmp_path: Path) -> None:
    with store.write() as connection:
        connection.execute(insert(meta), [{"name": f"n{at}", "value": "x" * 3000} for at in range(40)])
    store.close()
    path = tmp_path / "live.sqlite"
    path.write_bytes(path.read_bytes()[:-40_000] + b"\xff" * 40_000)
    with pytest.raises(UserError, match=r"live\.sqlite: the file is damaged"):
        values(open_live_store(path))


def test_what_is_read_does_not_change_while_others_write(store: Store) -> None:
    with store.read() as reading:
        assert reading.execute(select(meta.c.name)).all() == []
        with store.write() as writing:
            writing.execute(insert(meta).values(name="later", value="1"))
        assert reading.execute(select(meta.c.name)).all() == []
    assert names(store) == ["later"]


def test_what_was_deleted_stands_nowhere_once_the_log_is_empty(store: Store, tmp_path: Path) -> None:
    with store.write() as connection:
        connection.execute(insert(meta).values(name="note", value="words of a person " * 500))
    with store.write() as connection:
        connection.execute(delete(meta))
    with store.read() as reading:
        assert reading.execute(select(meta)).all() == []
        assert not store.empty_log(wait_s=0.05)
    assert store.empty_log()
    assert b"words of a person" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_database_that_is_missing_is_made_only_where_that_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such database; start with: tactful live serve --database"):
        open_live_store(tmp_path / "none.sqlite", create=False)
    assert not (tmp_path / "none.sqlite").exists()


def test_a_place_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none/live\.sqlite: unable to open database file"):
        open_live_store(tmp_path / "none" / "live.sqlite")


def test_a_locked_database_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tactful.database.store._WAIT_S", 0.05)
    with (
        open_live_store(tmp_path / "live.sqlite") as one,
        open_live_store(tmp_path / "live.sqlite") as other,
        one.write() as held,
    ):
        held.execute(insert(meta).values(name="held", value="1"))
        with pytest.raises(UserError, match="locked"), other.write():
            pass


def test_opening_does_not_wait_for_whoever_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tactful.database.store._WAIT_S", 0.05)
    open_live_store(tmp_path / "live.sqlite").close()
    with closing(sqlite3.connect(tmp_path / "live.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with open_live_store(tmp_path / "live.sqlite") as store:
            assert names(store) == []


def test_opening_waits_for_whoever_makes_the_same_file(tmp_path: Path) -> None:
    file = tmp_path / "live.sqlite"
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN")
        assert other.execute("SELECT count(*) FROM sqlite_master").fetchone() == (
            0,
        )  # holds what a change of mode needs
        Timer(0.3, other.execute, ["COMMIT"]).start()
        with open_live_store(file) as store:
            assert names(store) == []


def test_a_file_whose_mode_cannot_be_changed_in_time_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tactful.database.store._WAIT_S", 0.05)
    with closing(sqlite3.connect(tmp_path / "live.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with pytest.raises(UserError, match=r"live\.sqlite: database is locked; check that"):
            open_live_store(tmp_path / "live.sqlite")


def test_the_file_is_nobody_elses_to_write(tmp_path: Path, store: Store) -> None:
    assert not (tmp_path / "live.sqlite").stat().st_mode & stat.S_IWOTH


@pytest.mark.slow
def test_a_database_at_the_last_revision_is_opened_without_alembic(tmp_path: Path) -> None:
    open_live_store(tmp_path / "live.sqlite").close()
    code = (
        "import sys; from tactful.live.storing import open_live_store; "
        "open_live_store(sys.argv[1]).close(); print('alembic' in sys.modules)"
    )
    for name, loaded in (("live.sqlite", "False"), ("new.sqlite", "True")):
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / name)], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == loaded


def test_what_stands_at_an_earlier_revision_is_brought_up_to_date(tmp_path: Path) -> None:
    from tactful.database.newest import is_newest

    revisions = tmp_path / "revisions"
    revisions.mkdir()
    (revisions / "first_0001.py").write_text('revision = "0001"\ndown_revision = None\n')
    with open_live_store(tmp_path / "live.sqlite") as store:
        with store.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        assert is_newest(store._engine, revisions)
        (revisions / "second_0002.py").write_text(
            'revision: str = "0002"\ndown_revision: str | None = "0001"\n'
        )
        assert not is_newest(store._engine, revisions)


def test_a_database_that_holds_something_else_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    other = tmp_path / "run.sqlite"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE results (id TEXT)")
    before = other.read_bytes()
    with pytest.raises(
        UserError, match=r"run\.sqlite: holds something else than annotations \(a table 'results'\)"
    ):
        open_store(other)
    assert other.read_bytes() == before


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_annotations_and_live_decisions_are_not_taken_for_each_other(tmp_path: Path, revision: str) -> None:
    place = tmp_path / "ours.sqlite"
    with open_live_store(place) as store, store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
    with pytest.raises(UserError, match="something else than annotations"):
        open_store(place)


@pytest.mark.parametrize(
    ("module", "place"), [("alembic", "new.sqlite"), ("psycopg", "postgresql://ann@127.0.0.1:1/work")]
)
def test_a_missing_part_of_the_extra_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, place: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "tactful.database.migrate", raising=False)
    with pytest.raises(MissingExtra, match=r"\[annotate\]"):
        open_store(place if "://" in place else tmp_path / place)
