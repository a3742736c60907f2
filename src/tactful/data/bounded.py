"""The bytes of a small file that anybody may have written: a device or a file of gigabytes is not read to its end."""

from __future__ import annotations

from pathlib import Path

from tactful.errors import DataError

MOST_BYTES = 1 << 26
"""Of a stored model, packed or not: ours take some megabytes."""


def read_bounded(path: Path | str, *, what: str, again: str, most: int = MOST_BYTES) -> bytes:
    """All of the file. Raises: DataError when it cannot be read, or holds more than `most` bytes."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        fix = f"check the path, or {again}" if isinstance(error, FileNotFoundError) else again
        raise DataError.at(path, None, f"cannot read the {what} ({error.strerror})", fix=fix) from error
    if len(content) > most:
        raise DataError.at(path, None, f"is no {what} (it is longer than {most:,} bytes)", fix=again)
    return content
