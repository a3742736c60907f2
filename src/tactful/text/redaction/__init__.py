"""Before a text is written or sent: what is secret or tells who somebody is, cut and counted.

`Redaction().text(…)` of one text, `.tree(…)` of every text in a JSON value, keys included. What was cut is counted by
kind in `.cut`; a placeholder (`[SECRET]`, `[EMAIL]`, `[PHONE]`, `[CARD]`, `[PATH]`) stands in its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tactful.text.redaction.personal import card_in, cut_emails, cut_numbers, cut_paths
from tactful.text.redaction.secrets import cut_secrets

KINDS = ("secret", "email", "phone", "card", "path")


class Redaction:
    """Cuts texts and counts what it cut."""

    def __init__(self) -> None:
        self.cut: Counter[str] = Counter()
        """Kind → how many."""
        self._marks: dict[str, Callable[[], str]] = {kind: self._marker(kind) for kind in KINDS}

    def _marker(self, kind: str) -> Callable[[], str]:
        def mark() -> str:
            self.cut[kind] += 1
            return f"[{kind.upper()}]"

        return mark

    def text(self, text: str) -> str:
        """The text without them."""
        return text if len(text) < 6 else cut_paths(self.file_name(text), self._marks["path"])

    def file_name(self, text: str) -> str:
        """The same of a file's name, whose folders stay."""
        marks = self._marks
        text = cut_secrets(text, marks["secret"])
        text = cut_emails(text, marks["email"])
        return cut_numbers(text, marks["card"], marks["phone"])

    def tree(self, value: Any) -> Any:
        """A JSON value without them; a number that is a card's becomes its placeholder."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.tree(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(item) for item in value]
        if isinstance(value, int) and value > 10**11 and card_in(str(value)):
            return self._marks["card"]()
        return value
