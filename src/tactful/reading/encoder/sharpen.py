"""Logits → calibrated probabilities: a temperature and a bias, fitted on all texts, and per kind of text where that pays.

The bias moves the second of two classes, and of the seven reactions the complaints together: the order among the complaints, and
among the other labels, stays the network's; how many complaints are expected follows the texts it is calibrated on, so the
likeliest of the seven may change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from tactful.reading.encoder.card import Sharpness
from tactful.reading.encoder.network import Floats
from tactful.reading.types import COMPLAINTS, REACTIONS

_Ints: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
_Texts: TypeAlias = np.ndarray[tuple[int], np.dtype[np.str_]]

FEWEST = 60
"""Labelled texts that a kind needs for a calibration of its own; with fewer it takes that of all texts."""


def probabilities(logits: Floats, kinds: Sequence[str], sharpness: Mapping[str, Sharpness]) -> Floats:
    """(n, classes) rows that sum to 1."""
    ones = [sharpness.get(kind) or sharpness["all"] for kind in kinds]
    bias = np.array([one.bias for one in ones]).reshape(-1, 1)
    temperature = np.array([one.temperature for one in ones]).reshape(-1, 1)
    moved = _moved(logits.shape[1])
    return _softmax((logits.astype(np.float64) + bias * moved) / temperature).astype(np.float32)


def fit_sharpness(
    logits: Floats, labels: Sequence[int], kinds: Sequence[str], writers: Sequence[str] = ()
) -> dict[str, Sharpness]:
    """Calibrations that minimise the log loss: one for `all`, and one for each kind with `FEWEST` texts or more.

    With two `writers` or more, kinds are kept only where, all kinds together, they have the lower log loss on the texts of
    each writer in turn that was left out of the fit; else `all` alone. How often short offers are welcome, for one, is a
    habit of who wrote them.
    """
    answers, of = np.asarray(labels, dtype=int), np.asarray(kinds)
    fitted = _per_kind(logits, answers, of)
    if len(set(writers)) > 1 and not _kinds_pay(logits, answers, of, np.asarray(writers)):
        return {"all": fitted["all"]}
    return fitted


def _per_kind(logits: Floats, answers: _Ints, kinds: _Texts) -> dict[str, Sharpness]:
    fitted = {"all": _fit(logits, answers)}
    for kind in sorted(set(kinds)):
        chosen = kinds == kind
        if chosen.sum() >= FEWEST and len(set(answers[chosen])) > 1:
            fitted[str(kind)] = _fit(logits[chosen], answers[chosen])
    return fitted


def _kinds_pay(logits: Floats, answers: _Ints, kinds: _Texts, writers: _Texts) -> bool:
    """Whether a calibration per kind has the lower log loss on writers left out, one after the other."""
    gain = 0.0
    for writer in sorted(set(writers)):
        out = writers == writer
        fitted = _per_kind(logits[~out], answers[~out], kinds[~out])
        here = (logits[out], answers[out], list(kinds[out]))
        gain += _log_likelihood(*here, fitted) - _log_likelihood(*here, {"all": fitted["all"]})
    return gain > 0


def _log_likelihood(
    logits: Floats, answers: _Ints, kinds: Sequence[str], sharpness: Mapping[str, Sharpness]
) -> float:
    right = np.take_along_axis(probabilities(logits, kinds, sharpness), answers[:, None], axis=1)
    return float(np.log(np.maximum(right, 1e-9)).sum())


def _fit(logits: Floats, labels: _Ints) -> Sharpness:
    from scipy.optimize import minimize

    wide = logits.astype(np.float64)
    moved = _moved(wide.shape[1])

    def loss(theta: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        chances = _softmax((wide + theta[1] * moved) / np.exp(theta[0]))
        # a weak pull towards "leave it as it is", worth about ten texts
        pull = 0.1 * float(theta @ theta) * 10 / len(labels)
        return float(-np.log(np.maximum(chances[np.arange(len(labels)), labels], 1e-9)).mean() + pull)

    found = minimize(loss, np.zeros(2), method="Nelder-Mead")
    return Sharpness(temperature=float(np.exp(found.x[0])), bias=float(found.x[1]) if moved.any() else 0.0)


def _moved(classes: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """(classes,): 1 where the bias is added, else 0."""
    if classes == 2:
        return np.array([0.0, 1.0])
    if classes == len(REACTIONS):
        return np.array([float(label in COMPLAINTS) for label in REACTIONS])
    return np.zeros(classes)


def _softmax(
    values: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    result: np.ndarray[tuple[int, int], np.dtype[np.float64]] = raised / raised.sum(axis=1, keepdims=True)
    return result
