"""The figures of one set of votes, with intervals over sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tactful.annotation.agreement.ballots import Array, Ballots
from tactful.annotation.agreement.results import Figures
from tactful.annotation.types import Value
from tactful.stats.agreement import pooled_cohen, vote_figures, vote_parts
from tactful.stats.bootstrap import group_sums, resampled

if TYPE_CHECKING:
    from scipy.sparse import csr_array

RESAMPLES = 1000
FEWEST_SHARED = 10
"""Units that two annotators share at least to stand in Cohen's kappa: with fewer, their own chance level is not known."""
NAMELESS = "the votes name no annotators"


def figures_of(
    ballots: Ballots, *, nameless: bool = False, seed: int = 0, resamples: int = RESAMPLES
) -> Figures:
    """Every figure of these votes. `nameless`: without Cohen's kappa, which needs to know who voted."""
    kept = ballots.several()
    why = NAMELESS if nameless else f"no two annotators share {FEWEST_SHARED} units"
    return figures_of_counts(
        kept.counts(),
        kept.unit_sessions(),
        values=ballots.values,
        pair_sums=None if nameless else _pair_sums(kept),
        without_pairs=why,
        single=len(ballots) - len(kept),
        seed=seed,
        resamples=resamples,
    )


def figures_of_counts(
    counts: Array,
    sessions: Array,
    *,
    values: Sequence[Value],
    pair_sums: csr_array | None = None,
    without_pairs: str = NAMELESS,
    single: int = 0,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Figures:
    """The same from (units, values) counts of two votes or more a unit, and (units,) sessions, numbered without gaps.

    `pair_sums` (sessions, pairs · (1 + 2 · values)) is what `pooled_cohen` takes; without it there is no Cohen's kappa.
    """
    from scipy.sparse import csr_array, hstack

    groups = int(sessions.max(initial=-1)) + 1
    sums: Any = group_sums(sessions, vote_parts(counts), groups)
    width, pairs = sums.shape[1], 0
    if pair_sums is not None and pair_sums.shape[1]:
        pairs = pair_sums.shape[1] // (1 + 2 * len(values))
        sums = csr_array(hstack([csr_array(sums), pair_sums]))

    def statistic(rows: Array) -> dict[str, Array]:
        found = vote_figures(rows[:, :width])
        if not pairs:
            return found | {"cohen": np.full(len(rows), np.nan)}
        return found | {"cohen": pooled_cohen(rows[:, width:].reshape(len(rows), pairs, -1))}

    found = resampled(sums, statistic, items=len(counts), seed=seed, resamples=resamples)
    found["chance"] = found["chance"].model_copy(update={"low": None, "high": None})
    said = np.flatnonzero(counts.sum(axis=0))
    if not len(counts):
        undefined = dict.fromkeys(found, "no unit has two votes")
    elif len(said) == 1:
        word = values[said[0]]
        undefined = dict.fromkeys(
            ("alpha", "fleiss", "cohen"),
            f"every vote is '{str(word).lower() if word in (True, False) else word}'",
        )
    else:
        undefined = {"cohen": "each pair of annotators says one value throughout"}
    if len(counts) and not pairs:
        undefined["cohen"] = without_pairs
    return Figures(
        units=len(counts),
        votes=int(counts.sum()),
        single=single,
        sessions=groups,
        pairs=pairs,
        undefined={name: why for name, why in undefined.items() if found[name].value is None},
        **found,
    )


def _pair_sums(kept: Ballots) -> csr_array:
    """(sessions, pairs · (1 + 2 · values)): what `pooled_cohen` takes, of the pairs that share enough units."""
    from scipy.sparse import coo_array, csr_array

    left, right = kept.pairs()
    _, pair, shared = np.unique(
        kept.annotator[left] * len(kept.annotators) + kept.annotator[right],
        return_inverse=True,
        return_counts=True,
    )
    enough = shared >= FEWEST_SHARED
    here = enough[pair]
    left, right, pair = left[here], right[here], (np.cumsum(enough) - 1)[pair[here]]
    values = len(kept.values)
    start = pair * (1 + 2 * values)
    columns = [start + 1 + kept.value[left], start + 1 + values + kept.value[right]]
    alike = kept.value[left] == kept.value[right]
    rows = np.concatenate([kept.session[left], kept.session[left], kept.session[left][alike]])
    places = np.concatenate([*columns, start[alike]])
    shape = (int(kept.session.max(initial=-1)) + 1, int(enough.sum()) * (1 + 2 * values))
    return csr_array(coo_array((np.ones(len(rows)), (rows, places)), shape=shape))
