"""Logs of calls: each row holds what was sent to a model and what came back. Laid together they are the conversation.

A call usually repeats all that was said before: in what was sent or, where a framework keeps the thread, in what came
back. What it adds is new; where it departs from what was said, the old turns are a branch; a call with another system
prompt and another beginning (a title, a summary) is no part of the talk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

import orjson

from tactful.data.logs.drafting.drafts import Draft
from tactful.data.logs.drafting.messages import add_message
from tactful.data.logs.keys import first_filled

BESIDE = "a call beside the conversation (a title, a summary, another agent)"
SILENT = "a call without text"
_TEXT_KEYS = (
    "input",
    "question",
    "query",
    "prompt",
    "text",
    "message",
    "user_input",
    "user_message",
    "human_input",
)
_ANSWER_KEYS = ("output", "answer", "response", "result", "text", "completion", "generation", "return_value")


def opened(value: Any) -> Any:
    """A value that a log may have written as JSON inside a string."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def messages_in(value: Any) -> list[Any]:
    """The messages that were sent: a list of them, under `messages`, a prompt, or the words under a usual key."""
    value = opened(value)
    if isinstance(value, str):
        return [{"role": "user", "content": value}] if value.strip() else []
    if isinstance(value, list):
        if len(value) == 1 and isinstance(value[0], list):
            return value[0]
        return [{"role": "user", "content": item} if isinstance(item, str) else item for item in value]
    if not isinstance(value, Mapping):
        return []
    for key in ("messages", "chat_history", "contents"):
        found = opened(value.get(key))
        if isinstance(found, list) and found:
            rest = [] if key == "messages" else messages_in({k: v for k, v in value.items() if k != key})
            return [*_system(value), *messages_in(found), *rest]
    if "role" in value or ("type" in value and ("content" in value or "data" in value)):
        return [value]
    return messages_in(first_filled(value, (*_TEXT_KEYS, "args", "kwargs", "inputs")))


def answers_in(value: Any) -> list[Any]:
    """The messages that came back."""
    value = opened(value)
    if isinstance(value, str):
        return [{"role": "assistant", "content": value}] if value.strip() else []
    if isinstance(value, list):
        return [message for item in value for message in answers_in(item)]
    if not isinstance(value, Mapping):
        return []
    if isinstance(value.get("choices"), list) and value["choices"]:
        return answers_in(first_filled(value["choices"][0], ("message", "text")))
    if isinstance(value.get("generations"), list):
        first = value["generations"][0] if value["generations"] else None
        first = first[0] if isinstance(first, list) and first else first
        return answers_in(first_filled(first, ("message", "text")) if isinstance(first, Mapping) else first)
    if isinstance(value.get("messages"), list):
        return list(value["messages"])
    if isinstance(value.get("message"), Mapping):
        return answers_in(value["message"])
    if {"role", "lc", "tool_calls"} & value.keys() or (
        "type" in value and {"content", "data"} & value.keys()
    ):
        return [value if {"role", "lc", "type"} & value.keys() else {"role": "assistant", **value}]
    if isinstance(value.get("content"), str | list):
        return [{"role": "assistant", "content": value["content"]}]
    return answers_in(first_filled(value, _ANSWER_KEYS))


def _system(value: Mapping[str, Any]) -> list[Any]:
    given = value.get("system")
    return [{"role": "system", "content": given}] if isinstance(given, str | list) and given else []


