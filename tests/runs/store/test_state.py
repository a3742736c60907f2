"""The SQLite state: flipped bytes, torn files, upgrades, full disks."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys

import pytest
from tests.runs import parts
from tests.runs.parts import Answer, Logged, run

from tactful.errors import DataError, UserError
from tactful.runs import RunFolder
from tactful.runs.store.rows import packed
from tactful.runs.store.schema import MIGRATIONS, upgrade
from tactful.runs.store.state import RunState

# ------------------------------------------------------------ flipped bytes (C6)


def flip(path, old: bytes, new: bytes):
    content = path.read_bytes()
    assert content.count(old) >= 1
    path.write_bytes(content.replace(old, new))


@pytest.fixture
def finished(tmp_path):
    run(tmp_path / "out", count=5)
    return RunFolder.open(tmp_path / "out")


def test_flipped_byte_in_a_stored_result_is_noticed_where_sqlite_notices_nothing(finished):
    flip(finished.state_path, b'"double":6', b'"double":7')
    connection = sqlite3.connect(finished.state_path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    with pytest.raises(DataError, match="result of record 'item-3' does not match its hash"):
        list(finished.records(Answer))


def test_damaged_result_never_reaches_an_export_and_the_old_export_stays(finished):
    from tactful.runs.read.export import export

    before = finished.records_path.read_bytes()
    flip(finished.state_path, b'"double":6', b'"double":7')
    with pytest.raises(DataError):
        export(finished)
    assert finished.records_path.read_bytes() == before


def test_resuming_takes_the_damaged_record_again_and_says_so(finished, tmp_path, capsys):
    before = finished.records_path.read_bytes()
    flip(finished.state_path, b'"double":6', b'"double":7')
    stage = Logged(tmp_path / "log")
    run(finished.path, stage=stage, count=5, resume=True, progress="plain")
    assert stage.worked_on() == ["item-3"]
    assert finished.records_path.read_bytes() == before
    assert "1 stored results were damaged on the disk and taken again" in capsys.readouterr().err


@pytest.mark.parametrize("column", ["record_id", "record_hash", "state", "stage", "detail"])
def test_a_bit_that_makes_a_column_no_text_costs_its_record_alone(finished, tmp_path, column):
    before = finished.records_path.read_bytes()
    connection = sqlite3.connect(finished.state_path)
    connection.execute("PRAGMA ignore_check_constraints=1")
    connection.execute(f"UPDATE results SET {column}=cast(x'69f46d' AS TEXT) WHERE record_id='item-3'")
    connection.commit()
    connection.close()
    stage = Logged(tmp_path / "log")
    run(finished.path, stage=stage, count=5, resume=True)
    assert stage.worked_on() == ["item-3"]
    assert finished.records_path.read_bytes() == before


@pytest.mark.parametrize(
    "column", ["state", "calls", "cost_usd", "record_hash", "reason", "ordinal", "elapsed_s"]
)
def test_every_column_is_under_the_hash(finished, column):
    connection = sqlite3.connect(finished.state_path)
    connection.execute("PRAGMA ignore_check_constraints=1")
    connection.execute(f"UPDATE results SET {column}=77 WHERE record_id='item-3'")
    connection.commit()
    connection.close()
    state = finished.state()
    assert [row.record_id for row in state.rows() if row.damaged] == ["item-3"]
    state.close()


# ------------------------------------------------------------ torn files (C2)


@pytest.mark.slow
def test_torn_tail_of_the_log_costs_at_most_the_last_commit_and_no_torn_record_counts(tmp_path):
    log = tmp_path / "log"
    command = [
        sys.executable,
        "-m",
        "tests.runs.worker",
        tmp_path / "out",
        "60",
        "--log",
        log,
        "--pause",
        "0.01",
    ]
    process = subprocess.Popen([*map(str, command), "--concurrency", "1"])
    while len(Logged(log).worked_on()) < 40:
        assert process.poll() is None
    process.kill()
    process.wait()
    stored = len(Logged(log).worked_on()) - 1  # the last one may have been in flight
    wal = tmp_path / "out" / "run.sqlite-wal"
    os.truncate(wal, wal.stat().st_size - 1)
    state = RunFolder.open(tmp_path / "out").state()
    kept = list(state.rows())
    state.close()
    assert len(kept) >= stored - 1
    assert not any(row.damaged for row in kept)
    summary = run(tmp_path / "out", stage=Logged(log), count=60, resume=True)
    whole = run(tmp_path / "whole", count=60)
    assert summary.done == 60
    assert summary.folder.records_path.read_bytes() == whole.folder.records_path.read_bytes()


@pytest.mark.parametrize("seed", range(6))
def test_state_file_cut_at_any_place_is_refused_in_a_sentence_or_read_soundly(tmp_path, seed):
    run(tmp_path / "out", count=300)
    folder = RunFolder.open(tmp_path / "out")
    whole = {answer.id for answer in folder.records(Answer)}
    os.truncate(folder.state_path, random.Random(seed).randrange(1, folder.state_path.stat().st_size))
    try:
        assert {answer.id for answer in folder.records(Answer)} <= whole
    except DataError as error:
        assert "damaged" in str(error)  # noqa: PT017 - either is right, depending on where the cut is


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"run_id": 5}', b"\xff\xfe"])
def test_cut_or_edited_run_json_is_named(finished, content):
    finished.info_path.write_bytes(content)
    with pytest.raises(DataError, match=r"run\.json"):
        RunFolder.open(finished.path)


# ------------------------------------------------------------ upgrades (C8)


def table_names(connection):
    return {
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    }


VERSION_1 = """
    CREATE TABLE results (
        ordinal INTEGER PRIMARY KEY, record_id TEXT NOT NULL UNIQUE, record_hash TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('done', 'failed', 'skipped')),
        outputs INTEGER NOT NULL, unscored INTEGER NOT NULL,
        stage TEXT NOT NULL, error TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
        attempts INTEGER NOT NULL, calls INTEGER NOT NULL, cached INTEGER NOT NULL,
        prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, cost_usd REAL,
        estimated INTEGER NOT NULL, elapsed_s REAL NOT NULL, row_hash BLOB NOT NULL, lines BLOB NOT NULL);
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    PRAGMA user_version = 1;
"""
"""As the first release wrote it. Never change this."""


def version_1_file(path):
    """A run of four records in a file of the first schema."""
    run(path.parent, count=4)
    present = path.with_name("present.sqlite")
    path.rename(present)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(VERSION_1)
    connection.execute("ATTACH ? AS present", (str(present),))
    connection.execute("INSERT INTO results SELECT * FROM present.results")
    connection.close()
    present.unlink()


def test_empty_file_and_version_1_become_the_same_schema(tmp_path):
    version_1_file(tmp_path / "old" / "run.sqlite")
    schemas = []
    for path in (tmp_path / "old" / "run.sqlite", tmp_path / "new.sqlite"):
        connection = sqlite3.connect(path, isolation_level=None)
        upgrade(connection, path)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        schemas.append(table_names(connection))
        connection.close()
    assert schemas[0] == schemas[1] == {"results", "meta", "results_not_done"}
    assert len(list(RunFolder.open(tmp_path / "old").records(Answer))) == 4


@pytest.mark.slow
def test_upgrade_killed_midway_leaves_the_old_version_whole(tmp_path):
    path = tmp_path / "old" / "run.sqlite"
    version_1_file(path)
    program = """
