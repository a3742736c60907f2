"""Rows gathered by conversation: their order."""

import pytest

from tactful.data.logs.gathering import gathered
from tactful.data.logs.types import Notes

NONE = Notes(bad=lambda number, problem: pytest.fail(problem))


def in_order(*times):
    rows = [(place, "c", at, place) for place, at in enumerate(times)]
    [(first, key, found)] = gathered(iter(rows), NONE)
    assert (first, key) == (0, "c")
    return found


@pytest.mark.parametrize(
    ("times", "order"),
    [
        ((2.0, 1.0, 3.0), [1, 0, 2]),
        ((1.0, 1.0, 1.0), [0, 1, 2]),
        ((None, None), [0, 1]),
        ((None, 2.0, None, 1.0, None, 3.0), [0, 3, 4, 1, 2, 5]),
    ],
)
def test_rows_go_by_time_and_else_by_their_place(times, order):
    assert in_order(*times) == order


def test_rows_of_equal_times_run_as_the_others_of_their_key_do():
    assert in_order(2.0, 2.0, None, 1.0) == [3, 2, 1, 0]
    assert in_order(1.0, 1.0, None, 2.0) == [0, 1, 2, 3]
    assert in_order(2.0, 2.0, 1.0, 3.0) == [2, 0, 1, 3]  # neither the one nor the other


def test_rows_of_several_conversations_come_by_the_first_of_each():
    rows = [(place, key, None, f"{key}{place}") for place, key in enumerate("abab")]
    assert list(gathered(iter(rows), NONE)) == [(0, "a", ["a0", "a2"]), (1, "b", ["b1", "b3"])]
