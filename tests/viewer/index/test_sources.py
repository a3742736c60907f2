"""Lines of a file as they are read: none is held whole that memory should not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tactful.viewer.index import sources
from tactful.viewer.index.sources import open_source


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
