"""Words of other languages read by an English gloss: the base encoder's vocabulary is English.

Chinese words are tokens of their own (`tokens.py`), which costs a row of weights each; the rarer ones (`zh`) and the forms
that are not simplified (`zh-Hant`) stand in lists, too. Every other language is read
more cheaply: its commonest words are replaced by a plain gloss before the vocabulary sees the text. Measured on writers
held out, this is most of what such a text tells; word order and endings are lost.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import groupby
from pathlib import Path

from tactful.text import cjk_share

GLOSSES_FILE = "glosses.tsv"
_MARKS = "\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0903\u093a-\u093c\u093e-\u094f\u0955-\u0957\u0962\u0963\u200c\u200d"
_WORD = re.compile(rf"[^\W\d_]+(?:[{_MARKS}]+[^\W\d_]*)*")
"""Letters with the signs that belong to them, which `\\w` leaves out: Devanagari's vowels, Arabic's short ones, accents that stand alone."""
_UNWRITTEN = re.compile("[\u064b-\u065f\u0670\u0640\u200c\u200d]")
"""Short vowels and stretched lines of Arabic, joiners: few people type them."""
_JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u9fff々]+")
_LETTERS = {
    "ja": re.compile("[\u3040-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7a3]"),
    "ar": re.compile("[\u0620-\u064a]"),
    "hi": re.compile("[\u0900-\u097f]"),
}
"""Languages that their letters give away."""
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_IN_CYRILLIC = frozenset({"ru", "uk"})
_CHINESE, _UNSIMPLIFIED = "zh", "zh-Hant"
_SEEN_BY_LETTERS = frozenset({*_LETTERS, _CHINESE, _UNSIMPLIFIED})
"""Lists that no counting of words chooses."""
_ENOUGH = 0.3
"""Share of a text's words that a language must know before it is taken for that language."""
_STEM = 4
_LONGEST_CHINESE = 4
_SHORTEST_STEM = {"ko": 2, "ar": 3}
"""Letters that the beginning of a word must share with an entry to be read as it, where no entry is the whole word."""
_ARABIC_HEADS = ("ال", "وال", "بال", "و", "ب", "ل", "ف")
_KOREAN_TAILS = (
    "에서",
    "으로",
    "까지",
    "부터",
    "에게",
    "한테",
    "이랑",
    "하고",
    *"을를이가은는에로의도만과와랑께",
)
"""Particles that stand on a word of one syllable as often as on a longer one."""
_COMPOUNDING = frozenset({"de", "nl", "sv"})
_LONGEST_COMPOUND = 40
_JOINTS = ("", "s", "n", "en", "es", "e", "er")
"""Letters between the words of a compound: Urlaub·s·antrag."""
_ALIKE = 0.8
"""Share of a word from which its listed beginning is the word itself in another form, and no compound's first part."""
_UNMARKED = frozenset({"ja", "ko"})
"""Languages that nobody types without their marks."""
_VIRAMA = 9
_TYPED = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe"})
"""Letters without accents of their own, as those type them who have none of these keys."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})

Words = Mapping[str, Mapping[str, str]]
"""Language → word in lower case → English gloss."""


class Glosses:
    """Word lists of several languages."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self._with_bare: dict[str, Mapping[str, str]] = {}
        glosses = {gloss for lang, of in words.items() if lang != _UNSIMPLIFIED for gloss in of.values()}
        self._english = frozenset(_WORD.findall("\n".join(glosses).lower()))  # as far as this room knows any

    @classmethod
    def load(cls, path: Path) -> Glosses:
        """From `glosses.tsv`: language, word and gloss by tabs, a language in one piece; no lists where there is no file, or an empty one.

        Raises: ValueError for lines of other columns.
        """
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if not text:
            return cls({})
        text = text.removesuffix("\n")
        cells = text.replace("\n", "\t").split("\t")
        if len(cells) != 3 * (text.count("\n") + 1):
            raise ValueError(f"{path.name} has lines that are no language, word and gloss")
        words: dict[str, Mapping[str, str]] = {}
        end = 0
        for lang, of in groupby(cells[::3]):
            start, end = end, end + 3 * len(list(of))
            words[lang] = dict(zip(cells[start + 1 : end : 3], cells[start + 2 : end : 3], strict=True))
        return cls(words)

    def save(self, path: Path) -> None:
        """Write `glosses.tsv`."""
        lines = [
            f"{lang}\t{word}\t{gloss}\n" for lang, of in self.words.items() for word, gloss in of.items()
        ]
        path.write_text("".join(lines), encoding="utf-8")

    def _list(self, lang: str) -> Mapping[str, str]:
        """The words of a language, also without their accents; made when a text first asks for it."""
        if lang not in self._with_bare:
            self._with_bare[lang] = (
                self.words[lang] if lang in _UNMARKED else _bare_too(lang, self.words[lang])
            )
        return self._with_bare[lang]

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self.words.get("ja", ())), default=0)

    def language(self, text: str) -> str | None:
        """The language whose list reads this text; None for English, Chinese, and whatever no list knows enough of."""
        for lang, letters in _LETTERS.items():
            if lang in self.words and letters.search(text):
                return lang
        found = _WORD.findall(_lowered(text[:1000]))
        if not found or cjk_share(text) > 0.2:
            return None
        cyrillic = _CYRILLIC.search(text) is not None
        best, known = (
            None,
            0.0 if cyrillic else max(_ENOUGH * len(found), sum(map(self._english.__contains__, found))),
        )
        if known >= len(found):
            return None  # plainly English, as most texts are: no list can know more words than there are
        for lang in self.words:
            if lang not in _SEEN_BY_LETTERS and (lang in _IN_CYRILLIC) == cyrillic:
                hits = sum(map(self._list(lang).__contains__, found))
                if hits > known:
                    best, known = lang, hits
        return best

    def in_english(self, text: str) -> str:
        """The text with every word that its language's list knows replaced by the gloss."""
        lang = self.language(text)
        if lang is None:
            return text
        words, text = self._list(lang), _UNWRITTEN.sub("", text)
        if lang == "ja":
            return _JAPANESE.sub(lambda run: f" {' '.join(self._pieces(words, run[0]))} ", text)
        return _WORD.sub(lambda word: self._gloss(lang, words, _lowered(word[0])) or word[0], text)

    @classmethod
    def _gloss(cls, lang: str, words: Mapping[str, str], word: str) -> str | None:
        """By the whole word, without an article or particle that is written on it, by its parts, or by the longest entry that begins it."""
        if word in words:
            return words[word]
        for inner in _without_particle(lang, word):
            if inner in words:
                return words[inner]
        least = max(_SHORTEST_STEM.get(lang, _STEM), (6 * len(word) + 9) // 10 if lang != "ko" else 1)
        stem = next((word[:end] for end in range(len(word) - 1, least - 1, -1) if word[:end] in words), "")
        if lang in _COMPOUNDING and len(stem) < _ALIKE * len(word) and len(word) <= _LONGEST_COMPOUND:
            return cls._parts(lang, words, word) or words.get(stem)
        return words.get(stem)

    @classmethod
    def _parts(cls, lang: str, words: Mapping[str, str], compound: str) -> str | None:
        """The glosses of two listed words that make up this one, the first as long as it can be."""
        for cut in range(len(compound) - _STEM, _STEM - 1, -1):
            heads = (compound[:cut].removesuffix(joint) for joint in _JOINTS)
            head = next((one for one in heads if len(one) >= _STEM and one in words), None)
            if head and (tail := cls._gloss(lang, words, compound[cut:])):
                return f"{words[head]} {tail}"
        return None

    @property
    def simplified(self) -> Mapping[int, str]:
        """A table for `str.translate`: characters whose simplified form the vocabulary knows better."""
        return str.maketrans(dict(self.words.get(_UNSIMPLIFIED, {})))

    def chinese_in_english(self, text: str, places: Iterable[int]) -> str:
        """The text with the longest listed word around each of these places, in order, replaced by its gloss."""
        words, done, read = self.words.get(_CHINESE, {}), 0, ""
        for place in places:
            if place < done:
                continue
            spans = (
                (at, at + size)
                for size in range(_LONGEST_CHINESE, 0, -1)
                for at in range(place - size + 1, place + 1)
            )
            for at, end in spans:
                if at >= done and text[at:end] in words:
                    read += f"{text[done:at]} {words[text[at:end]]} "
                    done = end
                    break
        return read + text[done:]

    def _pieces(self, words: Mapping[str, str], run: str) -> Iterable[str]:
        """A run of Japanese without spaces, cut greedily into the longest entries; what none knows stands as it is."""
        at, loose = 0, ""
        while at < len(run):
            for end in range(min(len(run), at + self._longest), at, -1):
                gloss = words.get(run[at:end])
                if gloss is not None:
                    if loose:
                        yield loose
                    loose = ""
                    yield gloss
                    at = end
                    break
            else:
                loose += run[at]
                at += 1
        if loose:
            yield loose


def _without_particle(lang: str, word: str) -> Iterator[str]:
    """What may be left of a word of a language that writes articles or particles on it."""
    if lang == "ar":
        yield from (word[len(head) :] for head in _ARABIC_HEADS if word.startswith(head))
    elif lang == "ko":
        yield from (word[: -len(tail)] for tail in _KOREAN_TAILS if word.endswith(tail))


def _lowered(text: str) -> str:
    """In lower case; the dot that a Turkish İ leaves behind is no letter's."""
    return text.lower().replace("i\u0307", "i")


def _bare_too(lang: str, words: Mapping[str, str]) -> Mapping[str, str]:
    """The words, and where no other word is spelt so, each without its accents or dots, as many people type it."""
    marked = [word for word in words if not word.isascii()]
    if not marked:
        return words
    together = "\n".join(marked)
    apart = unicodedata.normalize("NFD", together)
    marks = dict.fromkeys(
        ord(letter) for letter in set(apart) if unicodedata.combining(letter) not in (0, _VIRAMA)
    )
    accented = together.translate(_UMLAUTS) if lang == "de" else together
    bare: dict[str, str] = {}
    for typed in (apart.translate(marks), accented):
        for word, plain in zip(marked, typed.translate(_TYPED).split("\n"), strict=True):
            bare.setdefault(plain, words[word])
    return {**bare, **words}
