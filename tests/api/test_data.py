"""Files as a script checks and exports them."""

import json
from pathlib import Path

import pytest

import tactful as tf
from tactful.errors import DataError, UsageError


def test_a_bad_line_is_counted_and_named(tmp_path: Path) -> None:
    tf.states("coding", n=2).save(tmp_path / "s.jsonl")
    with (tmp_path / "s.jsonl").open("a") as file:
        file.write('{"query": 3}\n')
    report = tf.check(tmp_path / "s.jsonl")
    assert (report.type, report.read, report.bad) == ("states", 3, 1)
    assert "s.jsonl:3" in report.problems[0]


def test_an_unknown_kind_or_file_is_refused(tmp_path: Path) -> None:
    tf.states("coding", n=2).save(tmp_path / "s.jsonl")
    with pytest.raises(UsageError, match="--type 'poems' is not known"):
        tf.check(tmp_path / "s.jsonl", kind="poems")
    with pytest.raises(DataError, match="no such file"):
        tf.check(tmp_path / "none.jsonl")


def test_what_holds_no_pairs_is_not_exported(tmp_path: Path) -> None:
    tf.states("coding", n=2).save(tmp_path / "s.jsonl")
    with pytest.raises(DataError, match="pairs"):
        tf.export(tmp_path / "s.jsonl", "trl", tmp_path / "out")


def test_mbpp_becomes_states_that_are_read_again(tmp_path: Path) -> None:
    row = {"task_id": 1, "text": "Write a function to add one.", "code": "def inc(n): return n + 1"}
    (tmp_path / "mbpp.jsonl").write_text(json.dumps({**row, "test_list": ["assert inc(1) == 2"]}))
    done = tf.import_mbpp(tmp_path / "mbpp.jsonl", out=tmp_path / "s.jsonl")
    assert (done.read, done.imported) == (1, 1)
    assert [state.id for state in tf.states(tmp_path / "s.jsonl")] == [state.id for state in done.states]
    with pytest.raises(UsageError, match="exists already"):
        tf.import_mbpp(tmp_path / "mbpp.jsonl", out=tmp_path / "s.jsonl")
    assert tf.init_data(tmp_path / "data")[0].name == "README.md"
