"""What an error says: its status first, then its code and words, in any of the forms in use.

The question behind every line is how far it reaches: this request (again, or the record fails), everyone for a while
(a pause), or every request that will follow (the run stops, with the sentence that says what to fix).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tactful.llm.replies.words import clip
from tactful.llm.types import Outcome
from tactful.llm.wire.meaning import Next, Trouble
from tactful.llm.wire.waits import named_wait_s

WRONG_ADDRESS = "check --base-url: it is no chat endpoint (most end in /v1), then resume"
_ADD_CREDIT = "add credit or raise the limit at the vendor, then resume"
_OUT_OF_MEMORY = "take a smaller model or a shorter context at the server, or fewer requests at once (--concurrency), then resume"
_PROXY = "the proxy between wants a name and password: put them into TACTFUL_PROXY (http://name:password@host:port), then resume"
_MESSAGES = ("message", "detail", "msg", "error_msg", "errmsg")
_CODES = ("code", "type", "status", "error_code", "errcode")
_STOP_STATUS = frozenset({401, 402, 403, 404, 405, 407})
_RETRY_STATUS = frozenset({408, 409, 425, 499})


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


_NO_MONEY_CODE = _words(
    r"insufficient_(?:quota|balance|credit|fund|user_quota)|billing|exceeded_current_quota|arrear|payment_required|\b1113\b"
)
_NO_MONEY = _words(
    r"insufficient[ _](?:quota|balance|credit|fund)|billing_hard_limit|credit balance is too low|out of credits?"
    r"|余额不足|欠费|额度不足|arrear"
)
_QUOTA = _words(
    r"exceeded your (?:current|monthly) quota|quota (?:is )?(?:exhausted|exceeded)|billing details|usage limit"
    r"|spend(?:ing)? limit|(?:all|included|available|free|prepaid|trial) (?:\w+ )?(?:credits?|quota)\b|免费额度"
)
_A_DAY = _words(r"(?:per[ _-]?|/ ?|\ba )(?:day|month)\b|per[ _-]?day|daily|\b[RT]PD\b|[每当今本][日天月]")
_A_MINUTE = _words(r"per[ _-]?min|\b[RT]PM\b|per[ _-]?sec|每分钟")
_RATE = _words(r"rate[ _-]?limit|too many requests|requests? limit|\bqps\b|resource_exhausted")
_BAD_KEY = _words(
    r"(?:api[ _-]?key|authentication|credentials?)\b.{0,60}?\b(?:not valid|invalid|incorrect|expired|missing|not provided|revoked)"
    r"|(?:invalid|incorrect|expired|missing|unknown|no)[ _](?:\w+[ _])?(?:api[ _-]?key|authentication|credentials?)"
    r"|api_key_invalid|unauthenticated|unauthorized|login fail|no authorization header"
    r"|(?:invalid|expired|missing|bad) (?:(?:access|auth|bearer) )?token\b"
    r"(?!\W*(?:ids?|at|in|count|limit|index|position)\b|(?:\s|:)\s*['\"<{\[(])"
    r"|access token (?:is )?(?:invalid|expired)"
)
_ACCOUNT = _words(
    r"(?:account|organi[sz]ation|project|user)\b.{0,60}?\b(?:flagged|suspended|deactivated|disabled|blocked|banned)"
)
_FLAGGED = _words(
    r"content[_ ]filter|content[_ ]policy|content management policy|moderation|flagged|safety (?:system|polic|filter|reason)"
    r"|blocked by .{0,40}?(?:safety|polic|filter|moderation|guardrail)|usage polic|policyviolation|data_inspection_failed|inappropriate content|prohibited[ _]content"
    r"|violates? .{0,30}polic|sensitive[ _]?(?:information|content|word)|(?:input|output|new)[ _]sensitive|敏感|违规|不安全|审核不通过"
)
_NO_MODEL = _words(
    r"model_not_(?:found|supported|available|allowed)|model .{0,120}(?:does not exist|not found)|no such model|unknown model"
    r"|(?:requested|specified) model .{0,60}not (?:supported|available)|no models? (?:is |are )?loaded"
    r"|invalid model(?: name| id|['\":=]|$)"
)
_NOT_HERE = _words(r"(?:country|region|territory|location)\b.{0,40}?\bnot[ _]supported|unsupported_country")
_NO_MEMORY = _words(
    r"out of memory|outofmemory|more (?:system |gpu )?memory|(?:insufficient|not enough) (?:\w+ )?memory|bad_alloc|(?:cannot|unable to|failed to) allocate|\boom\b"
)
_NO_ROUTE = _words(
    r"unexpected endpoint|(?:unknown|invalid) (?:url|path|endpoint|route)|cannot post|no route|unsupported path"
)
_CONTEXT = _words(
    r"context[_ ](?:length|window|size)|maximum context|max_model_len|(?:prompt|input) is too long|too many tokens"
    r"|max(?:imum)? (?:input|sequence|prompt) length|range of input length|\bn_ctx\b|max_seq_len|inputs?\W+tokens \+"
    r"|reduce the length|上下文|输入(?:过长|长度)"
)
_INPUT_TOO_LONG = _words(
    r"(?:input|prompt|request|message|sequence)s?\b(?: \w+){0,3}? (?:is|are|exceeds?)\b.{0,40}?(?:too long|too large|length|limit|maximum)"
    r"|(?:maximum|max)(?: number of)? (?:input )?tokens?|(?<!took )(?<!taking )too long"
)
_LIMIT_TOO_LARGE = _words(
    r"(?:max_tokens|max_completion_tokens)\W.{0,40}?(?:too large|must be|less than|at most|exceeds?)|supports at most"
)
_SYSTEM_ROLE = _words(
    r"system (?:role|message|prompt|instruction)s?\b.{0,40}?\b(?:not|un)[ -]?(?:supported|enabled|allowed|permitted)|roles must alternate"
    r"|(?:unsupported|unknown|invalid) role\W+system|only user and assistant|(?:does not|doesn't|not) support.{0,20}\bsystem\b"
    r"|developer instruction is not enabled"
)
_FORMAT = _words(r"response_format|json_schema|json_object|guided|structured.?output|json mode")
_PARAMETER = r"(?P<name>temperature|top_p|seed)"
_REFUSED_PARAMETER = _words(
    rf"(?:unsupported|unknown|unrecognized|unexpected|invalid|not supported|extra inputs?)\b.{{0,60}}?\b{_PARAMETER}\b"
    rf"|\b{_PARAMETER.replace('?P<name>', '?P<named>')}\b.{{0,60}}?\b(?:not support|unsupported|not permitted|must be|should be|has to be|only|deprecated|not allowed)"
)


@dataclass(frozen=True, slots=True)
class _Said:
    """An error body, read."""

    codes: str
    words: str
    """For people: the message."""
    all: str
    """Codes, message and details: what patterns are looked for in."""
    param: str
    status: int | None
    """A code that is itself an HTTP status."""


def error_in(data: dict[str, Any], status: int) -> dict[str, Any] | None:
    """The error that a body holds, whatever the status; None where it holds none."""
    error = data.get("error")
    if error:
        return error if isinstance(error, dict) else {"message": str(error)}
    if 200 <= status < 300 and not data.get("choices"):
        base = data.get("base_resp")
        if isinstance(base, dict) and base.get("status_code"):
            return {"code": base["status_code"], "message": base.get("status_msg")}
        if "choices" not in data and any(data.get(name) for name in (*_MESSAGES, "errors")):
            return data
    return None


def read_error(status: int, headers: Mapping[str, str], error: Any) -> Trouble:
    """What an error says. `error` is its object, or the text of a body that is no JSON."""
    said = _said(error)
    in_answer = 200 <= status < 300
    if in_answer and said.status is not None:
        status = said.status
    told = f"HTTP {status}" + (f": {said.words}" if said.words else "")
    limited = status == 429 or (in_answer and bool(_RATE.search(said.all)))
    for read in (_of_quota, _of_everyone, _of_this_request):
        trouble = read(status, headers, said, told, limited)
        if trouble is not None:
            return trouble
    if status < 300:
        return Trouble(Outcome.UNREADABLE, Next.AGAIN, f"an error inside a {told}", paid=True)
    html = isinstance(error, str) and error.lstrip().lower().startswith(("<!doctype", "<html"))
    return Trouble(
        Outcome.REFUSED,
        Next.FAIL,
        f"bad request ({told})",
        status=status,
        fix=WRONG_ADDRESS if html else "",
        at_first_contact=html,
    )


def refuses_system(words: str) -> bool:
    """Whether an error says that the model takes no system message."""
    return bool(_SYSTEM_ROLE.search(words))


def _of_quota(
    status: int, headers: Mapping[str, str], said: _Said, told: str, limited: bool
) -> Trouble | None:
    """Money and rates: a named wait is a pause, unless a code or a day's quota says that waiting is no help."""
    if _NO_MONEY_CODE.search(said.codes) or (not limited and _NO_MONEY.search(said.all)):
        return _stop(f"quota exhausted ({told})", 402, _ADD_CREDIT)
    if not limited:
        return None
    wait_s = named_wait_s(headers, said.all)
    if "too large" in said.words.lower() and wait_s is None:
        return Trouble(Outcome.TOO_LONG, Next.FAIL, f"bad request ({told})", status=413)
    if _A_DAY.search(said.all) and not (wait_s is not None and _A_MINUTE.search(said.all)):
        fix = "resume when it is renewed, or take another model or key"
        return _stop(f"the day's quota, or the month's, is used up ({told})", 429, fix)
    spent = _NO_MONEY.search(said.all) or _QUOTA.search(said.all)
    if wait_s is None and spent and not _A_MINUTE.search(said.all):
        return _stop(f"quota exhausted ({told})", 402, _ADD_CREDIT)
    return Trouble(Outcome.DEFERRED, Next.PAUSE, f"too many requests ({told})", wait_s=wait_s, status=429)


