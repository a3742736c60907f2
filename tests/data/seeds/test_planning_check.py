"""A plan is checked by regular expressions on a normalised text, and nothing passes by being empty."""

import time

import pytest

from tactful.data.seeds.planning_check import broken_checks, check_plan, normalise_plan
from tactful.errors import DataError
from tactful.types import Requirement


def needs(*checks: str) -> Requirement:
    return Requirement(id="budget", text="Stay within 800 euros.", weight=0.5, open=True, checks=checks)


def test_every_check_must_be_found() -> None:
    requirement = needs(r"\b800\b", r"euro|€")
    assert check_plan("Spend at most 800 euros.", requirement)
    assert not check_plan("Spend at most 800 pounds.", requirement)


def test_case_does_not_matter() -> None:
    assert check_plan("BUDGET: EIGHT HUNDRED", needs("eight hundred"))


def test_a_leading_exclamation_mark_wants_the_text_absent() -> None:
    requirement = needs("train", r"!\bflight")
    assert check_plan("Go by train.", requirement)
    assert not check_plan("Go by train, or take a flight.", requirement)


def test_full_width_characters_are_read_as_ordinary_ones() -> None:
    assert check_plan("预算：８００元（含税）", needs(r"预算:800元\(含税\)"))


def test_dashes_and_curly_quotes_are_read_as_plain_ones() -> None:
    assert check_plan("Days 3–5: Ana’s “quiet” days", needs(r"days 3-5: ana's \"quiet\""))


def test_emphasis_marks_do_not_hide_a_match() -> None:
    assert check_plan("**Budget:** `800` __euros__", needs("budget: 800 euros"))


def test_spaces_are_one_space_and_lines_stay_lines() -> None:
    assert normalise_plan("  a \t b\u00a0c \r\n\n  d\r e ") == "a b c\n\nd\ne"
    assert check_plan("first\n   Friday: rest", needs("^friday: rest$"))
    assert not check_plan("lunch\nat noon", needs("lunch.*noon"))


def test_the_empty_plan_meets_nothing_not_even_an_absence() -> None:
    assert not check_plan(" \n\t", needs("!flight"))


def test_a_requirement_without_checks_is_an_error_that_names_it() -> None:
    with pytest.raises(DataError, match="'budget' has no checks"):
        check_plan("Spend 800 euros.", needs())


@pytest.mark.parametrize("check", ["(", "!(", "!", ""])
def test_an_unusable_check_is_an_error_that_shows_it(check: str) -> None:
    with pytest.raises(DataError, match="'budget': check"):
        check_plan("Spend 800 euros.", needs(check))


@pytest.mark.parametrize("check", ["８００", "预算：", "3–5", "Ana’s"])
def test_a_check_that_normalising_makes_unfindable_is_refused(check: str) -> None:
    with pytest.raises(DataError, match="could never be found"):
        check_plan("anything", needs(check))


@pytest.mark.slow
def test_a_check_that_would_never_return_is_given_up_with_a_reason() -> None:
    before = time.monotonic()
    with pytest.raises(DataError, match=r"'budget': check '\(a\|aa\)\+\$' took longer than 1 s"):
        check_plan("a" * 60 + "!", needs("(a|aa)+$"))
    assert not check_plan("a" * 40 + "!", needs("(a+)+$"))  # `re` would never return from this one either
    assert time.monotonic() - before < 20


def test_broken_checks_are_all_found_without_a_plan() -> None:
    fine, broken = needs("a", "!b"), needs("(", "fine", "!")
    assert broken_checks([fine]) == []
    first, second = broken_checks([fine, broken])
    assert "'budget': check '('" in first
    assert "'budget': check '!' is empty" in second
