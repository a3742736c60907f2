"""The strongest disagreement comes first; entropies worked out by hand."""

from __future__ import annotations

import pytest
from tests.annotation.pool import START, item

from tactful.annotation.queries.disagreement import disputed, entropy
from tactful.annotation.types import Annotation, Item, ProposalsAnswer
from tactful.annotation.votes import Collected


def judged(one: Item, *answers: tuple[tuple[bool, ...], bool]) -> list[Annotation]:
    return [
        Annotation(
            id=f"{one.id}/{at}",
            item=one.id,
            kind="proposals",
            session=one.session,
            annotator=str(at),
            answer=ProposalsAnswer(accepted=accepted, help_wanted=wanted),
            answered_at=START,
        )
        for at, (accepted, wanted) in enumerate(answers)
    ]


def test_entropy_is_in_bits() -> None:
    assert entropy([3]) == 0
    assert entropy([2, 2]) == 1
    # 1/3 log2 3 + 2/3 log2 3/2 = 0.5283 + 0.3900
    assert entropy([1, 2]) == pytest.approx(0.9183, abs=1e-4)
    assert entropy([1, 1, 1, 1]) == 2
    assert entropy([2, 0]) == 0


def test_the_strongest_comes_first_and_agreement_not_at_all() -> None:
    alike, split, even, more = (item(number, candidates=("x",)) for number in range(4))
    found = disputed(
        Collected(
            items={one.id: one for one in (alike, split, even, more)},
            annotations=[
                *judged(alike, ((True,), True), ((True,), True)),
                *judged(split, ((True,), True), ((False,), True), ((True,), True)),
                *judged(even, ((True,), True), ((False,), True)),
                *judged(more, ((True,), True), ((True,), True), ((False,), True), ((False,), True)),
            ],
        )
    )
    # Four votes 2:2 say more than two votes 1:1, and both more than 2:1.
    assert [(one.item, one.question) for one in found] == [
        ("item-3", "accepted"),
        ("item-2", "accepted"),
        ("item-1", "accepted"),
    ]
    assert found[2].votes == {True: 2, False: 1}
    assert found[2].count == 3


def test_an_item_stands_once_for_each_question_with_its_most_disputed_proposal() -> None:
    one = item(0, candidates=("x", "y"))
    found = disputed(
        Collected(
            items={one.id: one},
            annotations=judged(
                one,
                ((True, True), True),
                ((True, False), False),
                ((False, True), True),
                ((True, False), True),
            ),
        )
    )
    # x 3:1 (0.811), y 2:2 (1); help wanted 3:1.
    assert [(each.question, each.part, round(each.entropy, 3)) for each in found] == [
        ("accepted", "1", 1.0),
        ("help_wanted", "", 0.811),
    ]
