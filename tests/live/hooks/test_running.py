"""Whatever happens to a hook, the agent goes on: nothing said, no exception, a line without texts."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.live.hooks.sessions import SESSION, ClaudeLog, ask_of, prompt_of

import tactful as tf
from tactful.api.live.hook import answer_hook
from tactful.errors import SafetyRefusal, UsageError
from tactful.live.counsel.there import CounselThere
from tactful.live.counsel.types import Counsel
from tactful.live.hooks import running
from tactful.live.hooks.transcript import turns_of

SECRET = "the zebra hides in the pantry of the plan"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return running.state_folder()


def ran(call: bytes | dict[str, Any], **options: Any) -> Any:
    """What is said to one call; None: nothing."""
    out = io.BytesIO()
    answer_hook(io.BytesIO(call if isinstance(call, bytes) else json.dumps(call).encode()), out, **options)
    return json.loads(out.getvalue()) if out.getvalue() else None


@pytest.mark.parametrize(
    "call",
    [
        b"",
        b"no json",
        b"[1]",
        b"\xff\xfe",
        b'{"hook_event_name": "UserPromptSubmit"}',
        json.dumps({"hook_event_name": "UserPromptSubmit", "session_id": "s", "prompt": 4}).encode(),
        b'{"prompt": "' + SECRET.encode() + b'", "hook_event_name": 1, "session_id": "s"}',
    ],
)
def test_what_is_no_call_gets_no_answer_and_a_line(folder: Path, call: bytes) -> None:
    assert ran(call, reader="surface", mode="act") is None
    lines = (folder / "hooks.log").read_text().splitlines()
    assert len(lines) == 1
    assert "zebra" not in lines[0]


def test_a_call_over_the_bound_is_not_read_to_its_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_MOST", 1000)
    given = io.BytesIO(b"x" * 5000)
    answer_hook(given, io.BytesIO(), reader="surface")
    assert given.tell() == 1001
    assert (folder / "hooks.log").read_text().endswith("unread: ValueError\n")


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "acct"},
        {"reader": "surfaces"},
        {"policy": "/nowhere/policy.json"},
        {"config": "/nowhere/live.toml"},
        {"database": "/dev/null/live.sqlite"},
        {"url": "http://example.com"},
        {"url": "elsewhere"},
        {"url": "http://127.0.0.1:9", "api_key_env": "NOT_SET_ANYWHERE"},
    ],
)
def test_what_cannot_be_opened_is_a_line_and_no_answer(
    folder: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    call = prompt_of(SECRET, ClaudeLog(tmp_path / "s.jsonl").path)
    assert ran(call, **{"reader": "surface", "mode": "act", **options}) is None
    log = (folder / "hooks.log").read_text()
    assert "UserPromptSubmit: " in log
    assert "zebra" not in log


def test_a_damaged_session_log_is_read_as_far_as_it_goes(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "s.jsonl"
    log.write_bytes(
        b'\x00\x01 no json\n{"type": "user"}\n[]\n{"sessionId": "s", "type": "user", "uuid": "1", "message": 4}\n'
    )
    said = ran(prompt_of("Set up the store as written in the plan.", log), reader="surface", mode="advise")
    assert said["hookSpecificOutput"]["hookEventName"] == "UserPromptSubmit"
    missing = prompt_of("Set up the store as written in the plan.", tmp_path / "none.jsonl")
    assert ran(missing, reader="surface", mode="advise") is not None


def test_half_a_character_in_a_prompt_or_its_session_costs_no_answer(folder: Path, tmp_path: Path) -> None:
    log = ClaudeLog(tmp_path / "s.jsonl")
    log.user("Set up the store \ud83d now.")
    log.assistant({"type": "text", "text": "Done."})
    said = ran(
        prompt_of("Set up the store \ud83d as written in the plan.", log.path),
        reader="surface",
        mode="advise",
    )
    assert said["hookSpecificOutput"]["hookEventName"] == "UserPromptSubmit"
    assert [turn.content for turn in turns_of(log.path, SESSION)] == ["Set up the store ? now.", "Done."]


def test_a_hook_keeps_no_words_and_leaves_the_project_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    monkeypatch.chdir(project)
    monkeypatch.setenv("LOGNAME", "dora-zebra")
    assert ran(prompt_of(SECRET, project / "s.jsonl"), reader="surface", mode="advise") is not None
    assert [path.name for path in project.iterdir()] == [".git"]
    held = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"zebra" not in held


def test_the_same_person_is_known_in_every_project(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tactful.live.advisor import Advisor
    from tactful.reading.surface import SurfaceReader

    users = set()
    for name in ("one", "two"):
        project = tmp_path / name
        project.mkdir()
        monkeypatch.chdir(project)
        ran(prompt_of(SECRET, project / "s.jsonl", session_id=name), reader="surface", mode="advise")
        with Advisor(folder / "live.sqlite", reader=SurfaceReader.load()) as advisor:
            latest = advisor.latest(name)
            assert latest is not None
            users.add(latest.user)
    assert len(users) == 1
    assert users != {""}


class Breaks:
    """A counsel that fails at everything, in its own words."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def fail(*_: object, **__: object) -> Any:
            raise RuntimeError(SECRET)

        return fail


