"""What can be looked at: a run folder, or a plain JSONL file. Both give records by place, and stamps that tell changes."""

from __future__ import annotations

import os
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, get_args

import orjson

from tactful.errors import DataError
from tactful.runs.read.folder import RunFolder
from tactful.runs.store.lock import is_locked
from tactful.runs.store.rows import Row
from tactful.runs.store.state import Order
from tactful.types import content_hash
from tactful.viewer.filters.grammar import UnknownFact
from tactful.viewer.strips.plain import name_of
from tactful.viewer.types import Line, Query, Scalar

_EVERY = 256
"""Of a file, the place of every so-manieth line is kept in memory: 100,000 lines take 3 kB."""
_HEAD = 4096
_TAIL = 64
_BOM = b"\xef\xbb\xbf"
_LONGEST = 1 << 24
"""Bytes of a line that is read; of a longer one the beginning is shown as damaged."""


@dataclass(slots=True, eq=False)
class Entry:
    """One record as it is stored."""

    line: Line
    rows: list[Any]
    detail: str = ""
    attempts: int = 1

    def facts(self) -> dict[str, Scalar]:
        """What filters may ask of a record whatever its kind."""
        line = self.line
        found: dict[str, Scalar] = {"id": line.id, "state": line.state, "unscored": line.unscored}
        if line.elapsed_s:  # a file does not tell
            found |= {"elapsed": line.elapsed_s, "tokens": line.tokens}
        if line.cost_usd is not None:
            found["cost"] = line.cost_usd
        return found | {name: value for name in ("stage", "error") if (value := getattr(line, name))}


def open_source(path: Path) -> Source:
    """The run or file at `path`. Raises: DataError where there is neither."""
    if path.is_file():
        return FileSource(path)
    return RunSource(RunFolder.open(path))


# ---------------------------------------------------------------- a run


