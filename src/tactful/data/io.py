"""JSONL in and out. Bad lines are reported as `file:line: what; next move`; writing never leaves half a file."""

from __future__ import annotations

import io
import logging
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar, Union, cast

import orjson
from pydantic import BaseModel, Discriminator, Tag, TypeAdapter, ValidationError

from tactful.data.recognise import foreign_file, named
from tactful.data.seen import Seen
from tactful.errors import ConfigError, DataError, UserError
from tactful.sources import NoParquet, TableRow, is_parquet, open_source, parquet_rows, parsed, url_of
from tactful.sources import named as name_of
from tactful.types import TAG, Written, content_hash, tagged

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

STDIN = "-"
MEMORY = "memory"
"""What stands for the path of rows that are no file's."""
_log = logging.getLogger(__name__)
_TOLD: set[tuple[str, str]] = set()
"""(file, note) that the user was told of: a file is often read twice."""
_SHOWN = 80  # characters of an offending value
_BY_KIND = "of kind "
"""Begins the first part of a place below `one_of`."""


class Rows(Generic[R]):
    """Rows of a file, read as they are asked for. After the last one, `read` and `bad` tell how many there were.

    With `skip_bad`, an unusable line is counted in `bad`, its message kept in `problems` (the first 20) and the
    rest goes on; without it, the first unusable line raises DataError. Two rows with one `key` are a fault too, unless
    it is empty. A file that is no JSON lines at all is refused, with what it is.
    """

    def __init__(
        self,
        path: Path | str | Sequence[Any],
        parse: Callable[[Any], R],
        *,
        skip_bad: bool = False,
        kind: str = "row",
        key: Callable[[R], str] | None = None,
    ) -> None:
        self.given = None if isinstance(path, str | Path) else path
        """Rows in memory, in place of a file."""
        self.path = MEMORY if self.given is not None else name_of(cast("Path | str", path))
        self.read = 0
        """Lines that were not blank."""
        self.bad = 0
        self.problems: list[str] = []
        self.notes: Counter[str] = Counter()
        """What was put right in rows that were read → how many."""
        self._parse = parse
        self._skip_bad = skip_bad
        self._kind = kind
        self._key = key

    @property
    def name(self) -> str:
        """The file as messages name it."""
        if self.given is not None:
            return "<the rows given>"
        return "<stdin>" if self.path == STDIN else self.path

    def __iter__(self) -> Iterator[R]:
        self.read = self.bad = 0
        self.problems = []
        self.notes.clear()
        with closing(Seen()) as seen:
            yield from self._items(seen)

    def _items(self, seen: Seen) -> Iterator[R]:
        for number, row in self._rows():
            self.read += 1
            try:
                item = self._item(row)
                self._refuse_repeated(item, number, seen)
            except orjson.JSONDecodeError as error:
                self._refuse_other(row)
                self._reject(number, f"not JSON ({error.msg} at character {error.pos + 1}): {shorten(row)}")
            except ValidationError as error:
                self._refuse_other(row)
                self._reject(number, describe(error, self._kind))
            except (ValueError, TypeError) as error:
                self._refuse_other(row)
                self._reject(number, str(error))
            else:
                yield item

    def _item(self, row: Any) -> R:
        if isinstance(row, TableRow):
            return parsed(row, self._parse)
        return self._parse(orjson.loads(row) if isinstance(row, bytes) else row)

    def note(self, what: str) -> None:
        """Count something that was put right; the first time that a file needs it, the user is told."""
        self.notes[what] += 1
        if (self.path, what) not in _TOLD:
            _TOLD.add((self.path, what))
            _log.warning("%s, row %d: %s (more rows may need it)", self.name, self.read, what)

    def _refuse_other(self, row: Any) -> None:
        """Where the very first line shows that the file is no JSON lines: say what it is, whatever `skip_bad`."""
        other = foreign_file(row, self.path) if self.read == 1 and isinstance(row, bytes) else None
        if other is not None:
            raise DataError.at(self.name, None, other.name, fix=other.fix)

    def _refuse_repeated(self, item: R, number: int, seen: Seen) -> None:
        key = self._key(item) if self._key is not None else ""
        if not key:
            return
        first = seen.first(key, number)
        if first != number:
            raise ValueError(f"{self._kind} has the id '{key}' of line {first}; ids must differ")

    def _rows(self) -> Iterator[tuple[int, Any]]:
        """(line number, raw line) of every line that is not blank; (number, row) of rows in memory."""
        if self.given is not None:
            return enumerate(self.given, start=1)
        return self._opened()

    def _opened(self) -> Iterator[tuple[int, Any]]:
        with opened_file(self.path) as file:
            if not is_parquet(file):
                yield from self._numbered(file)
                return
            number = 0
            try:
                for number, row in enumerate(parquet_rows(file), start=1):
                    yield number, row
            except NoParquet as error:
                self.read += 1
                self._reject(number + 1, str(error))

    def _numbered(self, lines: Iterable[bytes]) -> Iterator[tuple[int, Any]]:
        for number, line in enumerate(lines, start=1):
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
        if self.given is not None:
            return "correct the row, or leave it out with skip_bad=True"
        if self.path == STDIN:
            return "correct the line, or leave it out with --skip-bad"
        return f"correct the line, leave it out with --skip-bad, or run: tactful data check {shlex.quote(self.path)}"


