"""The whole way of an annotator in a real browser, with the keyboard alone."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import pytest
from tests.annotation.browser import come, decide_and_export, press, served, sign_in, swapped
from tests.annotation.site import KINDS, Site

from tactful.annotation.queries.collected import collected
from tactful.annotation.services.accounts import invite, link_path, setup_token
from tactful.annotation.services.loading import load_items
from tactful.annotation.services.project import Project, keep_project
from tactful.annotation.store import Store
from tactful.annotation.types import Item, Proposals
from tactful.types import Event

pytestmark = pytest.mark.slow

KEYS = {
    "several": ["y", "1", "w", "e", "Enter"],
    "one": ["n", "0"],
    "silence": ["n"],
    "replies": ["0"],
    "follow-up": ["1"],
    "asking": ["1", "w", *"How many?", "Escape", "Enter"],
}
KEPT: dict[str, dict[str, Any]] = {
    "one": {"accepted": (False,), "help_wanted": False},
    "silence": {"accepted": (), "help_wanted": False},
    "replies": {"better": "tie"},
    "follow-up": {"label": "neg_constraint_restate"},
    "asking": {"verdict": "ask", "what": "How many?"},
}


async def here(page: Any) -> tuple[str, str]:
    """Slot and which of `KINDS` is before the annotator."""
    slot = await page.locator("#work").get_attribute("data-slot")
    kind = await page.locator("[name=kind]").get_attribute("value")
    if kind == "proposals":
        parts = await page.locator("[name=parts]").get_attribute("value")
        kind = {"3": "several", "1": "one", "0": "silence"}[parts]
    return slot, kind


async def test_the_whole_way_by_keyboard(store: Store, tmp_path: Any) -> None:
    from playwright.async_api import expect

    site = Site(store)
    token = setup_token(store)
    assert token is not None
    async with served(site.app) as machine:
        async with machine.browser() as page:
            await come(page, link_path(token), "Ada", to="**/admin")
            await expect(page.locator("#said")).to_have_text("Welcome, Ada.")
        done: list[str] = []
        async with machine.browser() as page:
            await come(page, link_path(invite(store)), "Ann")
            while len(done) < 4:
                slot, kind = await here(page)
                await press(page, *KEYS[kind])
                await swapped(page, slot)
                done.append(kind)
                # the new item has the focus
                await expect(
                    page.locator("#work[role=region]:focus, #work [role=region]:focus")
                ).to_have_count(1)
            unfinished, _ = await here(page)
            await press(page, "u")
            await swapped(page, unfinished)
            assert (await here(page))[1] == done[-1]
            await expect(page.locator(".before")).to_contain_text("Taken back")
            again, kind = await here(page)
        async with machine.browser() as page:  # the browser was closed; another one goes on
            await sign_in(page, "Ann", to="**/work")
            assert await here(page) == (again, kind)
            await expect(page.locator(".before")).to_contain_text("Taken back")
            while await page.locator("#answer").count():
                slot, kind = await here(page)
                keys = KEYS[kind][-1:] if slot == again else KEYS[kind]  # what was said before is chosen
                await press(page, *keys)
                await swapped(page, slot)
            await expect(page.locator(".nothing h2")).to_have_text("All done. Thank you!")
        kept = {one.item: one for one in collected(store).annotations if one.withdrawn_at is None}
        async with machine.browser() as page:  # somebody else sees one item otherwise
            await come(page, link_path(invite(store)), "Bea")
            while await page.locator("#answer").count():
                slot, kind = await here(page)
                await press(page, *(["3"] if kind == "follow-up" else KEYS[kind]))
                await swapped(page, slot)
        async with machine.browser() as page:
            await sign_in(page, "Ada", to="**/admin")
            await decide_and_export(page, tmp_path / "votes.zip", last=True)
        assert machine.said == []
    (decided,) = collected(store).adjudications.values()
    assert (decided.item, decided.answer.model_dump()["label"]) == ("follow-up", "neg_correction")
    with zipfile.ZipFile(tmp_path / "votes.zip") as archive:
        rows = [json.loads(row) for row in archive.read("annotations.jsonl").splitlines()]
    assert len(rows) == 2 * len(KINDS) + 1, "what was undone is there too"
    assert set(kept) == set(KINDS)
    for name, answer in KEPT.items():
        found = kept[name].answer
        assert found is not None
        assert found.model_dump(exclude={"kind"}) == answer, name
    several = kept["several"].answer
    assert several is not None
    accepted = [place in kept["several"].order[:1] for place in range(3)]
    assert several.model_dump()["accepted"] == tuple(accepted), (
        "by the item's order, whatever was shown first"
    )
    assert len([one for one in collected(store).annotations if one.withdrawn_at]) == 1


async def test_an_offer_is_not_seen_before_it_is_said_whether_help_was_wanted(store: Store) -> None:
    from playwright.async_api import expect

    site = Site(store, "one")
    async with served(site.app) as machine, machine.browser() as page:
        await come(page, link_path(invite(store)), "Ann")
        await expect(page.locator(".second")).not_to_be_visible()
        await press(page, "1", "0", "Enter")
        assert collected(store).annotations == (), "what is not shown cannot be answered"
        await press(page, "y")
        await expect(page.locator(".second")).to_be_visible()
        await press(page, "ArrowDown")
        assert await page.locator("[name=help_wanted][value=yes]").is_checked(), (
            "arrows scroll and change nothing"
        )


async def test_a_lost_connection_and_a_reload_lose_nothing(store: Store) -> None:
    from playwright.async_api import expect

    site = Site(store, "several")
    async with served(site.app) as machine, machine.browser() as page:
        await come(page, link_path(invite(store)), "Ann")
        await press(page, "y", "1", "w", "e", "c")
        await page.keyboard.type("hm")
        await press(page, "Escape")
        await page.context.set_offline(True)
        await press(page, "Enter")
        await expect(page.locator("#said")).to_contain_text("not saved")
        await page.context.set_offline(False)
        await page.reload()
        assert await page.locator("[name=help_wanted][value=yes]").is_checked()
        assert await page.locator("#comment").input_value() == "hm"
        await press(page, "Enter")
        await expect(page.locator(".nothing h2")).to_be_visible()
    [one] = collected(store).annotations
    assert one.comment == "hm"


async def test_without_scripts_forms_do_it_all(store: Store) -> None:
    from playwright.async_api import expect

    site = Site(store, "several", "asking", overlap=1)
    async with served(site.app) as machine, machine.browser(java_script_enabled=False) as page:
        await come(page, link_path(invite(store)), "Ann")
        while await page.locator("#answer").count():
            if await page.locator(".second").count():
                await expect(page.locator(".second")).not_to_be_visible()
                await page.get_by_label("Yes").check()
                for number, choice in enumerate(("Accept", "Decline", "Decline")):
                    await page.locator(".offer").nth(number).get_by_label(choice).check()
                await page.get_by_role("button", name="Save").click()
            else:
                await page.locator("summary").click()
                await page.locator("details button").first.click()
        await expect(page.locator(".nothing h2")).to_have_text("All done. Thank you!")
    assert {one.item: one.skipped for one in collected(store).annotations} == {
        "several": "",
        "asking": "unclear",
    }


async def test_whoever_has_an_item_for_too_long_is_told(store: Store) -> None:
    from playwright.async_api import expect

    site = Site(store, "asking")
    keep_project(store, Project(gold_share=0, repeat_share=0, lease_minutes=0.02))
    async with served(site.app) as machine, machine.browser() as page:
        await come(page, link_path(invite(store)), "Ann")
        await expect(page.locator("#said")).to_contain_text("still counts")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_one_screen_on_a_laptop_and_nothing_sideways_on_a_phone(store: Store, scheme: Any) -> None:
    long = Item(
        id="long",
        session="long",
        shown=Proposals(
            events=tuple(Event(text=f"Event {number}. " + "It goes on. " * 30) for number in range(60)),
            candidates=tuple("An offer that is long. " * 20 + str(number) for number in range(5)),
        ),
    )
    site = Site(store)
    load_items(store, [long])
    async with served(site.app) as machine, machine.browser(color_scheme=scheme) as page:
        await come(page, link_path(invite(store)), "Ann")
        seen = set()
        while await page.locator("#answer").count():
            slot = await page.locator("#work").get_attribute("data-slot")
            seen.add(await page.locator("#answer").get_attribute("class"))
            if await page.locator("[name=help_wanted][type=radio]").count():
                await press(page, "y")
            for width, height in ((1366, 657), (1400, 900), (400, 800)):
                await page.set_viewport_size({"width": width, "height": height})
                over = await page.evaluate(
                    "[document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]"
                )
                assert over[0] <= 0, (width, seen)
                if width > 400:
                    assert over[1] <= 0, (width, seen)
                    newest = page.locator(".stream").first
                    below = await newest.evaluate("box => Math.abs(box.scrollTop)")
                    assert below == 0, "the end of what happened is in view"
            await press(page, "s", "5")
            await swapped(page, slot)
        assert len(seen) == 4
