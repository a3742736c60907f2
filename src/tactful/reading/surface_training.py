"""Fit the surface reader: one logistic regression a head, on the same rows as every other reader."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from tactful.reading.surface import BUCKETS, SurfaceReader, features, parts_of
from tactful.reading.types import Exchange, Request
from tactful.types import Moment

if TYPE_CHECKING:
    from tactful.reading.surface import Floats

STRENGTH = 4.0
"""Inverse penalty C of every head."""


def fit_head(
    items: Sequence[Request] | Sequence[Exchange] | Sequence[Moment], classes: Sequence[int], width: int
) -> Floats:
    """Weights (BUCKETS + 1, width) of one head; a class that no item has gets a bias that never wins."""
    rows = [dict(_summed(item)) for item in items]
    lengths = np.cumsum([0, *(len(row) for row in rows)])
    places = np.array([place for row in rows for place in row])
    values = np.array([value for row in rows for value in row.values()])
    table = csr_matrix((values, places, lengths), shape=(len(rows), BUCKETS))
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(table, classes)
    weights = np.zeros((BUCKETS + 1, width), dtype=np.float32)
    weights[-1] = -20.0
    present = list(map(int, model.classes_))
    coefficients, bias = model.coef_, model.intercept_
    if len(present) == 2:
        coefficients, bias = np.vstack([-coefficients, coefficients]) / 2, np.array([-bias[0], bias[0]]) / 2
    for at, one in enumerate(present):
        weights[:-1, one] = coefficients[at]
        weights[-1, one] = bias[at]
    return weights


def _summed(item: Request | Exchange | Moment) -> dict[int, float]:
    total: dict[int, float] = {}
    for place, value in features(*parts_of(item)):
        total[place] = total.get(place, 0.0) + value
    return total


def save_surface(reader: SurfaceReader, path: Path) -> None:
    """Write `surface.npz`, half precision."""
    halves: dict[str, Any] = {head: values.astype(np.float16) for head, values in reader.weights.items()}
    np.savez_compressed(path, **halves)
