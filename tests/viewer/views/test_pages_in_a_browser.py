"""A run of each pipeline in a real Chromium: list, run, filter, record, turn, raw line; by keyboard where there are keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.browser import find_browser
from tests.viewer.pipelines import make_all
from tests.viewer.visiting import KEY

from tactful.viewer.app import build_viewer_app
from tactful.viewer.folders.library import Library
from tactful.web.serve import running

pytestmark = pytest.mark.slow
RUNS = {
    "rollout": "asked and not gave_solution",
    "reward": "asked and reward < 2",
    "pairs": "margin > 0",
    "evaluate": "answered and end == 'completed'",
    "feedback": "outcome is not None",
    "audit/findings.jsonl": "asked and not needed",
    "learned": "asked or answered",
    "replayed/decisions.jsonl": "asks and effect != 'better'",
    "gym": "offered and not needed",
    "trainset": "offered or silent",
    "scenes.run": "setting is not None",
    "predict": "predictions > 1",
    "synthesize": "reward > 0",
    "reward-judge": "p < 1",
    "states.jsonl": "query_clarity < 2",
}
"""Run or file → a filter that finds something in it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_all(tmp_path_factory.mktemp("pipelines"))


@pytest.fixture
async def tab(folder: Path) -> AsyncIterator[Any]:
    playwright = pytest.importorskip(
        "playwright.async_api", reason="needs playwright, of the development tools"
    )
    binary = find_browser()
    if binary is None:
        pytest.skip("no Chromium here: install Debian's chromium, or name one in TACTFUL_CHROMIUM")
    app = build_viewer_app(Library(folder), key=KEY)
    async with running(app) as address, playwright.async_playwright() as machine:
        browser = await machine.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 400, "height": 800}, locale="en")
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        tab = await context.new_page()
        said: list[str] = []
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.address = address
        await tab.goto(f"{address}/?key={KEY}")
        yield tab
        await browser.close()
        assert said == []


async def fits(tab: Any) -> None:
    """Nothing is wider than the smallest screen."""
    assert await tab.evaluate("document.documentElement.scrollWidth") <= 400, tab.url


async def test_a_run_of_each_pipeline_is_walked_from_the_list_to_the_raw_line(tab: Any) -> None:
    from playwright.async_api import expect

    for name, filter_ in RUNS.items():
        await tab.goto(tab.address)
        await fits(tab)
        await tab.get_by_role("link", name=name, exact=True).click()
        await expect(tab.locator("h1")).to_have_text(name)
        async with tab.expect_response("**/glance"):
            await tab.reload()
        await fits(tab)
        await tab.keyboard.press("f")
        await tab.keyboard.type(filter_)
        await tab.keyboard.press("Escape")  # closes the names, if they are open; else leaves the field
        await tab.locator("#filter").press("Enter")
        await tab.wait_for_url("**filter=**")  # with its scripts: a key before is lost
        await expect(tab.locator(".records tbody tr").first).to_be_visible()
        await fits(tab)
        await tab.keyboard.press("j")
        await tab.wait_for_url("**/records/**")
        turn = tab.locator(".strip .turn-link").first
        await turn.click()
        assert "#l0t" in tab.url
        await fits(tab)
        linked = tab.url
        await tab.goto("about:blank")
        await tab.goto(linked)
        await expect(tab.locator(".strip:target")).to_be_in_viewport()
        await tab.keyboard.press("r")
        await tab.wait_for_url("**/raw**")
        raw = tab.locator(".raw").first
        await expect(raw.locator("code")).to_contain_text(".jsonl:")
        await expect(raw.locator("pre")).to_contain_text("{")
        await fits(tab)


async def test_keys_names_folds_and_copies(tab: Any) -> None:
    from playwright.async_api import expect

    await tab.goto(f"{tab.address}/of/gym")
    await tab.keyboard.press("f")
    await tab.keyboard.type("off")
    option = tab.locator("#names [role=option]").first
    await expect(option).to_contain_text("offered")
    await expect(tab.locator("#filter")).to_have_attribute("aria-expanded", "true")
    await tab.keyboard.press("ArrowDown")
    await expect(option).to_have_attribute("aria-selected", "true")
    await tab.keyboard.press("Enter")
    await expect(tab.locator("#filter")).to_have_value("offered")
    await tab.keyboard.type(" and not need")
    await tab.locator("#names [role=option]", has_text="needed").click()
    await expect(tab.locator("#filter")).to_have_value("offered and not needed")
    await tab.keyboard.type(' and reason ~ "not')
    await expect(tab.locator("#names")).to_be_hidden()  # nothing completes inside of a text
    await tab.keyboard.type('"')
    await tab.keyboard.press("Enter")
    await tab.wait_for_url("**filter=**")

    await tab.locator("summary", has_text="as Python").click()
    await tab.get_by_role("button", name="Copy", exact=True).click()
    await expect(tab.locator("#aloud")).to_have_text("Copied")
    assert "units(" in await tab.evaluate("navigator.clipboard.readText()")
    link = tab.locator("[data-copy-address]")
    await link.click()
    await expect(link).to_have_text("Copied")  # the clipboard is written meanwhile
    assert await tab.evaluate("navigator.clipboard.readText()") == tab.url
    await tab.locator("#fields summary").click()
    await expect(tab.locator("#fields-table")).to_contain_text("user_patience")

    await tab.goto(f"{tab.address}/of/rollout")
    await tab.keyboard.press("j")
    await tab.wait_for_url("**/records/0**")
    first = tab.url
    await tab.keyboard.press("j")
    await tab.wait_for_url("**/records/1**")
    await tab.keyboard.press("k")
    await tab.wait_for_url(first)
    await tab.keyboard.press("c")
    await expect(tab.locator("#calls")).to_contain_text("No call is kept")
    await tab.keyboard.press("?")
    await expect(tab.locator("#keys")).to_contain_text("Back to the records")
    await tab.keyboard.press("Escape")
    await tab.keyboard.press("u")
    await tab.wait_for_url("**/of/rollout")
    await tab.keyboard.press("/")
    await tab.keyboard.type("plan")
    await tab.keyboard.press("Enter")
    await expect(tab.locator("mark").first).to_be_visible()


async def test_a_link_to_a_turn_inside_a_fold_opens_it(tab: Any) -> None:
    from playwright.async_api import expect

    await tab.goto(f"{tab.address}/of/rollout/records/0#l1t0")
    await expect(tab.locator("#l1t0")).to_be_in_viewport()
