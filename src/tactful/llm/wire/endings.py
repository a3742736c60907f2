"""Why did the model stop? `finish_reason` in the words of every vendor, read into five kinds."""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache


class Ending(Enum):
    """What a finish reason says."""

    WHOLE = auto()
    CUT = auto()
    FILTERED = auto()
    REFUSED = auto()
    BROKEN = auto()
    """The endpoint gave up: no answer, whatever text there is."""
    UNKNOWN = auto()


_WHOLE = frozenset(
    {
        "stop", "stopped", "stop_sequence", "stop_token", "stop_word", "stop_words", "eos", "eos_token", "eot", "end",
        "end_turn", "end_of_turn", "end_of_text", "ended", "complete", "completed", "completion", "finish", "finished",
        "done", "normal", "success", "natural", "tool_calls", "tool_call", "tool_use", "function_call",
    }
)  # fmt: skip
_KINDS = (
    (Ending.BROKEN, r"abort|cancel|error|network|time|overload|unavail|resource|fail|interrupt|malform|unexpected|rate|disconnect|preempt"),
    (Ending.REFUSED, r"refus"),
    (Ending.FILTERED, r"filter|safety|sensitive|block|prohibit|moderat|recitation|spii|guardrail|policy|violat|flag|risk|censor|inappropriate|unsafe"),
    (Ending.CUT, r"length|max|limit|context|trunc|incomplete|token|budget"),
)  # fmt: skip
_PATTERNS = [(kind, re.compile(pattern)) for kind, pattern in _KINDS]


@lru_cache(maxsize=256)
def read_ending(reason: str | None) -> Ending:
    """The kind of a finish reason, in any case and spelling: `MAX_TOKENS`, `FinishReason.SAFETY`, `end-turn`."""
    if reason is None:
        return Ending.UNKNOWN
    word = (
        re.sub(r"[^a-z]+", "_", reason.rpartition(".")[2].lower()).strip("_").removeprefix("finish_reason_")
    )
    if word in _WHOLE:
        return Ending.WHOLE
    return next((kind for kind, pattern in _PATTERNS if pattern.search(word)), Ending.UNKNOWN)
