from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.runs.parts import Answer, Item, run

from tactful.errors import DataError
from tactful.runs import RunFolder, resolve_input
from tactful.runs.read.report import list_runs, run_report
from tactful.runs.store.lock import only_writer


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
    with pytest.raises(DataError, match=r"not a run folder \(.*\); give a file, or the folder of a run"):
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


LOOK = """
import sys
from tactful.runs import RunFolder
from tactful.runs.read.report import run_report
report = run_report(RunFolder.open(sys.argv[1]))
print(report.done, report.standing)
"""


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True])
def test_reading_a_run_needs_no_permission_to_write(tmp_path, killed):
    folder = run(tmp_path / "out", count=3).folder
    if killed:  # its process left a log behind that no reader may fold in
        state = folder.state()
        with only_writer(folder.path):
            run_again = shutil.copytree(folder.path, tmp_path / "copy")
        state.close()
        folder = RunFolder(run_again)
        before = _leave_a_log(folder)
    path = str(folder.path)
    mounted = f'mount --bind {path} {path} && mount -o remount,ro,bind {path} && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", mounted, "sh", sys.executable, "-c", LOOK, path]
    done = subprocess.run(command, capture_output=True, text=True)
    if "mount" in done.stderr.split("Traceback")[0] or "unshare" in done.stderr:
        pytest.skip("nothing can be mounted here")
    assert done.stdout.split() == ["4", "done"] if killed else ["3", "done"], done.stderr
    if killed:
        assert (folder.path / "run.sqlite-wal").read_bytes() == before


def test_who_looks_at_a_run_leaves_nothing_beside_it(tmp_path):
    folder = run(tmp_path / "out", count=3).folder
    before = {path.name: path.stat().st_mtime_ns for path in folder.path.iterdir()}
    first, second = folder.state(), folder.state()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        first._connection.execute("DELETE FROM results")
    first.close()
    assert second.count() == 3
    second.close()
    assert {path.name: path.stat().st_mtime_ns for path in folder.path.iterdir()} == before


def _leave_a_log(folder):
    """Store a fourth record as a process does that is killed right after; the bytes of the log that stays."""
    code = f"""
import asyncio, os
from pathlib import Path
from tactful.runs.result import Result
from tactful.runs.store.rows import Row
from tactful.runs.store.state import RunState
async def main():
    state = RunState.create(Path({str(folder.state_path)!r}))
    await state.add(Row(3, "item-3", "hash", Result(state="done")))
    os._exit(0)
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    (folder.path / "run.sqlite-shm").unlink()
    return (folder.path / "run.sqlite-wal").read_bytes()


@pytest.mark.slow
def test_looking_at_a_run_never_makes_a_start_fail(tmp_path):
    folder = run(tmp_path / "out", count=1).folder
    over = threading.Event()

    def look():
        while not over.is_set():
            folder.standing()

    lookers = [threading.Thread(target=look) for _ in range(3)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(300):
            with only_writer(folder.path):
                assert folder.standing() == "running"
    finally:
        over.set()
        for looker in lookers:
            looker.join()
    assert folder.standing() == "done"


def test_folder_that_cannot_be_read_is_one_row_of_the_list(tmp_path, monkeypatch):
    run(tmp_path / "runs" / "good", count=1)
    run(tmp_path / "runs" / "shut", count=1)
    info = RunFolder.info

    def refused(folder):
        if folder.path.name == "shut":
            raise PermissionError(13, "Permission denied", str(folder.info_path))
        return info(folder)

    monkeypatch.setattr(RunFolder, "info", refused)
    standing = {line.name: line.standing for line in list_runs(tmp_path / "runs")}
    assert standing == {"good": "done", "shut": "unreadable"}


def test_file_of_the_first_schema_is_read_as_it_is(tmp_path):
    folder = run(tmp_path / "out", count=2).folder
    state = folder.state_path
    subprocess.run(
        [
            sys.executable,
            "-c",
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('DROP INDEX "
            "results_not_done'); c.execute('PRAGMA user_version = 1'); c.commit(); c.close()",
            str(state),
        ],
        check=True,
    )
    assert run_report(folder).done == 2
