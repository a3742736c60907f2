"""Ask tools of assistants: what they asked, and what the user answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from tactful.data.logs.keys import first_filled
from tactful.types import NativeAsk

ASK_TOOLS = frozenset(
    {
        "askuserquestion",
        "requestuserinput",
        "askuser",
        "askquestion",
        "askquestions",
        "askfollowupquestion",
        "askhuman",
        "asktheuser",
        "askclarification",
        "askclarifyingquestion",
        "humaninput",
        "elicituserinput",
        "elicitation",
        "clarify",
        "vscodeaskquestions",
    }
)
"""Names without case and separators."""
_ANSWERS = ("answers", "answer", "response", "content", "value", "selected")
HELD_BACK = "This question was not put to the person"
"""How the result of an ask tool begins that `tactful live hook` gave in the person's place."""
_DECLINED = re.compile(
    r"\s*(?:\[?request interrupted|no answer\b|(?:error: )?(?:the )?user (?:doesn't want|does not want|has )?\s*(?:to proceed"
    r"|declined|rejected|dismissed|cancel|did not|didn't|not answered|skipped|wants to clarify|interrupted))",
    re.IGNORECASE,
)
_ENDS = r'[,;\s]\s*"(?s:.{1,600}?)"\s*=\s*"|\s*(?:\.\s|\.?$|selected\b|user notes\b)'
"""What stands behind an answer: another pair, a note, or the end."""
_PAIRS = re.compile(rf'"\s*=\s*"(?P<answer>(?:[^"\\]|\\.|"(?!{_ENDS}))*)"', re.IGNORECASE)


def ask_of(name: str, arguments: str) -> NativeAsk | None:
    """What a call asks the user; None for a call of another tool."""
    if re.sub(r"[^a-z]", "", name.rpartition("__")[2].lower()) not in ASK_TOOLS:
        return None
    try:
        given: Any = orjson.loads(arguments) if arguments else {}
    except orjson.JSONDecodeError:
        given = {"question": arguments}
    rows = given.get("questions") if isinstance(given, Mapping) else None
    rows = rows if isinstance(rows, list) and rows else [given]
    found = [(_text(row), _options(row)) for row in rows]
    asked = [(text, options) for text, options in found if text]
    if not asked:
        return None
    return NativeAsk(tool=name, questions=tuple(q for q, _ in asked), options=tuple(o for _, o in asked))


def answer_of(result: str, *, failed: bool) -> tuple[str | None, bool]:
    """(the user's words, whether they would not answer) of an ask tool's result."""
    if failed or not result.strip():
        return None, failed
    if pairs := [match["answer"] for match in _PAIRS.finditer(result)]:
        answers = [answer.replace('\\"', '"') for answer in pairs if answer.strip()]
        return ("\n".join(answers), False) if answers else (None, True)
    try:
        answers = _words(orjson.loads(result))
    except orjson.JSONDecodeError:
        if _DECLINED.match(result):
            return None, True
        return result.strip(), False
    return ("\n".join(answers), False) if answers else (None, True)


def _text(row: Any) -> str:
    if isinstance(row, str):
        return row.strip()
    if not isinstance(row, Mapping):
        return ""
    return str(first_filled(row, ("question", "prompt", "text", "message", "query"), "")).strip()


def _options(row: Any) -> tuple[str, ...]:
    given = first_filled(row, ("options", "choices", "follow_up")) if isinstance(row, Mapping) else None
    if not isinstance(given, list):
        return ()
    return tuple(
        str(first_filled(item, ("label", "text", "value"), "") if isinstance(item, Mapping) else item)
        for item in given
    )


def _words(value: Any) -> list[str]:
    """The answers in what an ask tool gave back: `{"answers": {"id": {"answers": ["…"]}}}`, `{"answer": "…"}`, `["…"]`."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [str(value)]
    if isinstance(value, list):
        return [word for item in value for word in _words(item)]
    if isinstance(value, Mapping):
        inner = next((value[key] for key in _ANSWERS if key in value), None)
        if inner is not None:
            return _words(inner)
        return [word for item in value.values() for word in _words(item)]
    return []
