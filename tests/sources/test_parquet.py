"""Records in Parquet are the records of the JSONL that they were made of."""

from __future__ import annotations

import io
import sys
import tracemalloc
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tactful.data.check import detect_kind
from tactful.data.formats.moments import moment_rows
from tactful.data.io import read_jsonl
from tactful.errors import DataError, MissingExtra
from tactful.types import Record


class Note(Record):
    id: str
    said: str | None
    level: int = 3
    at: datetime | None = None


class Item(Record):
    id: str
    notes: tuple[Note, ...] = ()
    meta: Mapping[str, Any] = {}


def table(path: Path, rows: list[dict[str, Any]], **how: Any) -> Path:
    parquet.write_table(pa.Table.from_pylist(rows), path, **how)
    return path


ITEMS = [
    Item(id="a", notes=(Note(id="1", said=None), Note(id="2", said="x", level=1)), meta={"k": 1}),
    Item(id="b", meta={"other": "y"}),
    Item(id="c", notes=(Note(id="3", said="{not json", at=datetime(2026, 1, 2, tzinfo=UTC)),)),
]


def test_records_are_equal_whatever_a_table_says_null_of(tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet", [item.model_dump() for item in ITEMS])
    rows = read_jsonl(path, Item)
    assert list(rows) == ITEMS
    assert (rows.read, rows.bad) == (3, 0)


def test_a_key_that_no_column_has_is_still_missing(tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet", [{"id": "a", "notes": [{"id": "1"}]}])
    with pytest.raises(DataError, match=r"a\.parquet:1: .*'said'"):
        list(read_jsonl(path, Item))


def test_a_silence_is_read_from_a_table_too(tmp_path: Path) -> None:
    event = [{"time": "1", "event": "opens a.py"}]
    path = table(
        tmp_path / "m.parquet", [{"obs": event, "pred_task": None}, {"obs": event, "pred_task": "x"}]
    )
    assert [moment.proposal for moment in moment_rows(path)] == [None, "x"]


def test_text_that_holds_json_is_opened_where_more_than_text_is_wanted_and_only_there(tmp_path: Path) -> None:
    notes = '[{"id": "1", "said": "{\\"a\\": 1}"}]'
    path = table(tmp_path / "a.parquet", [{"id": "a", "notes": notes, "meta": '{"k": [1]}'}])
    (item,) = read_jsonl(path, Item)
    assert item == Item(id="a", notes=(Note(id="1", said='{"a": 1}'),), meta={"k": [1]})


def test_a_bad_row_is_named_by_its_number_and_left_out_on_request(tmp_path: Path) -> None:
    path = table(
        tmp_path / "a.parquet", [{"id": "a", "level": 1}, {"id": "b", "level": -5}, {"id": None, "level": 1}]
    )
    rows = read_jsonl(path, Note, skip_bad=True)
    assert list(rows) == []
    assert rows.bad == 3
    assert rows.problems[2].startswith(f"{path}:3: ")


def test_a_damaged_table_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and then something else")
    with pytest.raises(DataError, match=r"a\.parquet:1: no Parquet from here on"):
        list(read_jsonl(path, Note))


def test_without_pyarrow_the_sentence_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table(tmp_path / "a.parquet", [{"id": "a"}])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[parquet\]'"):
        list(read_jsonl(path, Note))


def test_a_table_may_come_through_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = table(tmp_path / "a.parquet", [item.model_dump() for item in ITEMS]).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert list(read_jsonl("-", Item)) == ITEMS


def test_the_kind_of_records_in_a_table_is_recognised(tmp_path: Path) -> None:
    rows = [{"id": "p", "chosen_action": "LOW", "rejected_action": "HIGH", "persona": None}]
    assert detect_kind(table(tmp_path / "p.parquet", rows)) == "pairs"


@pytest.mark.slow
def test_a_table_of_one_row_group_is_read_a_batch_at_a_time(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        rows = [{"id": f"item-{number}", "said": "x" * 200, "level": number} for number in range(count)]
        path = table(tmp_path / f"{count}.parquet", rows, row_group_size=count)
        del rows
        tracemalloc.start()
        before = pa.total_allocated_bytes()
        most = 0
        for number, _ in enumerate(read_jsonl(path, Note)):
            if number % 1000 == 0:
                most = max(most, pa.total_allocated_bytes() - before)
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most + held

    assert peak(20_000) < 2 * peak(2_000) + 2_000_000