def one_of(*types: type[Written]) -> TypeAdapter[Any]:
    """What validates a row of any of these kinds: the one that it names, else the one with most of its keys, else the first.

    Raises, as pydantic does: ValidationError, whose places begin with the kind; `describe` leaves it out.
    """

    def chosen(row: Any) -> str:
        keys = row.keys() if isinstance(row, dict) else frozenset()
        told = [one for one in types if TAG in keys and row[TAG] == one.row_kind]
        likely = max(told or types, key=lambda one: len(one.model_fields.keys() & keys))
        return _BY_KIND + likely.row_kind

    marked = tuple(Annotated[one, Tag(_BY_KIND + one.row_kind)] for one in types)
    either: Any = Union[marked]  # noqa: UP007 (made of a tuple)
    return TypeAdapter(Annotated[either, Discriminator(chosen)])


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
    return write_file(path, map(to_line, records))


def write_file(path: Path | str, chunks: Iterable[bytes]) -> int:
    """Write a file whole or not at all, making its folder where missing; how many chunks there were.

    Raises: UserError when the disk refuses.
    """
    from tactful.runs.store.files import make_folder, write_atomic

    make_folder(Path(path).parent)
    return write_atomic(path, chunks)


def held(rows: Iterable[R], source: Path | str) -> Iterable[R]:
    """`rows` of `source`, to be gone through more than once: held where they come from a pipe, which is read once."""
    return list(rows) if str(source) == STDIN else rows


def is_taken(folder: Path) -> bool:
    """Whether a new folder cannot stand there: files lie in it, or it is one itself."""
    return folder.exists() and (not folder.is_dir() or any(folder.iterdir()))


def digest_of(path: Path) -> str:
    """A hash over the content of a file, or of all files of a folder. Raises: UserError when it cannot be read."""
    files = sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
    try:
        return content_hash("".join(content_hash(_content(file)) for file in files))
    except OSError as error:
        raise cannot_read(path, error) from error


def _content(path: Path) -> bytes:
    with open_source(path) as file:
        return file.read()


def to_line(record: BaseModel | dict[str, Any]) -> bytes:
    """One record as a JSON line with its newline: a row of ours begins with its kind, then the fields in the model's order.

    Equal records give equal bytes.
    """
    data = record.model_dump(mode="json") if isinstance(record, BaseModel) else record
    line = orjson.dumps(data, option=orjson.OPT_APPEND_NEWLINE)
    return tagged(record, line) if isinstance(record, BaseModel) else line


def describe(error: ValidationError, kind: str, *, hide: str = "") -> str:
    """Every problem of a validation error, joined by "; ": which field, what is wrong, the offending value.

    `hide` is a key that the user may not have written: places below it are named without it.
    """
    details = error.errors(include_url=False, include_context=False)
    for item in details:
        if item["type"] == "other_kind":
            return f"{kind} {named(item['input'][TAG])}; {item['msg']}"
        if item["type"] == "extra_forbidden" and item["loc"][-1] == TAG:
            return f"{kind} {named(item['input'])}"
    missing: dict[str, list[str]] = {}
    for item in details:
        if item["type"] == "missing":
            missing.setdefault(_place(item["loc"][:-1], hide), []).append(str(item["loc"][-1]))
    said = [f"{kind} {place}".rstrip() + f" has no {_listed(keys)}" for place, keys in missing.items()]
    for item in details:
        place = _place(item["loc"], hide)
        if item["type"] == "extra_forbidden":
            inside = _place(item["loc"][:-1], hide)
            said.append(f"{kind} {inside}".rstrip() + f" has the unknown key '{item['loc'][-1]}'")
        elif item["type"] != "missing":
            where = f"{kind} has {place} {shorten(item['input'])}" if place else kind
            said.append(f"{where}{_wrong(item, place)}")
    return "; ".join(said)


