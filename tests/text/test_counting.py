import pytest

from tactful.text.counting import counted


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (counted(1, "turn"), "1 turn"),
        (counted(2000, "turn"), "2,000 turns"),
        (counted(0, "reply"), "0 replies"),
        (counted(2, "day"), "2 days"),
        (counted(2, "key"), "2 keys"),
        (counted(1, "reply", "complains"), "1 reply complains"),
        (counted(2, "reply", "complains"), "2 replies complain"),
        (counted(3, "turn", "is"), "3 turns are"),
    ],
)
def test_what_is_counted_is_in_its_number(said, text):
    assert said == text
