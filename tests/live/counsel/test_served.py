"""A hook finds the server that works on its database with its settings, and no other."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.live.hooks.sessions import prompt_of

import tactful as tf
from tactful.api.live import hook
from tactful.live.configuring import LiveConfig
from tactful.live.counsel.served import announced, serving

OPEN = "Write a function that reads the sales file and sends the report to the team."


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("tactful.live.counsel.served._ANSWERS_S", 30)  # a busy machine
    monkeypatch.setattr("tactful.live.hooks.running.DEADLINE_S", 120)
    (tmp_path / "tactful").mkdir()
    return tmp_path / "tactful" / "live.sqlite"


def said(**options: Any) -> Any:
    out = io.BytesIO()
    hook.answer_hook(io.BytesIO(json.dumps(prompt_of(OPEN, Path("none.jsonl"))).encode()), out, **options)
    return json.loads(out.getvalue()) if out.getvalue() else None


def refuses(*_: object, **__: object) -> None:
    raise AssertionError("nothing is decided here")


def test_a_hook_asks_the_server_that_works_on_its_database(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tf.live_serve(database=str(database), reader="surface", mode="advise"):
        assert oct(Path(f"{database}.server").stat().st_mode)[-3:] == "600"
        with monkeypatch.context() as patched:
            patched.setattr(hook, "counsel_here", refuses)
            assert said(reader="surface", mode="advise") is not None
    assert not Path(f"{database}.server").exists()
    assert (
        said(reader="surface", mode="advise", timeout_ms=20_000) is not None
    )  # nobody serves it: decided here


@pytest.mark.parametrize(
    "other", [{"mode": "act"}, {"reader": "encoder"}, {"share": 0.5}, {"database": "other.sqlite"}]
)
def test_a_server_that_decides_otherwise_is_not_asked(database: Path, other: dict[str, Any]) -> None:
    config = LiveConfig(database=str(database), reader="surface", mode="advise")
    with tf.live_serve(database=str(database), reader="surface", mode="advise"):
        assert serving(config) is not None
        assert serving(config.model_copy(update={"domain": "coding", "timeout_ms": 5000.0})) is not None
        assert serving(config.model_copy(update=other)) is None


def test_a_server_that_asks_for_a_key_tells_nobody(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "0123456789abcdef")
    with tf.live_serve(database=str(database), reader="surface", api_key_env="KEY"):
        assert not Path(f"{database}.server").exists()


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"[1]",
        b"{}",
        b'{"decides": {}, "pid": "x"}',
    ],
)
def test_a_note_that_says_nothing_leads_nowhere(database: Path, note: bytes) -> None:
    Path(f"{database}.server").write_bytes(note)
    assert serving(LiveConfig(database=str(database))) is None


def test_a_note_of_a_server_that_is_gone_or_elsewhere_leads_nowhere(database: Path) -> None:
    config = LiveConfig(database=str(database))
    for address in ("http://127.0.0.1:9", "http://192.0.2.1:80", "ftp://127.0.0.1"):
        with announced(config, address):
            assert serving(config) is None
    with announced(config, "http://127.0.0.1:9"):
        note = Path(f"{database}.server")
        note.write_bytes(note.read_bytes().replace(str(os.getpid()).encode(), b"99999999"))
        assert serving(config) is None
