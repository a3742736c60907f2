"""How values stand in the pages."""

from __future__ import annotations

import random

import pytest

from tactful.viewer.filters.grammar import Compare, Holds, Not, parse
from tactful.viewer.types import Fact
from tactful.viewer.views.showing import as_filter, clock, differences, figure, money, signed, verdict


def test_numbers_are_short() -> None:
    assert [figure(value) for value in (None, True, 0, 3.0, 1234567, 0.30000000000000004, -0.25, 12345.67, "x")] == [
        "–", "true", "0", "3", "1,234,567", "0.3", "-0.25", "12,345.7", "x",
    ]  # fmt: skip
    assert [money(value) for value in (None, 0.0, 0.00042, 12.5)] == ["–", "$0.00", "$0.0004", "$12.50"]
    assert [signed(value) for value in (0.5, -0.25, 0.001, -0.001)] == ["+0.50", "−0.25", "0", "0"]
    assert clock("2026-03-03T09:00:01.5+00:00") == "2026-03-03 09:00:01"
    assert clock("Day 1, 11:00 PM") == "Day 1, 11:00 PM"


def test_speaking_up_is_right_when_it_was_needed_and_silence_when_it_was_not() -> None:
    assert verdict("asked", False) == ("asked_not", False)
    assert verdict("asked", True) == ("asked_needed", True)
    assert verdict("offered", False) == ("offered_not", False)
    assert verdict("answered", True) == ("answered_needed", False)
    assert verdict("silent", False) == ("silent_not", True)
    assert verdict("silent", None) is None
    assert verdict(None, True) is None


def test_a_fact_becomes_the_filter_that_finds_it() -> None:
    known = [Fact(name="asked", types=("yes/no",)), Fact(name="said", types=("text",))]
    assert isinstance(parse(as_filter("asked", True), known), Holds)
    assert isinstance(parse(as_filter("asked", False), known), Not)
    for text in ("say \"yes\" or 'no' ~ 退款", "back\\slash", "two\nlines"):
        tree = parse(as_filter("said", text), known)
        assert isinstance(tree, Compare)
        assert tree.right == text


def own(pieces: tuple[tuple[str, bool], ...]) -> list[str]:
    return [text for text, differs in pieces if differs]


def test_differences_are_told_by_words_and_by_chinese_characters() -> None:
    one, other = differences("Which day is free?", "Which week is it?")
    assert (own(one), own(other)) == (["day", "free"], ["week", "it"])
    one, other = differences("员工几点上班？", "员工几点下班？")
    assert (own(one), own(other)) == (["上"], ["下"])
    assert differences("same", "same") == ((("same", False),), (("same", False),))
    assert differences("", "") == ((), ())


@pytest.mark.parametrize("length", [5, 300, 8000])
def test_both_sides_keep_every_character(length: int) -> None:
    rng = random.Random(length)
    texts = ["".join(rng.choices("ab 退\n.", k=length)) for _ in range(2)]
    for text, pieces in zip(texts, differences(*texts), strict=True):
        assert "".join(piece for piece, _ in pieces) == text
