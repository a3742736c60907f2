"""Figures over all votes are made beside the requests, and told with their age."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.annotation.pool import annotator, item, yes

from tactful.annotation.services.answering import give_answer
from tactful.annotation.services.assigning import Assigned, assign
from tactful.annotation.services.loading import load_items
from tactful.annotation.store import Store, open_store
from tactful.annotation.types import ProposalsAnswer
from tactful.annotation.views.admin import measured
from tactful.annotation.views.admin.measured import Measured, Measuring


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "annotations.sqlite") as one:
        load_items(one, [item(number) for number in range(3)])
        yield one


def answer(store: Store, who: str, right: bool = True) -> None:
    one = assign(store, who)
    assert isinstance(one, Assigned)
    said = yes(one.item) if right else ProposalsAnswer(accepted=(False,), help_wanted=False)
    give_answer(store, who, one.slot, said)


def found(measuring: Measuring) -> Measured:
    one = measuring.latest()
    assert one is not None
    return one


def test_the_first_figures_are_waited_for(store: Store) -> None:
    answer(store, annotator(store))
    assert found(Measuring(store)).agreement.annotations == 1


def test_within_a_while_the_same_figures_are_told(store: Store) -> None:
    who = annotator(store)
    answer(store, who)
    measuring = Measuring(store, every_s=3600)
    first = found(measuring)
    answer(store, who)
    assert found(measuring) is first


def test_old_figures_are_told_while_new_ones_are_made(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "_SHARE", 0)
    who = annotator(store)
    answer(store, who)
    measuring = Measuring(store, every_s=0)
    first = found(measuring)
    answer(store, who)
    until = time.monotonic() + 20
    while (now := found(measuring)) is first and time.monotonic() < until:
        time.sleep(0.01)
    assert now.agreement.annotations == 2


@pytest.mark.slow
def test_what_takes_long_is_made_seldom(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(store, annotator(store))
    made = []

    def slow(store: Store) -> None:
        made.append(time.monotonic())
        time.sleep(0.2)

    monkeypatch.setattr(measured, "_measured", slow)
    measuring = Measuring(store, every_s=0)
    until = time.monotonic() + 1
    while time.monotonic() < until:
        measuring.latest()
        time.sleep(0.01)
    assert len(made) == 1  # again only after twenty times 0.2 s


def test_figures_that_cannot_be_made_leave_the_old_ones(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "_SHARE", 0)
    answer(store, annotator(store))
    measuring = Measuring(store, every_s=0)
    first = found(measuring)

    def broken(store: Store) -> None:
        raise ValueError("no")

    monkeypatch.setattr(measured, "_measured", broken)
    for _ in range(3):
        assert found(measuring) is first
        time.sleep(0.05)


def test_known_answers_and_repeats_are_shares_of_votes_by_question_and_in_all(store: Store) -> None:
    one = replace(
        found(Measuring(store)),
        known={
            ("a", "accepted"): [("s1", True), ("s1", False), ("s2", True)],
            ("a", "help_wanted"): [("s2", True)],
            ("b", "accepted"): [("s1", False)],
        },
        repeated={("a", "accepted"): [("s1", True), ("s2", False)]},
    )
    checked = one.checked("a")
    assert (checked.gold.value, checked.gold.items) == (3 / 4, 4)
    assert (checked.consistency.value, checked.consistency.items) == (1 / 2, 2)
    assert one.checked("a", "accepted").gold.value == pytest.approx(2 / 3)
    assert one.checked("b").consistency.value is None
