"""The tables of the side index, read while they are made, and made anew."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tactful.runs.store.files import make_private_file
from tactful.viewer.index.tables import COUNTED, attach, discard, known_facts, open_index, prepare


def test_a_reader_of_before_sees_the_new_tables(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with closing(open_index(path)) as early:
        prepare(path, "one")
        with closing(open_index(path, writing=True)) as writer:
            writer.execute("INSERT INTO records VALUES (0, x'00', 1)")
            writer.execute("INSERT INTO facts VALUES (0, 'asked', 'yes/no')")
            writer.execute("ALTER TABLE units ADD COLUMN f0")
            writer.execute("INSERT INTO words (rowid, text) VALUES (1, 'noodles')")
        assert early.execute(COUNTED).fetchone() == (1,)
        prepare(path, "one")
        assert set(known_facts(early)) == {"asked"}
        file = path.stat().st_ino
        with closing(open_index(path, writing=True)) as writer:
            writer.execute('CREATE VIEW "of; someone ""else""" AS SELECT * FROM records')
        prepare(path, "another")
        assert early.execute("SELECT count(*) FROM sqlite_master WHERE type = 'view'").fetchone() == (0,)
        assert path.stat().st_ino == file
        assert early.execute(COUNTED).fetchone() == (0,)
        assert known_facts(early) == {}
        assert early.execute("SELECT count(*) FROM words WHERE words MATCH 'noodles'").fetchone() == (0,)


def no_database(path: Path) -> None:
    path.write_bytes(b"no database at all")


def another_encoding(path: Path) -> None:
    discard(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA encoding = 'UTF-16'; CREATE TABLE records (line TEXT)")


def words_that_cannot_be_read(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("DROP TABLE words_config; UPDATE about SET value = 'another run'")


def an_identity_that_is_no_text(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("UPDATE about SET value = CAST(x'ff' AS TEXT)")


SPOILT = (discard, no_database, another_encoding, words_that_cannot_be_read, an_identity_that_is_no_text)


@pytest.mark.parametrize("spoil", SPOILT)
def test_an_index_that_is_damaged_or_someone_elses_is_begun_anew(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    path = tmp_path / "index.sqlite"
    prepare(path, "one")
    spoil(path)
    prepare(path, "one")
    with closing(open_index(tmp_path / "other.sqlite")) as other:
        attach(other, path, "a")
        assert other.execute("SELECT count(*) FROM a.records").fetchone() == (0,)


def test_an_index_that_is_written_to_is_not_emptied(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    prepare(path, "one")
    with closing(open_index(path, writing=True)) as writer:
        writer.execute("INSERT INTO records VALUES (0, x'00', 1)")
        prepare(path, "one")
        assert writer.execute("SELECT count(*) FROM records").fetchone() == (1,)


def test_what_exists_is_not_opened_when_it_is_made_private(tmp_path: Path) -> None:
    """SQLite's locks of this process would go."""
    path = tmp_path / "index.sqlite"
    prepare(path, "one")
    with closing(open_index(path)):
        make_private_file(path)
        held = subprocess.run(
            [sys.executable, "-c", HELD, str(path)], capture_output=True, text=True, check=True
        )
    assert held.stdout.split() == ["database", "is", "locked"]


HELD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0)
try:
    connection.execute("PRAGMA journal_mode = DELETE").fetchone()
except sqlite3.OperationalError as error:
    print(error)
"""
