"""What makes a trained language model an action policy: its actions, their temperature, what it was trained on.

`policy.json` in the folder of the training, sealed; its hash stands in the manifest beside those of the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from tactful.data.sealed import Sealed
from tactful.policy.language_model.prompt import Shown

CARD_FILE = "policy.json"
_COLDEST, _HOTTEST = 0.01, 100.0


class ActionCard(Sealed):
    """The file's content."""

    format: Literal["tactful-action-policy-1"] = "tactful-action-policy-1"
    actions: tuple[str, ...] = Field(min_length=2)
    """Least asking first; in this order they stand in the prompt."""
    shown: Shown
    temperature: float = Field(gt=0)
    """What log-probabilities are divided by; above 1 the model was too sure."""
    calibrated_on: int = 0
    """Validation pairs; 0: there were none, and the temperature is 1."""
    order_right: float | None = None
    """Share of them whose better action got the higher probability."""
    loss: float | None = None
    """Mean −log P(better rather than worse) of them, nats; `loss_before` at temperature 1. Chance: 0.69."""
    loss_before: float | None = None
    domains: tuple[str, ...] = ()
    base_tasks: tuple[str, ...] = ()
    """All that training or validation knew; figures on them are not held out."""


def calibrated(gaps: Sequence[float], weights: Sequence[float] | None = None) -> dict[str, float]:
    """Temperature and figures from `gaps`: log-probability of the better action minus that of the worse, a pair each.

    The temperature makes σ(gap / T) likeliest, towards targets of (n + 1) / (n + 2) rather than 1 (Platt 1999), so that
    a few pairs in the right order do not make it certain. No pair: temperature 1.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_expit

    if not len(gaps):
        return {"temperature": 1.0, "calibrated_on": 0}
    gap = np.asarray(gaps, dtype=float)
    share = np.ones_like(gap) if weights is None else np.asarray(weights, dtype=float)
    share = share / share.sum()
    target = (len(gap) + 1) / (len(gap) + 2)

    def loss(temperature: float) -> float:
        scaled = gap / temperature
        return float(-(share @ (target * log_expit(scaled) + (1 - target) * log_expit(-scaled))))

    found = minimize_scalar(
        lambda log: loss(float(np.exp(log))), bounds=(np.log(_COLDEST), np.log(_HOTTEST)), method="bounded"
    )
    temperature = float(np.exp(found.x))
    return {
        "temperature": temperature,
        "calibrated_on": len(gap),
        "order_right": float(share @ (gap > 0)),
        "loss": float(-(share @ log_expit(gap / temperature))),
        "loss_before": float(-(share @ log_expit(gap))),
    }
