"""Disagreements are decided and exported in a real browser, with the keyboard alone; pages fit a phone."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.annotation.browser import Machine, served
from tests.annotation.simulated import simulate
from tests.annotation.views.test_in_a_browser import come, press

from tactful.annotation.app import build_annotation_app
from tactful.annotation.queries.collected import collected
from tactful.annotation.services.accounts import link_path, setup_token
from tactful.annotation.store import Store
from tactful.annotation.types import FollowUpAnswer
from tactful.types import Label

pytestmark = pytest.mark.slow


@asynccontextmanager
async def administering(store: Store, **options: Any) -> AsyncIterator[tuple[Machine, Any]]:
    """A project that six people worked on, and the browser of its administrator."""
    simulate(store, count=60)
    token = setup_token(store)
    assert token is not None
    async with served(build_annotation_app(store)) as machine, machine.browser(**options) as page:
        await come(page, link_path(token), "Grace", to="**/admin")
        yield machine, page


async def tabbed_to(page: Any, text: str) -> None:
    """Move on with Tab to the link or button of this text."""
    for _ in range(60):
        await press(page, "Tab")
        if text in await page.evaluate("document.activeElement.textContent.trim()"):
            return
    raise AssertionError(f"Tab never comes to {text!r}")


async def test_disagreements_are_decided_and_exported_by_keyboard(store: Store, tmp_path: Any) -> None:
    from playwright.async_api import expect

    async with administering(store) as (machine, page):
        await tabbed_to(page, "Disagreement")
        await press(page, "Enter")
        await page.wait_for_url("**/admin/disagreement")
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
        await press(page, "Escape", "2")
        await expect(page.locator("#said")).to_have_text("Decided. Here is the next.")
        assert page.url != first
        assert "kind=follow-up" in page.url
        await press(page, "l")
        await page.wait_for_url("**/admin/disagreement?kind=follow-up")
        await expect(page.locator("tbody tr").first).to_contain_text("decided")
        await page.goto("/admin/export")
        async with page.expect_download() as coming:
            await press(page, "d")
        await (await coming.value).save_as(tmp_path / "votes.zip")
        await press(page, "p")
        await expect(page.locator("#preview")).to_have_text("What would be written")
        assert machine.said == []
    (decided,) = collected(store).adjudications.values()
    assert decided.answer == FollowUpAnswer(label=Label.NEG_CORRECTION)
    assert decided.note == "told apart by the second clause"
    with zipfile.ZipFile(tmp_path / "votes.zip") as archive:
        assert b"told apart by the second clause" in archive.read("adjudications.jsonl")


@pytest.mark.parametrize(("width", "scheme"), [(400, "light"), (400, "dark"), (1400, "light")])
async def test_no_page_is_wider_than_the_window(store: Store, width: int, scheme: str) -> None:
    async with administering(store, width=width, height=800, color_scheme=scheme) as (machine, page):
        person = await page.locator('table a[href^="/admin/annotators/"]').first.get_attribute("href")
        for path in (
            "/admin", "/admin/annotators", person, "/admin/disagreement", "/admin/items/1", "/admin/items/3",
            "/admin/items/4", "/admin/skipped", "/admin/comments", "/admin/export?to=reward", "/admin/settings",
        ):  # fmt: skip
            await page.goto(path)
            assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
        assert machine.said == []
