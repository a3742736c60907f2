from __future__ import annotations

import orjson
import pytest

from tactful.llm.types import Outcome
from tactful.llm.wire.meaning import Answer, Next, Trouble
from tactful.llm.wire.outcomes import read_response
from tactful.llm.wire.waits import retry_after_s

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
