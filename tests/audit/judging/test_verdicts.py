"""Verdicts from what a reader says and from signs, without a reader."""

import pytest

from tactful.audit.judging.signs import signs_of
from tactful.audit.judging.verdicts import judge
from tactful.audit.types import Finding, Passage
from tactful.types import NativeAsk


def verdict(
    reply: str | None,
    *,
    asks: bool = False,
    need: float | None = 0.5,
    complaint: float | None = 0.5,
    declined: bool = False,
    request: str = "Paint the fence.",
) -> Finding:
    ask = NativeAsk(tool="ask", questions=("Which colour?",), declined=declined) if asks else None
    passage = Passage(
        conversation="c",
        turn=1,
        first=True,
        request=request,
        context=(),
        earlier=request,
        answer="Which colour?" if asks else "Painted it green.",
        questions=("Which colour?",) if asks else (),
        ask=ask,
        reply=reply,
    )
    signs = None if reply is None else signs_of(reply, request, request)
    return judge(passage, signs, need, complaint, "no reader read it")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("As I said, white.", "already said"),
        ("Just paint it.", "just do it"),
        ("you choose", "a default would do"),
        ("Stop asking.", "answered with annoyance"),
        ("New topic: what time is it in Rome?", "unanswered"),
    ],
)
def test_a_needless_question_has_its_reason(reply, reason):
    assert verdict(reply, asks=True, need=0.3).reason == reason


def test_a_question_that_is_answered_calmly_was_needed_where_the_request_is_open():
    found = verdict("White, two coats.", asks=True, need=0.9)
    assert not found.is_needless
    assert found.reason is None


def test_a_calm_answer_that_tells_something_new_was_worth_the_question():
    assert not verdict("White.", asks=True, need=0.15, complaint=0.1).is_needless


def test_where_a_reader_is_all_but_sure_that_nothing_was_missing_a_calm_answer_does_not_save_the_question():
    assert verdict("White.", asks=True, need=0.05, complaint=0.1).reason == "a default would do"


@pytest.mark.parametrize(
    "greeting", ["Hello!", "hi there", "Good morning.", "你好", "您好！", "Hola", "¡Buenos días!"]
)
def test_a_question_put_to_a_greeting_is_not_needless(greeting):
    assert not verdict("A comedy, please.", asks=True, need=0.03, complaint=0.1, request=greeting).is_needless
    assert not verdict(None, asks=True, need=0.05, request=greeting).is_needless


def test_a_calm_answer_that_tells_nothing_new_was_not_worth_it_where_the_request_was_clear():
    assert verdict("Yes.", asks=True, need=0.05, complaint=0.1).reason == "a default would do"


def test_an_upset_answer_tells_that_a_question_was_needless_where_the_request_was_clear():
    assert verdict("White.", asks=True, need=0.05, complaint=0.8).reason == "answered with annoyance"
    assert not verdict("White.", asks=True, need=0.95, complaint=0.8).is_needless


def test_a_reader_is_believed_less_that_a_reply_to_a_question_complains_the_more_it_tells():
    tells_nothing, tells = "Fence.", "Dark green, matt, two coats, both sides, but spare the oak gate."
    assert verdict(tells_nothing, asks=True, need=0.3, complaint=0.8).is_needless
    assert not verdict(tells, asks=True, need=0.3, complaint=0.8).is_needless
    assert not verdict(tells, asks=True, need=0.3, complaint=0.8).is_complaint


def test_thanks_speak_against_an_upset_answer():
    assert verdict("Paint.", asks=True, need=0.45, complaint=0.8).is_needless
    assert not verdict("Glad you ask. Paint, thanks.", asks=True, need=0.45, complaint=0.8).is_complaint


def test_who_hurries_but_tells_what_was_asked_counts_for_the_question_where_the_request_was_open():
    hurried = "Dark green, matt, two coats on both sides. Just start."
    assert not verdict(hurried, asks=True, need=0.6).is_needless
    assert verdict(hurried, asks=True, need=0.05).reason == "just do it"
    assert verdict("Just start.", asks=True, need=0.6).is_needless


def test_a_question_that_was_declined_is_needless_unless_much_was_open():
    assert verdict(None, asks=True, declined=True, need=0.5).is_needless
    assert not verdict(None, asks=True, declined=True, need=0.97).is_needless


def test_a_log_that_ends_with_a_question_tells_nothing_where_it_may_have_been_needed():
    found = verdict(None, asks=True, need=0.6)
    assert found.needless is None
    assert found.unjudged == "the log ends with the question"


def test_what_was_corrected_after_an_open_request_was_guessed():
    found = verdict("No, white of course.", need=0.9, complaint=0.6)
    assert found.is_guess
    assert found.subject == "a wrong guess"


def test_what_had_been_said_was_ignored_and_not_guessed():
    found = verdict("I said white.", need=0.1, complaint=0.9, request="Paint the fence white.")
    assert not found.is_guess
    assert found.subject == "an ignored constraint"


def test_a_fault_in_the_answer_is_an_error():
    found = verdict("It crashes with a TypeError.", need=0.1, complaint=0.9)
    assert found.subject == "an error"


def test_thanks_are_no_complaint():
    found = verdict("Thanks!", need=0.9, complaint=0.05)
    assert not found.is_complaint
    assert not found.is_guess


def test_what_no_reader_read_and_no_word_tells_is_not_judged():
    found = verdict("mm", need=None, complaint=None)
    assert found.guess is None
    assert found.unjudged == "no reader read it"
    assert verdict("mm", asks=True, need=None).needless is None


def test_a_complaint_is_counted_where_its_subject_is_not_known():
    found = verdict("Wrong colour!", need=None, complaint=0.9)
    assert found.is_complaint
    assert found.guess is None
