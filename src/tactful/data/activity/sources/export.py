"""An export's file."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from tactful.data.activity.sources.buckets import is_export
from tactful.data.io import STDIN, cannot_read
from tactful.errors import DataError

_FIX = "give what ActivityWatch writes under 'Raw data', 'Export all buckets as JSON'"


def read_export(path: Path) -> Any:
    """The document in a file, `-` for standard input. Raises: DataError where it holds no buckets; UserError."""
    try:
        data = sys.stdin.buffer.read() if str(path) == STDIN else path.read_bytes()
    except OSError as error:
        raise cannot_read(path, error) from error
    try:
        document = parsed(data)
    except ValueError as error:
        raise DataError.at(path, getattr(error, "lineno", None), "is not JSON", fix=_FIX) from error
    if not is_export(document):
        raise DataError.at(path, None, "holds no buckets", fix=_FIX)
    return document


def parsed(data: bytes) -> Any:
    """The JSON document in these bytes, also with what ActivityWatch's own JSON holds at times: NaN, half a character.

    Raises: ValueError, or its JSONDecodeError.
    """
    with suppress(orjson.JSONDecodeError):
        return orjson.loads(data)
    try:
        return json.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
