"""The JSONL outputs, written from the state."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from tactful.errors import UsageError
from tactful.runs.read.folder import RunFolder
from tactful.runs.store.files import write_atomic
from tactful.types import tagged

_CHUNK_BYTES = 1 << 20


def export(folder: RunFolder) -> None:
    """Write `records.jsonl` and `failures.jsonl`. What fails leaves the old files as they were.

    Raises: DataError at a damaged row; CannotWrite.
    """
    write_atomic(folder.records_path, gathered(record_lines(folder)), follow=False)
    write_atomic(folder.failures_path, gathered(failure_lines(folder)), follow=False)


def export_records(folder: RunFolder, target: Path | BinaryIO) -> None:
    """Write the records alone into a new file or a stream; needs no lock, so it works beside a running run.

    Raises: UsageError where the file exists; DataError; CannotWrite.
    """
    chunks = gathered(record_lines(folder))
    if isinstance(target, Path):
        if os.path.lexists(target):
            raise UsageError(f"{target}: exists already; name a new file")
        write_atomic(target, chunks)
        return
    for chunk in chunks:
        target.write(chunk)
    target.flush()


def record_lines(folder: RunFolder) -> Iterator[bytes]:
    """The outputs of one input record after the other, as JSON lines."""
    with closing(folder.state()) as state:
        for row in state.sound_rows("done"):
            yield row.result.lines


def failure_lines(folder: RunFolder) -> Iterator[bytes]:
    """One failure after the other, as JSON lines."""
    for failure in folder.failures():
        yield tagged(failure, failure.model_dump_json().encode()) + b"\n"


def gathered(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces worth a system call."""
    chunk = bytearray()
    for line in lines:
        chunk += line
        if len(chunk) >= _CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)
