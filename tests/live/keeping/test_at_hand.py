"""Where the latest conversations stand, without a database: bounded, and only what follows from this process' own requests."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.live.scripted import said

from tactful.live.following.recognising import Place, place_of
from tactful.live.keeping import at_hand
from tactful.live.keeping.at_hand import AtHand
from tactful.live.keeping.lookup import drawn_by
from tactful.live.types import Advice
from tactful.mend.turns import Task


def place(*texts: str) -> Place:
    return place_of(said(*texts))


def kept(
    hand: AtHand, here: Place, conversation: str, *, asks: bool = False, asked: int = 0, user: str = ""
) -> str:
    advice = Advice(
        id=f"{conversation}-{here.key[:8]}",
        at=datetime.now(UTC),
        conversation=conversation,
        turn=0,
        user=user,
        mode="shadow",
        treated=False,
        choice="ask" if asks else "answer",
        action="Clarify" if asks else "Execute",
        probabilities={},
    )
    hand.keep(advice, here.key, Task(turn=1), asked)
    return advice.id


def test_the_next_request_finds_where_the_one_before_it_stood() -> None:
    hand = AtHand()
    id = kept(hand, place("a"), "c", asks=True, asked=2)
    known = hand.known(place("a", "b?", "c"), "")
    assert known is not None
    assert (known.conversation, known.earlier, known.task.turn, known.unobserved, known.asked) == (
        "c",
        id,
        1,
        True,
        3,
    )
    hand.observed(id)
    again = hand.known(place("a", "b?", "c"), "c")
    assert again is not None
    assert not again.unobserved


def test_a_question_on_the_same_request_is_not_counted_against_it() -> None:
    hand = AtHand()
    kept(hand, place("a"), "c", asks=True)
    kept(hand, place("a", "b?", "c"), "c", asks=True)
    again = hand.known(place("a", "b?", "c"), "")
    assert again is not None
    assert again.asked == 1


def test_a_turn_that_is_not_here_between_two_that_are_leaves_it_to_the_database() -> None:
    hand = AtHand()
    kept(hand, place("a"), "c")
    assert hand.known(place("a", "b?", "c", "d?", "e"), "") is None
    assert hand.known(place("a", "b?", "c"), "another name") is None
    assert hand.known(place("new"), "") is None


def test_who_goes_on_from_where_another_went_on_already_has_a_conversation_of_their_own() -> None:
    hand = AtHand()
    kept(hand, place("a"), "c", asks=True)
    kept(hand, place("a", "b?", "mine"), "c")
    theirs = place("a", "b?", "theirs")
    known = hand.known(theirs, "")
    assert known is not None
    assert known.conversation != "c"
    assert drawn_by(known.conversation) == "c"
    assert (known.task.turn, known.earlier, known.unobserved, known.asked) == (1, "", False, 0)
    named = hand.known(theirs, "c")
    assert named is not None
    assert named.conversation == "c"
    kept(hand, theirs, known.conversation)
    for texts, conversation in ((("a", "b?", "mine"), "c"), (("a", "b?", "theirs"), known.conversation)):
        for request in (place(*texts), place(*texts, "d?", "e")):
            found = hand.known(request, "")
            assert found is not None
            assert found.conversation == conversation


def test_what_is_oldest_goes_first_with_its_conversation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_hand, "_MOST", 3)
    hand = AtHand()
    kept(hand, place("0"), "0")
    for number in range(1, 4):
        kept(hand, place(f"{number}"), f"{number}")
    assert hand.known(place("0", "?", "x"), "") is None
    assert hand.advice("0") is None
    assert hand.advice("3") is not None
    assert (len(hand._stands), len(hand._talks), len(hand._keys)) == (3, 3, 3)


def test_nothing_of_a_user_who_is_removed_stays() -> None:
    hand = AtHand()
    kept(hand, place("a"), "c", user="u-1")
    kept(hand, place("b"), "d", user="u-2")
    hand.forget("u-1")
    assert (hand.advice("c"), hand.known(place("a", "?", "x"), "")) == (None, None)
    assert hand.advice("d") is not None
