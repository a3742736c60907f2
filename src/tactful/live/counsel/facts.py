"""What an assistant is told, for middleware of any framework: out of messages as chat endpoints take them, and never in the way."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from tactful.data.logs.drafting.asking import ask_of
from tactful.live.counsel.types import Counsel
from tactful.live.following.recognising import place_of
from tactful.types import Message

_log = logging.getLogger(__name__)
_REMEMBERED = 1000
_TEXTS = ("text", "input_text", "output_text")


class Facts:
    """The facts of a `Counsel`. Whatever fails inside, there are none, and it is counted."""

    def __init__(self, counsel: Counsel) -> None:
        self.failed = 0
        """Requests on which nothing could be decided."""
        self._counsel = counsel
        self._turns: OrderedDict[str, tuple[str, str]] = OrderedDict()
        """Request → what the assistant was told, and the conversation, for the later steps of the turn."""

    def fact(self, messages: Iterable[Any], *, user: str = "", conversation: str = "") -> str:
        """What the assistant is told about the user's last message; empty: nothing.

        `messages`: with `role` and `content` as keys, or as attributes. A turn of several steps (tools in between) is decided
        once, and told the same at each of them.
        """
        try:
            return self._fact([_keyed(one) for one in messages], user, conversation)
        except Exception as error:
            self._note(error)
            return ""

    def _fact(self, given: Sequence[Mapping[str, Any]], user: str, conversation: str) -> str:
        heard = heard_in(given)
        if not heard:
            return ""
        key = place_of(heard, f"{user}\0{conversation}").key
        if key in self._turns and given[-1].get("role") != "user":
            return self._still(self._turns[key][0])
        try:
            told = self._counsel.advise(heard, user=user, conversation=conversation)
            fact, conversation = str(told["behaviour"]), str(told["conversation"])
        except Exception as error:
            self._note(error)
            fact = ""
        self._turns[key] = fact, conversation
        if len(self._turns) > _REMEMBERED:
            self._turns.popitem(last=False)
        return fact

    def _still(self, fact: str) -> str:
        """What was told before; nothing once the kill switch is on."""
        try:
            return "" if fact and self._counsel.killed() else fact
        except Exception as error:
            self._note(error)
            return ""

    def veto(
        self,
        messages: Iterable[Any],
        arguments: Mapping[str, Any] | str,
        *,
        user: str = "",
        conversation: str = "",
    ) -> str:
        """What the assistant is told in place of this question, which is needless; empty: the question may be put.

        `arguments`: of the call of the tool by which it asks, also as JSON: `question` and `options`, or several of these in
        `questions`.
        """
        try:
            heard = heard_in(map(_keyed, messages))
            _, known = self._turns.get(place_of(heard, f"{user}\0{conversation}").key, ("", conversation))
            written = arguments if isinstance(arguments, str) else orjson.dumps(dict(arguments)).decode()
            ask = ask_of("ask_user", written)
            if not heard or not known or ask is None:
                return ""
            vetted = self._counsel.vet(heard, ask, user=user, conversation=known)
            return "" if vetted["put"] else str(vetted["told"])
        except Exception as error:
            self._note(error)
            return ""

    def _note(self, error: Exception) -> None:
        self.failed += 1
        _log.warning("no advice on a request, the assistant goes on as before: %s", type(error).__name__)


def _keyed(message: Any) -> Mapping[str, Any]:
    """A message by keys, also one with attributes, as clients give them."""
    if isinstance(message, Mapping):
        return message
    return {name: getattr(message, name, None) for name in ("role", "content")}


def heard_in(messages: Iterable[Mapping[str, Any]]) -> list[Message]:
    """What user and assistant said up to the user's last message; of parts, the text. What is no message is left out."""
    said = [
        Message(role=one["role"], content=text)
        for one in messages
        if one.get("role") in ("user", "assistant") and (text := _text(one.get("content"))).strip()
    ]
    last = max((at for at, one in enumerate(said) if one.role == "user"), default=-1)
    return said[: last + 1]


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    return "\n".join(
        str(one["text"]) for one in parts if isinstance(one, Mapping) and one.get("type") in _TEXTS
    )