def test_a_failure_inside_tells_its_kind_alone(folder: Path, tmp_path: Path) -> None:
    out = io.BytesIO()
    call = json.dumps(prompt_of("Hello there", tmp_path / "s.jsonl")).encode()
    broken: Counsel = Breaks()  # type: ignore[assignment]
    running.run_hook(lambda: broken, folder, given=io.BytesIO(call), told=out)
    assert out.getvalue() == b""
    told = [line.split(" ", 1)[1] for line in (folder / "hooks.log").read_text().splitlines()]
    assert told == ["UserPromptSubmit: RuntimeError", "UserPromptSubmit: RuntimeError while closing"]


def test_at_the_deadline_the_process_ends_as_if_there_was_nothing_to_say(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    held = threading.Event()

    def end(code: int) -> None:
        ended.append(code)
        held.set()

    monkeypatch.setattr(running, "DEADLINE_S", 0.05)
    monkeypatch.setattr(running.os, "_exit", end)

    class Slow(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            held.wait(10)
            return b""

    running.run_hook(lambda: Breaks(), folder, given=Slow(), told=io.BytesIO())  # type: ignore[arg-type,return-value]
    assert ended == [0]


# ------------------------------------------------------------ a server that runs already


@pytest.fixture
def patient(tmp_path: Path) -> dict[str, Any]:
    """Options of a server that decides also on a busy machine."""
    (tmp_path / "live.toml").write_text("timeout_ms = 20000\n")
    return {
        "config": tmp_path / "live.toml",
        "database": str(tmp_path / "live.sqlite"),
        "reader": "surface",
        "mode": "act",
    }


@pytest.fixture
def served(patient: dict[str, Any]) -> Iterator[str]:
    with tf.live_serve(**patient) as one:
        yield one.address


def test_a_running_server_decides_for_a_hook(folder: Path, tmp_path: Path, served: str) -> None:
    log = ClaudeLog(tmp_path / "s.jsonl")
    prompt = "What is 2+2?"
    said = ran(prompt_of(prompt, log.path), url=served, timeout_ms=10_000)
    assert "About this request" in said["hookSpecificOutput"]["additionalContext"]
    log.user(prompt)
    found = ran(ask_of(log.path), url=served, timeout_ms=10_000)
    held_back = "as it stands" in said["hookSpecificOutput"]["additionalContext"]
    assert (found is not None) == held_back
    assert not (folder / "live.sqlite").exists()
    log.asks('User has answered your questions: "Which database do you want?"="PostgreSQL".')
    log.assistant({"type": "text", "text": "4"})
    assert ran(prompt_of("And 3+3?", log.path), url=served, timeout_ms=10_000) is not None
    assert not (folder / "hooks.log").exists()


def test_a_server_that_does_not_answer_is_not_waited_for(folder: Path, tmp_path: Path) -> None:
    call = prompt_of(SECRET, tmp_path / "s.jsonl")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert ran(call, url=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_ms=100) is None
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert ran(call, url=f"http://127.0.0.1:{port}") is None
    assert len((folder / "hooks.log").read_text().splitlines()) == 2


def test_a_key_is_sent_to_whom_it_is_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path, patient: dict[str, Any]
) -> None:
    monkeypatch.setenv("A_KEY", "a-long-key")
    call = prompt_of("What is 2+2?", tmp_path / "s.jsonl")
    with tf.live_serve(**patient, api_key_env="A_KEY") as one:
        assert ran(call, url=one.address, timeout_ms=10_000) is None  # no key
        assert ran(call, url=one.address, timeout_ms=10_000, api_key_env="A_KEY") is not None


def test_what_is_said_leaves_the_machine_only_where_a_key_says_so() -> None:
    with pytest.raises(SafetyRefusal, match="another machine"):
        CounselThere("http://example.com")
    with pytest.raises(UsageError):
        CounselThere("example.com")
    CounselThere("https://example.com", "a-key")
    CounselThere("http://localhost:8000")
