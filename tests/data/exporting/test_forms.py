import unicodedata

import pytest

from tactful.data.exporting.forms import Distinct, Preference, said
from tactful.types import Message


def asked(text, *, system=""):
    first = (Message(role="system", content=system),) if system else ()
    return (*first, Message(role="user", content=text))


def preference(prompt="Plan it.", chosen="For when?", rejected="Done.", id="p"):
    return Preference(id, asked(prompt), said(chosen), said(rejected))


@pytest.mark.parametrize(
    ("chosen", "rejected"),
    [
        (said("Où?"), said(unicodedata.normalize("NFD", "Où?\r\n"))),
        (said("One:\n- a"), said("One: \r\n- a  ")),
        ((*said("Let me see."), *said("Done.")), (*said("Let me see.\n"), *said("\ufeffDone."))),
        (said(""), said(" \n")),
    ],
)
def test_a_pair_whose_sides_look_alike_is_left_out_and_counted(chosen, rejected):
    distinct = Distinct()
    assert not distinct.takes(Preference("p", asked("Plan it."), chosen, rejected))
    assert (distinct.equal_sides, distinct.repeated) == (1, 0)


@pytest.mark.parametrize(
    ("chosen", "rejected"),
    [
        (said("Done."), said("done.")),
        (said("Done."), ()),
        (said("Done."), (*said("Let me see."), *said("Done."))),
        (said("Done."), (Message(role="user", content="Done."),)),
        ((*said("a"), *said("b")), (*said("b"), *said("a"))),
    ],
)
def test_a_pair_whose_sides_can_be_told_apart_is_taken(chosen, rejected):
    assert Distinct().takes(Preference("p", asked("Plan it."), chosen, rejected))


@pytest.mark.parametrize(
    "again",
    [
        preference(id="another"),
        preference(prompt="Plan it.\r\n"),
        preference(chosen="For when? "),
        preference(rejected="\ufeffDone.\n"),
    ],
)
def test_a_pair_that_looks_like_an_earlier_one_is_left_out_wherever_it_stands(again):
    distinct = Distinct()
    taken = [distinct.takes(pair) for pair in (preference(), preference(prompt="Another."), again, again)]
    assert taken == [True, True, False, False]
    assert (distinct.equal_sides, distinct.repeated, distinct.contradicting) == (0, 2, 0)


@pytest.mark.parametrize(
    "other",
    [
        preference(prompt="Plan it!"),
        preference(chosen="For whom?"),
        preference()._replace(prompt=asked("Plan it.", system="Ask first.")),
        preference()._replace(prompt=(Message(role="assistant", content="Plan it."),)),
    ],
)
def test_a_pair_of_another_prompt_or_side_is_another_pair(other):
    distinct = Distinct()
    assert [distinct.takes(preference()), distinct.takes(other)] == [True, True]
    assert distinct.contradicting == 0


def test_pairs_that_contradict_each_other_are_both_taken_and_counted():
    swapped = preference(chosen="Done.\n", rejected="For when?")
    distinct = Distinct()
    assert [distinct.takes(pair) for pair in (preference(), swapped, swapped)] == [True, True, False]
    assert (distinct.contradicting, distinct.repeated) == (1, 1)
