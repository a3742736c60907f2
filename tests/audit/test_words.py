"""What the headline may say."""

import pytest

from tactful.audit.results import Shared
from tactful.audit.words import counted, headline
from tactful.stats import Estimate

FEW = "Too few questions and answers could be judged to say whether it asks too much or too little."
BOTH = "It asks too much where the request is clear, and too little where it is open."
NOTHING = "Whether it asks too much or too little could not be judged."


def shared(count: int, total: int) -> Shared:
    value = count / total if total else None
    return Shared(
        name="",
        of="",
        count=count,
        total=total,
        by_conversation=Estimate(value=value, items=total, groups=total),
    )


@pytest.mark.parametrize(
    ("needless", "guessed", "said"),
    [
        ((0, 0), (0, 0), NOTHING),
        ((9, 9), (0, 0), FEW),
        ((10, 10), (0, 0), "It asks too much."),
        ((9, 9), (0, 80), FEW),
        ((0, 0), (9, 9), FEW),
        ((0, 0), (9, 10), "It asks too little."),
        ((0, 1), (0, 2), FEW),
        ((0, 0), (0, 10), "It asks about as much as it should."),
        ((5, 7), (5, 11), FEW),
        ((5, 10), (5, 11), BOTH),
    ],
)
def test_no_verdict_comes_of_fewer_than_ten_judged_questions_or_answers(needless, guessed, said):
    assert headline(shared(*needless), shared(*guessed)) == said


def test_one_of_a_thing_is_named_in_its_number():
    assert counted(1, "turn") == "1 turn"
    assert counted(2000, "reply", "complains") == "2,000 replies complain"
    assert counted(1, "conversation", "is") == "1 conversation is"
