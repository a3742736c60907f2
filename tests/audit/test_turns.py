"""A conversation as passages."""

from tactful.audit.turns import passages
from tactful.types import ChatTurn, Conversation, NativeAsk


def talk(*turns: tuple[str, str]) -> Conversation:
    return Conversation(id="c", turns=tuple(ChatTurn(role=role, content=text) for role, text in turns))


def test_each_turn_of_the_assistant_has_its_request_and_its_reply():
    first, second = passages(
        talk(("user", "Send it."), ("assistant", "To whom?"), ("user", "Ann"), ("assistant", "Sent."))
    )
    assert (first.request, first.reply, first.questions, first.first) == (
        "Send it.",
        "Ann",
        ("To whom?",),
        True,
    )
    assert (second.request, second.reply, second.asked, second.first) == ("Ann", None, False, False)
    assert second.earlier == "Send it.\nAnn"


def test_thanks_and_the_next_request_are_told_apart_where_both_are_the_users():
    first, second = passages(
        talk(("user", "2+2?"), ("assistant", "4"), ("user", "ok"), ("user", "And 3+3?"), ("assistant", "6"))
    )
    assert first.reply == "ok"
    assert second.request == "And 3+3?"
    assert (second.first, second.context) == (True, ())  # the first matter was closed, so it explains nothing


def test_turns_of_the_assistant_in_a_row_are_one_and_the_last_one_asks():
    [one] = passages(
        talk(("user", "Fix it."), ("assistant", "Looking?"), ("assistant", "Fixed."), ("user", "thx"))
    )
    assert (one.answer, one.questions, one.turn, one.reply) == ("Looking?\n\nFixed.", (), 2, "thx")


def test_an_opening_of_the_assistant_answers_nobody():
    [one] = passages(talk(("assistant", "How can I help?"), ("user", "Hi"), ("assistant", "Hello")))
    assert one.request == "Hi"


def test_a_question_put_by_a_tool_counts_as_asked():
    ask = NativeAsk(tool="AskUserQuestion", questions=("Which one",), declined=True)
    turns = (ChatTurn(role="user", content="Go"), ChatTurn(role="assistant", content="Which one", ask=ask))
    [one] = passages(Conversation(id="c", turns=turns))
    assert one.questions == ("Which one",)
    assert one.ask is not None
    assert one.ask.declined
