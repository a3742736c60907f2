"""Agreement that is corrected for chance: Krippendorff's alpha, nominal."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def alpha(counts: Array) -> float | None:
    """Alpha of (units, values) counts of votes: 1 = full agreement, 0 = what chance gives, below 0 = less than that.

    Units with one vote say nothing. None where it is undefined: no unit with two votes, or one value throughout.
    """
    several = counts[counts.sum(axis=1) >= 2]
    if not len(several) or (several.sum(axis=0) > 0).sum() < 2:
        return None
    import krippendorff

    return float(krippendorff.alpha(value_counts=several, level_of_measurement="nominal"))


def alpha_of_sums(rows: Array) -> Array:
    """Alpha of two values from sums (…, 3): disagreement, values for, values in all; for many draws at once.

    A unit with m values of which k are 'for' adds k·(m − k)/(m − 1), k and m; NaN where only one value occurs.
    """
    disagreement, ones, total = rows[..., 0], rows[..., 1], rows[..., 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = ones * (total - ones) / (total - 1)
        return np.asarray(np.where(expected > 1e-12, 1 - disagreement / expected, np.nan))
