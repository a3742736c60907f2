"""The allow and the deny list: texts that people name, however they are spelt in a log."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import unquote

from tactful.data.io import cannot_read
from tactful.errors import UsageError

_SPACES = re.compile(r"\s+")


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """The text as it is compared: compatible forms of letters made one, invisible ones left out, case and spaces evened."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    shown = "".join(char for char in folded if unicodedata.category(char) not in ("Cf", "Mn"))
    return _SPACES.sub(" ", shown).strip()


class Patterns:
    """A list of texts (found anywhere) and regular expressions (`re:…`)."""

    def __init__(self, given: Iterable[str]) -> None:
        """From what was given: texts, `re:…`, and `@FILE` with one of them a line. Raises: UsageError, UserError."""
        self._texts: list[str] = []
        self._found: list[Callable[[str], object]] = []
        self._in = cache(self._looked_up)
        self.entries = tuple(_entries(given))
        """Each text and `re:…`, those of files too."""
        for entry in self.entries:
            if entry.startswith("re:"):
                self._found.append(_compiled(entry[3:]).search)
            elif plain(entry):
                self._texts.append(plain(entry))

    def __bool__(self) -> bool:
        return bool(self._texts or self._found)

    def match(self, texts: Iterable[str]) -> bool:
        """Whether one of the texts holds one of the list's; also where it is spelt with percent signs, as in URLs."""
        return bool(self) and any(self._in(text) for text in texts if text)

    def _looked_up(self, text: str) -> bool:
        forms = {text, unquote(text), unquote(unquote(text)), text.replace("+", " ")}
        plains = {plain(form) for form in forms}
        return any(entry in form for entry in self._texts for form in plains) or any(
            search(form) for search in self._found for form in forms | plains
        )


def _entries(given: Iterable[str]) -> list[str]:
    found: list[str] = []
    for entry in (given,) if isinstance(given, str) else given:
        if not isinstance(entry, str):
            raise UsageError(f"{entry!r} is no text; deny and allow take texts, `re:…` and `@FILE`")
        if not entry.startswith("@"):
            found.append(entry)
            continue
        path = Path(entry[1:])
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            raise cannot_read(path, error) from error
        except UnicodeDecodeError as error:
            raise UsageError(f"{path}: is no text in UTF-8; write one entry a line") from error
        found += [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return found


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise UsageError(f"'re:{pattern}' is no regular expression ({error}); correct it") from error


def texts_of(value: object) -> Sequence[str]:
    """Every text in a JSON value, however deep; of what it holds inside, the keys too: its own are the log's words."""
    found: list[str] = []
    waiting = [*value.values()] if isinstance(value, dict) else [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
    return found
