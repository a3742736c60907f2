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
        "done", "ok", "normal", "success", "natural", "tool_calls", "tool_call", "tool_use", "function_call",
    }
)  # fmt: skip
_STOPPED = (
    r"^(?:(?:hit|matched|found|user|model|natural|normal)_)?(?:stop|eos|eog|eot|end_?of_?(?:text|turn|sentence|sequence|message|token))"
    r"(?:_(?:tokens?|ids?|words?|str|strings?|sequences?|criteria|found|hit|reached|matched))*$"
)
_KINDS = (
    (Ending.WHOLE, _STOPPED),
    (Ending.FILTERED, r"filter|safety|sensitive|block|prohibit|moderat|recitation|guardrail|policy|violat|flag|risk|censor|inappropriate"
                      r"|unsafe|toxic|harm|(?:^|_)s?pii(?:_|$)|copyright|^language$|敏感|违规|不安全|过滤|审核"),
    (Ending.BROKEN, r"abort|cancel|error|network|time|overload|unavail|resource|fail|interrupt|malform|unexpected|(?:^|_)rate(?:_|$)"
                    r"|disconnect|preempt|shut_?down|lost|kill|crash|exception|evict|dropped|closed|terminated|unload|^user_stopped$|中断|取消|错误|超时|失败"),
    (Ending.REFUSED, r"refus|declin|拒绝"),
    (Ending.CUT, r"length|max|limit|context|trunc|incomplete|token|budget|长度|截断|上限"),
)  # fmt: skip
"""In this order: `ERROR_TOXIC` is a filter, `rate_limited` no limit on length."""
_PATTERNS = [(kind, re.compile(pattern)) for kind, pattern in _KINDS]


@lru_cache(maxsize=256)
def read_ending(reason: str | None) -> Ending:
    """The kind of a finish reason, in any case and spelling: `MAX_TOKENS`, `FinishReason.SAFETY`, `end-turn`."""
    if reason is None:
        return Ending.UNKNOWN
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", reason.rpartition(".")[2]).lower()
    word = re.sub(r"[^a-z一-鿿]+", "_", parted).strip("_").removeprefix("finish_reason_")
    if word in _WHOLE:
        return Ending.WHOLE
    return next((kind for kind, pattern in _PATTERNS if pattern.search(word)), Ending.UNKNOWN)
