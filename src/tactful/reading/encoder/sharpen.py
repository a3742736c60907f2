"""Logits → calibrated probabilities: temperature (and for two classes a bias), fitted per kind of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tactful.reading.encoder.card import Sharpness
from tactful.reading.encoder.network import Floats

FEWEST = 60
"""Labelled texts that a kind needs for a calibration of its own; with fewer it takes that of all texts."""


def probabilities(logits: Floats, kinds: Sequence[str], sharpness: Mapping[str, Sharpness]) -> Floats:
    """(n, classes) rows that sum to 1."""
    scaled = logits.astype(np.float64)
    for at, kind in enumerate(kinds):
        one = sharpness.get(kind) or sharpness["all"]
        scaled[at, -1] += one.bias if scaled.shape[1] == 2 else 0.0
        scaled[at] /= one.temperature
    return _softmax(scaled).astype(np.float32)


def fit_sharpness(logits: Floats, labels: Sequence[int], kinds: Sequence[str]) -> dict[str, Sharpness]:
    """Calibrations that minimise the log loss: one for `all`, and one for each kind with `FEWEST` texts or more."""
    answers = np.asarray(labels, dtype=int)
    fitted = {"all": _fit(logits, answers)}
    for kind in sorted(set(kinds)):
        chosen = np.array([one == kind for one in kinds])
        if chosen.sum() >= FEWEST and len(set(answers[chosen])) > 1:
            fitted[kind] = _fit(logits[chosen], answers[chosen])
    return fitted


def _fit(logits: Floats, labels: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Sharpness:
    from scipy.optimize import minimize

    wide = logits.astype(np.float64)
    two = wide.shape[1] == 2

    def loss(theta: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        moved = wide.copy()
        if two:
            moved[:, 1] += theta[1]
        chances = _softmax(moved / np.exp(theta[0]))
        # a weak pull towards "leave it as it is", worth about ten texts
        pull = 0.1 * float(theta @ theta) * 10 / len(labels)
        return float(-np.log(np.maximum(chances[np.arange(len(labels)), labels], 1e-9)).mean() + pull)

    found = minimize(loss, np.zeros(2 if two else 1), method="Nelder-Mead")
    return Sharpness(temperature=float(np.exp(found.x[0])), bias=float(found.x[1]) if two else 0.0)


def _softmax(
    values: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    result: np.ndarray[tuple[int, int], np.dtype[np.float64]] = raised / raised.sum(axis=1, keepdims=True)
    return result
