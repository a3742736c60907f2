"""Label in place and the selection to send, by keyboard, in a real Chromium."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from tests.browser import find_browser
from tests.viewer.samples import SAMPLES
from tests.viewer.visiting import KEY

from tactful.annotation.queries.collected import collected
from tactful.annotation.store import open_store
from tactful.annotation.types import AskingAnswer
from tactful.viewer.app import build_viewer_app
from tactful.viewer.folders.library import Library
from tactful.web.serve import running

pytestmark = pytest.mark.slow


async def test_a_turn_is_labelled_by_keyboard_and_its_record_sent_as_a_file(tmp_path: Path) -> None:
    playwright = pytest.importorskip(
        "playwright.async_api", reason="needs playwright, of the development tools"
    )
    binary = find_browser()
    if binary is None:
        pytest.skip("no Chromium here: install Debian's chromium, or name one in TACTFUL_CHROMIUM")
    path = tmp_path / "talks.jsonl"
    path.write_bytes(orjson.dumps(SAMPLES["trajectories"]) + b"\n")
    said: list[str] = []
    with open_store(tmp_path / "labels.sqlite") as store:
        app = build_viewer_app(Library(path), key=KEY, annotations=store)
        async with running(app) as address, playwright.async_playwright() as machine:
            browser = await machine.chromium.launch(executable_path=binary, args=["--no-sandbox"])
            context = await browser.new_context(
                viewport={"width": 400, "height": 800}, locale="en", accept_downloads=True
            )
            tab = await context.new_page()
            tab.on("console", lambda message: said.append(message.text))
            tab.on("pageerror", lambda error: said.append(str(error)))

            await tab.goto(f"{address}/?key={KEY}")
            await tab.goto(f"{address}/of/talks.jsonl/records/0")
            await tab.locator("#l0t1 .label-it").press("Enter")
            await tab.wait_for_url("**/label?line=0&turn=1")
            await tab.keyboard.press("1")  # ask before it acts
            await tab.keyboard.press("w")
            await tab.keyboard.type("Which day?")
            await tab.keyboard.press("Escape")
            await tab.keyboard.press("Enter")
            await playwright.expect(tab.get_by_text("Your label is kept.")).to_be_visible()
            assert tab.url.endswith("/of/talks.jsonl/records/0#l0t1")
            assert await tab.evaluate("document.documentElement.scrollWidth") <= 400

            await tab.goto(f"{address}/of/talks.jsonl")
            async with tab.expect_download() as coming:
                await tab.get_by_text("Download this selection").press("Enter")
            file = tmp_path / "sent.html"
            await (await coming.value).save_as(file)
            await tab.goto(file.as_uri())
            await playwright.expect(tab.get_by_text("1 of 1 records")).to_be_visible()
            assert await tab.evaluate("document.documentElement.scrollWidth") <= 400
            await browser.close()
        (found,) = collected(store).annotations
    assert found.answer == AskingAnswer(verdict="ask", what="Which day?")
    assert said == []


async def test_comparisons_and_clusters_fit_a_phone_and_say_nothing_in_the_console(tmp_path: Path) -> None:
    playwright = pytest.importorskip(
        "playwright.async_api", reason="needs playwright, of the development tools"
    )
    binary = find_browser()
    if binary is None:
        pytest.skip("no Chromium here: install Debian's chromium, or name one in TACTFUL_CHROMIUM")
    long = "an-identifier-without-a-single-place-to-break-it-" * 3
    for name, needs in (("a", True), ("b", False)):
        rows = [
            {
                "tactful": "decisions",
                "trace": long,
                "at": at,
                "proposal": f"{long} {at}",
                "need": needs,
                "outcome": "hit",
            }
            for at in range(30)
        ]
        (tmp_path / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    said: list[str] = []
    async with (
        running(build_viewer_app(Library(tmp_path), key=KEY)) as address,
        playwright.async_playwright() as machine,
    ):
        browser = await machine.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 400, "height": 800}, locale="en")
        tab = await context.new_page()
        tab.on("console", lambda message: said.append(message.text))
        await tab.goto(f"{address}/?key={KEY}")
        for page, sign in (
            ("/compare?a=a.jsonl&b=b.jsonl", "Where they differ"),
            ("/of/b.jsonl/clusters", "30 needless questions and offers"),
            ("/compare?a=a.jsonl", "Run b"),
        ):
            await tab.goto(address + page)
            await playwright.expect(
                tab.get_by_text(sign, exact=True).first
            ).to_be_visible()  # once it is indexed
            assert await tab.evaluate("document.documentElement.scrollWidth") <= 400, page
        await browser.close()
    assert said == []