def _of_everyone(
    status: int, headers: Mapping[str, str], said: _Said, told: str, limited: bool
) -> Trouble | None:
    """What every further request would meet too, and what one flagged input alone meets."""
    flagged = _FLAGGED.search(said.all) and not _ACCOUNT.search(said.all)
    in_answer = 200 <= status < 300
    if status == 451 or (flagged and (in_answer or 400 <= status < 500) and status not in (401, 404)):
        return Trouble(
            Outcome.FILTERED, Next.FAIL, f"the endpoint's filter turned the input down ({told})", status=400
        )
    if (in_answer or status in (400, 401, 403, 422)) and _BAD_KEY.search(said.all):
        return _stop(told, 401)
    if status in (400, 403) and _NOT_HERE.search(said.all):
        return _stop(told, 403)
    if status == 407:
        return _stop(told, 407, _PROXY)
    if _NO_MEMORY.search(said.all):
        return _stop(f"the server is out of memory ({told})", 500, _OUT_OF_MEMORY)
    if _NO_ROUTE.search(said.all) and status < 500:
        return _stop(told, 404, WRONG_ADDRESS)
    if _NO_MODEL.search(said.all):
        return _stop(told, 404)
    if status in _STOP_STATUS or 300 <= status < 400:
        return _stop(told, status)
    if status in (400, 422):
        return _of_parameter(said, told)
    return None


