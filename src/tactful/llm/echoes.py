"""A key that an endpoint echoes, cut out of what it sent: plain, encoded, escaped, in other case, or broken over lines."""

from __future__ import annotations

import base64
import json
import re
from functools import lru_cache
from urllib.parse import quote

_HIDDEN = b"[key]"
_TOO_LONG_FOR_CHANCE = 12
_ESCAPED = re.compile(
    rb"%(?:25)*([2-7][0-9a-f])|u00([2-7][0-9a-f])|\\x([2-7][0-9a-f])|&#x0*([2-7][0-9a-f]);|&#0*(\d{2,3});"
)
_BREAKS = b" \t\r\n\\\"'"
_BETWEEN = rb"""(?:[\s\\"']|(?<=\\)[rnt]){0,12}"""
"""What an endpoint may put between two letters: a line end, also an escaped one, with the quotes and indent around it."""


def without_key(body: bytes, key: str) -> bytes:
    """The body with every echo of the key as `[key]`. A key shorter than 12 letters is cut as it is alone."""
    for form in _forms(key):
        if form in body:
            body = body.replace(form, _HIDDEN)
    if len(key) >= _TOO_LONG_FOR_CHANCE:
        squeezed = _squeezed(body)  # in a moment, where looking for all that an echo may be takes long
        if any(form in squeezed for form in _squeezed_forms(key)):
            body = _echo(key).sub(_HIDDEN, body)
    return body


@lru_cache(maxsize=16)
def _forms(key: str) -> tuple[bytes, ...]:
    """The key as it is, and, where it is too long to be met by chance, in base64 (at any offset), hex and percent signs."""
    raw = key.encode()
    forms = {raw}
    if len(raw) >= _TOO_LONG_FOR_CHANCE:
        for offset in range(3):
            encoded = base64.b64encode(b"\0" * offset + raw)
            inner = encoded[(0, 2, 3)[offset] : (offset + len(raw)) * 8 // 6]
            forms |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
        forms |= {raw.hex().encode(), raw.hex().upper().encode(), quote(key, safe="").encode()}
        forms.add(json.dumps(key)[1:-1].encode())
    return tuple(sorted(forms, key=len, reverse=True))


def _unescaped(found: re.Match[bytes]) -> bytes:
    *hexes, number = found.groups()
    code = int(number) if number else int(next(filter(None, hexes)), 16)
    return bytes([code]).lower() if code < 128 else b""


def _squeezed(body: bytes) -> bytes:
    """In small letters, without escapes, and without what may stand between two letters."""
    text = body.lower()
    if any(sign in text for sign in (b"u00", b"%", b"\\x", b"&#")):
        text = _ESCAPED.sub(_unescaped, text)
    if b"\\" in text:
        for escaped in (b"\\n", b"\\r", b"\\t"):
            text = text.replace(escaped, b"")
    return text.translate(None, _BREAKS)


@lru_cache(maxsize=16)
def _squeezed_forms(key: str) -> tuple[bytes, ...]:
    return tuple({form.lower().translate(None, _BREAKS) for form in _forms(key)})


@lru_cache(maxsize=16)
def _echo(key: str) -> re.Pattern[bytes]:
    """Any form of the key, each letter as it is or escaped, in any case, with breaks between them."""

    def letter(code: int) -> bytes:
        plain, hexed = re.escape(bytes([code])), f"{code:02x}".encode()
        return rb"(?:%s|%%(?:25)*%s|u00%s|x%s|&#x0*%s;|&#0*%d;)" % (plain, hexed, hexed, hexed, hexed, code)

    forms = (rb"\\{0,4}" + _BETWEEN.join(letter(code) for code in form) for form in _forms(key))
    return re.compile(b"|".join(forms), re.IGNORECASE)
