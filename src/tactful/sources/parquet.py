"""Rows of Parquet as JSON would have them, read a batch at a time.

A table says null both of a key that is missing and of one that is null. Rows come without either; where a reader misses
a key that is null in the table, it gets the null, and where it wants more than text, it gets the JSON that the text holds.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any, TypeVar

import orjson
from pydantic import ValidationError

from tactful.errors import MissingExtra

R = TypeVar("R")

_BATCH = 500
_PIECE = 2**20
"""Bytes of a column that are read at a time; else a whole row group of it."""
_TRIES = 4
"""What is missed within an opened text shows only when that is read."""
_WANTS_MORE = ("model_type", "model_attributes_type", "dict_type", "mapping_type", "list_type", "tuple_type")
"""What pydantic says of a text where an object or a list belongs."""


class NoParquet(Exception):
    """A file that is damaged from some row on."""


class TableRow(dict[str, Any]):
    """A row without its nulls; `cells` has them."""

    def __init__(self, cells: dict[str, Any]) -> None:
        super().__init__(_without_nulls(cells))
        self.cells = cells


def is_parquet(file: io.BufferedReader) -> bool:
    """Whether a file begins as Parquet does."""
    return file.peek(4)[:4] == b"PAR1"


def parquet_rows(file: IO[bytes]) -> Iterator[TableRow]:
    """The rows of a Parquet file. Raises: MissingExtra; NoParquet where it is damaged."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtra("parquet", "reading Parquet files") from None
    held: Any = file if file.seekable() else io.BytesIO(file.read())
    try:
        table = parquet.ParquetFile(held, buffer_size=_PIECE)
        for batch in table.iter_batches(batch_size=_BATCH, use_threads=False):
            for cells in batch.to_pylist():
                yield TableRow({key: _plain(value) for key, value in cells.items()})
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise NoParquet(f"no Parquet from here on ({' '.join(str(error).split())[:80]})") from error


def parsed(row: TableRow, parse: Callable[[Any], R]) -> R:
    """`row` by `parse`, again with what it misses. Raises: what `parse` says of the row without nulls."""
    first: ValueError | None = None
    tried: dict[str, Any] | None = row
    for _ in range(_TRIES):
        if tried is None:
            break
        try:
            return parse(tried)
        except ValidationError as error:
            first = first or error
            tried = _mended(tried, row.cells, error)
        except ValueError as error:  # it looked for a key by itself
            first = first or error
            nulls = {key: None for key, cell in row.cells.items() if cell is None and key not in tried}
            tried = {**tried, **nulls} if nulls else None
    assert first is not None
    raise first


def _mended(
    row: Mapping[str, Any], whole: Mapping[str, Any], error: ValidationError
) -> dict[str, Any] | None:
    """The row with the nulls and the opened texts that `error` asks for; None where it asks for anything else."""
    changed: dict[str, Any] = orjson.loads(orjson.dumps(dict(row), option=orjson.OPT_NON_STR_KEYS))
    for problem in error.errors(include_url=False, include_context=False):
        inside, key = _place(changed, problem["loc"])
        cells, cell = _place(whole, problem["loc"])
        if inside is None or cells is None:
            return None
        if problem["type"] == "missing" and isinstance(cells, Mapping) and cells.get(cell, 0) is None:
            inside[key] = None
        elif problem["type"] in _WANTS_MORE and isinstance(problem["input"], str):
            try:
                inside[key] = orjson.loads(problem["input"])
            except orjson.JSONDecodeError:
                return None
        else:
            return None
    return changed


def _place(row: Any, loc: tuple[int | str, ...]) -> tuple[Any, Any]:
    """What holds the value of which pydantic speaks, and its key there; names of kinds within `loc` are passed over."""
    for part in loc[:-1]:
        if (isinstance(row, Mapping) and part in row) or (
            isinstance(row, list) and isinstance(part, int) and part < len(row)
        ):
            row = row[part]  # type: ignore[index]
        elif isinstance(part, int):
            return None, None
    return row, loc[-1] if loc else None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _plain(value: Any) -> Any:
    """A value of a column as JSON would have it."""
    if isinstance(value, datetime):
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
