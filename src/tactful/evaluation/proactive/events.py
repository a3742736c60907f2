"""The events of a recorded session, out of JSON lines or CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from tactful.data.formats.moments import parse_event
from tactful.data.io import Rows, cannot_read
from tactful.errors import DataError
from tactful.types import Event

_LONGEST_FIELD = 1 << 30


def read_events(path: Path, *, skip_bad: bool = False) -> list[Event]:
    """Imported activity: `{"time", "event"}` as JSONL, or CSV with these two columns. Raises: DataError.

    `skip_bad` leaves out unusable lines of JSONL; a CSV must be whole.
    """
    if path.suffix.lower() != ".csv":
        return list(Rows(path, lambda row: parse_event(row, "the row"), kind="event", skip_bad=skip_bad))
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            csv.field_size_limit(_LONGEST_FIELD)
            return list(_csv_events(path, csv.DictReader(file, strict=True)))
    except UnicodeDecodeError as error:
        raise DataError.at(path, None, "is not UTF-8", fix="save it as UTF-8") from error
    except OSError as error:
        raise cannot_read(path, error) from error


def _csv_events(path: Path, reader: csv.DictReader[str]) -> Iterator[Event]:
    try:
        missing = [name for name in ("time", "event") if name not in (reader.fieldnames or ())]
        if missing:
            fix = "name the columns time,event in the first line"
            raise DataError.at(path, 1, f"has no column '{missing[0]}'", fix=fix)
        for row in reader:
            try:
                yield parse_event({"time": row["time"] or "", "event": row["event"]}, "the row")
            except ValueError as error:
                raise DataError.at(path, reader.line_num, str(error), fix="correct the row") from error
    except csv.Error as error:
        fix = "mend its quotes, or write the events as JSONL"
        raise DataError.at(path, reader.line_num, f"is no CSV ({error})", fix=fix) from error
