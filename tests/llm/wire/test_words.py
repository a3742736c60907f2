"""Endings, waits and errors in the words of many vendors: each line is one that some endpoint sends, or its neighbour."""

from __future__ import annotations

import orjson
import pytest
from multidict import CIMultiDict

from tactful.llm.wire.endings import Ending, read_ending
from tactful.llm.wire.meaning import Next, Trouble
from tactful.llm.wire.outcomes import read_response
from tactful.llm.wire.waits import named_wait_s

ENDINGS = {
    Ending.WHOLE: "STOP stop_token_ids eos_token_id endoftext hit_eos stop_str stopSequence EndOfSentence user_stop ok FinishReason.STOP",
    Ending.CUT: "MAX_TOKENS model_length maxOutputTokens stopLength token_limit_reached exceeded_context max_new_tokens stop_limit 长度超限",
    Ending.FILTERED: "SAFETY ERROR_TOXIC moderated LANGUAGE harmful pii SPII copyright guardrail_intervened content_filter_error 敏感 违规",
    Ending.BROKEN: "abort network_error shutdown connection_lost killed crash exception eviction rate_limited internal_error userStopped modelUnloaded 超时",
    Ending.REFUSED: "refusal model_refusal declined",
    Ending.UNKNOWN: "other pause_turn FINISH_REASON_UNSPECIFIED unlisted early_stop",
}


@pytest.mark.parametrize(
    ("word", "ending"), [(word, ending) for ending, words in ENDINGS.items() for word in words.split()]
)
def test_a_finish_reason_is_read_in_every_vendors_word(word: str, ending: Ending) -> None:
    assert read_ending(word) is ending


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Please retry in 20.5s.", 20.5),
        ("Please try again in 1h2m3.5s", 3723.5),
        ("Try again in 850ms.", 0.85),
        ("please retry after 00:01:30", 90.0),
        ("retry in PT1M30S", 90.0),
        ("Retry-After: 5", 5.0),
        ("retry-in: 30", 30.0),
        ('"retry_after_ms": 1500', 1.5),
        ("come back in 45 sec", 45.0),
        ("back off for 15 seconds", 15.0),
        ("cooldown of 30 seconds", 30.0),
        ("cool down: 10s", 10.0),
        ("next request allowed in 4 s", 4.0),
        ("try again in one minute", 60.0),
        ("wait a second", 1.0),
        ("in 17 seconds you may try again", 17.0),
        ("请在30秒后重试", 30.0),
        ("1 分 30 秒后重试", 90.0),
        ("两分钟后重试", 120.0),
        ("请等待20秒", 20.0),
        ("半小时之后再试", 1800.0),
        ("try again at 12:30:00", None),
        ("Rate limit window 60s", None),
        ("retry in a few seconds", None),
        ("too many requests", None),
    ],
)
def test_a_wait_is_read_in_many_wordings_and_units(words: str, seconds: float | None) -> None:
    assert named_wait_s({}, words) == (None if seconds is None else pytest.approx(seconds))


