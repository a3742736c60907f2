"""Does a training set keep its word? No group of scenes stands in two parts, every row in its group's, by one judge."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tactful.data.io import Rows, describe, read_json
from tactful.errors import DataError
from tactful.gym.trainset.writing import PARTS, PRODUCTS, Part, Trainset, provenance_of, row_file

_FIX = "write the files again: tactful gym trainset RUN … --resume"


def read_trainset(path: Path) -> Trainset:
    """What a training set says of itself. Raises: DataError for a file that is none; UserError where it cannot be read."""
    try:
        return Trainset.model_validate(read_json(path, fix=_FIX))
    except ValidationError as error:
        raise DataError.at(path, None, describe(error, "trainset"), fix=_FIX) from error


def check_trainset(path: Path) -> int:
    """How many rows the files beside hold, each where it belongs. Raises: DataError for a leak, or another number."""
    found = read_trainset(path)
    part_of: dict[str, Part] = {}
    for part, held in found.parts.items():
        for group in held.groups:
            if group in part_of:
                raise DataError.at(
                    path, None, f"the group '{group}' is in {part_of[group]} and in {part}", fix=_FIX
                )
            part_of[group] = part
    return sum(_checked(path.parent, product, part, found, part_of) for product in PRODUCTS for part in PARTS)


def _checked(folder: Path, product: str, part: Part, found: Trainset, part_of: dict[str, Part]) -> int:
    file = row_file(folder, product, part)
    counts = found.parts.get(part)
    wanted = 0 if counts is None else getattr(counts, PRODUCTS[product])
    if not wanted and not file.exists():
        return 0
    rows = 0
    for row, told in zip_longest(_rows(file), Rows(provenance_of(file), dict, kind="row")):
        rows += 1
        if not isinstance(row, dict) or told is None:
            wrong = "is no row" if told is not None else "has no provenance"
            raise DataError.at(file, rows, wrong, fix=_FIX)
        group = told.get("group")
        if part_of.get(str(group)) != part:
            where = part_of.get(str(group), "no part")
            raise DataError.at(file, rows, f"is of the group '{group}', which is in {where}", fix=_FIX)
        if product == "reward" and row.get("session") != group:
            raise DataError.at(
                file, rows, f"has the session '{row.get('session')}', its group is '{group}'", fix=_FIX
            )
        if row.get("judge") != found.judge:
            raise DataError.at(
                file, rows, f"was selected by '{row.get('judge')}', the set by '{found.judge}'", fix=_FIX
            )
    if rows != wanted:
        raise DataError.at(file, None, f"has {rows} rows with provenance, expected {wanted}", fix=_FIX)
    return rows


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    if file.suffix == ".jsonl":
        yield from Rows(file, dict, kind="row")
    else:
        yield from read_json(file, fix=_FIX)