def _of_parameter(said: _Said, told: str) -> Trouble | None:
    """A sampling parameter that this model never takes. Formats and limits are the sender's to try otherwise."""
    found = _REFUSED_PARAMETER.search(said.all)
    name = found["name"] or found["named"] if found else ""
    if said.param in ("temperature", "top_p", "seed"):
        name = said.param
    if not name or _FORMAT.search(said.all) or _CONTEXT.search(said.all):
        return None
    flag = "--temperature" if name == "temperature" else f"'{name}'"
    return _stop(told, 400, f"leave {flag} out, or give the value that this model takes, then resume")


def _of_this_request(
    status: int, headers: Mapping[str, str], said: _Said, told: str, limited: bool
) -> Trouble | None:
    """Too long, or worth another try."""
    if status >= 400 and refuses_system(said.all):
        return Trouble(Outcome.REFUSED, Next.FAIL, f"bad request ({told})", status=400)
    in_answer = 200 <= status < 300
    too_long = _CONTEXT.search(said.all) or (status < 500 and _INPUT_TOO_LONG.search(said.all))
    too_large = _LIMIT_TOO_LARGE.search(said.all)
    if status == 413 or ((status >= 400 or in_answer) and (too_long or too_large)):
        fix = (
            ""
            if too_long or status == 413
            else "lower --max-tokens to what this model can write, then resume"
        )
        return Trouble(Outcome.TOO_LONG, Next.FAIL, f"bad request ({told})", status=min(status, 413), fix=fix)
    if status >= 500 or status in _RETRY_STATUS:
        wait_s = named_wait_s(headers, said.all)
        return Trouble(Outcome.OUT_OF_REACH, Next.RETRY, told, wait_s=wait_s, status=status)
    return None


def _stop(told: str, status: int, fix: str = "") -> Trouble:
    return Trouble(Outcome.REFUSED, Next.STOP, told, status=status, fix=fix)


def _said(error: Any) -> _Said:
    """Codes, message and details of an error body."""
    if isinstance(error, list) and error:
        error = error[0]
    if isinstance(error, dict) and isinstance(error.get("error"), dict):
        error = error["error"]
    if not isinstance(error, dict):
        text = clip(str(error), 2000)
        return _Said("", clip(text), text, "", None)
    codes = [str(error[name]) for name in _CODES if error.get(name) not in (None, "")]
    message = next((error[name] for name in (*_MESSAGES, "error") if error.get(name)), None)
    details = clip(str(error), 4000)
    status = next((int(code) for code in codes if code.isdigit() and 400 <= int(code) <= 599), None)
    words = clip(str(message)) if message else " ".join(codes)
    named = " ".join(codes)
    return _Said(named, words, f"{named} {message or ''} {details}", str(error.get("param") or ""), status)
