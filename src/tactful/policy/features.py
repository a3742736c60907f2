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
    asked = state.questions_put
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


def said_of(state: PublicState) -> dict[str, str]:
    """Feature → what its value says of this state, in words: what `policy explain` prints beside a weight."""
    values = dict(zip(FEATURES, feature_vector(state), strict=True))
    clarity, complexity = state.query_clarity, state.task_complexity
    clear = f"the request is {_degree(clarity, 'open', 'half clear', 'clear')} (clarity {clarity:.2f})"
    hard = (
        f"the task is {_degree(complexity, 'simple', 'of middling complexity', 'complex')} ({complexity:.2f})"
    )
    asked, user = int(values["asked"]), state.user
    known = f"{user.rejected} of {user.questions}" if user.questions else "none known"
    return {
        "vagueness": clear,
        "complexity": hard,
        "vague_and_complex": f"{clear} and {hard}",
        "turn": f"{_count(int(values['turn']), 'exchange')} so far",
        "asked": f"{_count(asked, 'question')} asked in this task",
        "answered": f"{_count(int(values['answered']), 'question')} answered in this task",
        "rejected": "the user rejected a question in this task"
        if state.prev_reject
        else "nothing was rejected yet",
        "vague_at_start": f"{clear}, and {'something was asked already' if asked else 'nothing was asked yet'}",
        "user_rejects": f"earlier questions that this user rejected: {known}",
        "user_answers": "earlier questions that this user answered: "
        + (f"{user.answered} of {user.questions}" if user.questions else "none known"),
        "user_known": f"this user was asked {_count(user.questions, 'earlier question')}",
        "vague_user_rejects": f"{clear}; earlier questions rejected: {known}",
    }


def _degree(value: float, low: str, middle: str, high: str) -> str:
    return low if value < 1 / 3 else high if value > 2 / 3 else middle


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def feature_matrix(states: Sequence[PublicState]) -> NDArray[Any]:
    """Features of many states, (n, len(FEATURES))."""
    return np.array([feature_vector(state) for state in states], dtype=float).reshape(-1, len(FEATURES))
