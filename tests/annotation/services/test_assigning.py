"""Each item goes to as many annotators as asked, never twice to one, and comes back when nobody answers."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from tests.annotation.pool import START, annotator, item, yes

from tactful.annotation.queries.collected import collected
from tactful.annotation.queries.standing import Before, said_before
from tactful.annotation.services.answering import NotYours, WrongAnswer, give_answer, skip, undo
from tactful.annotation.services.assigning import Assigned, Nothing, assign
from tactful.annotation.services.claiming import claim_from_pool
from tactful.annotation.services.filling import Given, fill
from tactful.annotation.services.loading import load_items
from tactful.annotation.services.project import Project, keep_project, pause, project_of
from tactful.annotation.store import Store
from tactful.annotation.store.tables import annotators, answers, items, slots
from tactful.annotation.types import Item, ProposalsAnswer


def filled(store: Store, count: int, **settings: object) -> None:
    keep_project(store, Project.model_validate({"gold_share": 0, "repeat_share": 0, **settings}))
    load_items(store, [item(number) for number in range(count)])


def given(found: Assigned | Nothing) -> Assigned:
    assert isinstance(found, Assigned), found
    return found


def answered_by(store: Store, who: str, most: int = 1000) -> list[Item]:
    """Answers everything until there is nothing more."""
    seen = []
    while len(seen) < most and isinstance(found := assign(store, who), Assigned):
        give_answer(store, who, found.slot, yes(found.item))
        seen.append(found.item)
    return seen


def test_each_item_goes_to_overlap_annotators_and_to_none_twice(store: Store) -> None:
    filled(store, 10, overlap=2)
    seen = [answered_by(store, annotator(store)) for _ in range(3)]
    assert [len(mine) for mine in seen] == [10, 10, 0]
    for mine in seen:
        assert len({one.id for one in mine}) == len(mine)
    assert set(Counter(one.item for one in collected(store).annotations).values()) == {2}


@pytest.mark.slow
def test_each_annotator_has_an_order_of_their_own(store: Store) -> None:
    filled(store, 200, overlap=3)
    first, second = ([one.id for one in answered_by(store, annotator(store), 40)] for _ in range(2))
    assert first != second
    for block in (slice(0, 16), slice(16, 32)):
        assert set(first[block]) == set(second[block])
        assert first[block] != second[block]
    assert len(set(first) & set(second)) >= 32
    assert max(int(one.removeprefix("item-")) for one in first[:16]) > 100  # not what was loaded first


@pytest.mark.slow
def test_two_who_do_an_eighth_of_the_pool_do_most_of_it_in_common(store: Store) -> None:
    filled(store, 480, overlap=3)
    first, second = ({one.id for one in answered_by(store, annotator(store), 60)} for _ in range(2))
    assert len(first & second) >= 48  # the three blocks that both went through


def test_items_that_came_first_have_all_their_votes_early(store: Store) -> None:
    filled(store, 480, overlap=3)
    people = [annotator(store) for _ in range(3)]
    for _ in range(16):
        for who in people:
            answered_by(store, who, 1)
    votes = Counter(one.item for one in collected(store).annotations)
    assert list(votes.values()) == [3] * 16


@pytest.mark.slow
def test_what_is_added_later_comes_after_what_was_there(store: Store) -> None:
    filled(store, 64, overlap=2)
    first, second = annotator(store), annotator(store)
    answered_by(store, first)
    load_items(store, [item(number) for number in range(64, 128)])
    assert {one.id for one in answered_by(store, first)} == {f"item-{number}" for number in range(64, 128)}
    assert {one.id for one in answered_by(store, second, 64)} == {f"item-{number}" for number in range(64)}


@pytest.mark.slow
def test_an_item_that_was_skipped_goes_to_the_next_annotator_who_has_not_met_it(store: Store) -> None:
    filled(store, 200, overlap=2)
    one, other, third = (annotator(store) for _ in range(3))
    answered_by(store, other, 100)
    held = given(assign(store, one))
    skip(store, one, held.slot, "I do not know this tool")
    answered_by(store, third, 100)
    votes = {
        vote.annotator for vote in collected(store).annotations if vote.item == held.item.id and vote.counts
    }
    assert votes == {other, third}
    answered_by(store, one, 100)
    left = {vote.item for vote in collected(store).annotations if vote.annotator == one and vote.counts}
    assert held.item.id not in left


def test_a_database_of_an_earlier_version_gets_a_common_order_and_goes_on_with_what_was_begun(
    store: Store,
) -> None:
    filled(store, 200, overlap=2)
    done = {one.id for one in answered_by(store, annotator(store), 10)}
    with (
        store.write() as connection
    ):  # as it was: by number in the order of loading, each with an order of their own
        number = items.c.id - 1
        connection.execute(update(items).values(priority=None, number=number))
        connection.execute(update(slots).values(number=slots.c.item_id - 1))
        connection.execute(update(annotators).values(cursor=128))
    fill(store, Given(), {})
    assert {one.id for one in answered_by(store, annotator(store), 16)} >= done


def test_who_comes_back_finds_the_same_item(store: Store) -> None:
    filled(store, 5)
    who = annotator(store)
    first = given(assign(store, who, now=START))
    assert given(assign(store, who, now=START)).slot == first.slot
    late = given(assign(store, who, now=START + timedelta(days=1)))
    assert late.slot == first.slot
    assert late.leased_until > START + timedelta(days=1)


def test_a_lease_that_ran_out_goes_to_somebody_else_and_its_first_holder_is_told(store: Store) -> None:
    filled(store, 1, overlap=1, lease_minutes=30)
    slow, quick = annotator(store), annotator(store)
    held = given(assign(store, slow, now=START))
    waiting = assign(store, quick, now=START + timedelta(minutes=29))
    assert waiting == Nothing("waiting", START + timedelta(minutes=30))
    taken = given(assign(store, quick, now=START + timedelta(minutes=31)))
    assert taken.item.id == held.item.id
    with pytest.raises(NotYours, match="somebody else"):
        give_answer(store, slow, held.slot, yes(held.item))
    assert give_answer(store, quick, taken.slot, yes(taken.item))
    assert assign(store, slow, now=START) == Nothing("done")


def test_a_late_answer_counts_where_nobody_took_the_place(store: Store) -> None:
    filled(store, 1, overlap=1, lease_minutes=30)
    who = annotator(store)
    held = given(assign(store, who, now=START))
    assert give_answer(store, who, held.slot, yes(held.item), now=START + timedelta(hours=5))
    assert collected(store).annotations[0].seconds == 30 * 60  # at most the length of a lease


def test_the_same_answer_sent_twice_is_one(store: Store) -> None:
    filled(store, 2)
    who = annotator(store)
    held = given(assign(store, who))
    assert give_answer(store, who, held.slot, yes(held.item)) is True
    assert give_answer(store, who, held.slot, yes(held.item)) is False
    assert len(collected(store).annotations) == 1


def test_nobody_answers_in_the_place_of_another(store: Store) -> None:
    filled(store, 2)
    mine, other = annotator(store), annotator(store)
    held = given(assign(store, mine))
    with pytest.raises(NotYours):
        give_answer(store, other, held.slot, yes(held.item))
    with pytest.raises(NotYours):
        give_answer(store, mine, 999_999, yes(held.item))


def test_an_answer_that_does_not_fit_its_item_is_refused_and_the_item_stays_open(store: Store) -> None:
    filled(store, 1)
    who = annotator(store)
    held = given(assign(store, who))
    unasked = ProposalsAnswer(accepted=(True,), help_wanted=None)
    with pytest.raises(WrongAnswer, match="whether help was wanted"):
        give_answer(store, who, held.slot, unasked)
    with pytest.raises(WrongAnswer, match="1 proposals, the answer speaks of 2"):
        give_answer(store, who, held.slot, ProposalsAnswer(accepted=(True, False), help_wanted=True))
    assert given(assign(store, who)).slot == held.slot


def test_a_skipped_item_goes_to_others_and_never_back(store: Store) -> None:
    filled(store, 1, overlap=1)
    who, other = annotator(store), annotator(store)
    held = given(assign(store, who))
    skip(store, who, held.slot, "I do not know this tool")
    assert assign(store, who) == Nothing("done")
    assert given(assign(store, other)).item.id == held.item.id
    kept = collected(store).annotations[0]
    assert (kept.answer, kept.skipped, kept.counts) == (None, "I do not know this tool", False)


def test_undo_brings_the_last_item_back_and_keeps_what_was_said(store: Store) -> None:
    filled(store, 3, overlap=1)
    who = annotator(store)
    first = given(assign(store, who))
    give_answer(store, who, first.slot, yes(first.item), comment="sure")
    second = given(assign(store, who))
    assert undo(store, who)
    with store.read() as connection:
        assert said_before(connection, who, first.item.id, False) == Before(yes(first.item), "sure")
    again = given(assign(store, who))
    assert again.item.id == first.item.id
    give_answer(store, who, again.slot, ProposalsAnswer(accepted=(False,), help_wanted=False))
    kept = collected(store).annotations
    assert [one.counts for one in kept] == [False, True]
    assert {given(assign(store, who)).item.id} <= {f"item-{n}" for n in range(3)} - {first.item.id}
    assert second.item.id != first.item.id


def test_undo_takes_back_a_skip_and_stops_where_nothing_is_left(store: Store) -> None:
    filled(store, 1, overlap=1)
    who = annotator(store)
    assert not undo(store, who)
    held = given(assign(store, who))
    skip(store, who, held.slot, "unclear")
    assert undo(store, who)
    assert given(assign(store, who)).item.id == held.item.id
    assert not undo(store, who)


def test_while_paused_nothing_is_given_out_but_answers_are_taken(store: Store) -> None:
    filled(store, 2)
    who, other = annotator(store), annotator(store)
    held = given(assign(store, who))
    pause(store, True)
    assert assign(store, other) == Nothing("paused")
    assert give_answer(store, who, held.slot, yes(held.item))
    pause(store, False)
    assert isinstance(assign(store, other), Assigned)


def test_gold_items_go_to_everybody_and_fill_no_place_of_the_pool(store: Store) -> None:
    keep_project(store, Project(overlap=2, gold_share=0.5, repeat_share=0))
    known = item(900, gold=ProposalsAnswer(accepted=(True,), help_wanted=True))
    load_items(store, [*map(item, range(30)), known])
    both = [annotator(store) for _ in range(2)]
    for who in both:
        answered_by(store, who)
    kept = collected(store).annotations
    assert {one.annotator for one in kept if one.gold} == set(both)
    assert Counter(one.item for one in kept if not one.gold).most_common(1)[0][1] == 2


@pytest.mark.slow
def test_repeats_come_after_a_while_once_and_are_no_second_vote(store: Store) -> None:
    filled(store, 40, overlap=1, repeat_share=0.5, repeat_after=5)
    who = annotator(store)
    answered_by(store, who)
    kept = collected(store).annotations
    repeats = [one for one in kept if one.repeat]
    assert len(repeats) >= 5
    assert len({one.item for one in repeats}) == len(repeats)
    for one in repeats:
        first = next(place for place, other in enumerate(kept) if other.item == one.item)
        assert kept.index(one) - first > 5
    assert Counter(vote.unit for vote in collected(store).votes()).most_common(1)[0][1] == 1


def test_loading_the_same_items_again_adds_none(store: Store) -> None:
    filled(store, 5)
    again = load_items(store, [item(number) for number in range(8)])
    assert (again.read, again.new, again.known) == (8, 3, 5)
    assert len(answered_by(store, annotator(store))) == 8


def test_two_windows_of_one_annotator_hold_one_item(store: Store) -> None:
    filled(store, 50)
    who = annotator(store)
    found: list[Assigned | Nothing] = []
    windows = [threading.Thread(target=lambda: found.append(assign(store, who))) for _ in range(6)]
    for one in windows:
        one.start()
    for one in windows:
        one.join()
    assert len({given(one).slot for one in found}) == 1


@pytest.mark.slow
def test_who_comes_back_late_takes_nothing_from_the_one_who_claims_it_at_that_moment(store: Store) -> None:
    filled(store, 2, overlap=1)
    ann, ben = annotator(store), annotator(store)
    first = given(assign(store, ann, now=START))
    late = START + timedelta(days=1)
    found: list[Assigned | Nothing] = []
    with store.write() as connection:
        assert claim_from_pool(connection, ben, project_of(connection), late)
        back = threading.Thread(target=lambda: found.append(assign(store, ann, now=late)))
        back.start()
        time.sleep(0.5)  # she has seen by now that it is hers, and waits to write so
    back.join()
    held = given(assign(store, ben, now=late))
    assert held.slot == first.slot
    assert given(found[0]).slot != first.slot
    assert give_answer(store, ben, held.slot, yes(held.item), now=late)


@pytest.mark.slow
def test_annotators_at_once_never_exceed_the_overlap_and_lose_nothing(store: Store) -> None:
    """A claim that looked first and wrote then would give the same places to many here."""
    filled(store, 60, overlap=3)
    people = [annotator(store) for _ in range(12)]
    acknowledged: list[int] = []
    troubles: list[Exception] = []

    def work(who: str) -> None:
        try:
            acknowledged.append(len(answered_by(store, who)))
        except Exception as error:  # shown below
            troubles.append(error)

    threads = [threading.Thread(target=work, args=(who,)) for who in people]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert troubles == []
    kept = collected(store).annotations
    assert len(kept) == sum(acknowledged) == 180
    assert set(Counter(one.item for one in kept).values()) == {3}
    assert max(Counter((one.item, one.annotator) for one in kept).values()) == 1


@pytest.mark.slow
def test_the_uncertain_come_first_and_their_probabilities_weigh_up_to_the_whole(store: Store) -> None:
    """Sum of 1/p over the annotated estimates the number of items in the pool, within 25% here."""
    keep_project(store, Project(overlap=1, gold_share=0, repeat_share=0, order="uncertainty", seed=3))
    load_items(store, [item(n, acceptance=(n % 100) / 100) for n in range(400)])
    who = annotator(store)
    done = answered_by(store, who, 128)
    assert sum(abs(2 * (one.acceptance or 0) - 1) for one in done) / len(done) < 0.4  # 0.5 if it were random
    weights = [1 / one.probability for one in collected(store).annotations if one.probability is not None]
    assert len(weights) >= 64
    assert sum(weights) == pytest.approx(400, rel=0.25)
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(answers)).scalar() == 128


def test_an_item_that_everybody_skipped_does_not_end_the_sample(store: Store) -> None:
    keep_project(store, Project(overlap=1, gold_share=0, repeat_share=0, order="uncertainty"))
    load_items(store, [item(n, acceptance=(n % 100) / 100) for n in range(200)])
    who = annotator(store)
    first = given(assign(store, who))
    skip(store, who, first.slot, "unclear")
    answered_by(store, who, 63)
    known = [one for one in collected(store).annotations if one.probability is not None]
    assert len(known) == 64
