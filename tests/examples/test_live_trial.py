"""The scripted assistant and people of docs/live.md talk with each other through the proxy."""

from __future__ import annotations

import random
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.examples.test_middleware import MIDDLEWARE, loaded

import tactful as tf


@pytest.mark.slow
def test_people_talk_with_the_assistant_through_the_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = loaded("live_trial", MIDDLEWARE.parent)
    servers: list[ThreadingHTTPServer] = []
    made = threading.Event()

    class Server(ThreadingHTTPServer):
        def __init__(self, *given: object) -> None:
            super().__init__(*given)  # type: ignore[arg-type]
            servers.append(self)
            made.set()

    monkeypatch.setattr(trial, "ThreadingHTTPServer", Server)
    work = threading.Thread(target=trial.serve, args=(0,))
    work.start()
    assert made.wait(20)
    upstream = f"http://127.0.0.1:{servers[0].server_address[1]}/v1"
    database = str(tmp_path / "live.sqlite")
    try:
        (tmp_path / "live.toml").write_text("timeout_ms = 20000\n")  # a busy machine
        with tf.live_proxy(
            upstream, config=tmp_path / "live.toml", database=database, reader="none"
        ) as served:
            trial.people(f"{served.address}/v1", 4)
    finally:
        servers[0].shutdown()
        work.join()
        servers[0].server_close()
    assert "4 conversations" in capsys.readouterr().out
    found = tf.live_status(database)
    assert (found.conversations, found.turns, found.named_users) == (4, 12, 4)


def test_the_assistant_does_as_the_facts_say() -> None:
    trial = loaded("live_trial", MIDDLEWARE.parent)
    is_open, clear = trial.OPEN[0].format("atlas"), trial.CLEAR[0].format("atlas")
    for request, fact, said in (
        (is_open, "is worth this person's time", trial.NEEDED),
        (is_open, "it can be acted on as it stands", trial.GUESS),
        (clear, "is worth this person's time", trial.NEEDLESS),
        (clear, "it can be acted on as it stands", trial.DONE),
    ):
        messages = [{"role": "system", "content": fact}, {"role": "user", "content": request}]
        assert trial.answer(messages, random.Random(0)) == said
