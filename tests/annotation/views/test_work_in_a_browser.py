"""What a hand does that is not meant for the item before it, in a real browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.annotation.browser import come, press, served, swapped
from tests.annotation.site import KINDS, Site

from tactful.annotation.queries.collected import collected
from tactful.annotation.services.accounts import invite, link_path
from tactful.annotation.services.loading import load_items
from tactful.annotation.store import Store
from tactful.annotation.types import FollowUp, FollowUpAnswer, Item
from tactful.types import Label

pytestmark = pytest.mark.slow
CHOSEN = ("y", "1", "2", "3")


def another(store: Store, name: str) -> None:
    """Put a second item that looks like this one into the pool."""
    load_items(store, [Item(id="another", session="another", shown=KINDS[name])])


async def slot_of(page: Any) -> str:
    found: str = await page.locator("#work").get_attribute("data-slot")
    return found


async def test_back_shows_the_next_item_without_the_choices_of_the_last(store: Store) -> None:
    from playwright.async_api import expect

    site = Site(store, "several")
    another(store, "several")
    async with served(site.app) as machine, machine.browser() as page:
        await come(page, link_path(invite(store)), "Ann")
        await press(page, *CHOSEN)
        await page.get_by_role("link", name="Guide").click()
        await page.get_by_role("link", name="Work").click()
        await expect(page.locator("#answer :checked")).to_have_count(4)
        slot = await slot_of(page)
        await press(page, "Enter")
        await swapped(page, slot)
        await page.go_back()
        await page.go_back()
        await expect(page.locator("h1")).to_have_text("Judging")
        assert await slot_of(page) != slot
        await expect(page.locator("#answer :checked")).to_have_count(0)


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
async def test_a_double_press_answers_one_item(store: Store, by: str) -> None:
    site = Site(store, "follow-up")
    another(store, "follow-up")
    async with served(site.app) as machine, machine.browser() as page:
        await come(page, link_path(invite(store)), "Ann")
        slot = await slot_of(page)
        box = await page.locator("button[value=neutral]").bounding_box()

        async def answer(time: int) -> None:
            if by == "keyboard":
                await press(page, "6")
            else:
                await page.mouse.click(box["x"] + 40, box["y"] + 10, click_count=time)

        # the page's time stands: the second press comes at once, however slow this machine is
        await page.clock.install()
        await page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=5))
        await answer(1)
        while await slot_of(page) == slot:
            await page.clock.run_for(1)
        await answer(2)
        await page.clock.resume()
        await swapped(page, slot)
        await page.wait_for_timeout(300)
        assert len(collected(store).annotations) == 1
        await answer(1)
        await page.locator(".nothing h2").wait_for()
    assert len(collected(store).annotations) == 2


async def test_what_one_chose_is_not_shown_to_the_next_in_the_same_tab(store: Store) -> None:
    from playwright.async_api import expect

    site = Site(store, "several", overlap=1, lease_minutes=0.02)
    async with served(site.app) as machine, machine.browser() as page:
        await come(page, link_path(invite(store)), "Ann")
        slot = await slot_of(page)
        await press(page, *CHOSEN, "c")
        await page.keyboard.type("a private remark")
        await page.evaluate("sessionStorage.kept = sessionStorage['tactful-draft']")
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url("**/login")
        assert await page.evaluate("sessionStorage['tactful-draft'] ?? ''") == ""
        # as if the session had ended without signing out
        await page.evaluate("sessionStorage['tactful-draft'] = sessionStorage.kept")
        await page.wait_for_timeout(1300)
        await come(page, link_path(invite(store)), "Bob")
        assert await slot_of(page) == slot
        await expect(page.locator("#answer :checked")).to_have_count(0)
        assert await page.locator("#comment").input_value() == ""
        assert await page.evaluate("sessionStorage['tactful-draft'] ?? ''") == ""


ENDS = """one => {
  const at = (from) => {
    const range = document.createRange();
    range.setStart(one.firstChild, from);
    range.setEnd(one.firstChild, from + 1);
    return range.getBoundingClientRect().x;
  };
  return [at(0), at(one.firstChild.length - 1), one.getBoundingClientRect().right];
}"""
"""Of a text of one line: where its first and its last letter stand, and where its box ends."""


async def test_text_written_from_right_to_left_is_shown_so_and_the_rest_is_not(store: Store) -> None:
    texts = {
        "arabic": "مرحبا (abc) 123، كيف الحال.",
        "english": "It fails (abc) again.",
        "next": "שלום, (abc) תודה.",
    }
    shown = FollowUp(request=texts["arabic"], answer=texts["english"], next=texts["next"])
    site = Site(store, "asking")
    load_items(store, [Item(id="rtl", session="rtl", shown=shown)])
    async with served(site.app) as machine, machine.browser() as page:
        await come(page, link_path(invite(store)), "Ann")
        while not await page.locator(".follow-up").count():
            slot = await slot_of(page)
            await press(page, "s", "5")
            await swapped(page, slot)
        for text, leftwards in zip(texts.values(), (True, False, True), strict=True):
            first, last, end = await page.get_by_text(text).evaluate(ENDS)
            assert (last < first) is leftwards, text
            if leftwards:
                box = await page.locator(".turn", has_text=text).bounding_box()
                assert end - first < 20, text
                assert box["x"] + box["width"] - end < 40, f"{text} begins at the right edge"
        await page.locator("#comment").fill("שלום.")
        assert (
            await page.locator("#comment").evaluate("one => getComputedStyle(one).unicodeBidi") == "plaintext"
        )


async def test_who_answers_in_two_tabs_is_told_which_answer_stands(store: Store) -> None:
    from playwright.async_api import expect

    site = Site(store, "follow-up")
    another(store, "follow-up")
    async with served(site.app) as machine, machine.browser() as page:
        await come(page, link_path(invite(store)), "Ann")
        slot = await slot_of(page)
        other = await page.context.new_page()
        await other.goto("/work")
        await press(other, "1")
        await swapped(other, slot)
        await expect(other.locator("#work > .banner")).to_have_count(0)
        await press(page, "2")
        await swapped(page, slot)
        await expect(page.locator("#work > .banner")).to_contain_text("and that stands")
    [one] = collected(store).annotations
    assert one.answer == FollowUpAnswer(label=Label.NEG_CONSTRAINT_RESTATE)