def add_call(
    draft: Draft, sent: Iterable[Any], back: Iterable[Any], *, at: Any = None, ended: Any = None, **known: Any
) -> None:
    """Lay the next call, oldest first, to what was said. One without text, or that is no part of the talk, is counted so.

    A call is of this talk when it repeats some of it, or has its system prompt and adds to it. Raises: ValueError.
    """
    call = Draft(skipped=draft.skipped)
    sent, back, thread = _apart(list(sent), list(back))
    for message in sent:
        add_message(call, message)
    begins = len(call.turns)
    for place, message in enumerate(back, 1):
        own = known if place == len(back) or not thread else {"model": known.get("model")}
        add_message(call, message, at=ended, **own)
    if not any(turn["role"] in ("user", "assistant") for turn in call.turns):
        draft.skipped[SILENT] += 1
        return
    if at is not None and (
        said := next((t for t in reversed(call.turns[:begins]) if t["role"] == "user"), None)
    ):
        said.setdefault("at", at)
    have, new = draft.turns, call.turns
    before, now = _said(have), _said(new)
    common = _common(before, now)
    goes_on = any(turn["role"] == "user" for turn in have[_place(have, common) :])
    alone = len(_said(new[:begins])) == 1
    if common and goes_on and (alone or _overlap(before, now) >= common):
        common = 0  # no history was sent: words that once began the talk are said again
    overlap = 0 if common else _overlap(before, now)
    prompt = _system_of(new)
    if have and not (common or overlap or not prompt or prompt[:30] == _system_of(have)[:30]):
        draft.skipped[BESIDE] += 1
        return
    if common:
        at_have, at_new = _place(have, common), _place(new, common)
        _learn(have[:at_have], new[:at_new])
        if at_have < len(have) and at_new < len(new):
            draft.branches = [branch for branch in draft.branches if branch[0] <= at_have]
            draft.branches.append((at_have, have[at_have:]))
            del have[at_have:]
        if at_have == len(have):
            have.extend(new[at_new:])
    elif overlap:
        at_new = _place(new, overlap)
        _learn(have[_place(have, len(before) - overlap) :], new[:at_new])
        have.extend(new[at_new:])
    else:
        have.extend(_without_system(new, have))
    draft.adopt(call)


def _apart(sent: list[Any], back: list[Any]) -> tuple[list[Any], list[Any], bool]:
    """(what was said before, what is new, whether what came back repeats the user's last message).

    Where it does, it is the thread: all up to that message had been said, though perhaps it alone was sent.
    """
    if sent and back[: len(sent)] == sent:
        return sent, back[len(sent) :], True
    if len(back) < 2:
        return sent, back, False
    asked = next((place for place in range(len(sent) - 1, -1, -1) if _spoken(sent[place])[0] == "user"), None)
    if asked is None:
        return sent, back, False
    words = _spoken(sent[asked])
    again = next((place for place in range(len(back) - 1, -1, -1) if _spoken(back[place]) == words), None)
    if again is None:
        return sent, back, False
    return max(sent[: asked + 1], back[: again + 1], key=len), back[again + 1 :], True


def _spoken(message: Any) -> tuple[str, str]:
    """Who speaks in a message, and the words; both empty where nobody does."""
    alone = Draft()
    add_message(alone, message)
    return (_said(alone.turns) or [("", "")])[0]


def _learn(have: Sequence[dict[str, Any]], new: Sequence[Mapping[str, Any]]) -> None:
    """What tools gave back, told by a later call that repeats the turns that called them."""
    known = [turn for turn in new if turn.get("calls")]
    for turn, told in zip((turn for turn in have if turn.get("calls")), known, strict=False):
        turn.update({key: told[key] for key in ("calls", "ask") if key in told})


def _said(turns: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [
        (turn["role"], turn["content"].strip() or _calls(turn))
        for turn in turns
        if turn["role"] in ("user", "assistant", "tool")
    ]


def _calls(turn: Mapping[str, Any]) -> str:
    return "\0".join(f"{call['name']}{call['arguments']}" for call in turn.get("calls", ()))


def _common(have: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]) -> int:
    """How many turns both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(have, new, strict=False)))


def _overlap(have: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]) -> int:
    """How many turns end the one and begin the other: a call that was sent only the last of them."""
    return next((size for size in range(min(len(have), len(new)), 0, -1) if have[-size:] == new[:size]), 0)


def _place(turns: Sequence[Mapping[str, Any]], count: int) -> int:
    """Where the turn after the first `count` that were said stands."""
    left = count
    for place, turn in enumerate(turns):
        if not left:
            return place
        left -= turn["role"] in ("user", "assistant", "tool")
    return len(turns)


def _system_of(turns: Sequence[Mapping[str, Any]]) -> str:
    return next((turn["content"] for turn in turns if turn["role"] == "system"), "")


def _without_system(new: list[dict[str, Any]], have: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [turn for turn in new if turn["role"] != "system"] if _system_of(have) else new
