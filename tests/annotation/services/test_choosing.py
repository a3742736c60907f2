"""An item that an annotator chose themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.annotation.pool import START, annotator, item

from tactful.annotation.queries.collected import collected
from tactful.annotation.services.answering import WrongAnswer
from tactful.annotation.services.assigning import Assigned, assign
from tactful.annotation.services.choosing import answer_chosen, said_of
from tactful.annotation.services.loading import load_items
from tactful.annotation.services.project import Project, keep_project
from tactful.annotation.store import Store
from tactful.annotation.types import AskingAnswer, ProposalsAnswer
from tactful.errors import UserError

YES = ProposalsAnswer(accepted=(True,), help_wanted=True)
NO = ProposalsAnswer(accepted=(False,), help_wanted=False)


def answers_in(store: Store) -> list[tuple[str, object, bool]]:
    return [(one.item, one.answer, one.counts) for one in collected(store).annotations]


def test_what_is_said_of_a_new_item_is_an_annotation_like_any_other(store: Store) -> None:
    me = annotator(store)
    answer_chosen(store, me, item(1), YES, comment=" sure ", now=START)
    assert answers_in(store) == [("item-1", YES, True)]
    assert said_of(store, me, item(1)) == (YES, "sure")
    assert said_of(store, annotator(store), item(1)) is None
    assert said_of(store, me, item(2)) is None


def test_its_seconds_count_from_when_it_was_shown_and_no_longer_than_a_lease(store: Store) -> None:
    me = annotator(store)
    shown = {1: timedelta(seconds=12), 2: timedelta(days=1), 3: timedelta(seconds=-5)}
    for number, ago in shown.items():
        answer_chosen(store, me, item(number), YES, shown_at=START - ago, now=START)
    answer_chosen(store, me, item(4), YES, now=START)
    assert [one.seconds for one in collected(store).annotations] == [12, 30 * 60, 0, 0]


def test_another_answer_takes_its_place_and_both_are_kept(store: Store) -> None:
    me = annotator(store)
    answer_chosen(store, me, item(1), YES, now=START)
    answer_chosen(store, me, item(1), NO, now=START + timedelta(minutes=1))
    assert answers_in(store) == [("item-1", YES, False), ("item-1", NO, True)]
    assert said_of(store, me, item(1)) == (NO, "")


def test_others_may_still_be_asked_and_the_overlap_holds(store: Store) -> None:
    keep_project(store, Project(overlap=1, gold_share=0, repeat_share=0))
    me, other = annotator(store), annotator(store)
    answer_chosen(store, me, item(1), YES, now=START)
    assert not isinstance(assign(store, other, now=START), Assigned)  # its one place is taken
    answer_chosen(store, other, item(1), NO, now=START)  # who chooses it has a place of their own
    assert [counts for _, _, counts in answers_in(store)] == [True, True]


def test_what_was_open_goes_back_to_the_pool(store: Store) -> None:
    keep_project(store, Project(overlap=1, gold_share=0, repeat_share=0))
    me, other = annotator(store), annotator(store)
    load_items(store, [item(1)])
    assert isinstance(assign(store, me, now=START), Assigned)
    answer_chosen(store, me, item(2), YES, now=START)
    given = assign(store, other, now=START)
    assert isinstance(given, Assigned)
    assert given.item.id == "item-1"


def test_the_item_that_was_given_can_be_chosen(store: Store) -> None:
    me = annotator(store)
    load_items(store, [item(1)])
    assert isinstance(assign(store, me, now=START), Assigned)
    answer_chosen(store, me, item(1), YES, now=START)
    assert answers_in(store) == [("item-1", YES, True)]


def test_an_answer_that_does_not_fit_changes_nothing(store: Store) -> None:
    me = annotator(store)
    answer_chosen(store, me, item(1), YES, now=START)
    for wrong in (AskingAnswer(verdict="ask"), ProposalsAnswer(accepted=(), help_wanted=True)):
        with pytest.raises(WrongAnswer):
            answer_chosen(store, me, item(1), wrong, now=START)
    assert said_of(store, me, item(1)) == (YES, "")


def test_a_gold_item_can_be_chosen(store: Store) -> None:
    me = annotator(store)
    load_items(store, [item(1, gold=YES)])
    answer_chosen(store, me, item(1), NO, now=START)
    assert answers_in(store) == [("item-1", NO, True)]


def test_a_database_in_the_order_of_a_model_takes_no_item_that_it_has_not_judged(store: Store) -> None:
    keep_project(store, Project(order="uncertainty"))
    with pytest.raises(UserError, match="give another database"):
        answer_chosen(store, annotator(store), item(1), YES)
