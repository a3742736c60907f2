"""Servers that answer as none of ActivityWatch does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tests.data.activity.logs import bucket, window

from tactful.api.data.activity import work_sessions
from tactful.errors import UsageError, UserError

ROOT = "/api/0/buckets/"


@contextmanager
def answering(answers: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """A server that gives JSON by path, redirects to a text, and knows nothing else; its address, and what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            answer = answers.get(self.path)
            if isinstance(answer, str):
                self.send_response(302)
                self.send_header("Location", answer)
                self.end_headers()
                return
            self.send_response(404 if answer is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.slow
def test_buckets_of_odd_types_are_passed_over_and_those_without_a_type_known_by_their_id(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    found = {"odd": {"type": ["x"]}, "none": None, "aw-watcher-window_desk": {"hostname": "desk"}}
    rows = bucket("currentwindow", [window(0, 90)])["events"]
    with answering({ROOT: found, f"{ROOT}aw-watcher-window_desk/events": rows}) as (address, _):
        (session,) = work_sessions(server=address)
    assert [event.text for event in session.events] == ["The user started work in 'Code': 'a.py'."]


@pytest.mark.slow
def test_a_redirect_is_not_followed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with answering({ROOT: {}}) as (elsewhere, asked), answering({ROOT: f"{elsewhere}{ROOT}"}) as (address, _):
        with pytest.raises(UserError, match="answered 302, expected 200"):
            work_sessions(server=address)
        assert asked == []


@pytest.mark.slow
@pytest.mark.parametrize("answer", [[], 7])
def test_what_has_no_buckets_is_no_server_of_activitywatch(answer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with answering({ROOT: answer}) as (address, _), pytest.raises(UserError, match="is no server of Activ"):
        work_sessions(server=address)


def test_a_password_in_what_is_no_address_is_not_repeated():
    with pytest.raises(UsageError, match="--server 'desk:5600' is no address") as caught:
        work_sessions(server="ann:hunter2@desk:5600")
    assert "hunter2" not in str(caught.value)
