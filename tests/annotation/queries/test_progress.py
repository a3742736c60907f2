"""How far the work is: numbers counted by hand."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update
from tests.annotation.pool import START, annotator, item, yes

from tactful.annotation.queries.progress import progress
from tactful.annotation.services.answering import give_answer, skip, undo
from tactful.annotation.services.assigning import Assigned, assign
from tactful.annotation.services.loading import load_items
from tactful.annotation.services.project import Project, keep_project
from tactful.annotation.store import Store
from tactful.annotation.store.tables import annotators

MINUTE = timedelta(minutes=1)


def taken(store: Store, who: str, minute: int) -> Assigned:
    found = assign(store, who, now=START + minute * MINUTE)
    assert isinstance(found, Assigned)
    return found


def answer(store: Store, who: str, minute: int, seconds: int) -> None:
    one = taken(store, who, minute)
    at = START + minute * MINUTE + timedelta(seconds=seconds)
    assert give_answer(store, who, one.slot, yes(one.item), now=at)


def worked(store: Store) -> tuple[str, str]:
    """Four items of overlap 2: eight places. Ann answers two (10 s, 30 s), leaves one out, takes one back and holds it;
    Ben answers one."""
    keep_project(store, Project(overlap=2, gold_share=0, repeat_share=0))
    load_items(store, [item(number).model_copy(update={"source": "run-1"}) for number in range(4)])
    ann, ben = annotator(store, "Ann"), annotator(store, "Ben")
    answer(store, ann, 0, 10)
    answer(store, ann, 1, 30)
    one = taken(store, ann, 2)
    skip(store, ann, one.slot, "no idea", now=START + 2 * MINUTE)
    answer(store, ann, 3, 50)
    assert undo(store, ann, now=START + 4 * MINUTE)
    answer(store, ben, 20, 12)
    return ann, ben


def test_places_of_a_part_are_answered_leased_or_open(store: Store) -> None:
    worked(store)
    found = progress(store, now=START + 30 * MINUTE)
    (part,) = found.parts
    assert (part.source, part.kind, part.items, part.places) == ("run-1", "proposals", 4, 8)
    # Ann's two and Ben's one; Ann holds the one that she took back; 8 - 3 - 1 are open.
    assert (part.answered, part.leased, part.open, part.skipped) == (3, 1, 4, 1)
    assert (found.places, found.answered, found.gold) == (8, 3, 0)


def test_answers_of_which_nobody_knows_how_long_they_took_say_nothing_of_the_pace(store: Store) -> None:
    _, ben = worked(store)
    answer(store, ben, 25, 0)
    answer(store, ben, 26, 0)
    people = {one.id: one for one in progress(store, now=START + 30 * MINUTE).people}
    assert (people[ben].answered, people[ben].seconds) == (3, 12)


def test_a_lease_that_ran_out_is_an_open_place(store: Store) -> None:
    worked(store)
    (part,) = progress(store, now=START + timedelta(hours=3)).parts
    assert (part.answered, part.leased, part.open) == (3, 0, 5)


def test_each_annotator_is_counted(store: Store) -> None:
    ann, ben = worked(store)
    people = {one.id: one for one in progress(store, now=START + 30 * MINUTE).people}
    first, second = people[ann], people[ben]
    assert (first.name, first.answered, first.skipped, first.withdrawn, first.leased) == ("Ann", 2, 1, 1, 1)
    assert (second.answered, second.skipped, second.withdrawn, second.leased) == (1, 0, 0, 0)
    # The median of 10 and 30; what was taken back does not count.
    assert (first.seconds, second.seconds) == (20, 12)
    assert {first.pseudonym, second.pseudonym} == {"A1", "A2"}
    assert second.last_at == START + 20 * MINUTE + timedelta(seconds=12)


def test_the_end_follows_from_the_last_day(store: Store) -> None:
    worked(store)
    # Three places in the 29 min 50 s since the first answer: the other five take 5/3 as long.
    at = START + 30 * MINUTE
    seen = 30 * MINUTE - timedelta(seconds=10)
    found = progress(store, now=at)
    assert found.answered_lately == 3
    assert found.ends_at is not None
    assert abs(found.ends_at - (at + seen * 5 / 3)) < timedelta(seconds=1)
    assert found.parts[0].ends_at == found.ends_at


def test_no_end_is_foretold_of_a_few_minutes_or_of_yesterday(store: Store) -> None:
    worked(store)
    assert progress(store, now=START + 9 * MINUTE).ends_at is None
    assert progress(store, now=START + timedelta(days=2)).ends_at is None


def test_an_empty_database_has_nothing_to_do(store: Store) -> None:
    found = progress(store)
    assert (found.parts, found.people, found.places, found.ends_at) == ((), (), 0, None)


def test_gold_items_and_repeats_are_no_places_of_the_pool(store: Store) -> None:
    keep_project(store, Project(overlap=1, gold_share=0.5, repeat_share=0))
    plain = item(1)
    load_items(store, [item(0), plain, item(2), *(item(9 + n, gold=yes(plain)) for n in range(3))])
    who = annotator(store)
    given = 0
    while isinstance(one := assign(store, who), Assigned):
        give_answer(store, who, one.slot, yes(one.item))
        given += 1
    found = progress(store)
    assert (found.places, found.answered, found.gold) == (3, 3, 3)
    assert found.people[0].answered == given


def test_who_is_disabled_is_told(store: Store) -> None:
    who = annotator(store)
    with store.write() as connection:
        connection.execute(update(annotators).where(annotators.c.id == who).values(disabled_at=START))
    assert progress(store).people[0].disabled
