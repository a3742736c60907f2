"""What annotators wrote, the newest first."""

from __future__ import annotations

from datetime import timedelta

from tests.annotation.pool import START, annotator, item, yes

from tactful.annotation.queries.remarks import remarks
from tactful.annotation.services.answering import give_answer, skip, undo
from tactful.annotation.services.assigning import Assigned, assign
from tactful.annotation.services.loading import load_items
from tactful.annotation.services.project import Project, keep_project
from tactful.annotation.store import Store


def written(store: Store) -> None:
    """One annotator skips three items, for two reasons, comments on one answer, and takes another comment back."""
    keep_project(store, Project(gold_share=0, repeat_share=0))
    load_items(store, [item(number) for number in range(6)])
    who = annotator(store)
    for minute, (reason, comment) in enumerate(
        [
            ("no idea", ""),
            ("broken", "half of it is missing"),
            ("no idea", ""),
            ("", "good"),
            ("", ""),
            ("", "oops"),
        ]
    ):
        at = START + timedelta(minutes=minute)
        one = assign(store, who, now=at)
        assert isinstance(one, Assigned)
        if reason:
            skip(store, who, one.slot, reason, comment=comment, now=at)
        else:
            give_answer(store, who, one.slot, yes(one.item), comment=comment, now=at)
    assert undo(store, who, now=START + timedelta(minutes=9))


def test_skips_come_with_their_reasons(store: Store) -> None:
    written(store)
    found = remarks(store, "skipped")
    assert [(one.reason, one.comment) for one in found.rows] == [
        ("no idea", ""),
        ("broken", "half of it is missing"),
        ("no idea", ""),
    ]
    assert found.reasons == {"no idea": 2, "broken": 1}
    assert {one.pseudonym for one in found.rows} == {"A1"}


def test_comments_that_stand_come_with_answers_and_skips_alike(store: Store) -> None:
    written(store)
    found = remarks(store, "comments")
    assert [one.comment for one in found.rows] == ["good", "half of it is missing"]
    assert (found.total, found.reasons) == (2, {})


def test_a_page_holds_a_part_of_them(store: Store) -> None:
    written(store)
    found = remarks(store, "skipped", start=1, most=1)
    assert [one.reason for one in found.rows] == ["broken"]
    assert found.total == 3
