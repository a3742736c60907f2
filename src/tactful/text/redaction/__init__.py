"""Before a text is written or sent: what is secret or tells who somebody is, cut and counted.

`Redaction().text(…)` of one text, `.tree(…)` of every text in a JSON value, keys included. What was cut is counted by
kind in `.cut`; a placeholder (`[SECRET]`, `[EMAIL]`, `[PHONE]`, `[CARD]`, `[PATH]`) stands in its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tactful.text.redaction.personal import cut_emails, cut_numbers, cut_paths, is_called_phone
from tactful.text.redaction.secrets import cut_secrets, is_called_secret
from tactful.text.redaction.spelling import plainly

KINDS = ("secret", "email", "phone", "card", "path")


class Redaction:
    """Cuts texts and counts what it cut."""

    def __init__(self) -> None:
        self.cut: Counter[str] = Counter()
        """Kind → how many."""
        self._marks = {kind: marker(self.cut, kind, f"[{kind.upper()}]") for kind in KINDS}

    def text(self, text: str) -> str:
        """The text without them. Where one is spelt in escapes or full-width characters, the whole text is spelt plainly."""
        return text if len(text) < 6 else self._read_twice(text, self._all)

    def file_name(self, text: str) -> str:
        """The same of a file's name, whose folders stay."""
        return self._read_twice(text, self._but_paths)

    def tree(self, value: Any, called: str = "") -> Any:
        """A JSON value without them, numbers too. What is `called` a password or a phone number is one."""
        if isinstance(value, str):
            return self._called(called, value) if called and len(value) > 3 else self.text(value)
        if isinstance(value, dict):
            return {
                self.text(name): self.tree(item, name if _calls(name) else "")
                for name, item in ((str(key), item) for key, item in value.items())
            }
        if isinstance(value, list | tuple):
            return [self.tree(item, called) for item in value]
        if isinstance(value, int) and value >= 10**9:
            told = self.tree(str(value), called)
            return value if told == str(value) else told
        return value

    def _called(self, name: str, text: str) -> str:
        """A text behind its name, as if both stood in one."""
        before = f'{name}: "'
        found = self.text(f'{before}{text}"')
        return found[len(before) : -1] if found.startswith(before) else self.text(text)

    def _all(self, text: str) -> str:
        return cut_paths(self._but_paths(text), self._marks["path"])

    def _but_paths(self, text: str) -> str:
        marks = self._marks
        text = cut_secrets(text, marks["secret"])
        text = cut_emails(text, marks["email"])
        return cut_numbers(text, marks["card"], marks["phone"])

    def _read_twice(self, text: str, read: Callable[[str], str]) -> str:
        """What is left when the text was read as it is spelt and, where that is another, as it is meant."""
        left = read(text)
        plain = plainly(left)
        if plain is None:
            return left
        found = read(plain)
        return left if found == plain else found


def marker(cut: Counter[str], kind: str, stand_in: str = "") -> Callable[[], str]:
    """What counts one more of `kind` and gives what stands in its place."""

    def mark() -> str:
        cut[kind] += 1
        return stand_in

    return mark


@lru_cache(maxsize=4096)
def _calls(name: str) -> bool:
    """Whether a key calls its value a secret or a phone number."""
    return is_called_secret(name) or is_called_phone(name)
