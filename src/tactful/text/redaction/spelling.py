"""Other spellings of a text: escapes of JSON, URLs and HTML, full-width letters, spaces that are none of the keyboard's."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote

_FULL_WIDTH = {
    code: code - 0xFEE0
    for code in (0xFF0B, 0xFF0D, 0xFF0E, 0xFF1D, 0xFF20, 0xFF3F)  # ＋ － ． ＝ ＠ ＿
} | {
    code: code - 0xFEE0
    for first, last in ((0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A))  # ０-９ Ａ-Ｚ ａ-ｚ
    for code in range(first, last + 1)
}
_SPACES = dict.fromkeys((0x00A0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " ")
_UNSEEN = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_PLAIN: dict[int, int | str | None] = {**_FULL_WIDTH, **_SPACES, **_UNSEEN}
_SPELT = "".join(map(chr, _PLAIN))
_OTHER = re.compile(f"[{re.escape(_SPELT)}]")
_ESCAPED = re.compile(r"\\+u([0-9a-fA-F]{4})")
_SLASH = re.compile(r"\\+/")
_FORM = re.compile(r"(?<=\d)\+(?=\d)")
"""A space between digits, as forms send it."""


def plainly(text: str) -> str | None:
    """The text as a person reads it; None where it is spelt so already. Quotes and backslashes stay as JSON has them."""
    found = text
    if "\\u" in found:
        found = _ESCAPED.sub(_character, found)
    if "\\/" in found:
        found = _SLASH.sub("/", found)
    for _ in range(2):  # an address in an address is encoded twice
        if "%" in found:
            found = unquote(found.replace("%22", "'").replace("%5C", "/").replace("%5c", "/"))
    if "&" in found:
        found = unescape(found.replace("&quot;", "'").replace("&#34;", "'"))
    if not found.isascii() and _OTHER.search(found):
        found = found.translate(_PLAIN)
    if "+" in found:
        found = _FORM.sub(" ", found)
    return None if found == text else found


def _character(found: re.Match[str]) -> str:
    char = chr(int(found[1], 16))
    return char if (char.isprintable() or char in _SPELT) and char not in '"\\' else found[0]