import os, signal, sqlite3, sys
from tactful.runs.store import schema
schema.MIGRATIONS += (("ALTER TABLE meta ADD COLUMN extra TEXT", "SELECT die()"),)
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.create_function("die", 0, lambda: os.kill(os.getpid(), signal.SIGKILL))
schema.upgrade(connection, sys.argv[1])
"""
    killed = subprocess.run([sys.executable, "-c", program, str(path)])
    assert killed.returncode == -signal.SIGKILL
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert table_names(connection) == {"results", "meta"}
    connection.close()
    assert len(list(RunFolder.open(path.parent).records(Answer))) == 4


def test_file_of_a_newer_tactful_is_refused(finished):
    connection = sqlite3.connect(finished.state_path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DataError, match=r"written by a newer Tactful .*upgrade tactful"):
        finished.counts()


# ------------------------------------------------------------ full disk (C3)

_FULL = """
import sys
from pathlib import Path
from tactful.errors import UserError
from tests.runs import parts
out = Path(sys.argv[1])
try:
    parts.run(out, count=4000, resume=out.exists(), stage=parts.double)
except UserError as error:
    sys.exit(f"told: {error}")
"""


def stored(folder):
    state = folder.state()
    rows = list(state.rows())
    state.close()
    assert not any(row.damaged for row in rows)
    return len(rows)


@pytest.mark.slow
def test_file_that_may_not_grow_stops_the_run_in_a_sentence_and_keeps_what_was_stored(tmp_path):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    out = tmp_path / "out"
    result = subprocess.run(
        [sys.executable, "-c", _FULL, out], preexec_fn=limit, capture_output=True, text=True
    )
    assert result.returncode == 1
    assert "told:" in result.stderr
    assert "make room on the disk, then go on with --resume" in result.stderr
    kept = stored(RunFolder.open(out))
    assert 0 < kept < 4000
    summary = run(out, count=4000, resume=True)
    assert summary.done == 4000


@pytest.mark.slow
def test_a_run_on_a_disk_without_room_can_still_be_looked_at(tmp_path):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(
            resource.RLIMIT_FSIZE, (0, 0)
        )  # as where the disk is full: no file of SQLite's own grows

    run(tmp_path / "out", count=20)
    result = subprocess.run(
        [sys.executable, "-m", "tactful", "runs", "show", tmp_path / "out", "--json"],
        preexec_fn=limit,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert '"done": 20' in result.stdout


@pytest.mark.slow
def test_full_disk_stops_the_run_in_a_sentence_and_keeps_what_was_stored(tmp_path):
    mount = ["unshare", "--user", "--map-root-user", "--mount"] if shutil.which("unshare") else []
    probe = (
        subprocess.run([*mount, "mount", "-t", "tmpfs", "tmpfs", tmp_path], capture_output=True)
        if mount
        else None
    )
    if probe is None or probe.returncode:
        pytest.skip("no small file system can be mounted here without privileges")
    script = f"""
