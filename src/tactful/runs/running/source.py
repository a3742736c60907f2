"""What a run reads: begun before a folder is made, and counted beforehand where that is cheap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from tactful.errors import DataError
from tactful.sources import whole

T = TypeVar("T")

COUNTED_BYTES = 32_000_000
"""Inputs up to this size are read once beforehand, for the total that progress shows; longer ones are not worth it."""


def begun(records: Iterator[T], name: str, *, what: str, fix: str) -> Iterator[T]:
    """The same records, the first already made: what is wrong at once leaves no run folder behind.

    Raises: DataError when there is none, saying that `name` holds no `what`, and `fix`.
    """
    first = next(records, None)
    if first is None:
        raise DataError.at(name, None, f"holds no {what}", fix=fix)

    def everything() -> Iterator[T]:  # a generator, so that closing it closes what stands behind `records`
        yield first
        yield from records

    return everything()


def worth_counting(path: Path) -> bool:
    """Whether the records in `path` may be counted before they are worked on. Stdin can be read only once."""
    return str(path) != "-" and path.is_file() and path.stat().st_size <= COUNTED_BYTES


def count_lines(path: Path) -> int | None:
    """Lines of a file that are not blank; None where it is not `worth_counting`."""
    if not worth_counting(path):
        return None
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


def reopening(path: Path, **more: Any) -> dict[str, Any] | None:
    """`Job.resume_args` of a run over a file: its absolute path or URL as `source`, and `more`; None for stdin."""
    return None if str(path) == "-" else {"source": whole(path), **more}
