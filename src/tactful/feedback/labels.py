"""The seven follow-up labels, and what each is worth."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Label(StrEnum):
    """What the user's next message says about the last answer. Exactly one applies."""

    NEG_CONSTRAINT_RESTATE = "neg_constraint_restate"
    """Repeats a constraint or preference that was given before, as a correction."""
    NEG_CORRECTION = "neg_correction"
    """Says that the content is wrong or that the answer missed."""
    NEG_CONFUSION = "neg_confusion"
    """Is confused, or asks to have it explained again."""
    POS_PRAISE = "pos_praise"
    """Praises, or says to be satisfied."""
    POS_PROGRESS = "pos_progress"
    """Builds on the answer without complaint: extensions, examples, what-ifs, next steps."""
    NEUTRAL = "neutral"
    """Ambiguous or minimal."""
    TOPIC_SHIFT = "topic_shift"
    """Turns to an unrelated task, which tells nothing about the answer."""


LABELS = tuple(Label)
NEGATIVE = frozenset({Label.NEG_CONSTRAINT_RESTATE, Label.NEG_CORRECTION, Label.NEG_CONFUSION})
POSITIVE = frozenset({Label.POS_PRAISE, Label.POS_PROGRESS})

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
