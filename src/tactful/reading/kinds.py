"""Kinds of text that calibration and figures are told apart by: language and length, read off the text itself."""

from __future__ import annotations

from tactful.text import cjk_share, detect_lang
from tactful.types import Moment

SHORT = 12
"""Words up to which a text counts as short; Chinese, Japanese and Korean: 20 characters."""


def judged_text(moment: Moment) -> str:
    """The text that a moment's kind and language are read off: the offer, or what happened last before a silence."""
    return moment.proposal or moment.events[-1].text


def is_short(text: str) -> bool:
    """At most `SHORT` words, or 20 characters where a character is about a word."""
    return len(text) <= 20 if cjk_share(text) > 0.2 else len(text.split()) <= SHORT


def kind_of(text: str) -> str:
    """`en-short`, `zh-long`, `other-short` and so on."""
    return f"{detect_lang(text)}-{'short' if is_short(text) else 'long'}"
