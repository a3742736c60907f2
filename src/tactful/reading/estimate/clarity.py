"""How clear and how complex is this request? Estimated from its text alone, by two small readable models.

Clarity is a logistic regression on `text.surface_features` whose weights carry signs: what speaks for clarity has
a weight ≥ 0, what speaks against it ≤ 0. So a vague word never raises the estimate, and an input, an output or
an example never lowers it (why that follows is in `text/features.py`). Its labels are the wordings of tasks that
come in two: 1 complete, 0 open. Complexity is a ridge regression on the same counts and the length; its target
is the number of requirements, 1 → 0 and 8 or more → 1.

Both are fitted on texts and labels that the caller names; neither ever reads the hidden side of the text it scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from tactful.errors import UserError
from tactful.text.features import CLARITY_SIGNS, surface_features
from tactful.types import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

L2 = 5.0
"""Penalty on the weights of standardised features, against the summed log loss (a prior of standard deviation 0.45)."""
COMPLEXITY_FEATURES = (*CLARITY_SIGNS, "tokens", "sentences", "entities", "question_words")
_RIDGE = 10.0
_MOST_REQUIREMENTS = 8


def complexity_target(requirements: int) -> float:
    """Complexity in [0, 1] of a task with so many requirements: 1 → 0, 8 or more → 1, evenly between."""
    return min(1.0, max(0, requirements - 1) / (_MOST_REQUIREMENTS - 1))


class ClarityModel(Record):
    """Text → probability in [0, 1] that nothing is left to ask; higher means clearer."""

    features: tuple[str, ...]
    weights: tuple[float, ...]
    """Per feature, on log(1 + count); sign as in `CLARITY_SIGNS`."""
    bias: float
    l2: float = Field(gt=0)
    texts: int
    """How many texts it was fitted on."""
    groups: int

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        labels: Sequence[float],
        groups: Sequence[str],
        *,
        l2: float = L2,
    ) -> ClarityModel:
        """Fit on texts with labels 1 (clear) and 0 (open). Deterministic; `groups` is counted for the record.

        Raises: UserError when one of the two labels is missing or the lengths differ.
        """
        import numpy as np

        if not len(texts) == len(labels) == len(groups):
            raise UserError(f"{len(texts)} texts, {len(labels)} labels and {len(groups)} groups do not match")
        if set(labels) != {0, 1}:
            raise UserError(f"clarity needs texts labelled 1 and 0, found the labels {sorted(set(labels))}")
        names = tuple(CLARITY_SIGNS)
        x, y = _matrix(texts, names), np.asarray(labels, dtype=float)
        scale = _scale(x)
        weights, bias = _fit_signed(x / scale, y, l2)
        return cls(
            features=names,
            weights=tuple(float(value) for value in weights / scale),
            bias=float(bias),
            l2=l2,
            texts=len(texts),
            groups=len(set(groups)),
        )

    def predict(self, texts: Sequence[str]) -> Floats:
        """Clarity of each text, in [0, 1]."""
        import numpy as np

        odds = _matrix(texts, self.features) @ np.array(self.weights) + self.bias
        result: Floats = 1 / (1 + np.exp(-odds))  # scipy's expit would cost asking a policy 0.2 s of imports
        return result

    def explain(self, text: str) -> dict[str, float]:
        """Feature → what it adds to the log-odds of this text, the non-zero ones, largest first."""
        counts = surface_features(text)
        parts = {
            name: weight * math.log1p(counts[name])
            for name, weight in zip(self.features, self.weights, strict=True)
        }
        return dict(sorted(((n, v) for n, v in parts.items() if v), key=lambda part: -abs(part[1])))


class ComplexityModel(Record):
    """Text → complexity in [0, 1]; 1 = complex."""

    features: tuple[str, ...]
    weights: tuple[float, ...]
    bias: float

    @classmethod
    def fit(cls, texts: Sequence[str], targets: Sequence[float]) -> ComplexityModel:
        """Ridge regression of the targets (`complexity_target`) on log(1 + count), in closed form."""
        import numpy as np

        x, y = _matrix(texts, COMPLEXITY_FEATURES), np.asarray(targets, dtype=float)
        scale, mean = _scale(x), x.mean(axis=0)
        z = (x - mean) / scale
        solved = np.linalg.solve(z.T @ z + _RIDGE * np.eye(z.shape[1]), z.T @ (y - y.mean()))
        weights = solved / scale
        return cls(
            features=COMPLEXITY_FEATURES,
            weights=tuple(float(value) for value in weights),
            bias=float(y.mean() - mean @ weights),
        )

    def predict(self, texts: Sequence[str]) -> Floats:
        """Complexity of each text, in [0, 1]."""
        import numpy as np

        result: Floats = np.clip(_matrix(texts, self.features) @ np.array(self.weights) + self.bias, 0.0, 1.0)
        return result


def _matrix(texts: Sequence[str], names: Sequence[str]) -> Floats:
    """log(1 + count), (texts, features)."""
    import numpy as np

    rows = [[counts[name] for name in names] for counts in map(surface_features, texts)]
    result: Floats = np.log1p(np.array(rows, dtype=float).reshape(len(texts), len(names)))
    return result


def _scale(x: Floats) -> Floats:
    """Standard deviation per column; 1 where a column never varies."""
    import numpy as np

    spread = x.std(axis=0)
    result: Floats = np.where(spread > 1e-9, spread, 1.0)
    return result


def _fit_signed(x: Floats, y: Floats, l2: float) -> tuple[Floats, float]:
    """Weights and bias that minimise log loss + l2/2·|w|², each weight held to its sign; one convex problem."""
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import expit
    from threadpoolctl import threadpool_limits

    target = 2 * y - 1

    def loss(theta: Floats) -> tuple[float, Floats]:
        margin = target * (x @ theta[:-1] + theta[-1])
        pull = -target * expit(-margin)
        value = float(np.logaddexp(0, -margin).sum() + 0.5 * l2 * theta[:-1] @ theta[:-1])
        return value, np.append(x.T @ pull + l2 * theta[:-1], pull.sum())

    bounds = [(0, None) if sign > 0 else (None, 0) for sign in CLARITY_SIGNS.values()]
    with threadpool_limits(1):  # threads of BLAS cost more than they save on matrices this small
        found = minimize(
            loss,
            np.zeros(x.shape[1] + 1),
            jac=True,
            method="L-BFGS-B",
            bounds=[*bounds, (None, None)],
            options={"maxiter": 500, "ftol": 1e-10, "gtol": 1e-6},
        )
    return found.x[:-1], float(found.x[-1])