mkdir {tmp_path}/small && mount -t tmpfs -o size=400k tmpfs {tmp_path}/small || exit 99
"$@" {tmp_path}/small/out; code=$?
cp -r {tmp_path}/small/out {tmp_path}/copy; exit $code
"""
    command = [*mount, "sh", "-c", script, "sh", sys.executable, "-c", _FULL]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1, result.stderr
    assert "make room on the disk, then go on with --resume" in result.stderr
    assert 0 < stored(RunFolder.open(tmp_path / "copy")) < 4000
    summary = run(tmp_path / "copy", count=4000, resume=True)
    assert summary.done == 4000
    whole = run(tmp_path / "whole", count=4000)
    assert summary.folder.records_path.read_bytes() == whole.folder.records_path.read_bytes()


def test_state_that_cannot_be_opened_is_told_in_a_sentence(tmp_path):
    (tmp_path / "run.sqlite").mkdir()
    with pytest.raises((UserError, OSError)):
        RunState.create(tmp_path / "run.sqlite")


def test_many_readers_read_while_a_run_writes(tmp_path):
    async def stage(item, context):
        if item.number == 50:
            assert RunFolder.open(tmp_path / "out").counts().done > 0
        return await parts.double(item, context)

    assert run(tmp_path / "out", stage=stage, count=100).done == 100


# ------------------------------------------------------------ places


@pytest.fixture
def state(tmp_path):
    """20 records of which 3 and 13 are skipped, 5, 7, 15, 17 failed, and the last was set aside."""
    folder = run(tmp_path / "out", stage=parts.moody, count=20).folder
    writer = RunState.create(folder.state_path)
    writer.vacate(19)
    yield writer
    writer.close()


def test_a_page_of_places_and_how_many_there_are_leave_out_what_was_set_aside(state):
    assert state.places({}, "order", descending=False, offset=17, limit=5) == ([17, 18], 19)
    assert state.places({"state": "failed"}, "order", descending=True, offset=1, limit=2) == ([15, 7], 4)
    assert state.places({"error": "ZeroDivisionError"}, "id", descending=False, offset=0, limit=9) == (
        [17, 7],
        2,
    )
    assert state.count() == 19


def test_rows_come_in_the_order_asked_for_without_those_that_are_not_there(state):
    assert [row.record_id for row in state.at([5, 2, 99, 19])] == ["item-5", "item-2"]
    assert state.at([]) == []


def test_stamps_tell_a_row_that_was_replaced(state):
    before = dict(state.stamps(4, 3))
    assert list(before) == [5, 6, 7]
    (row,) = state.at([6])
    row.result.lines = b"{}\n"
    state._write([packed(row)])
    after = dict(state.stamps(-9, 99))
    assert len(after) == 19
    assert {place for place in before if before[place] != after[place]} == {6}


def test_the_line_of_an_output_counts_the_outputs_before_it(state):
    assert state.outputs_before(4) == (3, 1)  # 0, 1, 2; 3 was skipped
    assert state.outputs_before(5) == (4, 0)  # failed: no line
