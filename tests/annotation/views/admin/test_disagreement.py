"""From the list of disagreements to a decision, and on to the next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.annotation.pool import annotator
from tests.annotation.site import Browser, Site

from tactful.annotation.queries.collected import collected
from tactful.annotation.queries.judged import numbers_of
from tactful.annotation.services.answering import give_answer
from tactful.annotation.services.assigning import Assigned, assign
from tactful.annotation.store import Store, open_store
from tactful.annotation.store.tables import adjudications
from tactful.annotation.types import (
    Answer,
    AskingAnswer,
    FollowUpAnswer,
    Item,
    ProposalsAnswer,
    RepliesAnswer,
)
from tactful.types import Label


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "annotations.sqlite") as one:
        yield one


def said(item: Item, who: int) -> Answer:
    """Three people: all differ on the follow-up, two to one on everything else but the offer of `one`, where all agree."""
    match item.kind:
        case "proposals":
            count = len(item.shown.candidates)  # type: ignore[union-attr]
            if item.id == "one":
                return ProposalsAnswer(accepted=(False,), help_wanted=False)
            return ProposalsAnswer(accepted=(who == 0,) * count, help_wanted=who == 0)
        case "replies":
            return RepliesAnswer(better="first" if who else "second")
        case "follow-up":
            return FollowUpAnswer(label=(Label.NEUTRAL, Label.TOPIC_SHIFT, Label.NEG_CORRECTION)[who])
        case _:
            return AskingAnswer(verdict="ask" if who else "either")


@pytest.fixture
def boss(store: Store) -> Browser:
    """The administrator of a project in which three people answered everything."""
    site = Site(store, overlap=4)
    for at in range(3):
        who = annotator(store, f"Person {at}")
        while isinstance(one := assign(store, who), Assigned):
            give_answer(store, who, one.slot, said(one.item, at), comment="hm" if at == 1 else "")
    browser = site.administrator()
    browser.get("/work")  # their own first item is before them
    browser.get("/admin/disagreement")
    return browser


def listed(page: str) -> list[str]:
    """Glimpses and questions of the rows."""
    rows = re.findall(r'<tr><th scope="row".*?</tr>', page, re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", row)).strip() for row in rows]


def number(store: Store, id: str) -> int:
    return numbers_of(store, [id])[id]


def test_the_strongest_disagreement_is_first_and_agreement_is_not_listed(boss: Browser) -> None:
    rows = listed(boss.page)
    assert "I said by name!" in rows[0]
    assert "1.58" in rows[0]  # three values once each: log2 3
    # Of `several` two questions, of the others one: help wanted and the offers, silence, replies, asking.
    assert len(rows) == 6
    assert all("0.92" in row for row in rows[1:])
    assert not any("The user types" in row or "sort the imports" in row for row in rows)


def test_the_list_is_filtered(boss: Browser) -> None:
    assert len(listed(boss.get("/admin/disagreement?kind=proposals").text)) == 3
    assert len(listed(boss.get("/admin/disagreement?question=help_wanted").text)) == 2
    assert "no disagreement" in boss.get("/admin/disagreement?setting=nowhere").text


def test_an_item_shows_every_vote_with_its_comment_and_no_name(store: Store, boss: Browser) -> None:
    page = boss.get(f"/admin/items/{number(store, 'follow-up')}").text
    assert "I said by name!" in page
    assert "hm" in page
    assert {"A1", "A2", "A3"} == set(re.findall(r"A\d", page))
    assert "Person" not in page


def test_a_decision_is_kept_with_its_note_and_leads_to_the_next(store: Store, boss: Browser) -> None:
    here = number(store, "follow-up")
    boss.get(f"/admin/items/{here}")
    answer = boss.submit(f"/admin/items/{here}", kind="follow-up", label="neg_correction", note="clear to me")
    assert "Decided. Here is the next." in answer.text
    assert str(answer.url).rpartition("/")[2] != str(here)
    decided = collected(store).adjudications["follow-up"]
    assert decided.answer == FollowUpAnswer(label=Label.NEG_CORRECTION)
    assert decided.note == "clear to me"
    assert len([one for one in collected(store).annotations if one.item == "follow-up" and one.counts]) == 3
    left = boss.get("/admin/disagreement?left=1").text
    assert "I said by name!" not in left
    assert len(listed(left)) == 5


def test_a_revised_decision_keeps_the_first(store: Store, boss: Browser) -> None:
    here = number(store, "replies")
    for better in ("first", "tie"):
        boss.get(f"/admin/items/{here}")
        boss.submit(f"/admin/items/{here}", kind="replies", better=better)
    page = boss.get(f"/admin/items/{here}").text
    assert page.count("holds</span>") == 1
    assert collected(store).adjudications["replies"].answer == RepliesAnswer(better="tie")
    with store.read() as connection:
        assert len(connection.execute(select(adjudications)).all()) == 2


def test_the_way_through_a_filtered_list_stays_in_it(store: Store, boss: Browser) -> None:
    boss.get("/admin/disagreement?question=help_wanted")
    first = re.search(r'href="(/admin/items/\d+\?[^"]+)"', boss.page)
    assert first
    boss.get(first[1].replace("&amp;", "&"))
    assert boss.field("by_question") == "help_wanted"
    here = first[1].partition("?")[0]
    parts = boss.field("parts")
    fields = {f"accepted-{at}": "no" for at in range(int(parts))}
    answer = boss.submit(
        here, kind="proposals", parts=parts, help_wanted="no", by_question="help_wanted", **fields
    )
    assert "question=help_wanted" in str(answer.url)
    here = answer.url.path
    parts = boss.field("parts")
    fields = {f"accepted-{at}": "no" for at in range(int(parts))}
    last = boss.submit(
        here, kind="proposals", parts=parts, help_wanted="no", by_question="help_wanted", **fields
    )
    assert "It was the last" in last.text
    assert last.url.path == "/admin/disagreement"


def test_an_answer_that_does_not_fit_is_told_and_the_note_stays(store: Store, boss: Browser) -> None:
    here = number(store, "several")
    boss.get(f"/admin/items/{here}")
    answer = boss.submit(f"/admin/items/{here}", kind="replies", better="first", note="a long thought")
    assert answer.status_code == 422
    assert "a long thought" in answer.text
    assert collected(store).adjudications == {}
