"""A head as a record of plain numbers, for the JSON files of the models that hold one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from tactful.data.sealed import Fitted, Spread
from tactful.errors import DataError
from tactful.reward.embedded.heads import Head
from tactful.types import Record

_COLUMNS = ("centre", "spread", "weights")


class HeadFile(Record):
    """What `Head` holds, column by column in the order of `names`."""

    names: tuple[str, ...]
    centre: tuple[Fitted, ...]
    spread: tuple[Spread, ...]
    weights: tuple[Fitted, ...]
    bias: Fitted
    slope: Annotated[Fitted, Field(ge=0)]
    offset: Fitted
    penalty: float
    base_rate: Annotated[float, Field(gt=0, lt=1)]
    rows: int
    groups: int


def head_file(head: Head) -> HeadFile:
    """The record of `head`."""
    return HeadFile(**vars(head) | {name: tuple(map(float, getattr(head, name))) for name in _COLUMNS})


def head_of(kept: HeadFile, names: tuple[str, ...], path: Path, again: str) -> Head:
    """The head of a record. Raises: DataError (with `again` as the next move) for other features than `names`."""
    if kept.names != names:
        raise DataError.at(path, None, "was trained on other features than this version reads", fix=again)
    columns = {name: np.array(getattr(kept, name)) for name in _COLUMNS}
    if any(len(row) != len(names) for row in columns.values()):
        raise DataError.at(path, None, f"expected {len(names)} numbers per row", fix=again)
    return Head(**dict(kept) | columns)
