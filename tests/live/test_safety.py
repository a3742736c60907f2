"""Across all that is live: nothing that was said is left anywhere, others are kept out, and no database holds anybody up.

Each room has tests of its own beside these (proxy, serve, hooks, mcp, watch): here are the real commands, in processes of their own.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.chat_server import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
CANARY = "canary-zebra-4711"
SAID, OPEN = f"Book a table for {CANARY}", "Book a table"
USER = "canary-user-4711"
KEY = "sk-canary-key-4711"
COMMANDS = ("proxy", "serve", "watch")
CAPPED = 8 * 1024
"""Bytes that a process may write into one file, where its disk is full: enough for no decision."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "live.toml").write_text("timeout_ms = 20000\n[guards]\nexplore = 0\n")  # a busy machine
    (tmp_path / "rules.toml").write_text('[[rule]]\nkind = "fix"\nwhen = "error"\noffer = "Look into it?"\n')
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "TMPDIR": str(folder),
        "PYTHONDEVMODE": "1",  # all warnings
    }


def full() -> None:
    """From here on no file of this process grows far: as on a disk without room."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (CAPPED, CAPPED))


def words(verb: str, folder: Path, upstream: str = "http://127.0.0.1:9/v1") -> list[str]:
    """A command of `tactful live` on the database of the folder."""
    config = ["--config", str(folder / "live.toml"), "--reader", "surface", "--mode", "act"]
    more = {
        "proxy": ["--upstream", upstream, *config],
        "serve": config,
        "watch": ["--rules", str(folder / "rules.toml"), "--reader", "none", "--mode", "act"],
        "hook": config,
        "mcp": config,
    }[verb]
    return [sys.executable, "-m", "tactful", "live", verb, "--database", str(folder / "live.sqlite"), *more]


@dataclass
class Served:
    """A command that listens."""

    address: str

    def call(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.address + path, data, {"Content-Type": "application/json", **headers}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())


@contextmanager
def served(verb: str, folder: Path, *more: str, before: Callable[[], None] | None = None) -> Iterator[Served]:
    """`tactful live VERB --json` on a free port; what it prints and logs is in `VERB.out` and `VERB.err`."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [*words(verb, folder), *more, "--port", str(port)]
    with (folder / f"{verb}.out").open("wb") as out, (folder / f"{verb}.err").open("wb") as err:
        process = subprocess.Popen(
            arguments, cwd=folder, env=environment(folder), stdout=out, stderr=err, preexec_fn=before
        )
        try:
            until = time.monotonic() + 120
            while True:
                assert process.poll() is None, (folder / f"{verb}.err").read_text()
                assert time.monotonic() < until
                with closing(socket.socket()) as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield Served(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(60)


def hooked(folder: Path, prompt: str, before: Callable[[], None] | None = None) -> str:
    """What a hook says to a prompt."""
    call = {"hook_event_name": "UserPromptSubmit", "session_id": "s", "prompt": prompt}
    done = subprocess.run(
        words("hook", folder),
        input=json.dumps(call).encode(),
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        timeout=120,
        check=False,
        preexec_fn=before,
    )
    assert done.returncode == 0
    (folder / "hook.err").write_bytes(done.stderr)
    return done.stdout.decode()


def asked_mcp(folder: Path, request: str, before: Callable[[], None] | None = None) -> Any:
    """What should_i_ask says about a request, by hand: three lines of JSON-RPC."""
    client = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    }
    arguments = {"name": "should_i_ask", "arguments": {"request": request, "conversation": "c"}}
    rows = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": arguments},
    ]
    with (folder / "mcp.err").open("wb") as err:
        process = subprocess.Popen(
            words("mcp", folder),
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=err,
            preexec_fn=before,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            for row in rows:
                process.stdin.write(json.dumps(row).encode() + b"\n")
                process.stdin.flush()
            while (row := json.loads(process.stdout.readline())).get("id") != 2:
                pass
            return row["result"]["structuredContent"]
        finally:
            process.stdin.close()
            process.wait(60)
            process.stdout.close()


def holding(folder: Path, secrets: Sequence[str]) -> list[str]:
    """Files below the folder that hold one of these."""
    return [
        f"{path.relative_to(folder)}: {secret}"
        for path in folder.rglob("*")
        if path.is_file()
        for secret in secrets
        if secret.encode() in path.read_bytes()
    ]


def test_nothing_that_was_said_is_left_in_any_file(folder: Path) -> None:
    with serving() as upstream, served("proxy", folder, "--upstream", upstream.base_url) as at:
        body = {"model": "m", "user": USER, "messages": [{"role": "user", "content": SAID}]}
        assert at.call("/v1/chat/completions", body, Authorization=f"Bearer {KEY}")[0] == 200
        body["messages"] += [
            {"role": "assistant", "content": SAID},
            {"role": "user", "content": f"No! {SAID}"},
        ]
        assert at.call("/v1/chat/completions", body, Authorization=f"Bearer {KEY}")[0] == 200
    with served("serve", folder) as at:
        messages = [{"role": "user", "content": SAID}]
        assert at.call("/v1/advice", {"messages": messages, "user": USER})[0] == 200
        assert at.call("/v1/advice", {"messages": [*messages, {"role": CANARY}]})[0] == 400
        asked = {"type": "predicate", "name": CANARY, "instructions": SAID}
        assert at.call("/v1/decisions", {"model": "m", "input": SAID, "questions": [asked]})[0] == 200
        assert at.call(f"/v1/{CANARY}")[0] == 404
    with served("watch", folder) as at:
        event = {"time": time.time(), "event": f"An error about {CANARY}", "user": USER}
        assert at.call("/v1/events", {"events": [event]})[0] == 202
        assert at.call("/v1/events", {"events": [{"time": CANARY, "event": 7}]})[0] == 400
        until = time.monotonic() + 60
        while not at.call(f"/v1/offers?user={USER}")[1]["offers"]:
            assert time.monotonic() < until
            time.sleep(0.2)
    assert "About this request" in hooked(folder, SAID)
    assert asked_mcp(folder, SAID)["ask"] is not None
    assert rows(folder) >= 6
    assert holding(folder, (CANARY, USER, KEY)) == []


@pytest.mark.parametrize("verb", COMMANDS)
def test_it_listens_on_this_machine_alone_unless_told(verb: str, folder: Path) -> None:
    with served(verb, folder) as at:
        port = int(at.address.rpartition(":")[2])
        listening = {
            line.split()[1].split(":")[0]
            for name in ("tcp", "tcp6")
            for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
            if line.split()[3] == "0A" and int(line.split()[1].split(":")[1], 16) == port
        }
        assert listening == {"0100007F"}  # 127.0.0.1


@pytest.mark.parametrize("verb", COMMANDS)
def test_others_are_let_in_with_a_key_alone(verb: str, folder: Path) -> None:
    done = subprocess.run(
        [*words(verb, folder), "--host", "0.0.0.0", "--port", "0"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 3
    assert "--api-key-env" in done.stderr


# ------------------------------------------------------------ a database that takes nothing


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Somebody else writes, and does not end."""
    with closing(sqlite3.connect(folder / "live.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


@pytest.fixture
def made(folder: Path) -> Path:
    """The folder with a database that is there already."""
    hooked(folder, "Hello, who are you?")
    assert rows(folder) == 1
    return folder


def rows(folder: Path) -> int:
    """What is stored of decisions and looks at events."""
    with closing(sqlite3.connect(folder / "live.sqlite")) as connection:
        return sum(
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("advice", "offers")
        )


def _lock_or_nothing(folder: Path, before: Callable[[], None] | None) -> AbstractContextManager[None]:
    return locked(folder) if before is None else nullcontext()


def advised_by_a_server(folder: Path, before: Callable[[], None] | None = None) -> None:
    with served("serve", folder, before=before) as at, _lock_or_nothing(folder, before):
        status, told = at.call("/v1/advice", {"messages": [{"role": "user", "content": OPEN}]})
        assert (status, told["failed"]) == (200, "")
        assert told["choice"] == "ask"
        assert told["stored"] is False
        assert at.call("/health")[0] == 200


def advised_by_a_hook(folder: Path, before: Callable[[], None] | None = None) -> None:
    with _lock_or_nothing(folder, before):
        said = hooked(folder, OPEN, before)
    assert "About this request" in said


def advised_over_mcp(folder: Path, before: Callable[[], None] | None = None) -> None:
    with _lock_or_nothing(folder, before):
        assert asked_mcp(folder, OPEN, before)["ask"] is True


def watched(folder: Path, before: Callable[[], None] | None = None) -> None:
    with served("watch", folder, before=before) as at, _lock_or_nothing(folder, before):
        event = {"time": time.time(), "event": "An error is shown", "user": USER}
        for _ in range(3):
            assert at.call("/v1/events", {"events": [event]})[0] == 202
        assert at.call("/health")[0] == 200


WAYS = (advised_by_a_server, advised_by_a_hook, advised_over_mcp, watched)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_database_that_is_locked_holds_nobody_up(way: Callable[..., None], made: Path) -> None:
    way(made)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_disk_that_is_full_holds_nobody_up(way: Callable[..., None], made: Path) -> None:
    with closing(sqlite3.connect(made / "live.sqlite")) as other:
        other.execute(
            "SELECT 1 FROM meta"
        ).fetchall()  # what readers share is there already, and need not grow
        way(made, full)
    assert rows(made) == 1  # it was full indeed


def test_settings_that_are_shown_tell_no_password() -> None:
    from tactful.live.configuring import LiveConfig

    assert "hush" not in repr(LiveConfig(database="postgresql://me:hush@db.example/live"))
