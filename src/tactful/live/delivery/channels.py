"""The ways out: a line of JSON, a webhook, a notification of the desktop."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from html import escape
from typing import Protocol, TextIO

import aiohttp
import orjson

from tactful.errors import TactfulError, UsageError
from tactful.live.delivery.types import Offer
from tactful.text.quoting.lines import on_one_line
from tactful.types import Record

ANSWERS = ("accept", "dismiss", "snooze", "mute")
"""What can be done with an offer, as the ends of addresses and names of buttons."""
_BUTTONS = {
    "accept": "Yes, please",
    "dismiss": "Not now",
    "snooze": "Pause for an hour",
    "mute": "No more of these",
}
_SHOWN_IN_A_NOTE = 5
_AT_ONCE_S = 0.5
_SHOWN_S = 3600.0
React = Callable[[str, str], Awaitable[None]]
"""Takes the id of an offer and one of `ANSWERS`."""


class Undelivered(TactfulError):
    """An offer that did not arrive, and why; the text names neither offer nor address."""


class Notice(Record):
    """One message: an offer, or a digest of several."""

    digest: bool
    offers: tuple[Offer, ...]
    links: Mapping[str, Mapping[str, str]] = {}
    """Id of an offer → what can be done with it → the address to POST to; empty where no server listens."""

    def row(self) -> dict[str, object]:
        """As JSON goes out."""
        return {
            "type": "digest" if self.digest else "offer",
            "offers": [
                {
                    "id": one.id,
                    "at": one.at.isoformat(),
                    "user": one.user,
                    "kind": one.kind,
                    "text": one.text,
                    "p_accept": one.p_own if one.p_own is not None else one.p_accept,
                    "withheld": one.check,
                    "links": dict(self.links.get(one.id, {})),
                }
                for one in self.offers
            ],
        }


class Channel(Protocol):
    """A way out."""

    name: str
    retries: bool
    """Whether another try may help."""

    async def send(self, notice: Notice) -> None:
        """Raises: Undelivered."""
        ...

    async def close(self) -> None:
        """Let go of what is open."""
        ...


class Lines:
    """Each notice as a line of JSON."""

    name, retries = "stdout", False

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    async def send(self, notice: Notice) -> None:
        """Raises: Undelivered where nobody reads any more."""
        try:
            print(orjson.dumps(notice.row()).decode(), file=self._stream or sys.stdout, flush=True)
        except (OSError, ValueError) as error:
            raise Undelivered(f"nobody reads the output ({type(error).__name__})") from error

    async def close(self) -> None:
        """Nothing is open."""


class Webhook:
    """Posts each notice to an address. Redirects are not followed, no proxy of the environment is used."""

    name, retries = "webhook", True

    def __init__(self, url: str, *, timeout_s: float, key: str | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise UsageError("--webhook is no address; expected something like https://example.org/offers")
        self._url, self._key = url, key
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, notice: Notice) -> None:
        """Raises: Undelivered."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar())
        headers = {"Content-Type": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        try:
            body = orjson.dumps(notice.row())
            async with self._session.post(
                self._url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                if not 200 <= answer.status < 300:
                    raise Undelivered(f"answered {answer.status}")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Undelivered(type(error).__name__) from error

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


class DesktopNote:
    """Shows each notice by `notify-send`, with buttons for a single offer; which one is pressed goes to `react`."""

    name, retries = "notify", True

    def __init__(self, react: React) -> None:
        found = shutil.which("notify-send")
        if found is None:
            raise UsageError(
                "--notify needs the program notify-send; install it (Debian: libnotify-bin), or use --webhook"
            )
        self._program, self._react = found, react
        self._open: set[asyncio.Task[None]] = set()

    async def send(self, notice: Notice) -> None:
        """Raises: Undelivered where the program fails at once; a note that is shown stays open until it is answered."""
        process = await asyncio.create_subprocess_exec(
            self._program, *_arguments(notice), stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        answered = asyncio.ensure_future(self._answered(process, notice))
        done, _ = await asyncio.wait({answered}, timeout=_AT_ONCE_S)
        if done:
            answered.result()
        else:
            self._open.add(answered)
            answered.add_done_callback(self._over)

    async def _answered(self, process: asyncio.subprocess.Process, notice: Notice) -> None:
        try:
            told, _ = await asyncio.wait_for(process.communicate(), _SHOWN_S)
        except TimeoutError:
            told = b""
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        pressed = told.decode("utf-8", "replace").strip()
        if not notice.digest and pressed in ANSWERS:
            await self._react(notice.offers[0].id, pressed)
        elif process.returncode and process.returncode > 0:
            raise Undelivered(f"notify-send ended with {process.returncode}")

    def _over(self, task: asyncio.Task[None]) -> None:
        self._open.discard(task)
        if not task.cancelled():
            task.exception()  # seen: it was shown, and closed in some odd way

    async def close(self) -> None:
        """Take down what still shows."""
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


def _arguments(notice: Notice) -> list[str]:
    """Of notify-send. Bodies are markup, so texts are escaped; nothing of an offer can pose as an option."""
    if not notice.digest:
        buttons = [f"--action={name}={label}" for name, label in _BUTTONS.items()]
        (one,) = notice.offers
        return ["--app-name=Tactful", *buttons, "--", "May I help?", escape(one.text)]
    title = f"{len(notice.offers)} offers that could wait"
    shown = [on_one_line(one.text, 160) for one in notice.offers[:_SHOWN_IN_A_NOTE]]
    if more := len(notice.offers) - len(shown):
        shown.append(f"and {more} more")
    return ["--app-name=Tactful", "--", title, escape("\n".join(shown))]
