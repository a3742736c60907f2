"""Why records failed, in few lines: reasons that differ only in what they name are counted together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

Reason = tuple[str, str, str, int]
"""(stage, error, reason, count)"""

_LONG = 300
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_IDENTIFIER = re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{12,}\b")
_LAST_REPLY = re.compile(r"; the last one began: .*", re.DOTALL)


def gist(reason: str, record_id: str) -> str:
    """`reason` without the record's id, quoted values, request ids and the model's reply; at most 300 characters.

    Numbers stay: HTTP 404 and HTTP 500 are two reasons.
    """
    named = rf"(?<!\w){re.escape(record_id)}(?!\w)"
    short = re.sub(named, "…", _LAST_REPLY.sub("", reason))
    short = _IDENTIFIER.sub("…", _QUOTED.sub("'…'", short))
    short = " ".join(short.split())
    return short if len(short) <= _LONG else short[: _LONG - 1] + "…"


def grouped(rows: Iterable[tuple[str, str, str, str]]) -> list[Reason]:
    """(stage, error, reason, record id) of each record → how often each reason was given, most frequent first.

    A reason that only one record gave stands as it is; else its gist stands for all.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    first: dict[tuple[str, str, str], str] = {}
    for stage, error, reason, record_id in rows:
        key = (stage, error, gist(reason, record_id))
        counts[key] += 1
        if first.setdefault(key, reason) != reason:
            first[key] = key[2]
    told = [
        (stage, error, first[stage, error, short], count) for (stage, error, short), count in counts.items()
    ]
    return sorted(told, key=lambda row: (-row[3], *row[:3]))
