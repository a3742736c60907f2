"""Hindsight leak: do words that only the user's real message holds turn up in the chosen reasoning?

Share, in [0, 1], of the content words of the message that stand in the reasoning of the chosen side and nowhere in the
context; lower is better. A guess from the context alone scores above 0 too, so the revised sides are read beside the
sides that were chosen as they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tactful.text.lang import CJK
from tactful.types import Record
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
    """Mean share over records."""

    records: int
    without_words: int
    """Left out: the user's message has no content word."""
    mean: float | None
    """None without records."""
    any_word: float | None
    """Share of the records in which at least one such word turns up."""


class LeakReport(Record):
    """Revised chosen sides beside those chosen as they are."""

    shares: Mapping[str, LeakShare]
    """`revised` and `as_is`."""


@dataclass
class LeakCount:
    """Adds up record by record; holds one number for each, for intervals."""

    values: dict[str, list[float]] = field(default_factory=lambda: {"revised": [], "as_is": []})
    without: dict[str, int] = field(default_factory=lambda: {"revised": 0, "as_is": 0})

    def add(self, record: PairedExample) -> None:
        """Count the chosen side of one record, kept as a pair or not."""
        origin: Literal["revised", "as_is"] = "as_is" if record.chosen.origin == "as_is" else "revised"
        value = leak(record)
        if value is None:
            self.without[origin] += 1
        else:
            self.values[origin].append(value)

    def report(self) -> LeakReport:
        """The shares so far."""
        return LeakReport(
            shares={name: _share(values, self.without[name]) for name, values in self.values.items()}
        )


def _share(values: list[float], without: int) -> LeakShare:
    if not values:
        return LeakShare(records=0, without_words=without, mean=None, any_word=None)
    return LeakShare(
        records=len(values),
        without_words=without,
        mean=sum(values) / len(values),
        any_word=sum(value > 0 for value in values) / len(values),
    )