class RunSource:
    """A run folder: `run.sqlite` alone, whether `records.jsonl` is written or not.

    Read-only; each call opens and closes what it reads, so that any thread may ask.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.path = folder.path
        self.folder = folder
        self.config: Mapping[str, Any] | None = folder.info().config

    def identity(self) -> str:
        """Of the run and the file of its state. Another one: another run lies here, and nothing known of it holds any more."""
        info = self.folder.info()
        return content_hash(
            f"{info.run_id} {info.started_at.isoformat()} {os.stat(self.folder.state_path).st_ino}"
        )

    def count(self) -> int:
        """How many records are stored."""
        with closing(self.folder.state()) as state:
            return state.count()

    def stamps(self, after: int, most: int) -> list[tuple[int, bytes]]:
        """(place, hash) of the next rows after a place; another hash: the record was replaced."""
        with closing(self.folder.state()) as state:
            return state.stamps(after, most)

    def entries(self, places: Sequence[int]) -> list[Entry]:
        """The records at these places, in the order asked for; a damaged row comes as such, never as an error."""
        with closing(self.folder.state()) as state:
            return [_entry(row) for row in state.at(places)]

    def page(self, query: Query) -> tuple[list[int], int]:
        """Places of a page without search, filter or sorting by facts, and how many records there are in all."""
        where: dict[str, str | int] = {
            name: value for name in ("state", "stage", "error", "unscored") if (value := getattr(query, name))
        }
        with closing(self.folder.state()) as state:
            return state.places(
                where,
                query.sort,  # type: ignore[arg-type]
                descending=query.descending,
                offset=query.offset,
                limit=query.limit,
            )

    def signs(self) -> Generator[object, None, None]:
        """What SQLite knows of other writers, whether one is at work, and which run it is: another one once there may be
        news. Close it."""
        with closing(self.folder.state()) as state:
            while True:
                yield state.version(), is_locked(self.path), self.identity()

    def raw(self, place: int) -> tuple[str, ...]:
        """`records.jsonl:line` of each output; empty while it is not written, or older than what is stored."""
        target = self.folder.records_path
        if self.folder.standing() not in ("done", "interrupted") or not target.is_file():
            return ()
        with closing(self.folder.state()) as state:
            before, own = state.outputs_before(place)
        return tuple(f"{target}:{before + number + 1}" for number in range(own))


def _entry(row: Row) -> Entry:
    result = row.result
    usage = result.usage
    line = Line(
        ordinal=row.ordinal,
        id=row.record_id,
        state="damaged" if row.damaged else result.state,
        outputs=result.outputs,
        unscored=result.unscored,
        stage=result.stage,
        error=result.error,
        reason="the stored result does not match its hash" if row.damaged else result.reason,
        cost_usd=None if usage is None else usage.cost_usd,
        tokens=0 if usage is None else usage.prompt_tokens + usage.completion_tokens,
        elapsed_s=result.elapsed_s,
    )
    return Entry(line, [_read(one) for one in result.lines.splitlines()], result.detail, row.attempts)


def _read(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return line.decode("utf-8", "replace")


# ---------------------------------------------------------------- a file


class FileSource:
    """As `RunSource`, of a JSONL file, one record a line; blank lines count as lines and hold no record. Follows what is appended."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config: Mapping[str, Any] | None = None
        self._starts = array("Q", [0])
        self._blank = array("Q")
        self._scanned = 0
        self._lines = 0
        self._seen: tuple[int, int, bytes, bytes] = (0, 0, b"", b"")
        self._lock = Lock()

    def identity(self) -> str:
        """The file and its first bytes; a file that became shorter is another one."""
        self._scan()
        inode, _, head, _ = self._seen
        return content_hash(f"{inode} ".encode() + head)

    def count(self) -> int:
        """Lines that are not blank."""
        self._scan()
        return self._lines - len(self._blank)

    def stamps(self, after: int, most: int) -> list[tuple[int, bytes]]:
        """Check sums of the lines."""
        with closing(self._from(after + 1)) as lines:
            said = ((place, zlib.crc32(line).to_bytes(4)) for place, line in lines if line.strip())
            return list(islice(said, most))

    def entries(self, places: Sequence[int]) -> list[Entry]:
        """A line that is no JSON comes as damaged, with its text."""
        wanted, found = set(places), {}
        for first, last in _stretches(sorted(wanted)):
            for place, line in self._from(first, last - first + 1):
                if place in wanted and line.strip():
                    found[place] = self._line(place, line)
        return [found[place] for place in places if place in found]

    def page(self, query: Query) -> tuple[list[int], int]:
        """In the order of the lines, or from the last one."""
        total = self.count()
        chosen: Iterable[int] = range(query.offset, min(total, query.offset + query.limit))
        if query.descending:
            chosen = (total - 1 - number for number in chosen)
        records_before = [blank - number for number, blank in enumerate(self._blank)]  # each blank line
        return [number + bisect_right(records_before, number) for number in chosen], total

    def signs(self) -> Generator[object, None, None]:
        """Inode, size and time."""
        while True:
            about = self._stat()
            yield about.st_ino, about.st_size, about.st_mtime_ns

    def raw(self, place: int) -> tuple[str, ...]:
        """The line itself."""
        return (f"{self.path}:{place + 1}",)

    def _line(self, place: int, line: bytes) -> Entry:
        line = line if place else line.removeprefix(_BOM)
        cut = len(line) == _LONGEST and not line.endswith(b"\n")
        row = line[:_HEAD].decode("utf-8", "replace") if cut else _read(line)
        reason = ""
        if cut:
            reason = f"longer than {_LONGEST >> 20} MiB"
        elif isinstance(row, str):
            reason = "no JSON" if row == line.decode("utf-8", "replace") else "a text, no object"
        told = Line(
            ordinal=place,
            id=(name_of(row) if isinstance(row, dict) else "") or f"line {place + 1}",
            state="damaged" if reason else "done",
            outputs=1,
            unscored=isinstance(row, dict) and row.get("unscored") is True,
            reason=reason,
        )
        return Entry(told, [row])

    def _from(self, place: int, most: int | None = None) -> Generator[tuple[int, bytes], None, None]:
        self._scan()
        end = self._lines if most is None else min(place + most, self._lines)
        if place >= self._lines:
            return
        with self._open() as file:
            block = place // _EVERY
            file.seek(self._starts[block])
            for number, (_, line) in enumerate(_lines(file), block * _EVERY):
                if number >= end:
                    return
                if number >= place:
                    yield number, line

    def _scan(self) -> None:
        """Find where the lines that are new begin; from the start again where the file is another one."""
        with self._lock:
            self._scan_alone()

    def _scan_alone(self) -> None:
        about = self._stat()
        inode, written, head, tail = self._seen
        if (about.st_ino, about.st_mtime_ns, about.st_size) == (inode, written, self._scanned):
            return
        with self._open() as file:
            about = os.fstat(file.fileno())
            if (
                about.st_ino != inode
                or about.st_size <= self._scanned
                or self._around(file, self._scanned) != (head, tail)
            ):  # another file, or this one written anew: only what is appended leaves its lines where they were
                self._starts, self._blank, self._scanned, self._lines = array("Q", [0]), array("Q"), 0, 0
            last = self._lines // _EVERY  # the last line may have been a half one: its block is read again
            file.seek(self._starts[last])
            at, number = self._starts[last], last * _EVERY
            del self._starts[last + 1 :]
            del self._blank[bisect_left(self._blank, number) :]
            for size, line in _lines(file):
                if not line.strip():
                    self._blank.append(number)
                at, number = at + size, number + 1
                if number % _EVERY == 0:
                    self._starts.append(at)
            self._scanned, self._lines = at, number
            now = os.fstat(file.fileno())
            written = (now if now.st_size == at else about).st_mtime_ns
            self._seen = (about.st_ino, written, *self._around(file, at))

    @staticmethod
    def _around(file: BinaryIO, size: int) -> tuple[bytes, bytes]:
        """The first line and the last bytes of the first `size` bytes."""
        file.seek(0)
        head = file.read(min(size, _HEAD)).partition(b"\n")[0]
        file.seek(max(0, size - _TAIL))
        return head, file.read(min(size, _TAIL))

    def _stat(self) -> os.stat_result:
        try:
            return os.stat(self.path)
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read ({error.strerror})") from error

    def _open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read ({error.strerror})") from error


Source = RunSource | FileSource


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """(length, line) of each; of one that is too long its beginning, so that memory holds no more."""
    while line := file.readline(_LONGEST):
        size, end = len(line), line
        while not end.endswith(b"\n") and (end := file.readline(_LONGEST)):
            size += len(end)
        yield size, line


def _stretches(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first, last) of places, ascending, that lie within a block of each other: read in one go."""
    first = last = places[0] if places else -1
    for place in places[1:]:
        if place - last > _EVERY:
            yield first, last
            first = place
        last = place
    if places:
        yield first, last


def is_plain(query: Query, source: Source) -> bool:
    """Whether the source answers this by itself, without an index."""
    if query.text or query.filter:
        return False
    if isinstance(source, FileSource):
        return query.sort == "order" and not (query.state or query.stage or query.error or query.unscored)
    return query.sort in get_args(Order)


def refuse_unknown_sort(query: Query, known: Sequence[str]) -> None:
    """Raises: UnknownFact where no record has the fact to sort by."""
    if query.sort not in known and query.sort not in get_args(Order):
        raise UnknownFact(f"no record here has '{query.sort}' to sort by; known are: {', '.join(known)}")
