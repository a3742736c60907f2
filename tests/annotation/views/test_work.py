"""What an annotator sees, answers, takes back and skips; with htmx and without."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, update
from tests.annotation.site import KINDS, Browser, Site

from tactful.annotation.queries.collected import collected
from tactful.annotation.services.assigning import shown_order
from tactful.annotation.services.project import Project, pause
from tactful.annotation.store import Store
from tactful.annotation.store.tables import slots
from tactful.annotation.types import Annotation
from tactful.types import Label

GIVEN = {
    "several": {"kind": "proposals", "parts": "3", "help_wanted": "yes", "accepted-0": "yes", "accepted-1": "no", "accepted-2": "yes"},
    "one": {"kind": "proposals", "parts": "1", "help_wanted": "yes", "accepted-0": "no"},
    "silence": {"kind": "proposals", "parts": "0", "help_wanted": "no"},
    "replies": {"kind": "replies", "better": "first"},
    "follow-up": {"kind": "follow-up", "label": "neg_constraint_restate"},
    "asking": {"kind": "asking", "verdict": "ask", "what": "For how many?"},
}  # fmt: skip
KEPT = {
    "several": {"accepted": (True, False, True), "help_wanted": True},
    "one": {"accepted": (False,), "help_wanted": True},
    "silence": {"accepted": (), "help_wanted": False},
    "replies": {"better": "first"},
    "follow-up": {"label": Label.NEG_CONSTRAINT_RESTATE},
    "asking": {"verdict": "ask", "what": "For how many?"},
}


def given(store: Store) -> list[Annotation]:
    return [one for one in collected(store).annotations if one.withdrawn_at is None]


@pytest.mark.parametrize("part", [True, False])
@pytest.mark.parametrize("name", list(KINDS))
def test_each_kind_is_shown_and_answered(store: Store, name: str, part: bool) -> None:
    ann = Site(store, name).annotator()
    page = ann.get("/work").text
    for text in re.findall(
        r'"(?:text|content|first|second|request|answer|next)":"([^"]+)"', KINDS[name].model_dump_json()
    ):
        assert text in page
    answer = ann.submit("/work/answer", part=part, slot=ann.field("slot"), comment="hm", **GIVEN[name])
    assert answer.status_code == 200
    assert "All done" in answer.text
    assert ("<html" in answer.text) is not part
    [one] = given(store)
    assert one.answer is not None
    assert one.answer.model_dump(exclude={"kind"}) == KEPT[name]
    assert one.comment == "hm"


def before(browser: Browser) -> str:
    """Which of `KINDS` the browser has before it."""
    kind = browser.field("kind")
    return (
        kind if kind != "proposals" else {"3": "several", "1": "one", "0": "silence"}[browser.field("parts")]
    )


def checked(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]*)" required checked', page)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(KINDS))
def test_what_is_taken_back_is_shown_as_it_was_said_on_any_browser(store: Store, name: str) -> None:
    site = Site(store, name)
    ann = site.annotator()
    ann.get("/work")
    ann.submit("/work/answer", slot=ann.field("slot"), comment="not <b>sure</b>", **GIVEN[name])
    page = ann.submit("/work/undo", part=True).text
    other = site.browser()
    other.sign_in("Ann")
    for shown in (page, other.get("/work").text):
        assert "Taken back" in shown
        assert ">not &lt;b&gt;sure&lt;/b&gt;</textarea>" in shown
        if name == "several":
            assert [checked(shown, f"accepted-{place}") for place in range(3)] == [["yes"], ["no"], ["yes"]]
        elif name == "asking":
            assert checked(shown, "verdict") == ["ask"]
            assert "For how many?</textarea>" in shown
        else:
            [was] = re.findall(r'name="([\w-]+)" value="([^"]*)"[^>]*class="was"', shown)
            assert GIVEN[name][was[0]] == was[1]
    assert given(store) == []
    assert "nothing more to take back" in ann.submit("/work/undo", part=True).text


def test_a_skipped_item_goes_with_its_reason_and_comes_back_by_undo(store: Store) -> None:
    ann = Site(store, "asking").annotator()
    ann.get("/work")
    page = ann.submit("/work/answer", slot=ann.field("slot"), skip="sensitive", comment="names").text
    assert "All done" in page
    [one] = given(store)
    assert (one.answer, one.skipped, one.comment) == (None, "sensitive", "names")
    assert "You had skipped this one" in ann.submit("/work/undo", part=True).text
    ann.get("/work")
    assert ann.submit("/work/answer", slot=ann.field("slot"), skip="bored").status_code == 422


@pytest.mark.parametrize("name", list(KINDS))
def test_an_answer_that_lacks_something_is_refused_with_a_sentence_and_nothing_is_kept(
    store: Store, name: str
) -> None:
    ann = Site(store, name).annotator()
    ann.get("/work")
    for lacking in GIVEN[name]:
        if lacking == "what" or (name, lacking) == ("silence", "parts"):
            continue
        sent = {field: value for field, value in GIVEN[name].items() if field != lacking}
        answer = ann.submit("/work/answer", part=True, slot=ann.field("slot"), **sent)
        assert answer.status_code == 422, lacking
        assert answer.headers["HX-Retarget"] == "#said", "the page and what was chosen stay"
    assert given(store) == []


def test_one_button_accepts_none_of_several(store: Store) -> None:
    ann = Site(store, "several").annotator()
    ann.get("/work")
    sent = {"kind": "proposals", "parts": "3", "help_wanted": "no", "all": "rejected"}
    ann.submit("/work/answer", slot=ann.field("slot"), **sent)
    assert [one.answer.model_dump() for one in given(store) if one.answer] == [
        {"kind": "proposals", "accepted": (False,) * 3, "help_wanted": False}
    ]


@pytest.mark.parametrize("part", [True, False])
def test_an_answer_that_is_sent_twice_counts_once_and_this_is_told(store: Store, part: bool) -> None:
    ann = Site(store, "replies").annotator()
    ann.get("/work")
    slot = ann.field("slot")
    for better, told in (("first", False), ("second", True)):
        answer = ann.submit("/work/answer", part=part, slot=slot, kind="replies", better=better)
        assert answer.status_code == 200
        assert ("what you sent just now was not kept" in answer.text) is told
    [one] = given(store)
    assert one.answer is not None
    assert one.answer.model_dump()["better"] == "first"


def test_whoever_stops_goes_on_at_the_same_item_on_any_browser(store: Store) -> None:
    site = Site(store)
    ann = site.annotator()
    ann.get("/work")
    other = site.browser()
    other.sign_in("Ann")
    other.get("/work")
    assert other.field("slot") == ann.field("slot")


@pytest.mark.slow
def test_sides_are_shuffled_and_what_is_kept_is_by_the_item(store: Store) -> None:
    site = Site(store, "replies", overlap=12)
    orders = set()
    for number in range(12):
        ann = site.annotator(f"Ann {number}")
        page = html.unescape(ann.get("/work").text)
        texts = [page.index("For how many people?"), page.index("Done: a table for two")]
        order = (0, 1) if texts[0] < texts[1] else (1, 0)
        left, tie, right = re.findall(r'name="better" value="(\w+)"', page)
        assert tie == "tie"
        assert (left, right) == (("first", "second") if order == (0, 1) else ("second", "first"))
        ann.submit("/work/answer", slot=ann.field("slot"), kind="replies", better=left)
        orders.add(order)
    assert orders == {(0, 1), (1, 0)}
    for one in given(store):
        assert one.order == shown_order(
            Project(gold_share=0, repeat_share=0), one.annotator, site.items[0], False
        )


@pytest.mark.slow
def test_where_there_is_nothing_the_page_says_why(store: Store) -> None:
    site = Site(store, "asking", overlap=1)
    ann, bob = site.annotator("Ann"), site.annotator("Bob")
    ann.get("/work")
    page = bob.get("/work").text
    assert "Nothing for you just now" in page
    assert "<time" in page, "when to look again"
    pause(store, True)
    assert "A pause" in bob.get("/work").text
    ann.submit("/work/answer", slot=ann.field("slot"), **GIVEN["asking"])
    pause(store, False)
    assert "All done" in bob.get("/work").text


@pytest.mark.slow
def test_an_answer_that_comes_too_late_is_told_and_the_next_item_is_there(store: Store) -> None:
    site = Site(store, "asking", overlap=1)
    ann, bob = site.annotator("Ann"), site.annotator("Bob")
    ann.get("/work")
    slot = ann.field("slot")
    with store.write() as connection:
        connection.execute(update(slots).values(leased_until=datetime.now(UTC) - timedelta(seconds=1)))
    bob.get("/work")
    for part in (True, False):
        page = ann.submit("/work/answer", part=part, slot=slot, **GIVEN["asking"]).text
        assert "somebody else has it now" in page
    assert given(store) == []


@pytest.mark.slow
def test_progress_and_pace_are_told_without_anyone_else(store: Store) -> None:
    site = Site(store)
    ann, bob = site.annotator("Ann"), site.annotator("Bob")
    bob.get("/work")
    for _ in range(5):
        ann.get("/work")
        ann.submit("/work/answer", slot=ann.field("slot"), **GIVEN[before(ann)])
    page = ann.get("/work").text
    assert re.search(r"5 answers of yours · 5 today · about \d+ s each", page)
    assert "All together: " in page
    assert "Bob" not in page


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_has_all_its_words(store: Store, language: str) -> None:
    site = Site(store)
    ann = site.annotator()
    ann.get(f"/guide?lang={language}")
    seen = set()
    while 'id="answer"' in ann.get("/work").text:
        kind = ann.field("kind")
        seen.add(kind)
        if kind == "follow-up":
            assert set(re.findall(r'name="label" value="(\w+)"', ann.page)) == {one.value for one in Label}
        ann.submit("/work/answer", slot=ann.field("slot"), skip="other")
    assert seen == {"proposals", "replies", "follow-up", "asking"}
    assert ("All done" in ann.page) is (language == "en")


def test_an_answer_and_the_next_item_cost_few_statements(store: Store) -> None:
    site = Site(store)
    ann = site.annotator()
    ann.get("/work")
    said: list[str] = []
    event.listen(
        store._engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, *rest: said.append(statement),
    )
    answer = ann.submit("/work/answer", part=True, slot=ann.field("slot"), **GIVEN[before(ann)])
    assert 'id="answer"' in answer.text
    assert len([one for one in said if not one.startswith("BEGIN")]) in (16, 17), (
        "one more counts all, now and then"
    )
