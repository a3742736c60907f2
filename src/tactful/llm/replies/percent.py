"""Shares that a model is asked for as whole percent: a server's grammar holds it to whole numbers, not to 0…1."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema


def _share(value: Any) -> float:
    """Percent as a share. A fraction up to 1 is a share already, also `1.0`; a whole number is percent, also `1`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("expected a whole number of percent")
    if isinstance(value, float) and -1 <= value <= 1:
        return float(value)
    if value != int(value):
        raise ValueError("expected a whole number of percent")
    return value / 100


def _up_from_zero(value: Any) -> float:
    share = _share(value)
    if not 0 <= share <= 1:
        raise ValueError("expected percent from 0 to 100")
    return share


def _either_side(value: Any) -> float:
    share = _share(value)
    if not -1 <= share <= 1:
        raise ValueError("expected percent from -100 to 100")
    return share


Percent = Annotated[
    float, BeforeValidator(_up_from_zero), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 100})
]
"""Asked for as 0 to 100, kept as a share in [0, 1]."""
SignedPercent = Annotated[
    float, BeforeValidator(_either_side), WithJsonSchema({"type": "integer", "minimum": -100, "maximum": 100})
]
"""Asked for as -100 to 100, kept as a share in [-1, 1]."""
