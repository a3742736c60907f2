"""A decision is kept beside the votes, and may be revised."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.annotation.pool import START, annotator, item, yes

from tactful.annotation.queries.collected import collected
from tactful.annotation.queries.judged import decided_items, judged, numbers_of
from tactful.annotation.services.adjudicating import decide
from tactful.annotation.services.answering import WrongAnswer, give_answer, skip
from tactful.annotation.services.assigning import Assigned, assign
from tactful.annotation.services.loading import load_items
from tactful.annotation.store import Store
from tactful.annotation.types import AskingAnswer, Item, ProposalsAnswer
from tactful.errors import UserError


def one_item(store: Store) -> tuple[Item, int]:
    one = item(0, candidates=("x", "y"))
    load_items(store, [one])
    return one, numbers_of(store, [one.id])[one.id]


def no(item: Item) -> ProposalsAnswer:
    return ProposalsAnswer(accepted=(False, False), help_wanted=False)


def slot_of(store: Store, who: str) -> int:
    found = assign(store, who, now=START)
    assert isinstance(found, Assigned)
    return found.slot


def test_a_decision_can_be_revised_and_the_earlier_one_stays(store: Store) -> None:
    one, number = one_item(store)
    boss = annotator(store, role="admin")
    decide(store, boss, number, yes(one), note=" first thought ", now=START)
    decide(store, boss, number, no(one), note="seen again", now=START + timedelta(minutes=1))
    found = judged(store, number)
    assert found is not None
    assert [(each.answer, each.note) for each in found.decisions] == [
        (no(one), "seen again"),
        (yes(one), "first thought"),
    ]
    assert decided_items(store) == {one.id}
    assert collected(store).adjudications[one.id].answer == no(one)


def test_the_votes_stay_as_they_are_and_name_nobody(store: Store) -> None:
    one, number = one_item(store)
    boss, ann, ben = annotator(store, role="admin"), annotator(store, "Ann"), annotator(store, "Ben")
    give_answer(store, ann, slot_of(store, ann), yes(one), comment="clear", now=START)
    skip(store, ben, slot_of(store, ben), "no idea", now=START)
    decide(store, boss, number, no(one), now=START)
    found = judged(store, number)
    assert found is not None
    assert [(each.answer, each.skipped, each.comment) for each in found.said] == [
        (yes(one), "", "clear"),
        (None, "no idea", ""),
    ]
    assert {each.pseudonym for each in found.said} <= {"A1", "A2", "A3"}
    assert collected(store).annotations[0].answer == yes(one)


def test_an_answer_that_does_not_fit_is_refused(store: Store) -> None:
    _, number = one_item(store)
    boss = annotator(store, role="admin")
    with pytest.raises(WrongAnswer, match="of the kind 'proposals'"):
        decide(store, boss, number, AskingAnswer(verdict="ask"))
    with pytest.raises(WrongAnswer, match="2 proposals"):
        decide(store, boss, number, ProposalsAnswer(accepted=(True,), help_wanted=True))
    assert decided_items(store) == frozenset()


def test_no_item_no_decision(store: Store) -> None:
    one, number = one_item(store)
    with pytest.raises(UserError, match="there is no item"):
        decide(store, annotator(store, role="admin"), number + 1, yes(one))
    assert judged(store, number + 1) is None
