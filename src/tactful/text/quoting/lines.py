"""What others wrote as lines of a prompt: JSON, one value a line, so that no text can end its line or forge another.

Long texts are cut in the middle, of long recordings the latest events are kept, and nothing stays invisible.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from tactful.text.quoting.shorten import shortened
from tactful.types import Event

MAX_TEXT = 2_000
"""Longest single text; of a longer one, the middle is left out and the gap is marked."""
_ODD = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Control, direction and invisible characters, and lone surrogates: shown by their escapes, or they could mislead."""


def as_json(value: Any) -> str:
    """One line of JSON in which nothing is invisible."""
    return visible(json.dumps(value, ensure_ascii=False))


def visible(text: str) -> str:
    """JSON with every invisible character written as its escape."""
    return _ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def on_one_line(text: str, most: int = MAX_TEXT) -> str:
    """The text, cut in the middle where it is longer than `most` characters."""
    return shortened(text, most, joint=" ")


def shown_events(events: Sequence[Event], max_chars: int) -> tuple[list[dict[str, str]], int]:
    """(time and text of the latest events that fit in `max_chars`, how many earlier ones do not); the last always fits."""
    kept: list[dict[str, str]] = []
    room = max_chars
    for event in reversed(events):
        row = {"time": on_one_line(event.time, 100), "event": on_one_line(event.text)}
        room -= len(row["time"]) + len(row["event"])
        if kept and room < 0:
            break
        kept.append(row)
    return kept[::-1], len(events) - len(kept)
