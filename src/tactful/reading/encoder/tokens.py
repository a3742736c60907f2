"""Text → token ids: MiniLM's word pieces, Chinese words that we added to them, other languages by their glosses."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.errors import DataError
from tactful.reading.encoder.glosses import GLOSSES_FILE, Glosses

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_LONGEST = 4000  # characters: more is cut away by the bounds in tokens anyway
_SPECIAL = re.compile(r"\[(SEP|CLS|PAD|UNK|MASK)\]")  # what a person writes is never one of the real ones
_TEN_MINUTES = ("十分钟", "十 分钟")
"""Found from the left, the longest word there would be 十分, "very"."""
_PLAIN = str.maketrans(
    {
        "\n": " ; ",
        "，": ", ",
        "。": ". ",
        "？": "? ",
        "！": "! ",
        "；": "; ",
        "：": ": ",
        "、": ", ",
        "（": " (",
        "）": ") ",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "…": "...",
        "～": "~",
        "「": '"',
        "」": '"',
    }
)


class Tokens:
    """A vocabulary. Keeps the ids of texts it has seen (events come again at every moment of a session)."""

    def __init__(self, tokenizer: Tokenizer, glosses: Glosses | None = None) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self._glosses = glosses or Glosses({})
        self._plain = {**_PLAIN, **self._glosses.simplified}
        self._kept: dict[str, list[int]] = {}
        self.start, self.separator, self.unknown = (
            self._special(name) for name in ("[CLS]", "[SEP]", "[UNK]")
        )

    @classmethod
    def load(cls, path: Path) -> Tokens:
        """The vocabulary in a `tokenizer.json`, with the word lists that lie beside it, if any do."""
        from tokenizers import Tokenizer

        return cls(Tokenizer.from_file(str(path)), Glosses.load(path.with_name(GLOSSES_FILE)))

    def is_glossed(self, text: str) -> bool:
        """Whether a word list reads this text in English."""
        return self._glosses.language(composed(text)) is not None

    def _special(self, name: str) -> int:
        found = self._tokenizer.token_to_id(name)
        if found is None:
            raise DataError.at(
                "tokenizer.json", None, f"has no token {name}", fix="take the file of a BERT vocabulary"
            )
        return found

    def _encoded(self, plain: str) -> list[int]:
        """What the vocabulary lacks of Chinese is read by its gloss."""
        found = self._tokenizer.encode(plain, add_special_tokens=False)
        if self.unknown in found.ids:
            lacking = [
                start for id_, (start, _) in zip(found.ids, found.offsets, strict=True) if id_ == self.unknown
            ]
            english = self._glosses.chinese_in_english(plain, lacking)
            if english != plain:
                found = self._tokenizer.encode(english, add_special_tokens=False)
        ids: list[int] = found.ids
        return ids

    def ids(self, text: str) -> list[int]:
        """Ids without special tokens; a line break counts as a semicolon, which the vocabulary knows."""
        kept = self._kept.get(text)
        if kept is None:
            english = self._glosses.in_english(composed(text[:_LONGEST]))
            plain = _SPECIAL.sub(r"(\1)", english).translate(self._plain).replace(*_TEN_MINUTES)
            kept = self._encoded(plain)
            if len(self._kept) > 4096:
                self._kept.clear()
            self._kept[text] = kept
        return kept


def composed(text: str) -> str:
    """Each letter and its accents as one character: some systems write two, which no list holds."""
    return unicodedata.normalize("NFC", text)


def with_words(path: Path, words: tuple[str, ...]) -> Tokenizer:
    """The vocabulary in `path` with `words` as tokens of their own, found before anything is split."""
    from tokenizers import AddedToken, Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.add_tokens([AddedToken(word, normalized=False) for word in words])
    return tokenizer
