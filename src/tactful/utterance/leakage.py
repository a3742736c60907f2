"""Hindsight leak: do words that only the user's real message holds turn up in the chosen reasoning?

Share, in [0, 1], of the content words of the message that stand in the reasoning of the chosen side and nowhere in the
context; lower is better. A guess from the context alone scores above 0 too, so the revised sides are read beside the
sides that were chosen as they are.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from dataclasses import dataclass, field

from tactful.text.lang import CJK
from tactful.types import Record, content_hash
from tactful.utterance.types import VIEWS, PairedExample

_WORD = re.compile(r"[^\W_]+(?:[_'’][^\W_]+)*")
_WORDS_TEXT = """
    a an the this that these those and or but nor so if then than as of to in on at by for from with without into over
    under about up down out off is am are was were be been being do does did done have has had having will would shall
    should can could may might must not no yes i you he she it we they me him her us them my your his its our their mine
    yours what which who whom whose when where why how there here all any some each every both either neither more most
    much many few other another such only just also too very please thanks thank ok okay hi hello let's i'm i'd i'll i've
    don't doesn't it's that's you're
"""
FUNCTION_WORDS = frozenset(_WORDS_TEXT.split())
FUNCTION_SIGNS = frozenset(
    "的了吗呢吧啊呀么和与或在是有我你您他她它们这那个些请要想能可以会不没就都也还很把被让给对从到为以及之而"
)


def content_words(text: str) -> frozenset[str]:
    """Words that carry meaning, folded; Chinese, Japanese and Korean text gives its pairs of neighbouring characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words: set[str] = set()
    for match in _WORD.finditer(folded):
        words.update(_signs(match[0]) if CJK.search(match[0]) else (match[0],))
    return frozenset(
        word for word in words if word not in FUNCTION_WORDS and (len(word) > 1 or word.isdigit())
    )


def _signs(run: str) -> list[str]:
    """Pairs of neighbouring characters without a function sign, and the Latin words and numbers between them."""
    pairs = [run[at : at + 2] for at in range(len(run) - 1)]
    signs = [pair for pair in pairs if all(CJK.match(char) and char not in FUNCTION_SIGNS for char in pair)]
    return signs + re.findall(r"[a-z0-9]+", run)


def leak(record: PairedExample) -> float | None:
    """The share for one record; None when the message has no content word."""
    words = content_words(record.gold.message)
    if not words:
        return None
    known = content_words("\n".join(message.content for message in record.context))
    reasoning = content_words("\n".join(record.chosen.insight.view(name).reasoning for name in VIEWS))
    return len((words & reasoning) - known) / len(words)


class LeakShare(Record):
    """Mean share over dialogues, each the mean of its records."""

    records: int
    without_words: int
    """Left out: the user's message has no content word."""
    dialogues: int
    mean: float | None
    """None without records."""
    low: float | None
    high: float | None
    """95% interval over dialogues; None where none can be estimated."""
    any_word: float | None
    """Share of the records in which at least one such word turns up."""

    def text(self) -> str:
        """`0.012 [0.008, 0.016], 193 records`"""
        if self.mean is None:
            return "no records"
        interval = "interval not estimable" if self.low is None else f"{self.low:.3f}, {self.high:.3f}"
        return f"{self.mean:.3f} [{interval}], {self.records} records of {self.dialogues} dialogues"


class LeakReport(Record):
    """Revised chosen sides beside those chosen as they are."""

    revised: LeakShare
    as_is: LeakShare


def _number(dialogue_id: str) -> int:
    """A hash that is the same in every process: the interval is drawn over dialogues in its order."""
    return int(content_hash(dialogue_id)[:15], 16)


@dataclass
class _Running:
    """The share of every record, and a hash of its dialogue: 16 bytes a record."""

    without: int = 0
    shares: array[float] = field(default_factory=lambda: array("d"))
    dialogues: array[int] = field(default_factory=lambda: array("q"))

    def add(self, dialogue_id: str, value: float | None) -> None:
        if value is None:
            self.without += 1
            return
        self.shares.append(value)
        self.dialogues.append(_number(dialogue_id))

    def share(self) -> LeakShare:
        import numpy as np

        from tactful.stats.bootstrap import grouped_mean

        shares = np.array(self.shares)
        found = grouped_mean(shares, np.array(self.dialogues))
        return LeakShare(
            records=found.items,
            without_words=self.without,
            dialogues=found.groups,
            mean=found.value,
            low=found.low,
            high=found.high,
            any_word=float((shares > 0).mean()) if len(shares) else None,
        )


@dataclass
class LeakCount:
    """Adds up record by record."""

    _revised: _Running = field(default_factory=_Running)
    _as_is: _Running = field(default_factory=_Running)

    def add(self, record: PairedExample) -> None:
        """Count the chosen side of one record, kept as a pair or not."""
        running = self._as_is if record.chosen.origin == "as_is" else self._revised
        running.add(record.dialogue_id, leak(record))

    def report(self) -> LeakReport:
        """The shares over all records."""
        return LeakReport(revised=self._revised.share(), as_is=self._as_is.share())
