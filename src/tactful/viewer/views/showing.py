"""How values stand in the viewer's pages: figures, money, words of ours where there are some, marked hits, differences."""

from __future__ import annotations

import difflib
import json
import re
from functools import partial
from typing import Any

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from tactful.data.page import clean
from tactful.viewer.index.text import marked
from tactful.viewer.types import Did, Query, Scalar, Strip
from tactful.viewer.views.queries import link, record_link
from tactful.web.language import Words
from tactful.web.pages import page, words_of

Pieces = tuple[tuple[str, bool], ...]
"""Text, and whether the other side lacks it."""
_TOKEN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]|\w+|\s+|[^\w\s]")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_MOST_TOKENS = 3000


def view_page(
    request: Request, template: str, /, status: int = 200, *, query: Query | None = None, **values: Any
) -> Response:
    """A page of runs and records; the words that `query` searches for are marked in its texts."""
    query = query or Query()
    return page(request, template, status, query=query, **values, **showing_in(words_of(request), query.text))


def showing_in(words: Words, needle: str) -> dict[str, Any]:
    """What the templates of runs and records ask for beside their own values, in a language."""

    def named(group: str, word: str) -> str:
        """Our word, in the language of the page; a foreign one as it is."""
        key = f"view.{group}.{word}"
        return words(key) if word and key in words else word

    return {
        "link": link,
        "record_link": record_link,
        "figure": figure,
        "signed": signed,
        "clock": clock,
        "money": money,
        "verdict": verdict,
        "best": best,
        "differences": differences,
        "as_filter": as_filter,
        "as_json": as_json,
        "named": named,
        "lit": partial(_lit, needle=needle),
    }


def figure(value: Scalar | None) -> str:
    """A number in three digits, a thousand apart; anything else as it is written in JSON."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or value.is_integer():
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:.3g}"


def signed(value: float) -> str:
    """A difference, with its sign; what rounds to nothing is 0."""
    text = f"{value:+.2f}"
    return "0" if text in ("+0.00", "-0.00") else text.replace("-", "−")


def clock(at: str) -> str:
    """A time to the second, as it was noted; what is no ISO 8601 stays."""
    return f"{at[:10]} {at[11:19]}" if _ISO.match(at) else at


def money(value: float | None) -> str:
    """US dollars; cents of cents where it is little. A dash: no price is known."""
    if value is None:
        return "–"
    return f"${value:,.2f}" if value >= 1 or not value else f"${value:.4f}"


def verdict(did: Did | None, needed: bool | None) -> tuple[str, bool] | None:
    """Key of the word for what the policy did, seen from whether it was needed, and whether it was right."""
    if did is None or needed is None:
        return None
    spoke = did in ("asked", "offered")
    return f"{did}_{'needed' if needed else 'not'}", spoke == needed


def best(strip: Strip) -> float | None:
    """The highest reward on the roads not taken; None: none is known."""
    return max((one.reward for one in strip.others if one.reward is not None), default=None)


def as_filter(name: str, value: Scalar) -> str:
    """The filter that holds for what has this value."""
    if isinstance(value, bool):
        return name if value else f"not {name}"
    return f"{name} == {value!r}"


def as_json(value: Any) -> str:
    """The value as JSON, on several lines."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=2)
    except RecursionError:
        return "…"


def differences(one: str, other: str) -> tuple[Pieces, Pieces]:
    """Both texts in pieces, by words; texts that are too long for that by lines."""
    left, right = _TOKEN.findall(one), _TOKEN.findall(other)
    if max(len(left), len(right)) > _MOST_TOKENS:
        left, right = (text.splitlines(keepends=True)[:_MOST_TOKENS] for text in (one, other))
    found: tuple[list[tuple[str, bool]], list[tuple[str, bool]]] = ([], [])
    for sign, a, b, c, d in difflib.SequenceMatcher(None, left, right).get_opcodes():
        for side, text in zip(found, ("".join(left[a:b]), "".join(right[c:d])), strict=True):
            if text:
                side.append((text, sign != "equal"))
    return tuple(found[0]), tuple(found[1])


def _lit(text: str, needle: str) -> Markup:
    return Markup("").join(
        Markup("<mark>{}</mark>").format(piece) if hit else escape(piece)
        for piece, hit in marked(clean(text), needle)
    )
