"""JSONL in and out. Bad lines are reported as `file:line: what; next move`; writing never leaves half a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from tactful.errors import DataError, UserError
from tactful.runs.files import write_atomic

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

STDIN = "-"
_SHOWN = 80  # characters of an offending value


class Rows(Generic[R]):
    """Rows of a file, read as they are asked for. After the last one, `read` and `bad` tell how many there were.

    With `skip_bad`, an unusable line is counted in `bad`, its message kept in `problems` (the first 20) and the
    rest goes on; without it, the first unusable line raises DataError. Two rows with one `key` are a fault too.
    """

    def __init__(
        self,
        path: Path | str,
        parse: Callable[[Any], R],
        *,
        skip_bad: bool = False,
        kind: str = "row",
        key: Callable[[R], str] | None = None,
    ) -> None:
        self.path = str(path)
        self.read = 0
        """Lines that were not blank."""
        self.bad = 0
        self.problems: list[str] = []
        self._parse = parse
        self._skip_bad = skip_bad
        self._kind = kind
        self._key = key

    @property
    def name(self) -> str:
        """The file as messages name it."""
        return "<stdin>" if self.path == STDIN else self.path

    def __iter__(self) -> Iterator[R]:
        self.read = self.bad = 0
        self.problems = []
        seen: dict[str, int] = {}
        for number, row in self._rows():
            self.read += 1
            try:
                item = self._parse(orjson.loads(row) if isinstance(row, bytes) else row)
                self._refuse_repeated(item, number, seen)
            except orjson.JSONDecodeError as error:
                self._reject(number, f"not JSON ({error.msg} at character {error.pos + 1}): {shorten(row)}")
            except ValidationError as error:
                self._reject(number, describe(error, self._kind))
            except (ValueError, TypeError) as error:
                self._reject(number, str(error))
            else:
                yield item

    def _refuse_repeated(self, item: R, number: int, seen: dict[str, int]) -> None:
        if self._key is None:
            return
        key = self._key(item)
        if key in seen:
            raise ValueError(f"{self._kind} has the id '{key}' of line {seen[key]}; ids must differ")
        seen[key] = number

    def _rows(self) -> Iterator[tuple[int, Any]]:
        """(line number, raw line) of every line that is not blank."""
        for number, line in enumerate(_lines(self.path), start=1):
            bare = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if bare.strip():
                yield number, bare.rstrip(b"\r\n")

    def _reject(self, number: int, problem: str) -> None:
        if not self._skip_bad:
            raise DataError.at(self.name, number, problem, fix=self._fix())
        self.bad += 1
        if len(self.problems) < 20:
            self.problems.append(f"{self.name}:{number}: {problem}")

    def _fix(self) -> str:
        if self.path == STDIN:
            return "correct the line, or leave it out with --skip-bad"
        return f"correct the line, leave it out with --skip-bad, or run 'tactful data check {self.path}'"


def read_jsonl(path: Path | str, type: type[T], *, skip_bad: bool = False) -> Rows[T]:
    """The records in a JSONL file (`-` is stdin), read lazily; blank lines are passed over.

    Raises, while iterating: UserError when the file cannot be opened, DataError at the first bad line (unless
    `skip_bad`, which counts them in `.bad`).
    """
    return Rows(path, type.model_validate, skip_bad=skip_bad, kind=type.__name__)


def write_jsonl(path: Path | str, records: Iterable[BaseModel | dict[str, Any]]) -> int:
    """Write one line per record, fields in the model's order, and return how many there were.

    The file appears whole or not at all (temp file, fsync, rename); `-` is stdout.
    """
    if str(path) == STDIN:
        return sum(1 for record in records if sys.stdout.buffer.write(to_line(record)))
    written = 0

    def lines() -> Iterator[bytes]:
        nonlocal written
        for record in records:
            yield to_line(record)
            written += 1

    write_file(path, lines())
    return written


def write_file(path: Path | str, chunks: Iterable[bytes]) -> None:
    """Write a file whole or not at all, making its folder where missing. Raises UserError when the disk refuses."""
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(target, chunks)
    except OSError as error:
        raise UserError(
            f"{target}: cannot be written ({error.strerror}); check the folder and the free space"
        ) from error


def to_line(record: BaseModel | dict[str, Any]) -> bytes:
    """One record as a JSON line with its newline. Field order is the model's; equal records give equal bytes."""
    data = record.model_dump(mode="json") if isinstance(record, BaseModel) else record
    return orjson.dumps(data, option=orjson.OPT_APPEND_NEWLINE)


def describe(error: ValidationError, kind: str) -> str:
    """The first problem of a validation error in a sentence: which field, what is wrong, the offending value."""
    details = error.errors(include_url=False, include_context=False)
    first = details[0]
    place = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(details) - 1} more problems)" if len(details) > 1 else ""
    if first["type"] == "missing":
        return f"{kind} has no '{place}'{more}"
    if first["type"] == "extra_forbidden":
        return f"{kind} has the unknown key '{place}'{more}"
    message = first["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    where = f"{kind} has {place} {shorten(first['input'])}: " if place else f"{kind}: "
    return f"{where}{message}{more}"


def shorten(value: Any) -> str:
    """A value as messages show it: one line, at most 80 characters."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else repr(value)
    flat = "".join(char if char.isprintable() else " " for char in text)
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…"


def _lines(path: str) -> Iterator[bytes]:
    if path == STDIN:
        yield from sys.stdin.buffer
        return
    try:
        with Path(path).open("rb") as file:
            yield from file
    except OSError as error:
        raise cannot_read(path, error) from error


def cannot_read(path: Path | str, error: OSError) -> UserError:
    """The sentence for a file that cannot be opened."""
    if isinstance(error, IsADirectoryError):
        return UserError(f"{path}: is a folder, expected a file; give a file inside it")
    return UserError(f"{path}: cannot be read ({error.strerror}); check the path")
