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
    return HeadFile(
        names=head.names,
        centre=tuple(map(float, head.centre)),
        spread=tuple(map(float, head.spread)),
        weights=tuple(map(float, head.weights)),
        bias=head.bias,
        slope=head.slope,
        offset=head.offset,
        penalty=head.penalty,
        base_rate=head.base_rate,
        rows=head.rows,
        groups=head.groups,
    )


def head_of(kept: HeadFile, names: tuple[str, ...], path: Path, again: str) -> Head:
    """The head of a record. Raises: DataError (with `again` as the next move) for other features than `names`."""
    if kept.names != names:
        raise DataError.at(path, None, "was trained on other features than this version reads", fix=again)
    if any(len(row) != len(names) for row in (kept.centre, kept.spread, kept.weights)):
        raise DataError.at(path, None, f"expected {len(names)} numbers per row", fix=again)
    return Head(
        names=kept.names,
        centre=np.array(kept.centre),
        spread=np.array(kept.spread),
        weights=np.array(kept.weights),
        bias=kept.bias,
        slope=kept.slope,
        offset=kept.offset,
        penalty=kept.penalty,
        base_rate=kept.base_rate,
        rows=kept.rows,
        groups=kept.groups,
    )
