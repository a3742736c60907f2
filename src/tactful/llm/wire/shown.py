"""What a model has shown of itself so far: how long its answers take, how long they get, what its prompts weigh.

Deadlines and reservations follow it, so that a slow model is waited for and a token budget is not held up by what no
call ever uses.
"""

from __future__ import annotations

import math
from collections import deque

_ENOUGH = 5
"""Answers before anything follows from them."""
_FIRST_S, _SHORTEST_S, _LONGEST_S = 600.0, 120.0, 3600.0
_SPARE_TIME = 4.0
_SPARE_PROMPT, _SPARE_COMPLETION = 1.25, 2.0
_LEAST_LIMIT = 512
_UNKNOWN_LENGTH = 1024
_QUEUES_FROM_S, _QUEUES_FROM, _GAIN = 5.0, 4, 1.5


class Shown:
    """Learns from every answered request of one model."""

    def __init__(self) -> None:
        self._answers = 0
        self._most_completion = 0
        self._per_byte = 1 / 64
        """Prompt tokens for a byte of request: the most so far."""
        self._fastest = math.inf
        self._recent: deque[float] = deque(maxlen=32)
        """Seconds for a unit of work, of the latest answers."""

    def learn(self, elapsed_s: float, tokens: tuple[int, int], body_bytes: int) -> None:
        """An answer came: `tokens` are those of prompt and completion."""
        prompt, completion = tokens
        self._answers += 1
        self._most_completion = max(self._most_completion, completion)
        self._per_byte = max(self._per_byte, prompt / max(1, body_bytes))
        rate = elapsed_s / _work(prompt, completion)
        self._fastest = min(self._fastest, rate)
        self._recent.append(rate)

    def queues(self, elapsed_s: float, tokens: tuple[int, int], at_once: int) -> bool:
        """Whether this answer waited for others: `at_once` requests got no more done than one or two would have."""
        if at_once < _QUEUES_FROM or elapsed_s < _QUEUES_FROM_S:
            return False
        return at_once * self._fastest * _work(*tokens) / elapsed_s < _GAIN

    def deadline_s(self, limit: int | None) -> float:
        """How long a call may take: several times what an answer up to its token limit has taken lately."""
        if not self._recent:
            return _FIRST_S
        length = max(limit or _UNKNOWN_LENGTH, 2 * self._most_completion)
        return min(_LONGEST_S, max(_SHORTEST_S, _SPARE_TIME * max(self._recent) * _work(0, length)))

    def most_prompt(self, body_bytes: int, bound: int) -> int:
        """The most prompt tokens to reserve for a request, never more than `bound`."""
        if self._answers < _ENOUGH:
            return bound
        return min(bound, math.ceil(_SPARE_PROMPT * self._per_byte * body_bytes) + 16)

    def first_limit(self, limit: int) -> int:
        """The token limit to try first under a budget: answers have been far shorter than `limit` allows."""
        if self._answers < _ENOUGH:
            return limit
        return min(limit, max(_LEAST_LIMIT, math.ceil(_SPARE_COMPLETION * self._most_completion)))


def _work(prompt: int, completion: int) -> float:
    """Reading ten tokens costs about as much time as writing one; a request costs some by itself."""
    return completion + prompt / 10 + 10
