from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import pytest

from tactful.errors import UserError
from tactful.llm import CallCache, metered
from tactful.llm.cache import Asked, calls_of, packed
from tactful.types import Message

KEY = b"k" * 16


async def put(cache: CallCache, number: int) -> None:
    await cache.put(number.to_bytes(16), b"answer %d" % number, usage=b"1,2,0", model="m")


async def test_an_answer_is_there_as_soon_as_put_returns_also_for_another_process(tmp_path: Path) -> None:
    with CallCache(tmp_path / "calls.sqlite") as cache, CallCache(tmp_path / "calls.sqlite") as other:
        assert cache.get(KEY) is None
        await cache.put(KEY, b"body", usage=b"7,8,1", model="m")
        for reader in (cache, other):
            stored = reader.get(KEY)
            assert stored is not None
            assert (stored.body, stored.usage, stored.invalid) == (b"body", b"7,8,1", False)


async def test_concurrent_puts_share_commits_and_lose_nothing(tmp_path: Path) -> None:
    with CallCache(tmp_path / "calls.sqlite") as cache:
        await asyncio.gather(*(put(cache, number) for number in range(1000)))
        assert all(cache.get(number.to_bytes(16)) for number in range(1000))


async def test_a_marked_answer_says_so_and_a_new_one_clears_the_mark(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    with CallCache(path) as cache:
        await cache.put(KEY, b"bad", usage=b"1,1,0", model="m")
        cache.mark_invalid(KEY)
    with CallCache(path) as cache:
        stored = cache.get(KEY)
        assert stored is not None
        assert stored.invalid
        await cache.put(KEY, b"good", usage=b"1,1,0", model="m")
        stored = cache.get(KEY)
        assert stored is not None
        assert (stored.body, stored.invalid) == (b"good", False)


async def test_notes_about_endpoints_are_kept(tmp_path: Path) -> None:
    with CallCache(tmp_path / "calls.sqlite") as cache:
        assert cache.get_fact("a") is None
        await cache.put_fact("a", b"1")
        await cache.put_fact("a", b"2")
    with CallCache(tmp_path / "calls.sqlite") as cache:
        assert cache.get_fact("a") == b"2"


@pytest.mark.parametrize("column", ["body", "usage", "digest"])
async def test_C6_flipped_bytes_are_detected_reported_and_treated_as_absent(
    column: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "calls.sqlite"
    with CallCache(path) as cache:
        await cache.put(KEY, b"yes, accepted", usage=b"1,1,0", model="m")
    database = sqlite3.connect(path)
    (value,) = database.execute(f"SELECT {column} FROM calls").fetchone()
    database.execute(f"UPDATE calls SET {column} = ?", (bytes([value[0] ^ 1]) + value[1:],))
    database.commit()
    database.close()
    with CallCache(path) as cache, caplog.at_level(logging.WARNING):
        assert cache.get(KEY) is None
        assert cache.damaged == 1
    assert "does not match its hash" in caplog.text


async def test_V4_folder_and_files_are_for_the_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with CallCache(tmp_path / "new" / "calls.sqlite") as cache:
            await put(cache, 1)
            modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in (tmp_path / "new").iterdir()}
            assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    finally:
        os.umask(old)
    assert modes == {"calls.sqlite": 0o600, "calls.sqlite-wal": 0o600, "calls.sqlite-shm": 0o600}


def test_a_file_that_is_no_call_cache_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database " * 100)
    with pytest.raises(UserError, match=r"notes\.txt: not a call cache"):
        CallCache(path)
    assert path.read_text() == "no database " * 100


def test_a_cache_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(UserError, match="version 99"):
        CallCache(path)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be opened"):
        CallCache(tmp_path / "file" / "calls.sqlite")


def test_a_full_disk_is_not_said_to_be_another_kind_of_file(tmp_path: Path) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    with (
        mock.patch.object(CallCache, "_prepare", side_effect=full),
        pytest.raises(
            UserError,
            match=r"calls\.sqlite: the call cache cannot be opened \(database or disk is full\); .*free space",
        ),
    ):
        CallCache(tmp_path / "calls.sqlite")


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    cache = CallCache(tmp_path / "calls.sqlite")
    cache.close()
    cache.close()


WRITER = """
import asyncio, sys
from tactful.llm import CallCache, metered
from tactful.llm.cache import Asked, calls_of
from tactful.types import Message

async def main():
    cache = CallCache(sys.argv[1])
    async def one(worker):
        for number in range(worker, 10**6, 8):
            await cache.put(number.to_bytes(16), b"answer %d" % number * 20, usage=b"1,1,0", model="m")
            print(number, flush=True)
    await asyncio.gather(*map(one, range(8)))

asyncio.run(main())
"""


@pytest.mark.slow
def test_C1_kill_at_random_moments_loses_no_acknowledged_answer(tmp_path: Path) -> None:
    rng = random.Random(4)
    for turn in range(4):
        path = tmp_path / f"{turn}.sqlite"
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(rng.uniform(0.01, 0.2))
            os.kill(process.pid, signal.SIGKILL)
            acknowledged = [
                int(line) for line in process.stdout.read().splitlines(keepends=True) if line[-1:] == b"\n"
            ]
        with CallCache(path) as cache:
            assert len(acknowledged) > 1
            assert all(cache.get(number.to_bytes(16)) for number in acknowledged)
            assert cache.damaged == 0


async def test_what_was_sent_is_kept_by_record_also_in_a_cache_of_before(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    CallCache(path).close()
    with sqlite3.connect(path) as connection:
        connection.executescript("DROP TABLE asked; ALTER TABLE calls DROP COLUMN messages")
    with CallCache(path) as cache:
        with metered(("run", "r1")):
            await cache.put(
                KEY, b"body", usage=b"7,8,1", model="m", messages=[Message(role="user", content="问")]
            )
        with metered(("run", "r2")), metered():  # a meter inside belongs to the same record
            cache.note(KEY)
        cache.note(KEY)  # outside of runs: for nobody
        await put(cache, 1)
    with sqlite3.connect(path) as connection:
        for record in ("r1", "r2"):
            assert calls_of(connection, "run", record) == [Asked("m", (("user", "问"),), b"body", 15, False)]
        assert calls_of(connection, "other", "r1") == []
        assert connection.execute("SELECT count(*) FROM asked").fetchone() == (2,)


async def test_what_was_sent_moves_out_of_the_table_where_it_stood_before(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    with CallCache(path) as cache, metered(("run", "r1")):
        await put(cache, 1)
        await put(cache, 2)
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE calls DROP COLUMN messages")
        connection.execute("CREATE TABLE requests (key BLOB PRIMARY KEY, messages BLOB NOT NULL)")
        connection.execute(
            "INSERT INTO requests SELECT key, ? FROM calls LIMIT 1",
            (packed([Message(role="user", content="q")]),),
        )
    CallCache(path).close()
    with sqlite3.connect(path) as connection:
        assert [asked.messages for asked in calls_of(connection, "run", "r1")] == [(("user", "q"),), ()]
