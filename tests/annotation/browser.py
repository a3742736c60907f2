"""The pages in a real Chromium: an app at a port of this machine, and browsers with nothing in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from tests.annotation.site import PASSWORD
from tests.browser import find_browser

from tactful.web.serve import running

HARMLESS = "Autofocus processing was blocked because a document already has a focused element."
"""A hand that is in the page before the browser has drawn it: the focus stays where the hand is, as it should."""


class Machine:
    """Where browsers are opened. Whatever one of their pages complains about is in `said`, what is `HARMLESS` left out."""

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
        page.on("console", lambda message: self._hear(message.text))
        page.on("pageerror", lambda error: self._hear(str(error)))
        try:
            yield page
        finally:
            await context.close()

    def _hear(self, text: str) -> None:
        if text != HARMLESS:
            self.said.append(text)


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


async def press(page: Any, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def swapped(page: Any, slot: str) -> None:
    """Wait until the item of this slot has given way to another, which can be answered."""
    from playwright.async_api import expect

    # not by wait_for_function: it evaluates text in the page, which the pages' policy forbids
    await expect(page.locator("#work")).not_to_have_attribute("data-slot", slot)
    await expect(page.locator("#work [inert]")).to_have_count(0)


async def come(page: Any, address: str, name: str, *, to: str = "**/work") -> None:
    """By a link; the first field has no focus yet."""
    await page.goto(address)
    await page.locator("#name").focus()
    await page.keyboard.type(name)
    for _ in range(2):
        await press(page, "Tab")
        await page.keyboard.type(PASSWORD)
    await press(page, "Enter")
    await page.wait_for_url(to)


async def sign_in(page: Any, name: str, *, to: str) -> None:
    """Name, password, and on to the page that it leads to."""
    from playwright.async_api import expect

    await page.goto("/login")
    await expect(page.locator("#name")).to_be_focused()
    await page.keyboard.type(name)
    await press(page, "Tab")
    await page.keyboard.type(PASSWORD)
    await press(page, "Enter")
    await page.wait_for_url(to)


async def tabbed_to(page: Any, text: str) -> None:
    """Move on with Tab to the link or button of this text."""
    for _ in range(60):
        await press(page, "Tab")
        if text in await page.evaluate("document.activeElement.textContent.trim()"):
            return
    raise AssertionError(f"Tab never comes to {text!r}")


async def decide_and_export(page: Any, votes: Path, *, last: bool = False) -> None:
    """From the administrator's overview, by keyboard: the first disagreement on a follow-up is decided with a note, all is exported."""
    from playwright.async_api import expect

    await tabbed_to(page, "Disagreement")
    await press(page, "Enter")
    await page.wait_for_url("**/admin/disagreement")
    while not await page.locator("#by-kind option[value=follow-up]").count():  # figures are as old as 15 s
        await asyncio.sleep(0.5)
        await page.reload()
    await page.locator("#by-kind").focus()
    await page.keyboard.type("Follow-up")
    await tabbed_to(page, "Show")
    await press(page, "Enter")
    await page.wait_for_url("**kind=follow-up**")
    await press(page, "Escape")
    await page.locator("h1").evaluate("one => document.activeElement.blur()")
    await press(page, "Enter")  # the first of the list
    await page.wait_for_url("**/admin/items/**")
    first = page.url
    await press(page, "c")
    await page.keyboard.type("told apart by the second clause")
    await press(page, "Escape")
    await expect(page.locator("#answer [inert]")).to_have_count(0)  # what has just come cannot be decided yet
    await press(page, "2")
    if last:
        await expect(page.locator("#said")).to_have_text("Decided. It was the last of this list.")
    else:
        await expect(page.locator("#said")).to_have_text("Decided. Here is the next.")
        assert page.url != first
        assert "kind=follow-up" in page.url
        await press(page, "l")
    await page.wait_for_url("**/admin/disagreement?kind=follow-up")
    await expect(page.locator("tbody tr").first).to_contain_text("decided")
    await page.goto("/admin/export")
    async with page.expect_download() as coming:
        await press(page, "d")
    await (await coming.value).save_as(votes)
    await press(page, "p")
    await expect(page.locator("#preview")).to_have_text("What would be written")
