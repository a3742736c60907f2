"""The pages in a real Chromium: an app at a port of this machine, and browsers with nothing in them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from tests.browser import find_browser

from tactful.web.serve import running


class Machine:
    """Where browsers are opened. Whatever one of their pages complains about is in `said`."""

    def __init__(self, chromium: Any, address: str) -> None:
        self._chromium = chromium
        self.address = address
        self.said: list[str] = []

    @asynccontextmanager
    async def browser(self, *, width: int = 1366, height: int = 657, **options: Any) -> AsyncIterator[Any]:
        """A page of a browser that knows nothing: cookies end with it. The size is what a laptop of 1366 × 768 leaves."""
        context = await self._chromium.new_context(
            viewport={"width": width, "height": height}, locale="en", base_url=self.address, **options
        )
        page = await context.new_page()
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        try:
            yield page
        finally:
            await context.close()


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[Machine]:
    """The app served, and a machine with a Chromium before it; skips where there is none."""
    playwright = pytest.importorskip(
        "playwright.async_api", reason="needs playwright, of the development tools"
    )
    binary = find_browser()
    if binary is None:
        pytest.skip("no Chromium here: install Debian's chromium, or name one in TACTFUL_CHROMIUM")
    async with running(app) as address, playwright.async_playwright() as started:
        chromium = await started.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        try:
            yield Machine(chromium, address)
        finally:
            await chromium.close()
