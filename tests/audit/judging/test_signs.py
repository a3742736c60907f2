"""What a reply's words tell, in phrases that stand in no log of the other tests."""

import pytest

from tactful.audit.judging.signs import Signs, signs_of


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
        ("Just the number.", "push"),
        ("Bitte einfach schreiben.", "push"),
        ("Donnez juste la réponse", "push"),
        ("Dilo y ya.", "push"),
        ("Either is fine.", "delegates"),
        ("Du kannst wählen, mir egal", "delegates"),
        ("随便", "delegates"),
        ("Any.", "delegates"),
        ("Doesn't make a difference", "delegates"),
        ("没区别", "delegates"),
        ("Das spielt keine Rolle", "delegates"),
        ("Me da lo mismo", "delegates"),
        ("N'importe lequel", "delegates"),
        ("Das habe ich oben doch geschrieben", "said"),
        ("Je vous l'ai déjà écrit", "said"),
        ("Why do you need that?", "stop"),
        ("no more questions please", "stop"),
        ("你怎么老是问", "stop"),
        ("这还要问？", "stop"),
        ("Was denn sonst", "stop"),
        ("Évidemment.", "stop"),
        ("I never asked for a haiku", "denies"),
        ("You could have asked.", "denies"),
        ("谁让你删的", "denies"),
        ("Du hättest mich fragen müssen", "denies"),
        ("Yo no quería eso", "denies"),
        ("I meant snow.", "corrects"),
        ("我说的是下雪", "corrects"),
        ("Ich wollte Schnee", "corrects"),
        ("Je parlais de la neige", "corrects"),
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


@pytest.mark.parametrize(
    "reply",
    [
        "No, two verses; the tickets are printed already.",
        "The band can come on Sunday only.",
        "It falls back to the default when nothing is set.",
        "Whatever was left of it was sold.",
        "Any month but not January, and any day except Friday is fine.",
        "除了星期一都可以",
        "重复的行直接跳过",
    ],
)
def test_a_fact_is_not_taken_for_impatience_by_one_of_its_words(reply):
    assert not signs(reply).rejects


@pytest.mark.parametrize(
    "reply", ["Write the thing already.", "Oh come on", "Use the default.", "周一周二都可以", "你直接写"]
)
def test_the_same_words_said_of_the_question_reject_it(reply):
    assert signs(reply).rejects


@pytest.mark.parametrize(
    "reply",
    [
        "Four lines, about a storm at sea near Dover. Just write it.",
        "四行，写海上的暴风雨，要有灯塔。快点写。",
    ],
)
def test_who_tells_what_was_asked_and_hurries_has_answered(reply):
    found = signs(reply)
    assert found.push
    assert found.tells
    assert not found.rejects


@pytest.mark.parametrize(
    "reply", ["Stop asking me questions and just do it.", "Just write the poem.", "Rain. Just write it."]
)
def test_who_hurries_and_tells_next_to_nothing_has_not_answered(reply):
    assert signs(reply).rejects


def test_denying_something_is_not_saying_it_was_said():
    found = signs("I never said that.")
    assert found.denies
    assert not found.said


def test_the_request_over_again_is_no_answer():
    assert signs("write a poem about rain").elsewhere


def test_words_that_were_given_before_are_counted():
    assert signs("about rain").given == 1
    assert signs("snow and thunder").given == 0
