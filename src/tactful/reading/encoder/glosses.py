"""Words of other languages read by an English gloss: the base encoder's vocabulary is English.

Chinese words are tokens of their own (`tokens.py`), which costs a row of weights each; the rarer ones (`zh`) and the forms
that are not simplified (`zh-Hant`) stand in lists, too. Every other language is read
more cheaply: its commonest words are replaced by a plain gloss before the vocabulary sees the text. Measured on writers
held out, this is most of what such a text tells; word order and endings are lost.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import groupby
from pathlib import Path

from tactful.text import cjk_share

GLOSSES_FILE = "glosses.tsv"
_WORD = re.compile(r"[^\W\d_]+")
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
        lines = text.removesuffix("\n").split("\n")
        cells = "\t".join(lines).split("\t")
        if len(cells) != 3 * len(lines):
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
            self._with_bare[lang] = _bare_too(self.words[lang])
        return self._with_bare[lang]

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self.words.get("ja", ())), default=0)

    def language(self, text: str) -> str | None:
        """The language whose list reads this text; None for English, Chinese, and whatever no list knows enough of."""
        for lang, letters in _LETTERS.items():
            if lang in self.words and letters.search(text):
                return lang
        found = _WORD.findall(text[:1000].lower())
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
        words = self._list(lang)
        if lang == "ja":
            return _JAPANESE.sub(lambda run: f" {' '.join(self._pieces(words, run[0]))} ", text)
        return _WORD.sub(lambda word: self._gloss(lang, words, word[0].lower()) or word[0], text)

    @staticmethod
    def _gloss(lang: str, words: Mapping[str, str], word: str) -> str | None:
        """By the whole word, without an Arabic article or particle, or by the longest entry that begins it."""
        if word in words:
            return words[word]
        if lang == "ar":
            for head in _ARABIC_HEADS:
                if word.startswith(head) and word[len(head) :] in words:
                    return words[word[len(head) :]]
        least = max(_SHORTEST_STEM.get(lang, _STEM), (6 * len(word) + 9) // 10 if lang != "ko" else 1)
        for end in range(len(word) - 1, least - 1, -1):
            if word[:end] in words:
                return words[word[:end]]
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


def _bare_too(words: Mapping[str, str]) -> Mapping[str, str]:
    """The words, and where no other word is spelt so, each without its accents, as many people type it."""
    marked = [word for word in words if not word.isascii()]
    if not marked:
        return words
    apart = unicodedata.normalize("NFD", "\n".join(marked))
    marks = dict.fromkeys(ord(letter) for letter in set(apart) if unicodedata.combining(letter))
    bare: dict[str, str] = {}
    for word, plain in zip(marked, apart.translate(marks).split("\n"), strict=True):
        bare.setdefault(plain, words[word])
    return {**bare, **words}
