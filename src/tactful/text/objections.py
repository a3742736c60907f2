"""Signs of an objection that must not be overlooked: an undo, `?!`, a negation at the head. English, Chinese, and kin."""

from __future__ import annotations

import re

_UNDO = re.compile(
    r"\b(?:undo|revert|roll ?back|put (?:it|them|that) back|restore|rückgängig|annulla|deshaz|annule)\b|撤销|撤回|恢复|还原|改回",
    re.IGNORECASE,
)
_SHOCK = re.compile(r"\?!|!\?|？！|！？|\?{2,}!|!{2,}\?")
_HEAD = re.compile(
    r"^\W*(?:(?:no|not|nope|don'?t|never|stop|wrong|wait|ugh|non|nein|nicht|nunca|basta)\b|不|别|没|停|错)",
    re.IGNORECASE,
)


def objects(text: str) -> bool:
    """Whether the text bears a sign of an objection. "No complaints" bears one too: it only asks for a surer judge."""
    return bool(_UNDO.search(text) or _SHOCK.search(text) or _HEAD.search(text))
