from __future__ import annotations

import orjson
import pytest

from tactful.llm.types import Outcome
from tactful.llm.wire.meaning import Answer, Next, Trouble
from tactful.llm.wire.outcomes import read_response
from tactful.llm.wire.waits import retry_after_s
from tactful.types import Message

DATE = "Sat, 21 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "Sat, 21 Nov 2026 10:00:30 GMT", "Date": DATE}, 30.0),
        ({"Retry-After": "Sat, 21 Nov 2026 09:00:00 GMT", "Date": DATE}, 0.0),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date_by_the_endpoints_clock(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after_s(headers) == seconds


PROMPT = 'A user writes:\n"we get: model llama-3 not found, what now?"\nand then: invalid api key, it says.'


@pytest.mark.parametrize(
    "body",
    [
        {"detail": [{"type": "string_too_long", "msg": "String should have at most 40", "input": PROMPT}]},
        {
            "detail": [
                {"type": "string_too_long", "input": {"messages": [{"role": "user", "content": PROMPT}]}}
            ]
        },
        {"error": {"message": f"1 validation error: content [input_value={PROMPT!r}, input_type=str]"}},
        {"error": {"message": f"bad request: {orjson.dumps(PROMPT).decode()}", "code": 400}},
        {"error": f"cannot take: {PROMPT[14:50]}...{PROMPT[-24:]}"},
        f"Bad Request: {PROMPT}",
    ],
)
def test_what_an_error_echoes_of_the_prompt_is_not_read_as_the_endpoints_words(body: object) -> None:
    sent = (Message(role="system", content="You judge."), Message(role="user", content=PROMPT))
    raw = body.encode() if isinstance(body, str) else orjson.dumps(body)
    result = read_response(422, {}, raw, sent=sent)
    assert isinstance(result, Trouble)
    assert (result.outcome, result.then) == (Outcome.REFUSED, Next.FAIL)
    assert "llama" not in result.message


def test_nor_is_what_an_error_on_the_choice_echoes() -> None:
    choice = {"message": {"content": ""}, "error": {"code": 400, "message": f"cannot take {PROMPT}"}}
    result = read_response(
        200, {}, orjson.dumps({"choices": [choice]}), sent=(Message(role="user", content=PROMPT),)
    )
    assert isinstance(result, Trouble)
    assert (result.outcome, result.then) == (Outcome.REFUSED, Next.FAIL)


def test_an_error_in_the_endpoints_own_words_is_read_though_the_prompt_speaks_of_the_same() -> None:
    sent = (Message(role="user", content=PROMPT),)
    said = {"message": "The model `llama-3` does not exist", "code": "model_not_found"}
    result = read_response(400, {}, orjson.dumps({"error": said}), sent=sent)
    assert isinstance(result, Trouble)
    assert (result.then, result.message) == (Next.STOP, "HTTP 400: The model `llama-3` does not exist")


@pytest.mark.parametrize(
    ("status", "error", "outcome", "then"),
    [
        (429, {"code": "rate_limit_exceeded"}, Outcome.DEFERRED, Next.PAUSE),
        (429, {"code": "insufficient_quota"}, Outcome.REFUSED, Next.STOP),
        (200, {"code": 429, "message": "slow"}, Outcome.DEFERRED, Next.PAUSE),
        (200, {"code": 503, "message": "busy"}, Outcome.OUT_OF_REACH, Next.RETRY),
        (200, {"code": 401, "message": "no"}, Outcome.REFUSED, Next.STOP),
        (200, {"message": "odd"}, Outcome.UNREADABLE, Next.AGAIN),
        (200, "plain words", Outcome.UNREADABLE, Next.AGAIN),
        (400, {"message": "The model `x` does not exist"}, Outcome.REFUSED, Next.STOP),
        (400, {"code": "context_length_exceeded"}, Outcome.TOO_LONG, Next.FAIL),
        (413, {}, Outcome.TOO_LONG, Next.FAIL),
        (400, {"code": "content_filter"}, Outcome.FILTERED, Next.FAIL),
        (422, {"message": "bad"}, Outcome.REFUSED, Next.FAIL),
        (402, {"message": "pay"}, Outcome.REFUSED, Next.STOP),
        (302, {}, Outcome.REFUSED, Next.STOP),
        (408, {}, Outcome.OUT_OF_REACH, Next.RETRY),
        (529, {}, Outcome.OUT_OF_REACH, Next.RETRY),
    ],
)
def test_every_error_has_its_outcome(status: int, error: object, outcome: Outcome, then: Next) -> None:
    result = read_response(status, {}, orjson.dumps({"error": error or {"message": ""}}))
    assert isinstance(result, Trouble)
    assert (result.outcome, result.then) == (outcome, then)


@pytest.mark.parametrize("body", [b"", b"[]", b"3", b"null", b'{"choices": [null]}', b'{"choices": {"a": 1}}',
                                  b'{"choices": [{"message": "hi"}]}', b"\xff\xfe", b'{"error": {}}'])  # fmt: skip
def test_odd_bodies_are_unreadable_and_raise_nothing(body: bytes) -> None:
    result = read_response(200, {}, body)
    assert isinstance(result, Trouble)
    assert result.outcome is Outcome.UNREADABLE


def test_content_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}, {"type": "image"}]
    body = orjson.dumps({"choices": [{"message": {"content": parts}, "finish_reason": "stop"}]})
    result = read_response(200, {}, body)
    assert isinstance(result, Answer)
    assert result.text == "ab"
