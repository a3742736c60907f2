"""Ways out against real receivers: a server that fails and is slow, a program that shows notes, a closed pipe."""

from __future__ import annotations

import asyncio
import io
import json
import os
import stat
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import select
from tests.chat_server import stop_serving
from tests.live.watch.watched import NOON, OPEN, Watched, watched

from tactful.errors import UsageError
from tactful.live.delivery.channels import DesktopNote, Lines, Notice, Undelivered, Webhook
from tactful.live.delivery.types import Offer
from tactful.live.storing.tables import deliveries
from tactful.types import Event


def offer(text: str = "Shall I fix it?", id: str = "a" * 32) -> Offer:
    return Offer(id=id, at=NOON, user="u-0000000001", kind="fix", text=text, made="offered", p_accept=0.8)


def one(text: str = "Shall I fix it?") -> Notice:
    return Notice(
        digest=False,
        offers=(offer(text),),
        links={"a" * 32: {"accept": "http://127.0.0.1:1/v1/offers/a/accept"}},
    )


class Receiver:
    """Answers as it is told, in turn; then 200."""

    def __init__(self, *statuses: int, wait_s: float = 0) -> None:
        self.statuses, self.wait_s = list(statuses), wait_s
        self.bodies: list[dict[str, object]] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.wait_s)
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(
            status=status, headers={"Location": "http://127.0.0.1:1/"} if status == 302 else {}
        )


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await stop_serving(runner)


@pytest.fixture
async def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Watched]]:
    monkeypatch.chdir(tmp_path)
    made: list[Watched] = []

    def make(*ways: object, **policy: object) -> Watched:
        sending = OPEN.sending.model_copy(update={"wait_s": 0.01})
        given = watched("live.sqlite", policy=OPEN.model_copy(update={"sending": sending, **policy}))
        given.watcher.sender._channels = ways  # type: ignore[assignment]
        made.append(given)
        return given

    yield make
    for given in made:
        await given.watcher.close()


async def test_a_webhook_gets_the_offer_with_links_and_its_key() -> None:
    async with receiving(Receiver()) as receiver:
        hook = Webhook(receiver.url, timeout_s=5, key="secret-key")
        await hook.send(one())
        await hook.close()
    (body,) = receiver.bodies
    assert body["type"] == "offer"
    assert body["offers"] == [
        {
            "id": "a" * 32, "at": NOON.isoformat(), "user": "u-0000000001", "kind": "fix", "text": "Shall I fix it?",
            "p_accept": 0.8, "withheld": "", "links": {"accept": "http://127.0.0.1:1/v1/offers/a/accept"},
        }
    ]  # fmt: skip
    assert receiver.headers[0]["Authorization"] == "Bearer secret-key"


async def test_a_webhook_that_comes_back_gets_it_at_a_later_try(live: Callable[..., Watched]) -> None:
    async with receiving(Receiver(503, 500)) as receiver:
        given = live(Webhook(receiver.url, timeout_s=5))
        await given.see("a")
        assert len(receiver.bodies) == 3
        assert [row.check for row in given.rows()] == [""]


@pytest.mark.parametrize("status", [302, 404, 503])
async def test_what_a_webhook_does_not_take_waits_for_the_digest(
    live: Callable[..., Watched], status: int
) -> None:
    async with receiving(Receiver(*[status] * 3)) as receiver:
        given = live(Webhook(receiver.url, timeout_s=5), digest=("14:00",))
        (made,) = await given.see("a")
        (row,) = given.rows()
        assert (row.check, row.waiting) == ("undelivered", True)
        with given.memory.store.read() as connection:
            sent = connection.execute(select(deliveries)).one()
        assert (sent.offer, sent.channel, sent.error) == (made.id, "webhook", f"answered {status}")
        given.clock.later(hours=3)
        await given.tick()
        assert [body["type"] for body in receiver.bodies] == ["offer"] * 3 + ["digest"]
        assert [row.waiting for row in given.rows()] == [False]


@pytest.mark.slow
async def test_a_webhook_that_is_down_or_hangs_holds_up_no_event(live: Callable[..., Watched]) -> None:
    async with receiving(Receiver(wait_s=1.0)) as receiver:
        given = live(Webhook(receiver.url, timeout_s=0.3))
        started = time.monotonic()
        given.watcher.seen("u-0000000001", [])
        for text in ("a", "b"):
            given.watcher.seen("u-0000000001", [Event(text=text)])
            await given.watcher.consider("u-0000000001")
        assert time.monotonic() - started < 1.0
        await given.watcher.settle()
        assert {row.check for row in given.rows()} == {"undelivered"}


