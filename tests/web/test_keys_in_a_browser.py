"""Keys, focus and announcements in a real Chromium, under the policy that lets no inline script run."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from tests.browser import find_browser

from tactful.errors import UserError
from tactful.web.app import build_app
from tactful.web.pages import page
from tactful.web.serve import running

pytestmark = pytest.mark.slow

HOME = """{% extends "frame.html.j2" %}{% block title %}Home{% endblock %}
{% block content %}
<h1>Votes</h1>
<p>{{ foreign }}</p>
<div id="item">{% include "item.html.j2" %}</div>
<button id="fail" data-key="f" hx-post="/fail" hx-target="#item">Fail <kbd>F</kbd></button>
<button id="off" data-key="o" hx-post="/off" hx-target="#item" disabled>Off</button>
<button id="hidden" data-key="h" hidden>Hidden</button>
<button data-key="d" data-opens="sure">Delete</button>
<dialog id="sure" aria-label="Sure?"><button data-key="y" data-closes>Yes</button></dialog>
<label for="note">A   note</label><textarea id="note" data-key="n"></textarea>
<label><input type="checkbox" id="help" data-key="w"> Help wanted</label>
<span id="inline">unchanged</span>
{% endblock %}"""
ITEM = """<h2 tabindex="-1" data-focus data-aloud="Item {{ n }} of 9" id="n">Item {{ n }}</h2>
<button id="yes" data-key="1 y" data-key-label="Accept" hx-post="/vote" hx-target="#item">Yes</button>
<button id="skip" data-key="s" hx-post="/quiet" hx-target="#place" hx-swap="outerHTML">Skip</button>
<p id="place">here</p>"""
FOREIGN = "<img src=x onerror=\"document.getElementById('inline').textContent='changed'\"><script>1</script>"


def _app(room: Path):
    (room / "templates").mkdir()
    (room / "templates" / "home.html.j2").write_text(HOME)
    (room / "templates" / "item.html.j2").write_text(ITEM)
    (room / "templates" / "place.html.j2").write_text('<p id="place">gone {{ n }}</p>')
    app = build_app(title="Shop", rooms=[room])
    votes: list[int] = []

    @app.get("/")
    async def home(request: Request) -> Response:
        return page(request, "home.html.j2", n=len(votes) + 1, foreign=FOREIGN)

    @app.post("/vote")
    async def vote(request: Request) -> Response:
        votes.append(1)
        return page(request, "item.html.j2", n=len(votes) + 1)

    @app.post("/quiet")
    async def quiet(request: Request) -> Response:
        return page(request, "place.html.j2", n=1)

    @app.post("/fail")
    async def fail() -> None:
        raise UserError("the shelf is <i>closed</i>")

    return app, votes


@pytest.fixture
async def tab(tmp_path):
    playwright = pytest.importorskip(
        "playwright.async_api", reason="needs playwright, of the development tools"
    )
    binary = find_browser()
    if binary is None:
        pytest.skip("no Chromium here: install Debian's chromium, or name one in TACTFUL_CHROMIUM")
    app, votes = _app(tmp_path)
    async with running(app) as address, playwright.async_playwright() as machine:
        browser = await machine.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 400, "height": 800}, locale="en")
        tab = await context.new_page()
        said: list[str] = []
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        await tab.goto(address)
        tab.votes, tab.said = votes, said
        yield tab
        await browser.close()


async def _focused(tab) -> str:
    return await tab.evaluate("document.activeElement.id || document.activeElement.tagName")


async def test_keys_act_focus_follows_and_nothing_of_the_page_runs_that_is_not_ours(tab):
    from playwright.async_api import expect

    assert await tab.locator("#inline").text_content() == "unchanged"
    assert await tab.evaluate("document.documentElement.scrollWidth") <= 400

    await tab.keyboard.press("1")
    await expect(tab.locator("#n")).to_have_text("Item 2")
    await expect(tab.locator("#aloud")).to_have_text("Item 2 of 9")
    assert await _focused(tab) == "n"
    await tab.keyboard.press("Y")  # the other key of the swapped button, with Shift
    await expect(tab.locator("#n")).to_have_text("Item 3")

    for press in ("Control+1", "Alt+1", "Meta+1", "h", "o", "x"):
        await tab.keyboard.press(press)
    await tab.keyboard.press("w")
    await expect(tab.locator("#help")).to_be_checked()

    await tab.keyboard.press("n")
    assert await _focused(tab) == "note"
    await tab.keyboard.type("1 y? s")
    assert await tab.locator("#note").input_value() == "1 y? s"
    await tab.keyboard.press("Escape")
    assert await _focused(tab) == "BODY"
    assert len(tab.votes) == 2

    await tab.locator("#skip").focus()
    await tab.keyboard.press("s")
    await expect(tab.locator("#place")).to_have_text("gone 1")
    assert await _focused(tab) == "skip", "a swap elsewhere leaves the focus where it was"
    assert tab.said == []


async def test_the_dialog_of_keys_shows_what_can_be_pressed_and_closes_with_escape(tab):
    from playwright.async_api import expect

    await tab.locator("#skip").focus()
    await tab.keyboard.press("?")
    await expect(tab.locator("#keys")).to_be_visible()
    rows = await tab.evaluate(
        "[...document.querySelectorAll('#keys dt')].map(one => [one.textContent.trim(), one.nextSibling.textContent])"
    )
    assert rows == [
        ["1 Y", "Accept"], ["S", "Skip"], ["F", "Fail"], ["D", "Delete"], ["N", "A note"], ["W", "Help wanted"],
        ["?", "Show these keys"], ["Esc", "Leave a field, or close a dialog"],
    ]  # fmt: skip
    await tab.keyboard.press("1")
    await tab.keyboard.press("Escape")
    await expect(tab.locator("#keys")).to_be_hidden()
    assert (tab.votes, await _focused(tab)) == ([], "skip")

    await tab.keyboard.press("d")
    await expect(tab.locator("#sure")).to_be_visible()
    await tab.keyboard.press("1")
    await tab.keyboard.press("y")  # the dialog's own, not the one behind it
    await expect(tab.locator("#sure")).to_be_hidden()
    assert tab.votes == []
    await tab.locator("[data-opens=keys]").click()
    await expect(tab.locator("#keys")).to_be_visible()


async def test_what_fails_is_told_where_messages_are_and_the_page_stays(tab):
    from playwright.async_api import expect

    await tab.keyboard.press("f")
    await expect(tab.locator("#said [role=alert]")).to_have_text("the shelf is <i>closed</i>")
    await expect(tab.locator("#n")).to_have_text("Item 1")
    await tab.keyboard.press("1")
    await expect(tab.locator("#n")).to_have_text("Item 2")
    await expect(tab.locator("#said [role=alert]")).to_have_count(0)

    await tab.context.set_offline(True)
    await tab.keyboard.press("1")
    await expect(tab.locator("#said [role=alert]")).to_contain_text("not saved")
    await tab.context.set_offline(False)

    await tab.context.clear_cookies()
    await tab.keyboard.press("1")
    await expect(tab.locator("#said [role=alert]")).to_contain_text("Reload it")
    assert len(tab.votes) == 1
