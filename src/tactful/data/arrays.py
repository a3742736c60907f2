"""Arrays of an npz that anybody may have written: bounded before they are unpacked, finite numbers alone, no pickle."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.data.bounded import MOST_BYTES, read_bounded
from tactful.errors import DataError

_BEYOND = 1e12
"""No training gives such a number, and sums of products of lesser ones stay finite."""


def load_arrays(path: Path, names: Iterable[str], *, what: str, again: str) -> dict[str, NDArray[Any]]:
    """The arrays `names` in the file. `what` it is and how to make it `again` are for the messages.

    Others in it are not looked at. Raises: DataError when the file is missing, is damaged or no npz, would unpack to
    more than `MOST_BYTES`, lacks an array, or holds one of something else than finite numbers of a usual size.
    """
    content = read_bounded(path, what=what, again=again)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            # what is packed in another way would be read without a bound, too
            if any(one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for one in members):
                raise ValueError("it is packed by a method that npz does not know")
            unpacked = sum(one.file_size for one in members)
            if unpacked > MOST_BYTES:
                raise ValueError(f"it unpacks to {unpacked:,} bytes; at most {MOST_BYTES:,} are read")
            return {name: _array(archive, name) for name in names}
    except Exception as error:  # for damaged bytes zipfile, zlib and numpy raise a dozen kinds
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError.at(path, None, f"is no {what} ({reason})", fix=again) from error


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    if f"{name}.npy" not in archive.namelist():
        raise ValueError(f"the array '{name}' is missing")
    with archive.open(f"{name}.npy") as member:  # a member is cut where it grows longer than its header says
        found = np.lib.format.read_array(member, allow_pickle=False)
    if (
        found.dtype.kind not in "biuf"
        or found.dtype.itemsize > 8
        or not (np.abs(found.astype(float)) < _BEYOND).all()
    ):
        raise ValueError(f"the array '{name}' holds something else than numbers of 8 bytes below {_BEYOND:g}")
    return found
