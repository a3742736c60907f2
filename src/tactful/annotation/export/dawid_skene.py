"""How good each annotator is and what is right, learnt together from votes alone.

Source: A. P. Dawid and A. M. Skene, Maximum likelihood estimation of observer error-rates using the EM algorithm,
Applied Statistics 28 (1979), equations 2.3 to 2.5. We differ in smoothing: the counts behind every annotator's table and
behind the shares of the values begin above zero, so that one who voted twice is not taken for perfect. Our own sixty
lines: the libraries that have it (crowd-kit) bring pandas, scikit-learn and transformers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_EVERYWHERE, _RIGHT, _VALUES = 0.5, 1.0, 1.0
"""Votes that each annotator begins with: in every cell of the table, beside that on its diagonal; units of each value."""
_CLOSE, _MOST = 1e-5, 500


@dataclass(frozen=True)
class DawidSkene:
    """What was learnt."""

    posteriors: Array
    """(units, values): probability of each value, given all votes."""
    shares: Array
    """(values,): how frequent each value is."""
    tables: Mapping[str, Array]
    """Annotator → (values, values): the probability of each vote (column) where a value (row) is right."""
    objective: tuple[float, ...]
    """Log probability of the votes and of the smoothing after each round; it never falls."""


def dawid_skene(
    votes: Sequence[Mapping[str, int]],
    values: int,
    known: Mapping[int, int] | None = None,
    *,
    most: int = _MOST,
) -> DawidSkene:
    """Of each unit's votes (annotator → place of the value): what is right, and how often each annotator says what.

    `known` holds units whose value is settled: they teach about annotators and stay as they are. It starts from the
    shares of the votes, so it finds annotators who mostly err only where most others do not.
    """
    names = sorted({name for unit in votes for name in unit})
    place = {name: at for at, name in enumerate(names)}
    told = [(at, place[name], value) for at, unit in enumerate(votes) for name, value in unit.items()]
    unit, who, what = np.array(told, dtype=int).reshape(-1, 3).T
    cell = who * values + what
    fixed = np.array(sorted(known or {}), dtype=int)
    settled = np.eye(values)[[(known or {})[at] for at in fixed]] if len(fixed) else np.zeros((0, values))
    posteriors = np.ones((len(votes), values)) / values  # who has no vote is told by the rest alone
    np.add.at(posteriors, (unit, what), 1e6)
    posteriors /= posteriors.sum(axis=1, keepdims=True)
    posteriors[fixed] = settled
    tables, shares, objective = np.zeros((len(names), values, values)), np.ones(values), []
    for _ in range(most):
        before = posteriors
        counts = np.full((len(names), values, values), _EVERYWHERE) + _RIGHT * np.eye(values)
        smoothing = counts.copy()
        for right in range(values):
            said = np.bincount(cell, posteriors[unit, right], minlength=len(names) * values)
            counts[:, right] += said.reshape(len(names), values)
        tables = counts / counts.sum(axis=2, keepdims=True)
        of_values = _VALUES + posteriors.sum(axis=0)
        shares = of_values / of_values.sum()
        joint = np.tile(np.log(shares), (len(votes), 1))
        for right, column in enumerate(np.log(tables)[who, :, what].T):
            joint[:, right] += np.bincount(unit, column, minlength=len(votes))
        evidence = np.logaddexp.reduce(joint, axis=1)
        posteriors = np.exp(joint - evidence[:, None])
        posteriors[fixed] = settled
        evidence[fixed] = (joint[fixed] * settled).sum(axis=1)
        prior = (smoothing * np.log(tables)).sum() + _VALUES * np.log(shares).sum()
        objective.append(float(evidence.sum() + prior))
        if np.abs(posteriors - before).max(initial=0.0) < _CLOSE:
            break
    return DawidSkene(posteriors, shares, dict(zip(names, tables, strict=True)), tuple(objective))
