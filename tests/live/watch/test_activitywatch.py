"""Against a real server of ActivityWatch, to which a watcher writes while we look."""

from __future__ import annotations

import json
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.data.activity.test_real_server import pytestmark, server

import tactful as tf
from tactful.live.watch.sources import ActivityServer

__all__ = ["pytestmark", "server"]
BUCKET = "aw-watcher-window_live"


def send(address: str, path: str, body: Any) -> None:
    request = urllib.request.Request(
        f"{address}/api/0/buckets/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        assert answer.status == 200


def record(address: str, at: datetime, title: str) -> None:
    data = {"app": "Code", "title": title}
    send(address, f"{BUCKET}/events", [{"timestamp": at.isoformat(), "duration": 120, "data": data}])


async def test_what_a_real_server_records_now_is_told_once(server: str) -> None:
    now = datetime.now(UTC)
    send(server, BUCKET, {"client": "test", "type": "currentwindow", "hostname": "live"})
    record(server, now - timedelta(minutes=4), "loader.py - mail ada@example.org")
    source = ActivityServer(server)
    first = [event.text for _, event in await source.new(now)]
    assert first == ["The user started work in 'Code': 'loader.py - mail [EMAIL]'."]
    assert await source.new(now) == []
    record(server, now - timedelta(minutes=2), "An error is shown")
    assert [event.text for _, event in await source.new(now)] == [
        "In 'Code', the user opened 'An error is shown'."
    ]


def test_a_watcher_offers_on_what_a_real_server_records(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.toml").write_text(
        '[[rule]]\nkind = "fix"\nwhen = "exception"\noffer = "Look into it?"'
    )
    record(server, datetime.now(UTC) - timedelta(minutes=1), "an exception was raised")
    with tf.live_watch(rules="rules.toml", reader="none", activitywatch=server, every_s=0.0):
        for _ in range(500):
            found = tf.live_why()  # in shadow, or withheld at night
            if found:
                break
            time.sleep(0.02)
    assert [one.kind for one in found] == ["fix"]
