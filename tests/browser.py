"""A real browser for a test: an installed Chromium, spoken to over its own debugging protocol, so that nothing is added."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_browser() -> str | None:
    """Path of a Chromium: `TACTFUL_CHROMIUM`, else what the machine has; None where there is none."""
    return os.environ.get("TACTFUL_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """One page of the browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, session: str) -> None:
        self._socket, self._session, self._number = socket, session, 0

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of one command. Raises: AssertionError when the browser refuses it."""
        self._number += 1
        await self._socket.send_json(
            {"id": self._number, "method": method, "params": params}
            | ({"sessionId": self._session} if self._session else {})
        )
        return (await self._until(lambda said: said.get("id") == self._number))["result"]

    async def _until(self, wanted: Any) -> dict[str, Any]:
        while True:
            said = await self._socket.receive_json(timeout=30)
            assert "error" not in said, said
            if wanted(said):
                return said

    async def open(self, page: Path, *, width: int, scheme: str) -> None:
        """Show a file at a width in CSS pixels, for a reader who prefers `light` or `dark`."""
        await self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False
        )
        media = [{"name": "prefers-color-scheme", "value": scheme}]
        await self.send("Emulation.setEmulatedMedia", features=media)
        await self.send("Page.enable")
        await self.send("Page.navigate", url=page.as_uri())
        await self._until(lambda said: said.get("method") == "Page.loadEventFired")

    async def value(self, script: str) -> Any:
        """What an expression comes to in the page."""
        found = await self.send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")


@asynccontextmanager
async def open_browser(binary: str, folder: Path) -> AsyncIterator[Tab]:
    """A tab of a fresh browser, whose profile lies in `folder`."""
    process = await asyncio.create_subprocess_exec(
        binary,
        "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0",
        f"--user-data-dir={folder}", "about:blank",
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        async with asyncio.timeout(60), aiohttp.ClientSession() as client:
            place = None
            while place is None:
                line = await process.stderr.readline()
                assert line, f"{binary} ended before it listened"
                place = re.search(rb"ws://\S+", line)
            drain = asyncio.create_task(process.stderr.read())
            socket = await client.ws_connect(place[0].decode(), max_msg_size=0)
            whole = Tab(socket, "")
            target = await whole.send("Target.createTarget", url="about:blank")
            joined = await whole.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
            yield Tab(socket, joined["sessionId"])
            await socket.close()
            drain.cancel()
    finally:
        process.kill()
        await process.wait()
