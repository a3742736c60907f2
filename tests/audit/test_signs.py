"""What a reply's words tell, in phrases that stand in no log of the other tests."""

import pytest

from tactful.audit.signs import Signs, signs_of


def signs(reply: str, request: str = "Write a poem about rain.") -> Signs:
    return signs_of(reply, request, request)


@pytest.mark.parametrize(
    ("reply", "sign"),
    [
        ("As I wrote, about rain.", "said"),
        ("It's in my first message.", "said"),
        ("题目里写了，是关于雨的。", "said"),
        ("Just start.", "push"),
        ("can't you just pick one", "push"),
        ("你直接写", "push"),
        ("Either is fine.", "delegates"),
        ("Du kannst wählen, mir egal", "delegates"),
        ("随便", "delegates"),
        ("Why do you need that?", "stop"),
        ("no more questions please", "stop"),
        ("你怎么老是问", "stop"),
        ("I never asked for a haiku", "denies"),
        ("You could have asked.", "denies"),
        ("谁让你删的", "denies"),
        ("I meant snow.", "corrects"),
        ("我说的是下雪", "corrects"),
        ("It throws a KeyError", "error"),
        ("跑不起来，报错了", "error"),
        ("Thank you so much", "pleased"),
        ("By the way, how old is the moon?", "elsewhere"),
        ("My brother reads it at a wedding tomorrow", "informs"),
    ],
)
def test_a_reply_bears_its_sign(reply, sign):
    assert getattr(signs(reply), sign)


@pytest.mark.parametrize(
    "reply", ["Acme", "The second one.", "By month, last year only.", "第一个", "Six people at eight."]
)
def test_a_plain_answer_rejects_nothing(reply):
    found = signs(reply)
    assert not any((found.rejects, found.denies, found.elsewhere, found.objects))


def test_denying_something_is_not_saying_it_was_said():
    found = signs("I never said that.")
    assert found.denies
    assert not found.said


def test_the_request_over_again_is_no_answer():
    assert signs("write a poem about rain").elsewhere


def test_words_that_were_given_before_are_counted():
    assert signs("about rain").given == 1
    assert signs("snow and thunder").given == 0
