"""Bytes of a source, as they are read: nothing is copied to this machine first."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tactful.errors import DataError, MissingExtra, UserError
from tactful.sources.places import url_of

_BUFFER = 65_536
_BLOCK = 4 * 2**20
"""Bytes that are asked of a store at a time."""


def open_source(path: Path | str) -> io.BufferedReader:
    """A file or an object, to be read once or, where the store allows it, anywhere.

    Raises: OSError for a file of this machine; UserError for a URL, also while it is read.
    """
    url = url_of(path)
    if url is None:
        return io.BufferedReader(io.FileIO(path), _BUFFER)
    return io.BufferedReader(_Remote(url), _BUFFER)


def is_folder(path: Path | str) -> bool:
    """Whether it is a folder, or a URL under which others lie. Raises: UserError for a URL that leads nowhere."""
    url = url_of(path)
    return Path(path).is_dir() if url is None else _kind(url) == "directory"


def refuse_missing(path: Path | str) -> None:
    """Nothing, for what can be opened. Raises: DataError, UserError."""
    url = url_of(path)
    if url is None:
        if not Path(path).exists():
            if Path(path).is_symlink():
                raise DataError(
                    f"{path}: is a link that leads nowhere, or in a circle; check where it points"
                )
            raise DataError(f"{path}: no such file or run folder")
    elif _kind(url) == "directory":
        raise UserError(f"{url}: is a folder, expected a file; give a file inside it")


def files_below(url: str) -> list[str]:
    """The URLs of all files under one, in order; of a file its own. Raises: UserError."""
    with _told(url):
        store, place = _store(url)
        return [str(store.unstrip_protocol(one)) for one in sorted(store.find(place))]


class _Remote(io.RawIOBase):
    """A file of a store, whose errors are told in our words."""

    def __init__(self, url: str) -> None:
        self._url = url
        with _told(url):
            store, place = _store(url)
            self._file: Any = store.open(place, "rb", block_size=_BLOCK)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        """Where the store gives parts of files."""
        return bool(self._file.seekable())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: Any) -> int:
        with _told(self._url):
            found = self._file.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        if not self.closed and hasattr(self, "_file"):
            self._file.close()
        super().close()


def _store(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError:
        raise MissingExtra("remote", f"reading {url}") from None
    store, place = fsspec.core.url_to_fs(url)
    store.invalidate_cache()  # what was listed a while ago may have changed
    return store, place


def _kind(url: str) -> str:
    with _told(url):
        store, place = _store(url)
        return str(store.info(place)["type"])


_NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "TokenRetrievalError")


@contextmanager
def _told(url: str) -> Iterator[None]:
    """What stores raise, whichever library speaks to them, as a UserError that says what to do."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{url}: {_reason(url, error)}") from error


def _reason(url: str, error: Exception) -> str:
    said = " ".join(str(error).split())[:160] or type(error).__name__
    scheme = url.split(":", 1)[0]
    if isinstance(error, ImportError):
        if scheme in ("s3", "s3a"):
            return str(MissingExtra("remote", "reading from S3"))
        return f"needs a package that is not installed ({said})"
    if isinstance(error, ValueError) and "rotocol" in said:
        return f"no such file, and no store is known that is called '{scheme}'; check the path"
    if type(error).__name__ in _NO_CREDENTIALS:
        return f"no credentials were found ({said}); set those of the store in the environment (for s3 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE)"
    if isinstance(error, FileNotFoundError):
        return "there is nothing of this name; check bucket and key"
    if isinstance(error, PermissionError):
        return f"may not be read with these credentials ({said}); check them, and what they allow"
    return f"cannot be read ({said}); check the network and the address of the store (for s3 AWS_ENDPOINT_URL), then run the same command again"
