"""Lines of a file as they are read: none is held whole that memory should not hold."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tactful.viewer.index import sources
from tactful.viewer.index.sources import open_source
from tactful.viewer.types import Query


def test_of_a_line_that_is_too_long_the_beginning_is_shown_and_those_after_it_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_LONGEST", 1 << 20)
    path = tmp_path / "rows.jsonl"
    fits = '{"id": "b", "text": "' + "y" * ((1 << 20) - 24) + '"}\n'
    assert len(fits) == 1 << 20
    path.write_text(
        '{"id": "a", "text": "' + "x" * (5 << 20) + '"}\n' + fits + '{"id": "c"}\n' + "z" * (3 << 20)
    )
    source = open_source(path)
    entries = source.entries(range(source.count()))
    assert [(one.line.id, one.line.reason) for one in entries] == [
        ("line 1", "longer than 1 MiB"), ("b", ""), ("c", ""), ("line 4", "longer than 1 MiB"),
    ]  # fmt: skip
    assert entries[0].rows[0].startswith('{"id": "a"')
    assert max(len(str(one.rows[0])) for one in (entries[0], entries[3])) < 5000
    with path.open("a") as file:
        file.write('\n{"id": "e"}\n')
    assert [one.line.id for one in source.entries((4,))] == ["e"]


def test_findings_are_listed_by_their_place_in_the_log(tmp_path: Path) -> None:
    path = tmp_path / "findings.jsonl"
    path.write_text(
        '{"tactful": "findings", "conversation": "c", "turn": 3, "asked": true, "unjudged": ""}\n'
    )
    assert [one.line.id for one in open_source(path).entries((0,))] == ["c#3"]


def rows(name: str, count: int, width: int = 0) -> str:
    return "".join(f'{{"id": "{name}{number}", "text": "{"x" * width}"}}\n' for number in range(count))


def ids(source: sources.Source) -> list[str]:
    return [one.line.id for one in source.entries(source.page(Query(limit=1000))[0])]


@pytest.mark.parametrize("width", [0, 9], ids=["as long", "longer"])
def test_a_file_that_is_written_anew_in_place_is_read_anew(tmp_path: Path, width: int) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(rows("a", 600))
    source = open_source(path)
    before = source.stamps(-1, 2000)
    assert ids(source) == [f"a{number}" for number in range(600)]
    inode = path.stat().st_ino
    with path.open("r+") as file:  # as the shell's > does: the same file
        file.write(rows("b", 600, width))
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1_000_000))
    assert path.stat().st_ino == inode
    assert ids(source) == [f"b{number}" for number in range(600)]
    assert [source.entries((place,))[0].line.id for place in (300, 520, 599)] == ["b300", "b520", "b599"]
    assert not set(before) & set(source.stamps(-1, 2000))


def test_what_is_appended_is_found_without_reading_the_rest_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(rows("a", 1000)[:-5])  # the last line is a half one
    source = open_source(path)
    assert source.count() == 1000
    read: list[int] = []
    lines = sources._lines
    monkeypatch.setattr(sources, "_lines", lambda file: (read.append(one[0]) or one for one in lines(file)))
    path.write_text(rows("a", 1001))
    assert source.count() == 1001
    assert len(read) == 1001 - 768


def test_blank_lines_hold_no_record_and_count_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('\n{"id": "a"}\n\n  \n{"id": "b"}\n"words"\n{"id": \n\n{"id": "e"}\n')
    source = open_source(path)
    assert source.page(Query()) == ([1, 4, 5, 6, 8], 5)
    assert source.page(Query(sort="order", descending=True, offset=1, limit=2)) == ([6, 5], 5)
    found = source.entries((0, 1, 2, 3, 4, 5, 6, 7, 8))
    assert [(one.line.id, one.line.reason) for one in found] == [
        ("a", ""), ("b", ""), ("line 6", "a text, no object"), ("line 7", "no JSON"), ("e", ""),
    ]  # fmt: skip
    assert [place for place, _ in source.stamps(-1, 3)] == [1, 4, 5]
    assert [place for place, _ in source.stamps(5, 3)] == [6, 8]
    with path.open("a") as file:
        file.write('\n{"id": "f"}\n')
    assert source.page(Query()) == ([1, 4, 5, 6, 8, 10], 6)


def test_a_byte_order_mark_is_no_part_of_the_first_record(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": "a"}\n{"id": "b"}\n')
    assert ids(open_source(path)) == ["a", "b"]
