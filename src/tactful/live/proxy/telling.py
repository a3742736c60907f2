"""Where an assistant is told: by a message of its own, or where an endpoint takes none there, in the first one.

Some endpoints refuse a system message that is not the first. They answer 400; the request is then sent as it came, and the
next one to this model is told in another way, or not at all.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

from tactful.live.proxy.reading import Asked
from tactful.live.proxy.splicing import Body

Way = Literal["before", "first", "not"]
"""`before`: a message before the user's last one. `first`: in the first system message, behind what it says."""
_NEXT: dict[Way, Way] = {"before": "first", "first": "not", "not": "not"}
_MOST_MODELS = 500


class Ways:
    """How each model takes being told, as far as it is known."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Way] = OrderedDict()

    def of(self, model: str) -> Way:
        """The way to try."""
        return self._known.get(model, "before")

    def refused(self, model: str, kind: str) -> None:
        """This model did not take it, and took the same request without."""
        self._known[model] = "not" if kind == "responses" else _NEXT[self.of(model)]
        while len(self._known) > _MOST_MODELS:
            self._known.popitem(last=False)


def told(body: Body, asked: Asked, at: int, fact: str, way: Way) -> bytes | None:
    """The request with `fact` in it and everything else as it was; None where it cannot be told.

    Responses API: at the end of `instructions`, which hold for this answer alone. Chat: a system message, or one of the
    developer where the request has those.
    """
    if way == "not":
        return None
    if asked.kind == "responses":
        return body.with_text_behind("instructions", fact)
    messages = body.values["messages"]
    roles = [message.get("role") for message in messages]
    role = "developer" if "developer" in roles else "system"
    if way == "before":
        return body.with_item("messages", at, {"role": role, "content": fact})
    if roles[0] in ("system", "developer"):
        return body.with_text_in_item("messages", 0, "content", fact)
    return body.with_item("messages", 0, {"role": role, "content": fact})
