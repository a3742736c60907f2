"""Rows of CSV and Parquet as the rows of any other log: cells that hold JSON are opened, empty ones are null."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import zip_longest
from typing import IO, Any

from tactful.data.logs.drafting.exchanges import opened
from tactful.data.logs.json_rows import spelt_in
from tactful.data.logs.types import Notes, Numbered, Row
from tactful.sources import NoParquet
from tactful.sources import parquet_rows as rows_of_parquet

_NAME = r"\"?[^\W\d][\w .:/()#?&%-]*\"?"
_HEADER = re.compile(rf"\s*(?:\"?\"?|{_NAME})(?:\s*[,;\t]\s*{_NAME})+\s*")
"""The first column may have no name: it is the number of the row."""


_BROKEN = re.compile(r"[\udc80-\udcff]")
"""Bytes that are no UTF-8."""


class Cells(dict[str, Any]):
    """A row whose cells are opened where they hold JSON; `written` are those of the table."""

    def __init__(self, written: Mapping[str, Any]) -> None:
        super().__init__({name: opened(cell) for name, cell in written.items()})
        self.written = written


def as_written(row: Row, *names: str) -> Row:
    """The row with these cells as they stand in the table: what somebody said may itself be JSON."""
    if not isinstance(row, Cells):
        return row
    return {**row, **{name: row.written[name] for name in names if name in row.written}}


def is_csv(head: bytes) -> bool:
    """Whether a file that begins so has a line of column names."""
    line = head.split(b"\n", 1)[0].strip(b" \r")
    return _HEADER.fullmatch(line.decode("utf-8", "replace")) is not None


def csv_rows(file: IO[bytes], notes: Notes) -> Iterator[Numbered]:
    """Rows by the line on which they begin; the delimiter is the one that the header uses."""
    csv.field_size_limit(1 << 30)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        head = text.readline()
        delimiter = max(",;\t", key=head.count)
        names = [name.strip() for name in next(csv.reader([head], delimiter=delimiter), [])]
        yield from _cells(csv.reader(text, delimiter=delimiter), names, notes)
    finally:
        with suppress(ValueError):
            text.detach()  # the file is closed by whoever opened it


def _cells(reader: Any, names: list[str], notes: Notes) -> Iterator[Numbered]:
    while True:
        number = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            notes.bad(number, f"no row of CSV ({error})")
            continue
        if len(cells) > len(names):
            notes.bad(number, f"has {len(cells)} cells, expected {len(names)}")
        elif any(map(_BROKEN.search, cells)):
            raw = ",".join(cells).encode("utf-8", "surrogateescape")
            notes.bad(number, f"not UTF-8; write it as UTF-8, as by iconv -f {spelt_in(raw)} -t UTF-8")
        elif cells:
            yield number, Cells({name: cell or None for name, cell in zip_longest(names, cells)})


def parquet_rows(file: IO[bytes], notes: Notes) -> Iterator[Numbered]:
    """Rows, a batch at a time. Raises: MissingExtra."""
    number = 0
    try:
        for number, row in enumerate(rows_of_parquet(file), start=1):
            yield number, Cells({key: row.get(key) for key in row.cells})
    except NoParquet as error:
        notes.bad(number + 1, str(error))
