"""What a conversation tells a policy beside its words: how many questions of its task were put, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from tactful.text import questions


def put_questions(history: Sequence[Mapping[str, Any]], rejected: int) -> dict[str, int]:
    """The counts of a state after the messages `history`, of which the user is known to have rejected `rejected` questions.

    As in logs and live, messages of the assistant in a row are one turn, and the last of them tells whether it asks.
    """
    said = [one for one in history if one["role"] != "system"]
    replied = [
        after is not None
        for one, after in zip_longest(said, said[1:])
        if one["role"] == "assistant"
        and (after is None or after["role"] == "user")
        and questions(one["content"])
    ]
    return {
        "prev_reject": rejected,
        "questions_asked": max(len(replied), rejected),
        "answered": max(0, sum(replied) - rejected),
    }
