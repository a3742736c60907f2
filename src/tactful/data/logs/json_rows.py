"""Rows out of JSON: one a line, several on a line, the elements of an array, or of a list under a key; read as they come."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

import orjson

from tactful.data.logs.shown import shown
from tactful.data.logs.types import Notes, Numbered

_LISTS = frozenset(
    {
        "data",
        "runs",
        "observations",
        "spans",
        "sessions",
        "threads",
        "items",
        "rows",
        "traces",
        "chats",
        "records",
        "results",
        "entries",
        "logs",
    }
)
"""Keys under which a document of one object keeps its rows."""
_OF_CONVERSATIONS = frozenset({"messages", "mapping", "chat_messages", "conversation", "turns", "chat"})
"""Keys by which what stands under `conversations` is whole conversations, not ShareGPT's messages."""
_TURNS = ("messages", "conversations", "conversation", "turns")
"""Keys whose list some exports keep as text."""
PEEK = 65_536
_MOST_DIGITS = 4_000
_LONG_NUMBER = re.compile(rb"[:,\[]\s*-?\d{%d}" % _MOST_DIGITS)


def is_json(text: bytes) -> bool:
    """Whether it is one whole value."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def lines(file: IO[bytes], notes: Notes) -> Iterator[Numbered]:
    """The value of every line, or the several objects on it; a line that is neither is noted."""
    for number, line in enumerate(file, start=1):
        bare = line.removeprefix(b"\xef\xbb\xbf")
        if not bare.strip():
            continue
        try:
            row = loads(without_comma(bare))
            yield from ((number, one) for one in row) if _holds_rows(row) else [(number, row)]
        except ValueError as error:
            several = _on_one_line(bare)
            if not several:
                notes.bad(number, f"not JSON ({error}): {shown(bare.rstrip())}")
            for one in several:
                yield number, one


def without_comma(line: bytes) -> bytes:
    """A line as one of an array's elements, without what parts it from the next."""
    return line.rstrip().removesuffix(b",")


def _holds_rows(row: Any) -> bool:
    """Whether a line is a list of rows, each with its own turns, and no list of messages."""
    return (
        isinstance(row, list)
        and bool(row)
        and all(
            isinstance(one, dict) and any(isinstance(one.get(key), list) for key in _TURNS) for one in row
        )
    )


def _on_one_line(line: bytes) -> list[Any]:
    """The objects of a line that holds several, one behind the other; none where anything else stands there."""
    found: list[Any] = []
    try:
        text, at = line.decode("utf-8").strip(), 0
        while at < len(text):
            one, at = json.JSONDecoder().raw_decode(text, at)
            found.append(_whole(one))
            while at < len(text) and text[at] in " \t\r\n\x1e":
                at += 1
    except (ValueError, RecursionError):
        return []
    return found if all(isinstance(one, dict) for one in found) else []


def with_lists(row: Any) -> Any:
    """A row whose turns are a list, where an export keeps them as text: `"messages": "[{…}]"`."""
    if not isinstance(row, dict):
        return row
    opened = {}
    for key in _TURNS:
        text = row.get(key)
        if isinstance(text, str) and text.lstrip().startswith("[{"):
            try:
                opened[key] = loads(text.encode("utf-8", "replace"))
            except ValueError:
                continue
    return {**row, **opened} if opened else row


def _deep(line: bytes) -> Any:
    """A value that is nested as deep as a talk is long. Raises: ValueError."""
    import ijson

    try:
        return next(ijson.items(_Bounded(io.BytesIO(line)), "", use_float=True))
    except (ijson.JSONError, StopIteration) as error:
        raise ValueError(" ".join(str(error).split())[:80]) from error


def loads(line: bytes) -> Any:
    """JSON; NaN and lone halves of characters, which writers of logs let through, are read. Raises: ValueError."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if b"\\ud" in line.lower() or b"NaN" in line or b"Infinity" in line:
            try:
                return _whole(json.loads(line.decode("utf-8", "replace")))
            except RecursionError:
                raise ValueError("nested too deeply") from error
        if "depth" in error.msg and b'"messagesTree"' in line:
            return _deep(line)
        if "UTF-8" in error.msg and b"\xef\xbb\xbf" not in line[:3]:
            raise ValueError(_not_utf8(line)) from error
        raise ValueError(f"{error.msg} at character {error.pos + 1}") from error


def _not_utf8(line: bytes) -> str:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = line[error.start]
        return f"not UTF-8: byte 0x{byte:02x} at {error.start + 1}; write it as UTF-8, as by iconv -f {spelt_in(line)} -t UTF-8"
    return "not UTF-8"


def spelt_in(line: bytes) -> str:
    """The encoding that a line which is not UTF-8 is most likely in: in GB18030 high bytes stand in pairs."""
    pairs = all(len(run) % 2 == 0 for run in re.findall(rb"[\x80-\xff]+", line))
    try:
        line.decode("gb18030")
    except UnicodeDecodeError:
        return "LATIN1"
    return "GB18030" if pairs else "LATIN1"


def _whole(value: Any) -> Any:
    """A value whose texts can be written as UTF-8 and whose numbers are finite."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value


def elements(file: IO[bytes], place: str, notes: Notes) -> Iterator[Numbered]:
    """What stands at `place` of a document, or of several behind each other, one by one, as it is read."""
    import ijson

    found = ijson.items(_Bounded(_without_mark(file)), place, use_float=True, multiple_values=True)
    number = 0
    while True:
        number += 1
        try:
            yield number, next(found)
        except StopIteration:
            return
        except (ijson.JSONError, ValueError) as error:
            said = " ".join(str(error).split())[:80]
            notes.bad(number, f"not JSON from here on ({said})")
            return


class _Bounded:
    """A document without numbers too long for Python's own limit, at which the reader of JSON would end the process."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._before = b""

    def read(self, size: int = -1) -> bytes:
        """As of any file. Raises: ValueError at such a number."""
        found = self._file.read(size)
        if _LONG_NUMBER.search(looked := self._before + found):
            raise ValueError(f"a number of {_MOST_DIGITS:,} digits or more")
        self._before = looked[-2 * _MOST_DIGITS :]
        return found


def list_in(head: bytes) -> str:
    """The key under which a document keeps its rows as a list; empty for a document that is a row itself."""
    import ijson

    if _LONG_NUMBER.search(head, 0, PEEK):
        return ""
    with suppress(ijson.JSONError):
        for place, event, value in ijson.parse(head[:PEEK]):
            if event == "start_array" and place in _LISTS:
                return str(place)
            if event == "map_key" and place == "conversations.item" and value in _OF_CONVERSATIONS:
                return "conversations"
    return ""


def _without_mark(file: IO[bytes]) -> IO[bytes]:
    if file.peek(3)[:3] == b"\xef\xbb\xbf":  # type: ignore[attr-defined]
        file.read(3)
    return file
