"""The JSONL outputs, written from the state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from tactful.runs.read.folder import RunFolder
from tactful.runs.store.files import write_atomic

_CHUNK_BYTES = 1 << 20


def export(folder: RunFolder) -> None:
    """Write `records.jsonl` and `failures.jsonl`. What fails leaves the old files as they were.

    Raises: DataError at a damaged row; OSError when the disk is full.
    """
    write_atomic(folder.records_path, gathered(record_lines(folder)))
    write_atomic(folder.failures_path, gathered(failure_lines(folder)))


def export_records(folder: RunFolder, target: Path | BinaryIO) -> None:
    """Write the records alone somewhere else; needs no lock, so it works beside a running run."""
    chunks = gathered(record_lines(folder))
    if isinstance(target, Path):
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
        yield failure.model_dump_json().encode() + b"\n"


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
