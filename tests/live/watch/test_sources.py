"""Events from rows, files, pipes and ActivityWatch."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.chat_server import stop_serving

from tactful.errors import DataError, UserError
from tactful.live.watch.sources import ActivityServer, RecordedEvents, piped, read_events

NOW = datetime.now(UTC).replace(microsecond=0)


def test_events_of_a_request_come_oldest_first_by_person() -> None:
    rows = [
        {"time": "2026-03-02T10:02:00Z", "event": "c"},
        {"time": "2026-03-02T10:01:00Z", "event": "b", "user": "ann"},
        {"time": "2026-03-02T10:00:00Z", "event": "a"},
    ]
    found = read_events({"user": "bob", "events": rows})
    assert [(user, event.text) for user, event in found] == [("bob", "a"), ("bob", "c"), ("ann", "b")]
    assert [event.text for _, event in read_events({"event": "alone"})] == ["alone"]


def test_a_file_gives_its_good_rows_and_counts_the_others(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(
        '{"time": 1, "event": "a"}\n\nnot json\n{"event": ""}\n{"time": 2, "event": "b", "user": "ann"}\n'
    )
    found = RecordedEvents(path)
    assert [(user, event.text) for user, event in found] == [("", "a"), ("ann", "b")]
    assert found.bad == 2
    assert found.problem.startswith(f"{path}:3: ")


def test_a_rehearsal_needs_times(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"event": "a"}\n')
    with pytest.raises(DataError, match="event 1 has no time"):
        list(RecordedEvents(path).timed())
    with pytest.raises(UserError, match="cannot be read"):
        list(RecordedEvents(tmp_path / "none.jsonl"))


def test_a_rehearsal_goes_by_time_whether_a_file_runs_backwards_or_tells_one_person_after_another(
    tmp_path: Path,
) -> None:
    rows = [
        {"time": f"2026-03-02T10:{minute:02}:00Z", "event": f"{user}{minute}", "user": user}
        for user, minutes in (("ann", range(0, 9, 2)), ("bob", range(9, 0, -2)))
        for minute in minutes
    ]
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    events = RecordedEvents(path)
    assert [event.text for _, event in events.timed()] == [
        f"{('ann', 'bob')[minute % 2]}{minute}" for minute in range(10)
    ]
    assert events.bad == 0


async def test_a_pipe_gives_each_event_as_it_comes(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    events = piped(RecordedEvents(fifo))
    first = asyncio.ensure_future(anext(events))
    writer = await asyncio.to_thread(open, fifo, "w")
    print(json.dumps({"event": "a"}), file=writer, flush=True)
    assert (await asyncio.wait_for(first, 5))[1].text == "a"
    print(json.dumps({"event": "b"}), file=writer, flush=True)
    assert (await asyncio.wait_for(anext(events), 5))[1].text == "b"
    writer.close()
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(anext(events), 5)


class Recorder:
    """A server of ActivityWatch, as far as it is asked: two buckets."""

    def __init__(self) -> None:
        self.windows: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.status = 200

    def add(self, at: datetime, title: str, app: str = "Code", seconds: float = 60) -> None:
        data = {"app": app, "title": title}
        self.windows.append({"timestamp": at.isoformat(), "duration": seconds, "data": data})

    async def buckets(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "w": {"id": "w", "type": "currentwindow", "hostname": "desk"},
                "other": {"id": "other", "type": "music"},
            },
            status=self.status,
        )

    async def events(self, request: web.Request) -> web.Response:
        since = datetime.fromisoformat(request.query["start"])
        self.asked.append(request.match_info["id"])
        return web.json_response(
            [one for one in self.windows if datetime.fromisoformat(one["timestamp"]) >= since]
        )


async def test_what_activitywatch_records_is_told_once_redacted_and_from_now_on() -> None:
    recorder = Recorder()
    app = web.Application()
    app.router.add_get("/api/0/buckets/", recorder.buckets)
    app.router.add_get("/api/0/buckets/{id}/events", recorder.events)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        source = ActivityServer(f"http://127.0.0.1:{runner.addresses[0][1]}")
        recorder.add(NOW - timedelta(hours=3), "long ago")
        recorder.add(NOW - timedelta(minutes=3), "mail to ada@example.org", app="Mail")
        first = await source.new(NOW)
        assert [event.text for _, event in first] == ["The user started work in 'Mail': 'mail to [EMAIL]'."]
        assert await source.new(NOW) == []
        recorder.add(NOW - timedelta(seconds=90), "loader.py")
        second = await source.new(NOW)
        assert [event.text for _, event in second] == ["The user switched to 'Code': 'loader.py'."]
        assert set(recorder.asked) == {"w"}
        recorder.status = 500
        with pytest.raises(UserError):
            await source.new(NOW)
    finally:
        await stop_serving(runner)
