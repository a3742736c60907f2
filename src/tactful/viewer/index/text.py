"""The text of a record, and the words in it: what search finds, in Chinese as in English.

SQLite's `unicode61` takes a run of Chinese for one word, and its `trigram` finds no word of two characters, which most
Chinese words are. So every Chinese or Japanese character is set apart as a word of its own; a Chinese word is then a phrase.
On 100,000 records of 58 million characters this took 5 s and 22 MB, trigrams 16 s and 138 MB.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from tactful.types import TAG

_CHARACTER = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_APART = re.compile(f"([{_CHARACTER}])")
_WORD = re.compile(f"[{_CHARACTER}]|[^\\W_{_CHARACTER}]+")
_PIECE = re.compile(r'"([^"]*)"|(\S+)')
_NOT_TEXT = frozenset({TAG, "provenance", "prompt_hashes"})
_AROUND = 60
_MOST_MARKED = 20


def texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, in its order; provenance is none."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if type(one) is str:
            yield one
        elif type(one) is dict:
            waiting += [inner for name, inner in reversed(one.items()) if name not in _NOT_TEXT]
        elif type(one) is list:
            waiting += reversed(one)


def whole_text(parts: Iterable[str]) -> str:
    """The texts of a record one below the other, each only once: branches repeat what the mainline said."""
    return "\n".join(dict.fromkeys(part for part in parts if part))


def as_indexed(text: str) -> str:
    """The text as it is indexed: folded, and every character of Chinese or Japanese a word of its own."""
    return text if text.isascii() else _APART.sub(r" \1 ", _folded(text))


def as_match(needle: str) -> str:
    """The words as FTS5 takes them: all must be there, each also as a beginning; quotes make a phrase. Empty: no word."""
    return " AND ".join('"' + " ".join(words) + '"' + "*" for words in _phrases(needle))


def holds(text: str, needle: str) -> bool:
    """Whether the index finds the text by these words."""
    phrases = _phrases(needle)
    there = _words(text)
    return bool(phrases) and all(_at(there, phrase) for phrase in phrases)


def marked(text: str, needle: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is what was searched for. Where accents differ it is found, not marked."""
    phrases = _phrases(needle)[:_MOST_MARKED]
    at = 0
    for found in re.finditer("|".join(map(_pattern, phrases)), text, re.IGNORECASE) if phrases else ():
        if found.start() > at:
            yield text[at : found.start()], False
        yield found[0], True
        at = found.end()
    if at < len(text):
        yield text[at:], False


def _pattern(phrase: list[str]) -> str:
    before = "" if _APART.match(phrase[0]) else r"(?<![^\W_])"
    after = "" if _APART.match(phrase[-1]) else r"[^\W_]*"
    return before + r"[\W_]*".join(map(re.escape, phrase)) + after


def excerpt(text: str, needle: str = "", *, most: int = 200) -> str:
    """Where the first of the words stands, or how the text begins, on one line."""
    phrases = _phrases(needle)
    at = max(0, text.lower().find(phrases[0][0]) - _AROUND) if phrases else 0
    near = text[at : at + 4 * most]  # spaces that fall together may be many; a whole record may be long
    flat = " ".join(near.split())
    more = len(flat) > most or at + 4 * most < len(text)
    return f"{'…' if at else ''}{flat[:most]}{'…' if more else ''}"


def _phrases(needle: str) -> list[list[str]]:
    pieces = (quoted or word for quoted, word in _PIECE.findall(needle))
    return [words for piece in pieces if (words := _words(piece))]


def _words(text: str) -> list[str]:
    return _WORD.findall(_folded(text))


def _folded(text: str) -> str:
    """Lower case without accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c))).lower()


def _at(there: list[str], phrase: list[str]) -> bool:
    *exact, last = phrase
    size = len(phrase)
    return any(
        there[at].startswith(last) and there[at - size + 1 : at] == exact
        for at in range(size - 1, len(there))
    )
