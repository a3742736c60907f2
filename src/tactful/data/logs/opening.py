"""From bytes to rows, whatever a log is packed in: gzip, bzip2, xz and zip by their first bytes, UTF-16 and UTF-32, byte
order marks, indented JSON, arrays, several documents on a line. Rows come as they are read; a document is never whole in memory unless it is one row.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from tactful.data.io import opened_file
from tactful.data.logs.json_rows import PEEK as _PEEK
from tactful.data.logs.json_rows import elements, is_json, lines, list_in, with_lists, without_comma
from tactful.data.logs.tables import csv_rows, is_csv, parquet_rows
from tactful.data.logs.types import Notes, Numbered
from tactful.errors import DataError
from tactful.sources import files_below, is_folder, named, open_source, url_of

_LAYERS = 5
"""How often packed a file may be."""
_BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
_LOG_NAMES = frozenset(
    {
        ".json",
        ".jsonl",
        ".ndjson",
        ".gz",
        ".bz2",
        ".xz",
        ".zip",
        ".csv",
        ".tsv",
        ".parquet",
        ".txt",
        ".log",
        ".jsonlines",
    }
)


def files_of(path: Path | str) -> list[Path | str]:
    """A file, or every log in a folder, in order of their names; hidden ones and other kinds of file are passed over."""
    if not is_folder(path):
        return [path]
    if (url := url_of(path)) is not None:
        inside = [(one, Path(one.removeprefix(url))) for one in files_below(url)]
        return [one for one, rest in inside if rest.suffix.lower() in _LOG_NAMES and not _hidden(rest)]
    path = Path(path)
    found = [file for file in sorted(path.rglob("*")) if file.is_file() and file.suffix.lower() in _LOG_NAMES]
    return [file for file in found if not _hidden(file.relative_to(path))]


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def open_parts(path: Path | str) -> Iterator[tuple[str, IO[bytes]]]:
    """(name, bytes) of a file, or of every log in a zip archive, unpacked. Raises: UserError, DataError."""
    with opened_file(path) as file:
        yield from _unpacked(named(path), file)


def is_zip(path: Path | str) -> bool:
    """Whether a file is a zip archive, by what stands at its end."""
    try:
        with open_source(path) as file:
            return file.seekable() and zipfile.is_zipfile(file)
    except OSError:
        return False


def rows_of(file: IO[bytes], notes: Notes) -> Iterator[Numbered]:
    """The rows of JSON lines, of an array, or of one document or several, each with its place."""
    number = 0
    for number, row in _rows(file, notes):
        yield number, with_lists(row)
    if broken := _broken(file):
        notes.bad(number + 1, f"ends too early, or is damaged from here on ({broken})")


def _rows(file: IO[bytes], notes: Notes) -> Iterator[Numbered]:
    start = _peeked(file)
    if start.startswith(b"PAR1"):
        return parquet_rows(file, notes)
    head = start.lstrip(b" \t\r\n")
    if head.startswith(b"["):
        first_line = head.split(b"\n", 1)[0]
        if is_json(first_line) and head[len(first_line) :].strip():
            return lines(file, notes)  # a list of messages on every line
        return elements(file, "item", notes)
    if head.startswith(b"{"):
        line, _, rest = head.partition(b"\n")
        several = bool(rest.strip())
        if not several or not (is_json(without_comma(line)) or _may_be_line(line)):
            key = list_in(head)
            if key or several:  # rows under a key, or one object a row, over several lines
                return elements(file, f"{key}.item" if key else "", notes)
    if is_csv(head):
        return csv_rows(file, notes)
    return lines(file, notes)


def _unpacked(name: str, file: IO[bytes], layers: int = 0) -> Iterator[tuple[str, IO[bytes]]]:
    buffered = file if hasattr(file, "peek") else io.BufferedReader(file, _PEEK)  # type: ignore[type-var]
    start = buffered.peek(6)[:6]
    inner: Any = None
    if start.startswith(b"\x1f\x8b"):
        inner = gzip.GzipFile(fileobj=buffered, mode="rb")
    elif start.startswith(b"BZh"):
        inner = bz2.BZ2File(buffered)
    elif start == b"\xfd7zXZ\x00":
        inner = lzma.LZMAFile(buffered)  # noqa: SIM115 - closed below, whichever it is
    if inner is not None:
        if layers >= _LAYERS:
            raise DataError.at(name, None, f"is packed more than {_LAYERS} times over", fix="unpack it")
        with inner:
            yield from _unpacked(name, io.BufferedReader(_Readable(inner), _PEEK), layers + 1)
        return
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        yield from _zipped(name, buffered, layers)
        return
    if buffered.peek(512)[257:262] == b"ustar":
        raise DataError.at(name, None, "is a tar archive", fix="unpack it with tar -xf, and give its files")
    encoding = _encoding(start)
    if encoding is None:
        yield name, buffered
        return
    reader = codecs.getreader(encoding)(buffered)
    yield name, io.BufferedReader(_Recoded(reader), _PEEK)


def _zipped(name: str, file: IO[bytes], layers: int) -> Iterator[tuple[str, IO[bytes]]]:
    with ExitStack() as stack:
        held = file if file.seekable() else stack.enter_context(io.BytesIO(file.read()))
        try:
            archive = stack.enter_context(zipfile.ZipFile(held))
        except zipfile.BadZipFile as error:
            raise DataError.at(
                name, None, f"is no whole zip archive ({error})", fix="export it again"
            ) from error
        if "[Content_Types].xml" in archive.namelist():
            raise DataError.at(name, None, "is an office document", fix="save its table as CSV, in UTF-8")
        for item in sorted(archive.namelist()):
            if Path(item).suffix.lower() in _LOG_NAMES and not item.startswith("__MACOSX"):
                with _member(archive, name, item) as inner:
                    yield from _unpacked(
                        f"{name}/{item}", io.BufferedReader(_Readable(inner), _PEEK), layers + 1
                    )


def _member(archive: zipfile.ZipFile, name: str, item: str) -> IO[bytes]:
    try:
        return archive.open(item)
    except (RuntimeError, zipfile.BadZipFile) as error:  # encrypted, packed as nobody here unpacks, damaged
        raise DataError.at(
            f"{name}/{item}",
            None,
            f"cannot be unpacked ({error})",
            fix="unpack the archive and give its files",
        ) from error


def _encoding(start: bytes) -> str | None:
    """The encoding of a text that is not UTF-8; None for UTF-8."""
    if start.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if len(start) >= 4 and start[1:2] == b"\x00" and start[3:4] == b"\x00":
        return "utf-16-le"
    if len(start) >= 4 and start[0:1] == b"\x00" and start[2:3] == b"\x00":
        return "utf-16-be"
    return None


class _Readable(io.RawIOBase):
    """A packed file as far as it can be unpacked; `broken` says why it ends where it does."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.broken = ""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.broken:
            return 0
        try:
            found = self._inner.read1(len(buffer))
        except _BROKEN as error:
            self.broken = str(error) or type(error).__name__
            return 0
        buffer[: len(found)] = found
        return len(found)


def _broken(file: Any) -> str:
    """Why an unpacked file ends before its end; empty where it does not."""
    found: str = getattr(getattr(file, "raw", None), "broken", "")
    return found


class _Recoded(io.RawIOBase):
    """A text of another encoding as UTF-8 bytes."""

    def __init__(self, reader: codecs.StreamReader) -> None:
        self._reader = reader
        self._left = b""

    @property
    def broken(self) -> str:
        """Why what it reads from ends before its end."""
        return _broken(self._reader.stream)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = self._reader.read(_PEEK).encode("utf-8", "replace")
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def _peeked(file: IO[bytes]) -> bytes:
    start: bytes = file.peek(_PEEK)  # type: ignore[attr-defined]
    return start.removeprefix(b"\xef\xbb\xbf")


def _may_be_line(line: bytes) -> bool:
    """Whether a first line that is no JSON may be a damaged one of many: it holds more than an opened document would."""
    return len(line.strip()) > 2 and b'":' in line and not line.rstrip().endswith((b"{", b"[", b","))
