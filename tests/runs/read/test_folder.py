from __future__ import annotations

from pathlib import Path

import pytest
from tests.runs.parts import Answer, Item, run

from tactful.errors import DataError
from tactful.runs import RunFolder, resolve_input


def test_command_takes_a_file_or_a_run_folder(tmp_path):
    folder = run(tmp_path / "out").folder
    assert resolve_input(tmp_path / "out") == folder.records_path
    assert resolve_input(tmp_path / "out", "failures.jsonl") == folder.failures_path
    assert resolve_input(folder.records_path) == folder.records_path
    assert resolve_input("-") == Path("-")


def test_input_that_is_neither_is_told_with_the_next_move(tmp_path):
    folder = run(tmp_path / "out").folder
    folder.records_path.unlink()
    with pytest.raises(DataError, match=r"not written yet; run: tactful runs export .*out"):
        resolve_input(tmp_path / "out")
    with pytest.raises(DataError, match="no such file or run folder"):
        resolve_input(tmp_path / "typo.jsonl")
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="not a run folder"):
        resolve_input(tmp_path / "folder")


def test_records_read_back_as_their_type_and_another_type_is_refused(tmp_path):
    folder = run(tmp_path / "out", count=2).folder
    assert [type(record) for record in folder.records(Answer)] == [Answer, Answer]
    with pytest.raises(DataError, match="the outputs of record 'item-0' are no Item"):
        list(folder.records(Item))


def test_new_session_rewrites_outputs_and_keeps_what_others_put_into_the_folder(tmp_path):
    run(tmp_path / "out", count=2)
    (tmp_path / "out" / "notes.txt").write_text("mine")
    run(tmp_path / "out", count=3, resume=True)
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"
    assert RunFolder.open(tmp_path / "out").counts().done == 3
