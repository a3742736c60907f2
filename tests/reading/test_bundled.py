"""The bundled reader on plain texts, written here; the figures are in docs/measured/reading.md."""

from __future__ import annotations

import pytest

from tactful.errors import UserError
from tactful.reading import COMPLAINTS, Exchange, Request
from tactful.reading.kinds import is_short, kind_of
from tactful.reading.opening import is_reader, open_embedded_reader
from tactful.text import detect_lang
from tactful.types import Event, Message, Moment

COMPLETE = [
    "Set a timer for 10 minutes.",
    "Thanks!",
    "Write is_prime(n) that returns True when n is prime",
    "capital of Peru",
    "tell me a joke",
    "明早七点叫我起床",
    "把“早上好”翻译成英文",
]
OPEN = [
    "Translate this",
    "fix my code",
    "Send it to her",
    "Book a table",
    "delete the old one",
    "帮我订一张票",
    "发给他",
]


@pytest.mark.parametrize("text", COMPLETE)
def test_a_complete_one_liner_needs_no_question(text: str) -> None:
    assert open_embedded_reader().needs_now([Request(text=text)])[0].need < 0.5


@pytest.mark.parametrize("text", OPEN)
def test_an_open_one_liner_needs_one_and_says_what_kind_of_thing_is_missing(text: str) -> None:
    need = open_embedded_reader().needs_now([Request(text=text)])[0]
    assert need.need > 0.5
    assert need.missing


def test_what_was_said_before_settles_what_a_request_leaves_open() -> None:
    def before(answer: str) -> tuple[Message, ...]:
        return (
            Message(role="user", content="which bookings do I have?"),
            Message(role="assistant", content=answer),
        )

    one = before("One booking: Friday 8 pm at Lume, two people.")
    two = before("Two bookings: Friday 8 pm at Lume, and Sunday noon at the Anchor.")
    alone, among = open_embedded_reader().needs_now(
        [Request(text="cancel it", context=c) for c in (one, two)]
    )
    assert alone.need < among.need


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("Deleted 12 branches.", "You deleted them?! Undo that right now"),
        ("Which framework do you use?", "please stop asking and just do it"),
        ("The meeting is on Monday.", "no, that is wrong"),
        ("已为您订好大床房。", "不对，我要的是双床房"),
    ],
)
def test_a_complaint_is_read_as_one(answer: str, text: str) -> None:
    reading = open_embedded_reader().reactions_now([Exchange(query="please", answer=answer, next=text)])[0]
    assert reading.complaint > 0.5
    assert reading.label in COMPLAINTS


@pytest.mark.parametrize("text", ["perfect, thank you!", "太好了，谢谢", "that worked, great"])
def test_thanks_are_read_as_praise(text: str) -> None:
    reading = open_embedded_reader().reactions_now(
        [Exchange(query="fix the test", answer="I fixed the import; all tests pass.", next=text)]
    )[0]
    assert reading.label == "pos_praise"


def test_gibberish_is_less_welcome_than_help_with_what_has_just_failed() -> None:
    events = (
        Event(text="save tests/test_dates.py"),
        Event(text="test failed tests/test_dates.py::test_leap assert 28 == 29"),
        Event(text="test failed tests/test_dates.py::test_leap assert 28 == 29"),
    )
    offers = [
        "February has 29 days in leap years; shall I correct days_in_month?",
        "purple seven window",
        "Do you need help?",
        "asdf asdf",
    ]
    moments = [Moment(id=p, session="s", events=events, proposal=p) for p in offers]
    right, nonsense, vague, gibberish = open_embedded_reader().offers_now(moments)
    assert right.accept > max(nonsense.accept, vague.accept)
    assert gibberish.accept is None
    assert "none of its words" in gibberish.unknown


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "blank"),
        ("สวัสดีครับ ช่วยจองห้องให้หน่อย", "Thai"),
        ("Voitko varata minulle huoneen huomiseksi kiitos paljon", "common"),
    ],
)
def test_what_it_was_not_trained_on_is_not_known(text: str, why: str) -> None:
    need = open_embedded_reader().needs_now([Request(text=text)])[0]
    assert need.need is None
    assert why in need.unknown


def test_a_text_is_read_the_same_alone_and_among_others() -> None:
    reader = open_embedded_reader()
    alone = reader.needs_now([Request(text=OPEN[0])])[0]
    among = reader.needs_now([Request(text=text) for text in (*COMPLETE, *OPEN)])[len(COMPLETE)]
    assert alone == among


def test_the_floor_reads_too_and_an_unknown_name_is_refused() -> None:
    surface = open_embedded_reader("surface")
    assert 0 <= surface.needs_now([Request(text="hello")])[0].need <= 1
    assert surface.needs_now([Request(text=" ")])[0].unknown
    assert is_reader("surface")
    assert not is_reader("gpt-4.1-mini")
    with pytest.raises(UserError, match="reader 'nobody' is unknown"):
        open_embedded_reader("nobody")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Set a timer for 10 minutes.", "en-short"),
        ("明早七点叫我起床", "zh-short"),
        ("Привет, как дела у тебя сегодня?", "other-short"),
        ("¿Puedes reservar una mesa para mañana?", "other-short"),
        ("please " * 13, "en-long"),
    ],
)
def test_kinds_of_text_are_told_by_language_and_length(text: str, kind: str) -> None:
    assert kind_of(text) == kind
    assert is_short(text) == kind.endswith("short")
    assert detect_lang(text) == kind.partition("-")[0]
