"""Pseudonyms last, and confusion is counted against the others alone."""

from __future__ import annotations

from collections import Counter

from tests.annotation.pool import START, annotator, item, yes

from tactful.annotation.queries.people import confusions, pseudonyms
from tactful.annotation.store import Store
from tactful.annotation.types import Annotation, Answer, Item, ProposalsAnswer
from tactful.annotation.votes import Collected


def said(one: Item, who: str, answer: Answer | None, **more: object) -> Annotation:
    return Annotation.model_validate(
        {
            "id": f"{one.id}/{who}/{len(more)}",
            "item": one.id,
            "kind": "proposals",
            "session": one.session,
            "annotator": who,
            "answer": answer,
            "answered_at": START,
            "gold": one.gold is not None,
            **more,
        }
    )


def wanted(yes: bool) -> ProposalsAnswer:
    return ProposalsAnswer(accepted=(), help_wanted=yes)


def collected(votes: dict[int, dict[str, bool]], gold: dict[int, bool] | None = None) -> Collected:
    """Item → annotator → whether help was wanted."""
    items = {
        number: item(number, candidates=(), gold=wanted(gold[number]) if gold and number in gold else None)
        for number in votes
    }
    return Collected(
        items={one.id: one for one in items.values()},
        annotations=[
            said(items[number], who, wanted(value))
            for number, mine in votes.items()
            for who, value in mine.items()
        ],
    )


def test_confusion_leaves_the_own_vote_out() -> None:
    found = confusions(
        collected(
            {
                0: {"a": True, "b": True, "c": False},
                1: {"a": False, "b": True, "c": True},
                2: {"a": True},
            }
        )
    )
    # Item 0: of a the others are even (b yes, c no); of b too (a yes, c no); of c both say yes, c no.
    # Item 1: a says no, both others yes; b and c see one yes and one no: even. Item 2: a alone.
    (a,), (c,) = found["a"].others, found["c"].others
    assert a.counts == Counter({(True, False): 1})
    assert (a.tied, a.alone, a.votes, a.alike) == (1, 1, 1, 0)
    assert c.counts == Counter({(True, False): 1})
    assert (c.tied, c.alone) == (1, 0)
    (b,) = found["b"].others
    assert (b.votes, b.tied) == (0, 2)


def test_confusion_counts_agreement_on_the_diagonal() -> None:
    found = confusions(
        collected({0: {"a": True, "b": True}, 1: {"a": False, "b": False}, 2: {"a": False, "b": True}})
    )
    (a,) = found["a"].others
    assert a.counts == Counter({(True, True): 1, (False, False): 1, (True, False): 1})
    assert (a.votes, a.alike, a.values) == (3, 2, (True, False))


def test_confusion_against_what_is_known() -> None:
    found = confusions(
        collected({0: {"a": True, "b": False}, 1: {"a": True}, 2: {"a": True}}, gold={0: True, 1: False})
    )
    assert found["a"].gold[0].counts == Counter({(True, True): 1, (False, True): 1})
    assert found["b"].gold[0].counts == Counter({(True, False): 1})


def test_what_does_not_count_stands_in_no_matrix() -> None:
    one = item(0, candidates=())
    given = Collected(
        items={one.id: one},
        annotations=[
            said(one, "a", wanted(True)),
            said(one, "a", wanted(False), repeat=True),
            said(one, "b", wanted(False), withdrawn_at=START),
            said(one, "c", None, skipped="no idea"),
        ],
    )
    assert set(confusions(given)) == {"a"}
    assert confusions(given)["a"].others[0].alone == 1


def test_pseudonyms_follow_the_order_of_joining(store: Store) -> None:
    first = annotator(store)
    assert pseudonyms_of(store) == {first: "A1"}
    for _ in range(3):
        annotator(store)
    found = pseudonyms_of(store)
    assert sorted(found.values()) == ["A1", "A2", "A3", "A4"]


def pseudonyms_of(store: Store) -> dict[str, str]:
    with store.read() as connection:
        return pseudonyms(connection)


def test_several_proposals_are_several_votes() -> None:
    one = item(0, candidates=("x", "y"))
    no = ProposalsAnswer(accepted=(True, False), help_wanted=True)
    given = Collected(items={one.id: one}, annotations=[said(one, "a", yes(one)), said(one, "b", no)])
    accepted, wanted_ = confusions(given)["a"].others
    # b accepts x as a does, refuses y, which a accepts; both want help.
    assert accepted.counts == Counter({(True, True): 1, (False, True): 1})
    assert wanted_.counts == Counter({(True, True): 1})
