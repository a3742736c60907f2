"""From bytes to rows, whatever a log is packed in: gzip and zip by their first bytes, UTF-16, a byte order mark, indented
JSON, arrays. Rows come as they are read; a document is never whole in memory unless it is one row.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import orjson

from tactful.data.io import STDIN, cannot_read
from tactful.data.logs.shown import shown
from tactful.data.logs.tables import csv_rows, is_csv, parquet_rows
from tactful.data.logs.types import Notes, Numbered
from tactful.errors import DataError

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
    }
)
"""Keys under which a document of one object keeps its rows."""
_PEEK = 65_536
_LOG_NAMES = frozenset(
    {".json", ".jsonl", ".ndjson", ".gz", ".zip", ".csv", ".tsv", ".parquet", ".txt", ".log", ".jsonlines"}
)


def files_of(path: Path) -> list[Path]:
    """A file, or every log in a folder, in order of their names; hidden ones and other kinds of file are passed over."""
    if not path.is_dir():
        return [path]
    found = [file for file in sorted(path.rglob("*")) if file.is_file() and file.suffix.lower() in _LOG_NAMES]
    return [file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts)]


def open_parts(path: Path | str) -> Iterator[tuple[str, IO[bytes]]]:
    """(name, bytes) of a file, or of every log in a zip archive, unpacked. Raises: UserError, DataError."""
    if str(path) == STDIN:
        stdin = sys.stdin  # held: a program that ends while a thread waits in it must not close it
        yield from _unpacked(STDIN, stdin.buffer)
        return
    try:
        with Path(path).open("rb", buffering=_PEEK) as file:
            yield from _unpacked(str(path), file)
    except OSError as error:
        raise cannot_read(path, error) from error


def rows_of(file: IO[bytes], notes: Notes) -> Iterator[Numbered]:
    """The rows of JSON lines, of an array, or of one document or several, each with its place."""
    start = _peeked(file)
    if start.startswith(b"PAR1"):
        return parquet_rows(file, notes)
    head = start.lstrip(b" \t\r\n")
    if head.startswith(b"["):
        first_line = head.split(b"\n", 1)[0]
        if _is_json(first_line) and head[len(first_line) :].strip():
            return _lines(file, notes)  # a list of messages on every line
        return _elements(file, "item", notes)
    if head.startswith(b"{"):
        line, _, rest = head.partition(b"\n")
        several = bool(rest.strip())
        if not several or not (_is_json(line) or _may_be_line(line)):
            key = _list_in(head)
            if key or several:  # rows under a key, or one object a row, over several lines
                return _elements(file, f"{key}.item" if key else "", notes)
    if is_csv(head):
        return csv_rows(file, notes)
    return _lines(file, notes)


def _unpacked(name: str, file: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    buffered = file if hasattr(file, "peek") else io.BufferedReader(file, _PEEK)  # type: ignore[type-var]
    start = buffered.peek(4)[:4]
    if start.startswith(b"\x1f\x8b"):
        with gzip.GzipFile(fileobj=buffered) as inner:
            yield from _unpacked(name, io.BufferedReader(inner, _PEEK))
        return
    if start == b"PK\x03\x04":
        yield from _zipped(name, buffered)
        return
    encoding = _encoding(start)
    if encoding is None:
        yield name, buffered
        return
    reader = codecs.getreader(encoding)(buffered)
    yield name, io.BufferedReader(_Recoded(reader), _PEEK)


def _zipped(name: str, file: IO[bytes]) -> Iterator[tuple[str, IO[bytes]]]:
    with ExitStack() as stack:
        held = file if file.seekable() else stack.enter_context(io.BytesIO(file.read()))
        try:
            archive = stack.enter_context(zipfile.ZipFile(held))
        except zipfile.BadZipFile as error:
            raise DataError.at(
                name, None, f"is no whole zip archive ({error})", fix="export it again"
            ) from error
        for item in sorted(archive.namelist()):
            if Path(item).suffix.lower() in _LOG_NAMES and not item.startswith("__MACOSX"):
                with archive.open(item) as inner:
                    yield from _unpacked(f"{name}/{item}", io.BufferedReader(inner, _PEEK))  # type: ignore[type-var]


def _encoding(start: bytes) -> str | None:
    """The encoding of a text that is not UTF-8; None for UTF-8."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if len(start) >= 4 and start[1:2] == b"\x00" and start[3:4] == b"\x00":
        return "utf-16-le"
    if len(start) >= 4 and start[0:1] == b"\x00" and start[2:3] == b"\x00":
        return "utf-16-be"
    return None


class _Recoded(io.RawIOBase):
    """A text of another encoding as UTF-8 bytes."""

    def __init__(self, reader: codecs.StreamReader) -> None:
        self._reader = reader
        self._left = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill as much of `buffer` as there is."""
        if not self._left:
            self._left = self._reader.read(_PEEK).encode("utf-8", "replace")
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def _peeked(file: IO[bytes]) -> bytes:
    start: bytes = file.peek(_PEEK)  # type: ignore[attr-defined]
    return start.removeprefix(b"\xef\xbb\xbf")


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _may_be_line(line: bytes) -> bool:
    """Whether a first line that is no JSON may be a damaged one of many: it holds more than an opened document would."""
    return len(line.strip()) > 2 and b'":' in line and not line.rstrip().endswith((b"{", b"[", b","))


def _lines(file: IO[bytes], notes: Notes) -> Iterator[Numbered]:
    for number, line in enumerate(file, start=1):
        bare = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not bare.strip():
            continue
        try:
            yield number, loads(bare)
        except ValueError as error:
            notes.bad(number, f"not JSON ({error}): {shown(bare.rstrip())}")


def loads(line: bytes) -> Any:
    """JSON; NaN and lone halves of characters, which writers of logs let through, are read. Raises: ValueError."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if b"\\ud" not in line.lower() and b"NaN" not in line and b"Infinity" not in line:
            raise ValueError(f"{error.msg} at character {error.pos + 1}") from error
        return _whole(json.loads(line.decode("utf-8", "replace")))


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


def _elements(file: IO[bytes], place: str, notes: Notes) -> Iterator[Numbered]:
    import ijson

    found = ijson.items(_without_mark(file), place, use_float=True, multiple_values=True)
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


def _list_in(head: bytes) -> str:
    """The key under which a document keeps its rows as a list; empty for a document that is a row itself."""
    import ijson

    try:
        for place, event, _ in ijson.parse(head[:_PEEK]):
            if event == "start_array" and place in _LISTS:
                return str(place)
    except ijson.JSONError:
        pass
    return ""


def _without_mark(file: IO[bytes]) -> IO[bytes]:
    if file.peek(3)[:3] == b"\xef\xbb\xbf":  # type: ignore[attr-defined]
        file.read(3)
    return file
