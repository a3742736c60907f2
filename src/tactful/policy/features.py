"""What the embedded policy reads off a public state: few, named, bounded numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.types import PublicState

FEATURES: dict[str, str] = {
    "vagueness": "the request leaves things open (1 − clarity)",
    "complexity": "the task is complex",
    "vague_and_complex": "the request is open and the task complex",
    "turn": "exchanges so far, up to 3",
    "asked": "questions asked in this task, up to 2",
    "answered": "questions answered in this task, up to 2",
    "rejected": "the user rejected a question in this task",
    "vague_at_start": "the request leaves things open and nothing was asked yet",
    "user_rejects": "share of earlier questions that this user rejected",
    "user_answers": "share of earlier questions that this user answered",
    "user_known": "how much this user has shown so far",
    "vague_user_rejects": "the request is open, but this user rejects questions",
}
"""Feature → what it means, in the words that `policy explain` prints."""

NEVER_MORE = frozenset({"turn", "asked", "rejected", "user_rejects", "vague_user_rejects"})
"""Features that may only speak against asking more: what a rejection raises. So a rejection never makes a policy ask."""
NEVER_LESS = frozenset({"vague_at_start"})
"""Features that may only speak for asking more: what a rejection lowers."""

_PRIOR_QUESTIONS = 2.0
_PRIOR_REJECTED = 0.5
_PRIOR_ANSWERED = 1.0


def feature_vector(state: PublicState) -> list[float]:
    """The features of one state in the order of `FEATURES`; each in [0, 1] except turn, asked and answered.

    Shares of a user's earlier reactions are smoothed by two imagined questions, half of one rejected and one
    answered, so that an unknown user counts as an average one. A rejection implies that something was asked, also
    where the caller keeps no count of questions.
    """
    vague = 1.0 - state.query_clarity
    user = state.user
    seen = user.questions + _PRIOR_QUESTIONS
    rejects = (user.rejected + _PRIOR_REJECTED) / seen
    asked = max(state.questions_asked, state.prev_reject)
    untouched = 0.0 if asked else 1.0
    return [
        vague,
        state.task_complexity,
        vague * state.task_complexity,
        float(min(max(state.dialogue_turn, state.prev_reject), 3)),
        float(min(asked, 2)),
        float(min(state.answered, 2)),
        1.0 if state.prev_reject else 0.0,
        vague * untouched,
        rejects,
        (user.answered + _PRIOR_ANSWERED) / seen,
        user.questions / (user.questions + 3.0),
        vague * rejects,
    ]


def feature_matrix(states: Sequence[PublicState]) -> NDArray[Any]:
    """Features of many states, (n, len(FEATURES))."""
    return np.array([feature_vector(state) for state in states], dtype=float).reshape(-1, len(FEATURES))
