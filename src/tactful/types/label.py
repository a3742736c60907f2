"""The seven follow-up labels: what a next message says about the answer before it. And the kinds of gap in a request."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal


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


NEGATIVE = frozenset({Label.NEG_CONSTRAINT_RESTATE, Label.NEG_CORRECTION, Label.NEG_CONFUSION})
"""The complaints."""

Gap = Literal["goal", "constraint", "input", "context"]
"""Kind of what is missing from a request: what for; limits and preferences; the thing to work on; the situation."""
