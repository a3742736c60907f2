"""The seven follow-up labels, and what each is worth."""

from __future__ import annotations

from collections.abc import Mapping

from tactful.types import NEGATIVE, Label

LABELS = tuple(Label)

DEFAULT_REWARDS: Mapping[Label, float] = {
    Label.NEG_CONSTRAINT_RESTATE: -1.0,
    Label.NEG_CORRECTION: -0.8,
    Label.NEG_CONFUSION: -0.6,
    Label.POS_PRAISE: 0.8,
    Label.POS_PROGRESS: 0.1,
    Label.NEUTRAL: 0.0,
    Label.TOPIC_SHIFT: 0.0,
}
"""Label → reward in [-1, 1]; higher is better."""
DEFAULT_TAU_C = 0.6
"""Confidence below which a judgement teaches nothing."""

__all__ = ["DEFAULT_REWARDS", "DEFAULT_TAU_C", "LABELS", "NEGATIVE", "Label"]