_IN_WORDS = {
    "tuple_type": "a list",
    "list_type": "a list",
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number that is not infinite or NaN",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dict_type": "an object",
    "mapping_type": "an object",
}
"""Kind of problem, as pydantic names it → what was expected, in the words of someone who writes JSON."""


def _wrong(problem: Any, place: str) -> str:
    """What is wrong with a value, as the end of a sentence."""
    expected = _IN_WORDS.get(problem["type"])
    if expected is not None:
        shown = "" if place else f" is {shorten(problem['input'])}"
        return f"{shown}, expected {expected}"
    message = problem["msg"].removeprefix("Value error, ")
    if message.startswith("Input should be "):
        return f": expected {message.removeprefix('Input should be ')}"
    return f": {message[0].lower()}{message[1:]}"


def _place(parts: Sequence[int | str], hide: str) -> str:
    """Where in a row, in words: `requirements (item 1) open`."""
    first = str(parts[0]) if parts else ""
    kept = parts[1:] if parts and (first == hide or first.startswith(_BY_KIND)) else parts
    words = [f"(item {part + 1})" if isinstance(part, int) else str(part) for part in kept]
    return " ".join(words)


def _listed(keys: Sequence[str], most: int = 6) -> str:
    """`'a', 'b' and 2 more`"""
    shown = ", ".join(f"'{key}'" for key in keys[:most])
    return shown if len(keys) <= most else f"{shown} and {len(keys) - most} more keys"


_JSON_WORDS = {"None": "null", "True": "true", "False": "false"}


def shorten(value: Any) -> str:
    """A value as messages show it: one line, at most 80 characters."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else repr(value)
    flat = "".join(char if char.isprintable() else " " for char in _JSON_WORDS.get(text, text))
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…"


@contextmanager
def opened_file(path: Path | str) -> Iterator[io.BufferedReader]:
    """The bytes of a file, a URL or stdin. Raises: UserError when it cannot be read."""
    if str(path) == STDIN:
        # held: a program that ends while a thread waits in it must not close it under its feet
        stdin = sys.stdin
        piped = stdin.buffer
        yield cast("io.BufferedReader", piped if hasattr(piped, "peek") else io.BufferedReader(piped))
        return
    try:
        with open_source(path) as file:
            yield file
    except OSError as error:
        raise cannot_read(path, error) from error


def read_json(path: Path, *, fix: str) -> Any:
    """The JSON that a whole file is. Raises: UserError when it cannot be read; DataError, with the `fix`, when it is none."""
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise cannot_read(path, error) from error
    except orjson.JSONDecodeError as error:
        raise DataError.at(path, None, f"is not JSON ({error.msg})", fix=fix) from error


def read_toml(path: Path, what: str = "") -> dict[str, Any]:
    """A file of settings, `what` as a message calls it. Raises: ConfigError when it cannot be read or is no TOML."""
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        failed = f"cannot read {what}" if what else "cannot be read"
        raise ConfigError(f"{path}: {failed} ({error.strerror}); check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}; correct that line") from error


def as_settings(
    kind: type[T], values: object, what: str, *, path: Path | str | None = None, fix: str = ""
) -> T:
    """Settings out of a file's values, `what` as a message calls them. `fix`: the next move; else the keys are named.

    Raises: ConfigError that names file, key and value.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        where = "" if path is None else f"{path}: "
        fix = fix or f"the keys are {', '.join(kind.model_fields)}"
        raise ConfigError(f"{where}{describe(error, what)}; {fix}") from error


def cannot_read(path: Path | str, error: OSError) -> UserError:
    """The sentence for a file that cannot be opened."""
    if (url := url_of(path)) is not None:
        return UserError(f"{url}: this is read from files of this machine alone; copy it here first")
    if isinstance(error, IsADirectoryError):
        return UserError(f"{path}: is a folder, expected a file; give a file inside it")
    return UserError(f"{path}: cannot be read ({error.strerror}); check the path")
