from __future__ import annotations

from contextlib import closing

import pytest

from tactful.data import seen
from tactful.data.io import Rows
from tactful.data.seen import Seen


@pytest.mark.parametrize("in_memory", [1, 3, 50_000])
def test_first_line_of_an_id_is_told_however_many_there_are(monkeypatch, in_memory):
    monkeypatch.setattr(seen, "_IN_MEMORY", in_memory)
    with closing(Seen()) as ids:
        assert [ids.first(f"id-{number % 7}", number) for number in range(21)] == [*range(7)] * 3
        assert ids.first("\ud800", 99) == 99


@pytest.mark.slow
def test_no_more_ids_than_the_limit_stay_in_memory():
    with closing(Seen()) as ids:
        for number in range(120_000):
            ids.first(str(number), number)
        assert not ids._few
        assert ids.first("7", 1) == 7


def test_repeated_id_beyond_the_limit_is_refused_with_both_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(seen, "_IN_MEMORY", 2)
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(f'{{"id": "{name}"}}\n' for name in "abcdb"))
    rows = Rows(path, lambda row: row, skip_bad=True, key=lambda row: row["id"])
    assert [row["id"] for row in rows] == ["a", "b", "c", "d"]
    assert "5: row has the id 'b' of line 2; ids must differ" in rows.problems[0]
