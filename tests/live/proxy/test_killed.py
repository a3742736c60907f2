"""A proxy that is killed at work: what it acknowledged is stored, what it passed on is whole; and the command itself."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from tests.live.proxy.conftest import talk
from tests.live.proxy.test_advice import REQUEST
from tests.live.proxy.upstream import chunked, wired

EVENTS = [b"data: %d\n\n" % at for at in range(20)] + [b"data: [DONE]\n\n"]


@contextmanager
def command(upstream: str, database: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    words = [sys.executable, "-m", "tactful", "live", "proxy", "--upstream", upstream, "--port", "0"]
    words += ["--database", str(database), "--reader", "none", "--mode", "advise", "--json", *flags]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())["address"]
        finally:
            process.kill()


def stored(database: Path) -> set[str]:
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = {row[0] for row in connection.execute("SELECT id FROM advice")}
    connection.close()
    return found


@pytest.mark.slow
async def test_a_killed_proxy_has_stored_what_it_acknowledged_and_passed_on_whole_answers(
    tmp_path: Path,
) -> None:
    database, acknowledged, whole = tmp_path / "live.sqlite", set(), 0

    async def client(address: str, number: int, session: aiohttp.ClientSession) -> None:
        nonlocal whole
        with suppress(aiohttp.ClientError, OSError):
            for turn in range(10_000):
                body = {"messages": talk(f"{REQUEST} {number} {turn}"), "stream": True}
                async with session.post(f"{address}/v1/chat/completions", json=body) as reply:
                    if id := reply.headers.get("x-tactful-advice"):
                        acknowledged.add(id)
                    assert await reply.read() == b"".join(EVENTS)
                    whole += 1

    async with wired(chunked(EVENTS)) as wire:
        for _ in range(2):  # and again with what the first one left
            before = len(acknowledged)
            with command(wire.url, database) as (process, address):
                async with aiohttp.ClientSession() as session:
                    clients = [
                        asyncio.ensure_future(client(address, number, session)) for number in range(30)
                    ]
                    while len(acknowledged) < before + 100:
                        await asyncio.sleep(0.01)
                        assert not all(one.done() for one in clients)
                    process.send_signal(signal.SIGKILL)
                    await asyncio.gather(*clients)
            assert acknowledged <= await asyncio.to_thread(stored, database)
        assert whole > 150


@pytest.mark.slow
async def test_the_command_ends_in_order_with_what_it_decided_and_tells_where_it_is(tmp_path: Path) -> None:
    database = tmp_path / "live.sqlite"
    async with wired(chunked(EVENTS)) as wire:
        with command(wire.url, database) as (process, address):
            async with aiohttp.ClientSession() as session:
                body = {"messages": talk(REQUEST)}
                async with session.post(f"{address}/v1/chat/completions", json=body) as reply:
                    assert await reply.read() == b"".join(EVENTS)
            process.send_signal(signal.SIGTERM)
            _, told = await asyncio.to_thread(process.communicate, None, 30)
        assert process.returncode == 0
        assert address in told
        assert len(stored(database)) == 1


@pytest.mark.parametrize(
    ("flags", "code", "says"),
    [
        (("--upstream", "nowhere"), 2, "--upstream"),
        (("--upstream", "http://127.0.0.1:9/v1", "--host", "0.0.0.0"), 3, "--api-key-env"),
        (("--upstream", "http://127.0.0.1:9/v1", "--mode", "loud"), 1, "mode"),
        (("--upstream", "http://127.0.0.1:9/v1", "--reader", "gpt"), 1, "reader 'gpt'"),
        (("--upstream", "http://127.0.0.1:9/v1", "--policy", "none.json"), 1, "none.json"),
        (("--upstream", "http://127.0.0.1:9/v1", "--config", "wrong.toml"), 1, "wrong.toml: "),
        (
            ("--upstream", "http://127.0.0.1:9/v1", "--database", "no/such/folder/x.sqlite"),
            1,
            "no/such/folder",
        ),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_listens(
    tactful, tmp_path, monkeypatch, flags, code, says
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.toml").write_text("[guards]\nquestions_per_talk = 3\n")
    done = tactful("live", "proxy", *flags)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_flags_go_before_what_the_file_says(tmp_path: Path) -> None:
    from tactful.live.opening import read_live_config

    file = tmp_path / "live.toml"
    file.write_text(
        'mode = "act"\nshare = 0.25\nreader = "surface"\n[guards]\nquestions_per_conversation = 1\n'
    )
    found = read_live_config(file, mode="advise", share=None)
    assert (found.mode, found.share, found.reader) == ("advise", 0.25, "surface")
    assert found.guards.questions_per_conversation == 1
