"""Numbers with what they count, in its number."""

from __future__ import annotations

import re


def counted(count: int, noun: str, verb: str = "") -> str:
    """`1 turn`, `2,000 turns`; with a verb of one (`is`, `was`, `ends`) behind it in its number."""
    many = {"is": "are", "was": "were", "has": "have"}.get(verb, verb.removesuffix("s"))
    nouns = noun if count == 1 else re.sub(r"(?<![aeiou])y\Z", "ie", noun) + "s"
    return f"{count:,} {nouns} {verb if count == 1 else many}".rstrip()
