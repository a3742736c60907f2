"""Every text of a page by its key, in each language; nothing is missing in one of them, or the app does not start."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any

from tactful.errors import ConfigError

LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "中文"}
"""Code → its name in itself. The first is for who asks for none of them."""
Entry = str | Mapping[str, str]
"""A text, or two of them: `one` where `n` is 1, else `other`."""


class Words:
    """The texts of one language: `words("pages.left", n=3)`."""

    def __init__(self, language: str, entries: Mapping[str, Entry]) -> None:
        self.language = language
        self._entries = entries

    def __call__(self, key: str, /, **values: Any) -> str:
        """The text with its placeholders filled. Raises: ConfigError for a key or a placeholder that is not there."""
        try:
            entry = self._entries[key]
            if not isinstance(entry, str):
                entry = entry["one" if values["n"] == 1 and "one" in entry else "other"]
            return entry.format_map(values)
        except KeyError as error:
            raise ConfigError(f"words of '{self.language}': no {error} for '{key}'") from None

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def placeholders(self, key: str) -> set[str]:
        """The names that must be given with a key; `n` too, where it chooses between two texts."""
        entry = self._entries[key]
        if isinstance(entry, str):
            return _placeholders(entry)
        return {"n"}.union(*map(_placeholders, entry.values()))


def load_words(rooms: Iterable[Path]) -> dict[str, Words]:
    """The words of all rooms in every language, from their files `words/LANGUAGE.toml`.

    Raises: ConfigError where a key stands twice, or its text or a placeholder is missing in a language.
    """
    rooms = [room for room in rooms if (room / "words").is_dir()]
    found: dict[str, Words] = {}
    for language in LANGUAGES:
        entries: dict[str, Entry] = {}
        for room in rooms:
            path = room / "words" / f"{language}.toml"
            for key, entry in _flat(tomllib.loads(path.read_text(encoding="utf-8"))):
                if key in entries:
                    raise ConfigError(f"{path}: '{key}' stands in another room too; give it another name")
                entries[key] = entry
        found[language] = Words(language, entries)
    _check(found)
    return found


def choose_language(asked: str | None, kept: str | None, accepted: str) -> str:
    """The language of a page: what the address asks for, what the browser kept, what its Accept-Language likes best."""
    for one in (asked, kept):
        if one is not None and one in LANGUAGES:
            return one
    liked = []
    for place, part in enumerate(accepted.split(",")):
        name, _, weight = part.strip().partition(";q=")
        try:
            liked.append((-float(weight or 1), place, name.split("-")[0].lower()))
        except ValueError:
            continue
    return next((name for weight, _, name in sorted(liked) if weight < 0 and name in LANGUAGES), "en")


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Entry]]:
    for name, value in table.items():
        if isinstance(value, str) or value.keys() <= {"one", "other"}:
            yield before + name, value
        else:
            yield from _flat(value, f"{before}{name}.")


def _check(found: Mapping[str, Words]) -> None:
    for one in found.values():
        for other in found.values():
            for key in one._entries:
                if key not in other:
                    raise ConfigError(f"words of '{other.language}' have no '{key}'; write it")
                if one.placeholders(key) != other.placeholders(key):
                    raise ConfigError(f"words: the placeholders of '{key}' differ between the languages")


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
