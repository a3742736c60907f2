import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.text import normalise, similarity


def test_equal_texts_have_similarity_one_whatever_case_width_and_punctuation():
    assert similarity("Which budget?", "WHICH  budget") == pytest.approx(1.0)
    assert similarity("预算１００元", "预算100元。") == pytest.approx(1.0)


def test_texts_without_letters_have_nothing_to_compare():
    assert similarity("", "") == 0.0
    assert similarity("?!", "?!") == 0.0
    assert similarity("budget", "...") == 0.0


def test_a_worked_example():
    # " ab " → grams of 3: " ab", "ab "; of 4: " ab "; " abc " → " ab", "abc", "bc ", " abc", "abc ", " abc ".
    # Shared: " ab" once each. 1 / (sqrt(3) * sqrt(6)).
    assert similarity("ab", "abc") == pytest.approx(1 / math.sqrt(18))


@pytest.mark.parametrize(
    ("asked", "same", "other"),
    [
        (
            "What is your budget for the trip?",
            "How large is the budget for this trip?",
            "Should the list be sorted in reverse?",
        ),
        ("这次旅行的预算是多少？", "请问旅行预算大概多少？", "列表要按降序排列吗？"),
    ],
)
def test_a_reworded_question_is_nearer_than_another_one(asked, same, other):
    assert similarity(asked, same) > similarity(asked, other) + 0.2


@given(st.text(max_size=60), st.text(max_size=60))
def test_similarity_is_symmetric_and_between_zero_and_one(a, b):
    value = similarity(a, b)
    assert 0.0 <= value <= 1.0
    assert value == pytest.approx(similarity(b, a))


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing(text):
    assert normalise(normalise(text)) == normalise(text)
