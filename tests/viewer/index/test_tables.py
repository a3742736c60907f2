"""The tables of the side index, read while they are made, and made anew."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("spoilt", [b"no database at all", None])
def test_a_damaged_index_is_begun_anew(tmp_path: Path, spoilt: bytes | None) -> None:
    path = tmp_path / "index.sqlite"
    prepare(path, "one")
    if spoilt is None:
        discard(path)
        assert not path.exists()
    else:
        path.write_bytes(spoilt)
    prepare(path, "one")
    with closing(open_index(tmp_path / "other.sqlite")) as other:
        attach(other, path, "a")
        assert other.execute("SELECT count(*) FROM a.records").fetchone() == (0,)
