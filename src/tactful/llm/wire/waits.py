"""How long does the endpoint ask to wait? In a header, as seconds or as a date, or in the words of the error.

A limit's own header (`x-ratelimit-reset`, …) counts where that limit is used up and no other wait is named.
"""

from __future__ import annotations

import email.utils
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NAMED: dict[str, float] = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "five": 5, "ten": 10}
_NAMED |= {"一": 1, "两": 2, "二": 2, "三": 3, "五": 5, "十": 10, "半": 0.5}
_PIECE = r"(?:\d+(?:\.\d+)?|\b(?:an?|one|two|three|five|ten)\b)\s*(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)\b"
_DURATION = rf"(?P<wait>{_PIECE}(?:[\s,]*(?:and\s+)?{_PIECE})*|(?:\d+(?:\.\d+)?(?:ms|[dhms]))+)"
_IN_CHINESE = r"(?P<wait>(?:(?:\d+(?:\.\d+)?|[一两二三五十半])\s*个?(?:毫秒|秒钟?|分钟?|小时)\s*)+)"
_IN_WORDS = (
    re.compile(rf"retry_?delay['\"]?\s*[:=]\s*['\"]?{_DURATION}", re.IGNORECASE),
    re.compile(
        rf"(?:try(?: it)? again|retry|retrying|wait|available|resets?|allowed|come back|back ?off|cool(?:ing)?[ -]?down)\b(?:\W+\w+){{0,4}}?\W+{_DURATION}",
        re.IGNORECASE,
    ),
    re.compile(rf"\b(?:in|after)\s+{_DURATION}[^.]{{0,40}}?\b(?:try|retry)", re.IGNORECASE),
    re.compile(rf"{_IN_CHINESE}(?:之?后|再)"),
    re.compile(rf"(?:等待?|稍等|稍候)\D{{0,4}}?{_IN_CHINESE}"),
)
_AS_NUMBER = re.compile(
    r"retry[-_ ]?(?:after|in)(?P<ms>_?ms)?(?:_?s(?:ec(?:onds)?)?)?['\"]?\s*[:=]\s*['\"]?(?P<wait>\d+(?:\.\d+)?)\b",
    re.IGNORECASE,
)
_CHINESE = {"毫秒": "ms", "秒": "s", "分": "m", "小时": "h"}
_PARTS = (
    re.compile(r"\b(?:in|after|wait)\W+(?P<h>00?):(?P<m>\d\d):(?P<s>\d\d(?:\.\d+)?)\b", re.IGNORECASE),
    re.compile(r"\bP(?P<d>)T(?=\d)(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?\b"),
)
"""`00:00:30` of .NET (no time of day begins so), `PT1M30S` of ISO 8601."""
_WHOLE_LIMIT = {"x-ratelimit-reset": "x-ratelimit-remaining", "ratelimit-reset": "ratelimit-remaining"}
_LIMITS = ("requests", "tokens", "input-tokens", "output-tokens")
_RESETS = [
    *_WHOLE_LIMIT.items(),
    *((f"x-ratelimit-reset-{name}", f"x-ratelimit-remaining-{name}") for name in _LIMITS),
    *((f"anthropic-ratelimit-{name}-reset", f"anthropic-ratelimit-{name}-remaining") for name in _LIMITS),
]
_EPOCH = 1e9
"""A number of seconds from here on is a time since 1970, in seconds or, a thousand times larger, in milliseconds."""


def named_wait_s(headers: Mapping[str, str], words: str) -> float | None:
    """Seconds that the endpoint asks to wait: by a header, else in words; None where it names none."""
    asked = retry_after_s(headers)
    if asked is not None:
        return asked
    for pattern in _PARTS:
        if found := pattern.search(words):
            parts = {name: float(found[name] or 0) for name in "hms"}
            return sum(_SECONDS[name] * value for name, value in parts.items())
    for pattern in _IN_WORDS:
        if found := pattern.search(words):
            return _seconds(found["wait"])
    if found := _AS_NUMBER.search(words):
        return float(found["wait"]) / (1000 if found["ms"] else 1)
    return _until_reset_s(headers)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks to wait: given in seconds or as a date; None when absent or unusable.

    A date is compared with the endpoint's own `Date`, so that a wrong clock here does no harm.
    """
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        if (milliseconds := _number(headers.get(name))) is not None:
            return milliseconds / 1000
    asked = headers.get("Retry-After") or headers.get("X-Retry-After")
    return _wait_of(asked, headers) if asked else None


def _until_reset_s(headers: Mapping[str, str]) -> float | None:
    """Seconds until the last of the limits that are used up is renewed; None where none says so."""
    waits = [
        _wait_of(headers[reset], headers)
        for reset, left in _RESETS
        if reset in headers and _number(headers.get(left, "0" if reset in _WHOLE_LIMIT else None)) == 0
    ]
    return max((wait for wait in waits if wait is not None), default=None)


def _wait_of(asked: str, headers: Mapping[str, str]) -> float | None:
    """A header's seconds, duration (`6m0s`) or date."""
    seconds = _number(asked)
    if seconds is not None and seconds < _EPOCH:
        return seconds
    if re.fullmatch(_DURATION, asked.strip(), re.IGNORECASE):
        return _seconds(asked)
    try:
        now = email.utils.parsedate_to_datetime(headers["Date"]) if "Date" in headers else datetime.now(UTC)
        if seconds is not None:
            until = datetime.fromtimestamp(seconds / (1000 if seconds > 1000 * _EPOCH else 1), UTC)
        elif "T" in asked.upper() and asked[:4].isdigit():
            until = datetime.fromisoformat(asked.strip())
        else:
            until = email.utils.parsedate_to_datetime(asked)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if number >= 0 and math.isfinite(number) else None


def _seconds(duration: str) -> float:
    total = 0.0
    for number, unit in re.findall(
        r"(\d+(?:\.\d+)?|\b(?:an?|one|two|three|five|ten)\b|[一两二三五十半])\s*个?([a-zA-Z]+|毫秒|秒|分|小时)",
        duration,
        re.IGNORECASE,
    ):
        short = _CHINESE.get(unit, unit.lower())
        many = _NAMED[number.lower()] if number.lower() in _NAMED else float(number)
        total += many * _SECONDS["ms" if short.startswith(("ms", "milli")) else short[0]]
    return total
