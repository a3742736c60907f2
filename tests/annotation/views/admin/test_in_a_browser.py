"""Disagreements are decided and exported in a real browser, with the keyboard alone; pages fit a phone."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.annotation.browser import Machine, come, decide_and_export, served
from tests.annotation.simulated import simulate

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


async def test_disagreements_are_decided_and_exported_by_keyboard(store: Store, tmp_path: Any) -> None:
    async with administering(store) as (machine, page):
        await decide_and_export(page, tmp_path / "votes.zip")
        assert machine.said == []
    (decided,) = collected(store).adjudications.values()
    assert decided.answer == FollowUpAnswer(label=Label.NEG_CORRECTION)
    assert decided.note == "told apart by the second clause"
    with zipfile.ZipFile(tmp_path / "votes.zip") as archive:
        assert b"told apart by the second clause" in archive.read("adjudications.jsonl")


async def test_a_double_press_decides_one_item(store: Store) -> None:
    async with administering(store) as (machine, page):
        await page.goto("/admin/disagreement?kind=follow-up")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#answer .controls:not([inert])")
        first = page.url
        await (
            page.clock.install()
        )  # its time stands: the second press comes at once, however slow this machine is
        await page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=5))
        await page.keyboard.press("2")
        await page.wait_for_url(lambda url: url != first)
        await page.keyboard.press("2")
        await page.wait_for_timeout(300)
        assert len(collected(store).adjudications) == 1
        await page.clock.resume()
        await page.wait_for_selector("#answer .controls:not([inert])")
        second = page.url
        await page.keyboard.press("2")
        await page.wait_for_url(lambda url: url != second)
        assert machine.said == []
    assert len(collected(store).adjudications) == 2


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
