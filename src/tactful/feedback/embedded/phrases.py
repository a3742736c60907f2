"""Finding the lexicon's phrases in a message: by whole words in English, as they stand in Chinese.

Built for speed: one look-up by first word (first character) at every place, so the cost does not grow with the
number of phrases. FeedbackVerdict phrases (praise, wrong, confused and so on) take their words away from shorter ones;
phrases of structure (asks, points back) may overlap.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tactful.feedback.embedded import lexicon as lex

VERDICTS = (lex.RESTATE, lex.WRONG, lex.CONFUSED, lex.PRAISE, lex.THANKS, lex.ACK, lex.REMARK)
_SLOT, _SLOTS = "*", ".."
_NEGATION_REACH = 3  # words before a praise or a complaint in which a negation turns it round

TOKEN = re.compile(
    r"[a-z0-9_]+(?:'[a-z]+)*|[.!?,;:。！？，；：…\n—–]+|[^\W\d_a-z]+", re.ASCII | re.IGNORECASE
)
_CJK = re.compile(r"[㐀-鿿]")
_WORD = re.compile(r"[a-z0-9_]")


class Phrase(NamedTuple):
    """A phrase of one kind; `anchor` is 0 anywhere, 1 at the start of a clause, 2 at the start of the message."""

    parts: tuple[str, ...]
    """Words; in Chinese, characters."""
    text: str
    kind: str
    anchor: int
    verdict: bool


@dataclass(slots=True)
class Clause:
    """Kinds found in one clause, with how often, and how many words it has."""

    counts: Counter[str] = field(default_factory=Counter)
    words: float = 0.0


def split(text: str) -> list[str]:
    """Words of one phrase list entry."""
    return [part.strip() for part in " ".join(text.split()).split(" | ") if part.strip()]


def _index(lists: Mapping[str, str], parts_of: Callable[[str], Iterable[str]]) -> dict[str, list[Phrase]]:
    """First part → the phrases that begin with it, those of most parts first."""
    index: dict[str, list[Phrase]] = defaultdict(list)
    for kind, entries in lists.items():
        for entry in split(entries):
            text = entry.lstrip("^")
            parts = tuple(parts_of(text))
            phrase = Phrase(parts, text, kind, min(2, len(entry) - len(text)), kind in VERDICTS)
            index[parts[0]].append(phrase)
    return {first: sorted(found, key=lambda p: -len(p.parts)) for first, found in index.items()}


_ENGLISH = _index(lex.ENGLISH, str.split)
_CHINESE = _index(lex.CHINESE, tuple)
_EN_NEGATIONS = frozenset(split(lex.ENGLISH[lex.NEGATION]))
_FAULTS = ("error", "exception")
_ZH_NEGATIONS = frozenset("不没未别")
_TURNED = {lex.PRAISE: lex.WRONG, lex.WRONG: lex.PRAISE, lex.CONFUSED: lex.ACK}
_ZH_ENDS = frozenset("。！？，；：…、.!?,;:\n—")


def clauses_of(text: str) -> list[Clause]:
    """The clauses of a message with the phrases in each; a message without any word has none."""
    lowered = text.lower().replace("’", "'")
    found: list[Clause] = []
    if _WORD.search(lowered):
        found += _english(lowered)
    if _CJK.search(lowered):
        found += _chinese(lowered)
    return [clause for clause in found if clause.words]


def _english(text: str) -> Iterator[Clause]:
    run: list[str] = []
    first = True
    for token in TOKEN.findall(text):
        if token[0].isalnum() or token[0] == "_":
            if token[0].isascii():
                run.append(token.replace("'", ""))
        elif run:
            yield _english_clause(run, first)
            run, first = [], False
    if run:
        yield _english_clause(run, first)


def _english_clause(words: list[str], first: bool) -> Clause:
    clause = Clause(words=len(words))
    taken = 0  # words before this place belong to a verdict phrase already
    for place, word in enumerate(words):
        verdict = place < taken
        if word.endswith(_FAULTS) and len(word) > 6:  # IndexError, NullPointerException
            clause.counts[lex.WRONG] += 1
        for phrase in _ENGLISH.get(word, ()):
            if phrase.anchor and (place or (phrase.anchor == 2 and not first)):
                continue
            if phrase.verdict and verdict:
                continue
            end = _match(phrase.parts, words, place)
            if not end:
                continue
            kind = phrase.kind
            if phrase.verdict:
                verdict, taken = True, end
                if kind in _TURNED and word not in _EN_NEGATIONS:
                    before = words[max(0, place - _NEGATION_REACH) : place]
                    if not _EN_NEGATIONS.isdisjoint(before):
                        kind = _TURNED[kind]
            clause.counts[kind] += 1
    return clause


def _match(parts: tuple[str, ...], words: list[str], place: int) -> int:
    """Where the phrase ends when it starts at `place`, else 0. A slot `..` takes as few words as it can."""
    if len(parts) == 1:
        return place + 1
    at = place + 1
    for position, part in enumerate(parts[1:], start=1):
        if part == _SLOTS:
            for skip in range(4):
                if (
                    at + skip < len(words)
                    and words[at + skip] == parts[position + 1]
                    and (end := _match(parts[position + 1 :], words, at + skip))
                ):
                    return end
            return 0
        if at >= len(words) or (part != _SLOT and words[at] != part):
            return 0
        at += 1
    return at


def _chinese(text: str) -> Iterator[Clause]:
    clause, start, first, taken = Clause(), True, True, 0
    for place, char in enumerate(text):
        if char in _ZH_ENDS:
            if clause.words:
                yield clause
                clause, first = Clause(), False
            start = True
            continue
        if "㐀" <= char <= "鿿":
            clause.words += 0.6
        verdict = place < taken
        for phrase in _CHINESE.get(char, ()):
            if phrase.anchor > start + (start and first) or (phrase.verdict and verdict):
                continue
            if not text.startswith(phrase.text, place):
                continue
            kind = phrase.kind
            if phrase.verdict:
                verdict, taken = True, place + len(phrase.text)
                negated = kind in _TURNED and char not in _ZH_NEGATIONS
                if negated and not _ZH_NEGATIONS.isdisjoint(text[max(0, place - 2) : place]):
                    kind = _TURNED[kind]
            clause.counts[kind] += 1
        start = False
    if clause.words:
        yield clause
