"""How long does the endpoint ask to wait? In a header, as seconds or as a date, or in the words of the error."""

from __future__ import annotations

import email.utils
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PIECE = r"\d+(?:\.\d+)?\s*(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)\b"
_DURATION = rf"(?P<wait>{_PIECE}(?:[\s,]*(?:and\s+)?{_PIECE})*|(?:\d+(?:\.\d+)?(?:ms|[dhms]))+)"
_IN_WORDS = (
    re.compile(rf"retry_?delay['\"]?\s*[:=]\s*['\"]?{_DURATION}", re.IGNORECASE),
    re.compile(
        rf"(?:try(?: it)? again|retry|retrying|wait|available|resets?)\b(?:\W+\w+){{0,4}}?\W+{_DURATION}",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<wait>\d+(?:\.\d+)?\s*(?:秒|分钟|小时))\s*(?:钟)?\s*(?:之?后)"),
)
_AS_NUMBER = re.compile(
    r"retry_?after(?P<ms>_?ms)?(?:_?s(?:ec(?:onds)?)?)?['\"]?\s*[:=]\s*['\"]?(?P<wait>\d+(?:\.\d+)?)\b",
    re.IGNORECASE,
)
_CHINESE = {"秒": "s", "分钟": "m", "小时": "h"}


def named_wait_s(headers: Mapping[str, str], words: str) -> float | None:
    """Seconds that the endpoint asks to wait: by a header, else in words; None where it names none."""
    asked = retry_after_s(headers)
    if asked is not None:
        return asked
    for pattern in _IN_WORDS:
        if found := pattern.search(words):
            return _seconds(found["wait"])
    if found := _AS_NUMBER.search(words):
        return float(found["wait"]) / (1000 if found["ms"] else 1)
    return None


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks to wait: given in seconds or as a date; None when absent or unusable.

    A date is compared with the endpoint's own `Date`, so that a wrong clock here does no harm.
    """
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        if (milliseconds := _number(headers.get(name))) is not None:
            return milliseconds / 1000
    asked = headers.get("Retry-After")
    if not asked:
        return None
    seconds = _number(asked)
    if seconds is not None:
        return seconds
    try:
        until = email.utils.parsedate_to_datetime(asked)
        now = email.utils.parsedate_to_datetime(headers["Date"]) if "Date" in headers else datetime.now(UTC)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if number >= 0 and math.isfinite(number) else None


def _seconds(duration: str) -> float:
    total = 0.0
    for number, unit in re.findall(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]+|秒|分钟|小时)", duration):
        short = _CHINESE.get(unit, unit.lower())
        total += float(number) * _SECONDS["ms" if short.startswith(("ms", "milli")) else short[0]]
    return total
