import pytest
from tests.feedback.chats import turn

from tactful.feedback.judging.judge import judge_turns
from tactful.feedback.labels import Label


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("As I said, it must be vegetarian.", Label.NEG_CONSTRAINT_RESTATE),
        ("That is wrong.", Label.NEG_CORRECTION),
        ("I don't understand the second step", Label.NEG_CONFUSION),
        ("Thanks, perfect!", Label.POS_PRAISE),
        ("Great, now make another one", Label.POS_PROGRESS),
        ("ok", Label.NEUTRAL),
        ("By the way, what time is it in Tokyo?", Label.TOPIC_SHIFT),
        ("按我说的，不要放肉。", Label.NEG_CONSTRAINT_RESTATE),
        ("不对，是三个人。", Label.NEG_CORRECTION),
        ("什么意思？", Label.NEG_CONFUSION),
        ("谢谢，太好了", Label.POS_PRAISE),
    ],
)
def test_plain_wording_is_labelled_by_cues(said, label):
    (judgement,) = judge_turns([turn(user_next=said)], "offline")
    assert judgement.label is label


def test_rehearsal_is_marked_and_the_same_every_time():
    turns = [turn(f"d/{at}", user_next=f"message {at}?") for at in range(20)]
    first, second = judge_turns(turns, "offline"), judge_turns(turns, "offline")
    assert first == second
    assert {item.provenance.generator for item in first} == {"offline"}
    assert all("no language model" in item.rationale for item in first)
    assert len({item.confidence for item in first}) > 1