async def test_one_way_out_is_enough(live: Callable[..., Watched]) -> None:
    stream = io.StringIO()
    given = live(Webhook("http://127.0.0.1:1/hook", timeout_s=1), Lines(stream))
    await given.see("a")
    assert [row.check for row in given.rows()] == [""]
    assert json.loads(stream.getvalue())["offers"][0]["text"] == "Help with: a"


@pytest.mark.slow
async def test_what_is_under_way_at_the_end_waits_for_the_digest(
    live: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tactful.live.delivery.sending._LAST_S", 0.05)
    async with receiving(Receiver(wait_s=2.0)) as receiver:
        given = live(Webhook(receiver.url, timeout_s=5))
        given.watcher.seen("u-0000000001", [Event(text="a")])
        await given.watcher.consider("u-0000000001")
        await given.watcher.close()
    again = watched("live.sqlite")
    assert [(row.check, row.waiting) for row in again.rows()] == [("undelivered", True)]
    await again.watcher.close()


async def test_what_a_killed_process_was_sending_waits_for_the_digest(live: Callable[..., Watched]) -> None:
    given = live(digest=("14:00",))
    given.watcher.sender.send = lambda offers, *, digest: None  # type: ignore[method-assign]
    await given.see("a")
    await given.watcher.close()
    again = live(Lines(stream := io.StringIO()), digest=("14:00",))
    again.clock.now = NOON + timedelta(hours=3)
    await again.tick()
    assert json.loads(stream.getvalue())["type"] == "digest"


async def test_a_closed_pipe_is_undelivered_and_no_crash() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w")
    with pytest.raises(Undelivered):
        await Lines(stream).send(one())
    with suppress(BrokenPipeError):
        stream.close()


@pytest.fixture
def note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A program notify-send that writes down its arguments, and then does as it is told."""

    def make(then: str) -> Path:
        program, told = tmp_path / "notify-send", tmp_path / "told"
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {told}\n{then}\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        return told

    return make


@pytest.mark.slow
async def test_a_button_of_a_note_is_an_answer(note: Callable[[str], Path]) -> None:
    pressed: list[tuple[str, str]] = []

    async def react(id: str, answer: str) -> None:
        pressed.append((id, answer))

    told = note("sleep 0.8; echo mute")
    way = DesktopNote(react)
    started = time.monotonic()
    await way.send(one("-u critical <b>&"))
    assert time.monotonic() - started < 0.8  # shown is sent; the answer comes when it comes
    for _ in range(100):
        await asyncio.sleep(0.02)
        if pressed:
            break
    assert pressed == [("a" * 32, "mute")]
    lines = told.read_text().splitlines()
    assert lines[-3:] == ["--", "May I help?", "-u critical &lt;b&gt;&amp;"]
    assert sum(line.startswith("--action=") for line in lines) == 4
    await way.close()


async def test_a_note_that_cannot_be_shown_is_undelivered_and_one_that_is_closed_is_no_answer(
    note: Callable[[str], Path],
) -> None:
    async def react(id: str, answer: str) -> None:
        raise AssertionError("nobody pressed anything")

    note("exit 1")
    with pytest.raises(Undelivered):
        await DesktopNote(react).send(one())
    note("exit 0")
    await DesktopNote(react).send(one())
    note("echo format-the-disk")
    await DesktopNote(react).send(one())


async def test_a_digest_is_one_note_without_buttons(note: Callable[[str], Path]) -> None:
    async def react(id: str, answer: str) -> None:
        return None

    told = note("exit 0")
    many = tuple(offer(f"Offer {number}", id=f"{number:032}") for number in range(9))
    await DesktopNote(react).send(Notice(digest=True, offers=many))
    lines = told.read_text().splitlines()
    assert lines[1:4] == ["--", "9 offers that could wait", "Offer 0"]
    assert lines[-1] == "and 4 more"


@pytest.mark.slow
async def test_what_stays_on_the_screen_ends_with_the_watcher(note: Callable[[str], Path]) -> None:
    async def react(id: str, answer: str) -> None:
        return None

    note("exec sleep 60")
    way = DesktopNote(react)
    await way.send(one())
    started = time.monotonic()
    await way.close()
    assert time.monotonic() - started < 5


def test_a_desktop_without_notes_and_a_webhook_without_address_are_told_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def react(id: str, answer: str) -> None:
        return None

    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UsageError, match="notify-send"):
        DesktopNote(react)
    with pytest.raises(UsageError, match="no address"):
        Webhook("file:///etc/passwd", timeout_s=1)
