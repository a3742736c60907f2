"""One stored record as a row of `results`, with the hash over all its other columns."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import Any

import orjson

from tactful.llm.types import Usage
from tactful.runs.result import Result

COLUMNS = (
    "ordinal, record_id, record_hash, state, lines, outputs, unscored, stage, error, reason, detail, attempts, "
    "calls, cached, prompt_tokens, completion_tokens, cost_usd, estimated, elapsed_s, row_hash"
)
_NO_USAGE = Usage()


@dataclass(frozen=True, slots=True)
class Row:
    """One stored record."""

    ordinal: int
    """Place in the input from 0; negative when the input no longer holds this record."""
    record_id: str
    record_hash: str
    result: Result
    attempts: int = 1
    damaged: bool = False
    """The row does not match its hash: bytes were flipped on the disk."""


def packed(row: Row) -> tuple[Any, ...]:
    """The columns of a row, its hash last."""
    result, usage = row.result, row.result.usage or _NO_USAGE
    values = (
        row.ordinal,
        row.record_id,
        row.record_hash,
        result.state,
        _pressed(result.lines),
        result.outputs,
        int(result.unscored),
        result.stage,
        result.error,
        result.reason,
        result.detail,
        row.attempts,
        usage.calls,
        usage.cached,
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.cost_usd,
        int(usage.estimated),
        result.elapsed_s,
    )
    return (*values, _hash(values))


PRESSED_BYTES = 2048
"""From this length on, the lines of a record are stored pressed: dialogues shrink to a fifth, at 100 MB a second."""


def _pressed(lines: bytes) -> bytes:
    return zlib.compress(lines, 1) if len(lines) >= PRESSED_BYTES else lines


def _opened(stored: bytes) -> bytes:
    """The lines again. JSON lines begin with a brace, what zlib wrote with an x; folders of before hold only the former."""
    return zlib.decompress(stored) if stored[:1] == b"x" else stored


def _hash(values: tuple[Any, ...]) -> bytes:
    digest = hashlib.blake2b(orjson.dumps((*values[:4], *values[5:])), digest_size=16)
    digest.update(values[4])
    return digest.digest()


def unpacked(found: tuple[Any, ...]) -> Row:
    """The row in these columns; `damaged` when they do not match their hash."""
    *values, stored_hash = found
    try:
        damaged = _hash(tuple(values)) != stored_hash
        return Row(values[0], values[1], values[2], _result(values), values[11], damaged)
    except (
        TypeError,
        ValueError,
        zlib.error,
    ):  # flipped bytes may also change a type or leave the allowed range
        lost = Result(state="failed", usage=_usage_left(values))
        return Row(values[0], str(values[1]), str(values[2]), lost, damaged=True)


def _usage_left(values: list[Any]) -> Usage | None:
    """What the record had cost, where that can be read although the rest cannot."""
    try:
        return _usage(values)
    except ValueError:
        return None


def _usage(values: list[Any]) -> Usage | None:
    if values[12] == values[13] == 0:
        return None
    return Usage(
        calls=values[12],
        cached=values[13],
        prompt_tokens=values[14],
        completion_tokens=values[15],
        cost_usd=values[16],
        estimated=bool(values[17]),
    )


def _result(values: list[Any]) -> Result:
    return Result(
        state=values[3],
        lines=_opened(values[4]),
        outputs=values[5],
        unscored=bool(values[6]),
        stage=values[7],
        error=values[8],
        reason=values[9],
        detail=values[10],
        usage=_usage(values),
        elapsed_s=values[18],
    )