DATE = {"Date": "Sat, 21 Nov 2026 10:00:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "20s"}, 20.0),
        ({"Retry-After": "1m30s"}, 90.0),
        ({"X-Retry-After": "8"}, 8.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"RateLimit-Reset": "30"}, 30.0),
        ({"x-ratelimit-reset": "1795255215", **DATE}, 15.0),
        ({"X-RateLimit-Reset": "1795255215000", **DATE}, 15.0),
        ({"x-ratelimit-reset": "15", "x-ratelimit-remaining": "3"}, None),
        ({"x-ratelimit-reset-requests": "12s", "x-ratelimit-remaining-requests": "0"}, 12.0),
        ({"x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "900"}, None),
        ({"x-ratelimit-reset-tokens": "6m0s"}, None),
        ({"anthropic-ratelimit-requests-reset": "2026-11-21T10:00:20Z", "anthropic-ratelimit-requests-remaining": "0", **DATE}, 20.0),
        ({"x-ratelimit-reset": "soon"}, None),
    ],
)  # fmt: skip
def test_the_header_of_a_limit_that_is_used_up_names_a_wait(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert named_wait_s(CIMultiDict(headers), "") == seconds


def error(message: str, **more: object) -> dict[str, object]:
    return {"error": {"message": message, **more}}


PAUSE, STOP = "deferred PAUSE", "refused STOP"
FILTERED, TOO_LONG, AGAIN = "filtered FAIL", "too_long FAIL", "out_of_reach RETRY"


@pytest.mark.parametrize(
    ("status", "body", "means"),
    [
        (429, error("Rate limit reached on tokens per min (TPM). Please try again in 2.3s."), PAUSE),
        (429, error("Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'"), PAUSE),
        (429, {"message": "You are using a Trial key, which is limited to 20 API calls / minute."}, PAUSE),
        (429, error("您的账户已达到速率限制，请您控制请求频率", code="1302"), PAUSE),
        (200, {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}, PAUSE),
        (200, {"error_code": 18, "error_msg": "Open api qps request limit reached"}, PAUSE),
        (429, {"message": "You are using a Trial key, which is limited to 1000 API calls / month."}, STOP),
        (429, error("该API已达今日调用次数限额，请明日再请求", code="1304"), STOP),
        (429, {"error": "You have exceeded your monthly included credits"}, STOP),
        (429, {"error": "Your team has either used all available credits or reached its spending limit."}, STOP),
        (429, error("The account has reached the free trial quota limit", code="QuotaExceeded"), STOP),
        (200, {"error_code": 17, "error_msg": "Open api daily request limit reached"}, STOP),
        (403, error("Input was flagged", metadata={"flagged_input": "x"}), FILTERED),
        (400, error("The request failed because the input text may contain sensitive information."), FILTERED),
        (400, {"message": "Input blocked by guardrail"}, FILTERED),
        (451, error("not available for legal reasons"), FILTERED),
        (200, {"base_resp": {"status_code": 1026, "status_msg": "input new_sensitive"}}, FILTERED),
        (200, {"code": 10013, "message": "用户输入内容涉及敏感信息，审核不通过"}, FILTERED),
        (403, error("Your account has been flagged and access suspended"), STOP),
        (500, {"message": "Prompt length 9000 exceeds model max sequence length 8192"}, TOO_LONG),
        (500, {"message": "Prompt length (5000) exceeds maximum input length (4096)."}, TOO_LONG),
        (500, error("KV cache is full: sequence exceeds n_ctx"), TOO_LONG),
        (422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096"}, TOO_LONG),
        (400, error("Range of input length should be [1, 30720]"), TOO_LONG),
        (200, {"error_code": 336103, "error_msg": "Prompt too long"}, TOO_LONG),
        (400, error("Unsupported value: 'temperature' does not support 0.0 with this model.", param="temperature"), STOP),
        (422, {"message": {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}}, STOP),
        (400, error("invalid temperature: only 1 is allowed for this model"), STOP),
        (422, {"detail": "Invalid token"}, STOP),
        (400, {"message": "No Authorization header provided"}, STOP),
        (200, {"base_resp": {"status_code": 1004, "status_msg": "login fail: Please carry the API secret key"}}, STOP),
        (400, error("User location is not supported for the API use."), STOP),
        (400, error("The requested model is not supported", code="model_not_supported"), STOP),
        (400, error("No models loaded. Please load a model in the developer page"), STOP),
        (400, error("Invalid model name passed in model=x"), STOP),
        (500, {"error": "unable to allocate CUDA0 buffer"}, STOP),
        (500, {"error": "llama runner process has terminated: std::bad_alloc"}, STOP),
        (407, error("Proxy Authentication Required"), STOP),
        (499, error("client closed request"), AGAIN),
        (503, error("Loading model"), AGAIN),
        (200, error("Provider returned error", code=502), AGAIN),
    ],
)  # fmt: skip
def test_an_error_reaches_as_far_as_it_says(status: int, body: dict[str, object], means: str) -> None:
    found = read_response(status, {}, orjson.dumps(body))
    assert isinstance(found, Trouble)
    assert f"{found.outcome.value} {found.then.name}" == means


@pytest.mark.parametrize(
    "said", ["Invalid tokens in prompt", "invalid token '<' at position 3", "invalid token: '}' in JSON"]
)
def test_a_token_of_the_text_is_no_key(said: str) -> None:
    found = read_response(400, {}, orjson.dumps(error(said)))
    assert isinstance(found, Trouble)
    assert found.then is not Next.STOP
