"""What the controls of an item send, as an answer."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from tactful.annotation.services.answering import ANSWER, WrongAnswer
from tactful.annotation.types import Answer

_YES = {"yes": True, "no": False}
_MOST_PARTS = 200
LONGEST_TEXT = 4000
"""Characters of a comment, or of what to ask."""


def answer_of(form: Mapping[str, str]) -> Answer:
    """The answer in the fields of `answer.html.j2`. Raises: WrongAnswer where something is missing or unknown."""
    kind = form.get("kind", "")
    fields: dict[str, object] = {"kind": kind}
    if kind == "proposals":
        fields |= {"help_wanted": _YES.get(form.get("help_wanted", ""), ""), "accepted": _accepted(form)}
    elif kind == "replies":
        fields["better"] = form.get("better")
    elif kind == "follow-up":
        fields["label"] = form.get("label")
    elif kind == "asking":
        asks = form.get("verdict") == "ask"
        fields |= {
            "verdict": form.get("verdict"),
            "what": form.get("what", "").strip()[:LONGEST_TEXT] if asks else "",
        }
    try:
        return ANSWER.validate_python(fields)
    except ValidationError as error:
        raise WrongAnswer("something is not answered yet; answer every question") from error


def _accepted(form: Mapping[str, str]) -> list[object]:
    """One for each proposal, in the item's own order; what was not answered makes the whole invalid."""
    parts = form.get("parts", "")
    count = int(parts) if parts.isdecimal() and len(parts) <= 3 else 0
    if form.get("all") == "rejected":
        return [False] * min(count, _MOST_PARTS)
    return [_YES.get(form.get(f"accepted-{place}", ""), "") for place in range(min(count, _MOST_PARTS))]
