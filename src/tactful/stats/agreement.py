"""Agreement of votes beside chance: Krippendorff's alpha, nominal; Fleiss' and Cohen's kappa; the share of pairs alike.

All are functions of sums over units, so that a bootstrap over sessions takes sums of sums, whatever the number of votes.
"""

from __future__ import annotations

import numpy as np

from tactful.stats.bootstrap import Array


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


# ---------------------------------------------------------------- any number of values, many draws at once


def vote_parts(counts: Array) -> Array:
    """(units, 3 + values) of counts of votes (units, values); zeros for a unit with fewer than two votes, which tells nothing.

    Of a unit with m votes: ordered pairs of votes that differ over m − 1, share of its pairs that are alike, 1, its counts.
    """
    counts = np.where(counts.sum(axis=1, keepdims=True) >= 2, counts, 0).astype(float)
    votes, squares = counts.sum(axis=1), (counts**2).sum(axis=1)
    several = votes >= 2
    apart = np.divide(votes**2 - squares, votes - 1, out=np.zeros_like(votes), where=several)
    alike = np.divide(squares - votes, votes * (votes - 1), out=np.zeros_like(votes), where=several)
    return np.column_stack([apart, alike, several, counts])


def vote_figures(sums: Array) -> dict[str, Array]:
    """`alpha`, `fleiss`, `raw` and `chance` of sums (…, 3 + values) of `vote_parts`; NaN where undefined.

    `raw` is the mean over units of the share of pairs of votes that are alike, `chance` the sum of the squared shares of
    the values among all votes, `fleiss` the kappa of both: Fleiss' own where every unit has equally many votes, and
    generalised to any number. `alpha` is Krippendorff's.
    """
    apart, alike, units, counts = sums[..., 0], sums[..., 1], sums[..., 2], sums[..., 3:]
    votes = counts.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        chance = ((counts / votes[..., None]) ** 2).sum(axis=-1)
        raw = alike / units
        expected = (votes**2 - (counts**2).sum(axis=-1)) / (votes - 1)
        mixed = 1 - chance > 1e-12
        alpha = np.where(mixed, 1 - apart / expected, np.nan)
        fleiss = np.where(mixed, (raw - chance) / (1 - chance), np.nan)
    return {"alpha": alpha, "fleiss": fleiss, "raw": raw, "chance": chance}


def pooled_cohen(sums: Array) -> Array:
    """Cohen's kappa from sums (…, pairs, 1 + 2 · values); NaN where every pair says one and the same value throughout.

    Of a pair of annotators: units on which they are alike, units on which the first says each value, the same of the
    second. One pair gives Cohen's own; of several the agreement and the chance of each are averaged, weighted by the units
    that they share, before the one is set against the other.
    Source: pooled kappa of De Vries et al., Field Methods 20 (2008), for pairs in place of items.
    """
    values = (sums.shape[-1] - 1) // 2
    first, second = sums[..., 1 : 1 + values], sums[..., 1 + values :]
    shared = first.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        chance = np.where(shared > 0, (first * second).sum(axis=-1) / shared, 0.0).sum(axis=-1)
        alike, units = sums[..., 0].sum(axis=-1), shared.sum(axis=-1)
        return np.asarray(np.where(units - chance > 1e-9, (alike - chance) / (units - chance), np.nan))
