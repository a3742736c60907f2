"""Rows in the trainers' own forms, exported by us or written by others: TRL, OpenAI and ShareGPT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tactful.training.types import Example
from tactful.types import Message, Role
from tactful.weights.tokens import common_prefix
from tactful.weights.types import Form

Row = dict[str, Any]
Reader = Callable[[Row], dict[str, Any]]
"""Row → the fields of its example that its form has of its own."""
_ROLES: dict[str, Role] = {
    "human": "user",
    "gpt": "assistant",
    "user": "user",
    "assistant": "assistant",
    "system": "system",
}


def kind_of_export(row: Mapping[str, Any]) -> str | None:
    """Which exported kind a row is; None for none."""
    keys = row.keys()
    if {"chosen_action", "state"} <= keys or {"kind", "part"} <= keys or "tree" in keys:
        return None  # records of ours that have the same columns
    if {"preferred_output", "non_preferred_output"} <= keys:
        return "openai"
    if "conversations" in keys:
        if row.get("rejected") is not None:
            return "sharegpt-pairs"
        return "sharegpt-labels" if isinstance(row.get("label"), bool) else "sharegpt"
    if {"chosen", "rejected"} <= keys:
        return "trl"
    if {"prompt", "completion"} <= keys:
        return "trl-unpaired" if "label" in keys else "trl-completions"
    return "messages" if "messages" in keys else None


def exported_example(read: Reader, row: Row, number: int, beside: Mapping[str, Any]) -> Example:
    """The example of a row; `beside` is what the provenance says of it. Raises: ValueError, KeyError."""
    fields = read(row)
    for side in ("answer", "rejected"):
        if (said := fields.get(side)) and said[0].role != "assistant":
            raise ValueError(
                f"row has an answer that begins with a message of the {said[0].role} ({said[0].content!r:.60}), "
                "expected the assistant's"
            )
    weight = row.get("weight", beside.get("weight"))
    margin = row.get("margin", beside.get("margin"))
    groups = (beside.get("group"), beside.get("session"), row.get("group"))
    return Example(
        str(row.get("id") or beside.get("id") or number),
        next((str(group) for group in groups if group not in (None, "")), ""),
        weight=_weight(weight) if weight is not None else 1.0,
        margin=_number(margin, "margin") if margin is not None else None,
        place=str(number),
        **fields,
    )


def _trl(row: Row) -> dict[str, Any]:
    chosen, rejected = (_messages(row[side], side, "assistant") for side in ("chosen", "rejected"))
    prompt = _messages(row["prompt"], "prompt", "user") if "prompt" in row else ()
    if not prompt or (chosen and chosen[0].role != "assistant"):  # both sides hold the whole conversation
        shared = common_prefix(chosen, rejected)  # type: ignore[arg-type]
        prompt, chosen, rejected = _joined(prompt, chosen[:shared]), chosen[shared:], rejected[shared:]
    return {"prompt": prompt, "answer": chosen, "rejected": rejected}


def _joined(prompt: tuple[Message, ...], start: tuple[Message, ...]) -> tuple[Message, ...]:
    """One beginning of two, of which one may repeat the other, or its last messages."""
    first, second = ([(one.role, one.content.strip()) for one in said] for said in (prompt, start))
    if all(one in second for one in first):
        return start
    return prompt if all(one in first for one in second) else (*prompt, *start)


def _unpaired(row: Row) -> dict[str, Any]:
    return {"label": _label(row), **_completion(row)}


def _completion(row: Row) -> dict[str, Any]:
    return {
        "prompt": _messages(row["prompt"], "prompt", "user"),
        "answer": _messages(row["completion"], "completion", "assistant"),
    }


def _talk(row: Row) -> dict[str, Any]:
    return _last_answer(_messages(row["messages"], "messages", "user"), "messages")


def _openai(row: Row) -> dict[str, Any]:
    given = row.get("input") or {}
    if not isinstance(given, Mapping):
        raise ValueError(f"row has input {given!r:.60}, expected an object with messages")
    return {
        "prompt": _messages(given.get("messages"), "input.messages", "user"),
        "answer": _messages(row["preferred_output"], "preferred_output", "assistant"),
        "rejected": _messages(row["non_preferred_output"], "non_preferred_output", "assistant"),
    }


def _sharegpt(row: Row) -> dict[str, Any]:
    said = _messages(row["conversations"], "conversations", "user")
    system = (Message(role="system", content=row["system"]),) if row.get("system") else ()
    if row.get("rejected") is None:
        return {"label": row.get("label"), **_last_answer((*system, *said), "conversations")}
    return {
        "prompt": (*system, *said),
        "answer": _messages([row["chosen"]], "chosen", "assistant"),
        "rejected": _messages([row["rejected"]], "rejected", "assistant"),
    }


def _labelled(row: Row) -> dict[str, Any]:
    """ShareGPT's with a label: refused where one row has none."""
    _label(row)
    return _sharegpt(row)


def _last_answer(said: tuple[Message, ...], column: str) -> dict[str, Any]:
    """The last message of the assistant is learnt, what stands before it is its prompt."""
    if len(said) < 2 or said[-1].role != "assistant":
        raise ValueError(f"row has {column} that do not end with an answer of the assistant after a prompt")
    return {"prompt": said[:-1], "answer": said[-1:]}


def _messages(value: Any, column: str, role: Role) -> tuple[Message, ...]:
    """A list of messages in either spelling, or a text, which is one of `role`. Raises: ValueError."""
    if isinstance(value, str):
        return (Message(role=role, content=value),)
    if not isinstance(value, list):
        raise ValueError(f"row has {column} {value!r:.60}, expected a list of messages or a text")
    return tuple(_message(item, column) for item in value)


def _message(item: Any, column: str) -> Message:
    given = item if isinstance(item, Mapping) else {}
    role = _ROLES.get(str(given.get("role", given.get("from"))))
    text = given.get("content", given.get("value"))
    if role is None or not isinstance(text, str):
        raise ValueError(
            f"row has in {column} the message {item!r:.60}, expected role (system, user or assistant) and content"
        )
    return Message(role=role, content=text)


def _label(row: Row) -> bool:
    label = row["label"]
    if not isinstance(label, bool):
        raise ValueError(f"row has label {label!r}, expected true or false")
    return label


def _weight(value: Any) -> float:
    """Raises: ValueError for one that is not above 0: such a row would teach the opposite, or nothing."""
    if (weight := _number(value, "weight")) <= 0:
        raise ValueError(f"row has weight {value!r:.60}, expected a number above 0")
    return weight


def _number(value: Any, column: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"row has {column} {value!r:.60}, expected a number")
    return float(value)


READERS: dict[str, tuple[tuple[Form, ...], Reader]] = {
    "trl": (("pairs",), _trl),
    "trl-unpaired": (("labels",), _unpaired),
    "trl-completions": (("answers",), _completion),
    "messages": (("answers",), _talk),
    "openai": (("pairs",), _openai),
    "sharegpt": (("answers",), _sharegpt),
    "sharegpt-labels": (("labels",), _labelled),
    "sharegpt-pairs": (("pairs",), _sharegpt),
}
"""Exported kind → its form and how a row is read."""
