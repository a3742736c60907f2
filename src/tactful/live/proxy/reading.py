"""What a request says, as an advisor sees it: who spoke, what was asked by a tool, whose conversation it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tactful.data.logs.drafting.asking import ask_of
from tactful.data.logs.drafting.drafts import Draft, spelt
from tactful.data.logs.drafting.messages import add_message, plain
from tactful.live.proxy.splicing import Body
from tactful.types import Message, NativeAsk

Kind = Literal["chat", "responses"]
_USERS = ("safety_identifier", "user")
_IN_METADATA = ("user_id", "user")
_LONGEST_NAME = 200
_CALLS = ("function_call", "custom_tool_call")
_RESULTS = ("function_call_output", "custom_tool_call_output")


@dataclass(frozen=True)
class Asked:
    """A request as a decision point, or as a step on the way from one."""

    kind: Kind
    messages: tuple[Message, ...]
    """What was said; tools' calls and results, images and sounds left out."""
    ask: NativeAsk | None
    """How the assistant's last turn asked, where it used a tool."""
    user: str
    due: bool
    """The user spoke last: a decision is due. Else a tool gave something back, and the turn goes on."""
    last: int
    """Which message is the user's last."""
    at: int
    """Where a message may be put: before the item of this place. So what comes before the user's last message, and may be in
    the endpoint's cache, is as it was."""


def kind_of(method: str, path: str) -> Kind | None:
    """Which API a request speaks, of those that are advised."""
    if method != "POST":
        return None
    if path.endswith("/chat/completions"):
        return "chat"
    return "responses" if path.endswith("/responses") else None


def read_asked(kind: Kind, body: Body, before: Sequence[Any] | None = None) -> Asked | None:
    """What a request says; None where it cannot be understood.

    `before`: items that the server keeps of this conversation; with them, a request may have no text of the user.
    """
    given = body.values.get("messages" if kind == "chat" else "input")
    if kind == "responses" and isinstance(given, str):
        given = [{"role": "user", "content": given}]
    if not isinstance(given, list) or not given:
        return None
    draft = Draft(verbatim=True)
    try:
        for item in (*(before or ()), *given):
            _add(draft, item)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError):
        return None
    turns = [turn for turn in draft.turns if turn["role"] != "tool"]
    both = [turn for turn in turns if turn["role"] != "system"]
    spoken = [turn for turn in both if turn["content"].strip()]
    if before is None and not any(turn["role"] == "user" for turn in spoken):
        return None
    answered = [turn for turn in turns if turn["role"] == "assistant"]
    ask = answered[-1].get("ask") if answered else None
    by_user = _is_user(given[-1])
    return Asked(
        kind=kind,
        messages=tuple(Message(role=turn["role"], content=turn["content"]) for turn in turns),
        ask=None if ask is None else NativeAsk.model_validate(ask),
        user=_user(body.values),
        due=bool(spoken) and spoken[-1]["role"] == "user" and (by_user or "answers" in both[-1]),
        last=max((at for at, turn in enumerate(turns) if turn["role"] == "user"), default=0),
        at=len(given) - by_user,
    )


def telling(items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Items of the Responses API without those that tell nothing of a conversation: thoughts, and calls that are over.

    Questions to the user by a tool stay, with their answers, and calls whose results are still to come.
    """
    over = {_call_id(item) for item in items if item.get("type") in _RESULTS}
    over -= {_call_id(item) for item in items if item.get("type") in _CALLS and _asks(item)}
    return [
        item
        for item in items
        if (_call_id(item) not in over if item.get("type") in (*_CALLS, *_RESULTS) else _is_message(item))
    ]


def thread_of(kind: Kind, values: Mapping[str, Any]) -> str:
    """By which name the server keeps the conversation so far (Responses API); empty: all of it is in the request."""
    if kind == "chat":
        return ""
    found = values.get("conversation")
    held = found.get("id") if isinstance(found, Mapping) else found
    return next((name for name in (values.get("previous_response_id"), held) if isinstance(name, str)), "")


def named(name: str) -> str:
    """A conversation's name that a database takes: as it is, or its hash where it is long."""
    return name if len(name) <= 64 else hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _add(draft: Draft, item: Any) -> None:
    """One message, or one item of the Responses API."""
    kind = item.get("type") if isinstance(item, Mapping) else None
    if kind in _CALLS:
        if not draft.turns or draft.turns[-1]["role"] != "assistant":
            draft.say("assistant", "")
        draft.call([{"id": _call_id(item), "name": item.get("name"), "arguments": _arguments(item)}])
    elif kind in _RESULTS:
        draft.result(_call_id(item), plain(item.get("output")))
    elif kind is None or _is_message(item):
        add_message(draft, item)  # the rest (reasoning, searches, references) says nothing


def _is_message(item: Mapping[str, Any]) -> bool:
    return item.get("type") in (None, "message", "text") or "role" in item


def _call_id(item: Mapping[str, Any]) -> str:
    return str(item.get("call_id") or "")


def _arguments(item: Mapping[str, Any]) -> Any:
    return item.get("arguments", item.get("input"))


def _asks(call: Mapping[str, Any]) -> bool:
    return ask_of(str(call.get("name") or ""), spelt(_arguments(call))) is not None


def _is_user(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("role") == "user"


def _user(values: Mapping[str, Any]) -> str:
    metadata = values.get("metadata")
    inside = metadata if isinstance(metadata, Mapping) else {}
    found = [values.get(key) for key in _USERS] + [inside.get(key) for key in _IN_METADATA]
    return next((name[:_LONGEST_NAME] for name in found if isinstance(name, str) and name.strip()), "")
