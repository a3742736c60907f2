"""The list of runs: every folder is a row, the broken ones with their reason."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.viewer.viewed import make_run

from tactful.errors import DataError
from tactful.runs.store.lock import only_writer
from tactful.viewer.folders.runs import Runs, run_row


def test_runs_are_listed_with_counts_and_figures_wherever_they_lie(tmp_path: Path) -> None:
    make_run(tmp_path / "one")
    make_run(tmp_path / "demo" / "planning" / "two", 5)
    (tmp_path / "one" / "summary.json").write_text(
        json.dumps({"run": "x", "a": 1, "b": {"c": {"value": 0.5}, "d": True}})
    )
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path)
    two, one = Runs(tmp_path).rows()
    assert (one.name, one.command, one.standing) == ("one", "view try", "done")
    assert (one.read, one.done, one.failed, one.skipped, one.unscored) == (20, 16, 2, 2, 2)
    assert one.figures == {"a": 1.0, "b.c": 0.5}
    assert (two.name, two.read, two.figures) == ("demo/planning/two", 5, {})


def test_a_run_given_itself_is_the_only_row(tmp_path: Path) -> None:
    make_run(tmp_path / "one", 3)
    assert [row.name for row in Runs(tmp_path / "one").rows()] == ["."]


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("run.json", b"{", "run.json: the whole: Invalid JSON"),
        ("run.json", None, "not a run folder"),
        ("run.sqlite", b"x" * 5000, "damaged"),
        ("run.sqlite", None, "no such file"),
        ("summary.json", b"[" * 100_000, ""),
        ("summary.json", b'{"a": NaN, "b": Infinity, "c": 1' + b"0" * 400 + b"}", ""),
    ],
)
def test_a_broken_folder_is_a_row_with_its_reason(
    tmp_path: Path, file: str, content: bytes | None, told: str
) -> None:
    make_run(tmp_path / "good", 3)
    make_run(tmp_path / "bad", 3)
    for side in ("run.sqlite-wal", "run.sqlite-shm"):
        (tmp_path / "bad" / side).unlink(missing_ok=True)
    if content is None:
        (tmp_path / "bad" / file).unlink()
    else:
        (tmp_path / "bad" / file).write_bytes(content)
    rows = {row.name: row for row in Runs(tmp_path).rows()}
    assert rows["good"].standing == "done"
    assert told in rows["bad"].problem
    assert rows["bad"].standing == ("damaged" if told else "done")


def test_a_run_that_goes_one_that_was_stopped_and_one_that_was_killed_stand_apart(tmp_path: Path) -> None:
    make_run(tmp_path / "run", 3)
    path = tmp_path / "run" / "run.json"
    info = json.loads(path.read_text())
    runs = Runs(tmp_path)
    path.write_text(json.dumps({**info, "state": "interrupted", "why_stopped": "interrupted by Ctrl-C"}))
    assert [(row.standing, row.problem) for row in runs.rows()] == [("stopped", "interrupted by Ctrl-C")]
    path.write_text(json.dumps({**info, "state": "running"}))
    assert [(row.standing, row.problem) for row in runs.rows()] == [
        ("stopped", "its process ended without a word")
    ]
    with only_writer(tmp_path / "run"):
        assert [row.standing for row in runs.rows()] == ["going"], (
            "a lock changes no file, and still it is told"
        )


def test_a_second_look_opens_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path / "run", 3)
    runs = Runs(tmp_path)
    first = runs.rows()
    monkeypatch.setattr("tactful.viewer.folders.runs.run_row", lambda *_: pytest.fail("read again"))
    assert runs.rows() == first


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o000)
    assert [row.standing for row in Runs(tmp_path).rows()] == ["damaged"]


def test_what_is_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        Runs(tmp_path / "none").rows()
    assert run_row(tmp_path / "none").standing == "damaged"
