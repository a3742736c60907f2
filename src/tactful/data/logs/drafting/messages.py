"""One message of a log, in any of the shapes that chat models and their frameworks use.

OpenAI (`role`, `content` as text or parts, `tool_calls`), Anthropic (blocks `tool_use`, `tool_result`), LangChain
(`type: human`, `data` or `kwargs`), OpenTelemetry (`parts`), ShareGPT (`from`, `value`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tactful.data.logs.drafting.drafts import Draft, spelt
from tactful.data.logs.drafting.ratings import ratings_of
from tactful.data.logs.keys import first_filled, first_given
from tactful.data.logs.shown import shown
from tactful.data.times import parse_time
from tactful.text.thoughts import split_content

ROLES: Mapping[str, str] = {
    **dict.fromkeys(("user", "human", "prompter", "humanmessage", "humanmessagechunk", "customer", "enduser", "visitor", "client", "requester"), "user"),
    **dict.fromkeys(
        ("kunde", "kundin", "benutzer", "benutzerin", "nutzer", "nutzerin", "anwender", "用户", "客户", "顾客", "访客", "使用者", "utilisateur", "utilisatrice",
         "usuario", "usuária", "usuário", "cliente", "utente", "ユーザー", "пользователь", "клиент"),
        "user",
    ),
    **dict.fromkeys(
        ("assistant", "ai", "gpt", "bot", "model", "chatgpt", "bing", "bard", "claude", "agent", "chatbot", "llm", "aimessage", "aimessagechunk", "aiagent", "aiassistant", "virtualassistant", "virtualagent",
         "assistent", "assistentin", "kiassistent", "助手", "助理", "ai助手", "智能助手", "机器人", "客服", "智能客服", "客服机器人", "assistente", "asistente", "アシスタント", "ассистент", "бот"),
        "assistant",
    ),
    **dict.fromkeys(("system", "developer", "systemmessage", "系统", "système", "sistema"), "system"),
    **dict.fromkeys(("tool", "function", "observation", "ipython", "environment", "toolmessage", "functionmessage", "toolresponse", "toolresult"), "tool"),
    **dict.fromkeys(("functioncall", "toolcall", "toolcalls"), "call"),
}  # fmt: skip
"""Word of a log, lower case, without separators → who speaks; `call`: the assistant calls a tool."""
_BETWEEN = re.compile(r"[\s_-]+")
_TEXTS = frozenset({"", "text", "input_text", "output_text", "refusal"})
_CALLS = frozenset({"tool_use", "tool_call", "function_call", "server_tool_use", "tool-call"})
_RESULTS = frozenset(
    {"tool_result", "tool_call_response", "function_call_output", "tool_response", "tool-result"}
)
_OUTPUTS = frozenset({"text", "json", "content", "error-text", "error-json"})
"""How Vercel's AI SDK calls what a tool gave back."""
_RESULT_IDS = ("tool_use_id", "call_id", "toolCallId", "id", "tool_call_id")
_CONTENTS = ("content", "parts", "value", "text", "message")
_TIMES = ("timestamp", "created_at", "create_time", "createdAt", "created", "time", "date", "at")
_OURS = frozenset(
    {"role", "content", "from", "value", "type", "data", "kwargs", "parts", "tool_calls", "tool_call_id", "function_call", "lc"}
    | {"id", "name", "model", "thoughts", "reasoning_content", "reasoning", "additional_kwargs", "sender", "text", "message", *_TIMES}
    | {"rating", "feedback", "annotation", "score"}
)  # fmt: skip


def speaker(word: str) -> str | None:
    """Who speaks by a word of a log; None for a word that is not known."""
    return ROLES.get(word.lower()) or ROLES.get(_BETWEEN.sub("", word.lower()))


def add_messages(draft: Draft, rows: Iterable[Any], **known: Any) -> Draft:
    """Every message of a list. Raises: ValueError for what is no message."""
    for row in rows:
        add_message(draft, row, **known)
    return draft


def add_message(draft: Draft, row: Any, **known: Any) -> None:
    """One message, with its calls and results. `known` are fields of the turn that the log tells elsewhere.

    Raises: ValueError for what is no message.
    """
    if not isinstance(row, Mapping):
        raise ValueError(f"a message is {shown(row)}, expected an object with role and content")
    row = _unwrapped(row)
    role = role_of(row)
    if role is None:
        return
    content = first_given(row, _CONTENTS)
    if content is None and not row.keys() & {*_CONTENTS, "tool_calls", "function_call"}:
        raise ValueError(f"a message has no 'content': {shown(dict(row))}")
    known = {**_known(row), **{key: value for key, value in known.items() if value}}
    if role == "tool" and isinstance(content, list) and any(_kind(part) in _RESULTS for part in content):
        of_all = {"tool_call_id": row.get("tool_call_id"), "is_error": row.get("status") == "error"}
        add_content(draft, role, [of_all | part if _kind(part) else part for part in content], **known)
    elif role == "tool":
        draft.result(
            str(row.get("tool_call_id") or ""),
            plain(content),
            failed=row.get("status") == "error",
            at=known.get("at"),
        )
    elif role == "call":
        draft.say("assistant", "", **known)
        draft.call([_call_in_text(content)])
    else:
        add_content(draft, role, content, **known)
        calls = [_call(call) for call in _calls_of(row)]
        if calls and role == "assistant":
            draft.call(calls)


def role_of(row: Mapping[str, Any]) -> str | None:
    """Who speaks; None for a message that only manages others (LangChain's `remove`). Raises: ValueError."""
    for key in ("role", "from", "sender", "type"):
        if isinstance(row.get(key), str):
            word = row[key]
            role = speaker(word)
            if role is None and word.lower() not in ("remove", "chat"):
                raise ValueError(
                    f"message has {key} {shown(word)} is unknown, expected user, assistant, system or tool"
                )
            return role
    raise ValueError(f"a message has no 'role': {shown(dict(row))}")


def add_content(draft: Draft, role: str, content: Any, **known: Any) -> None:
    """What a message holds: text, thoughts, calls and results, in their order."""
    if isinstance(content, str) or content is None:
        draft.say(role, content or "", **known)
        return
    parts = [content] if isinstance(content, Mapping) else content
    if not isinstance(parts, list):
        raise ValueError(f"message has content {shown(content)}, expected text or a list of parts")
    calls = [part for part in parts if _kind(part) in _CALLS]
    results = [part for part in parts if _kind(part) in _RESULTS]
    said = [part for part in parts if _kind(part) not in _CALLS | _RESULTS]
    if role != "assistant":
        _add_results(draft, results, known.get("at"))
    if role == "user" or role == "system":
        text = "\n".join(filter(None, (_text_of(part) for part in said)))
        if text or not results:
            draft.say(role, text, **known)
    elif said or calls or not results:
        thoughts, said_text = split_content(said, between="\n")
        if thoughts:
            known["thoughts"] = thoughts
        draft.say(role, said_text or "", **known)
    if calls and draft.turns and draft.turns[-1]["role"] == "assistant":
        draft.call([_call(part) for part in calls])
    if role == "assistant":  # of calls before this message, or in it
        _add_results(draft, results, known.get("at"))


def _add_results(draft: Draft, results: Iterable[Mapping[str, Any]], at: Any) -> None:
    for part in results:
        answer = first_given(part, ("content", "result", "response", "output"), "")
        failed = part.get("is_error") is True
        if isinstance(answer, Mapping) and "value" in answer and _kind(answer) in _OUTPUTS:
            failed = failed or _kind(answer).startswith("error")
            answer = answer["value"]
        draft.result(str(first_filled(part, _RESULT_IDS, "")), plain(answer), failed=failed, at=at)


def _unwrapped(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A message out of the envelope of its framework."""
    if isinstance(row.get("kwargs"), Mapping) and "lc" in row:
        inner = row["kwargs"]
        name = row["id"][-1] if isinstance(row.get("id"), list) and row["id"] else ""
        return {"type": name, **inner}
    if isinstance(row.get("data"), Mapping) and "role" not in row and isinstance(row.get("type"), str):
        return {**row["data"], "type": row["type"]}
    if isinstance(row.get("message"), Mapping) and "role" not in row and "content" not in row:
        return _unwrapped(row["message"])
    return row


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of the turn in a message's other keys."""
    known: dict[str, Any] = {
        "meta": {key: value for key, value in row.items() if key not in _OURS and value is not None}
    }
    for key in ("id", "model"):
        if isinstance(row.get(key), str):
            known[key] = row[key]
    for key in ("thoughts", "reasoning_content", "reasoning"):
        if isinstance(row.get(key), str):
            known["thoughts"] = row[key]
            break
    if (at := time_of(row)) is not None:
        known["at"] = at
    if found := ratings_of(row):
        known["ratings"] = found
    return known


def time_of(row: Mapping[str, Any], keys: Iterable[str] = _TIMES) -> datetime | None:
    """When a row was written, from the first of its keys that holds a time; None where none does."""
    for key in keys:
        if key in row and (at := parse_time(row[key])) is not None:
            return at
    return None


def _calls_of(row: Mapping[str, Any]) -> list[Any]:
    more = row.get("additional_kwargs")
    for place in (row, more if isinstance(more, Mapping) else {}):
        calls = place.get("tool_calls")
        if isinstance(calls, list) and calls:
            return calls
        if isinstance(place.get("function_call"), Mapping):
            return [place["function_call"]]
    return []


def _call(call: Any) -> dict[str, Any]:
    if not isinstance(call, Mapping):
        return {"name": str(call)}
    inner = call["function"] if isinstance(call.get("function"), Mapping) else call
    return {
        "id": first_filled(call, ("id", "call_id", "tool_call_id", "toolCallId")),
        "name": inner.get("name") or call.get("toolName") or "tool",
        "arguments": first_given(inner, ("arguments", "input", "args", "parameters"), ""),
    }


def _call_in_text(content: Any) -> dict[str, Any]:
    """The call that a ShareGPT turn holds as JSON in its text."""
    import orjson

    text = plain(content)
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError:
        given = None
    if isinstance(given, Mapping) and isinstance(given.get("name"), str):
        return _call(given)
    return {"name": "tool", "arguments": text}


def _kind(part: Any) -> str:
    return str(part.get("type") or "") if isinstance(part, Mapping) else ""


def _text_of(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping) or _kind(part) not in _TEXTS:
        return ""
    text = first_given(part, ("text", "content", "value"), "")
    return str(text.get("value") or "") if isinstance(text, Mapping) else str(text)


def plain(content: Any) -> str:
    """A tool's result as text."""
    if isinstance(content, list) and all(isinstance(part, str) or _kind(part) in _TEXTS for part in content):
        return "\n".join(_text_of(part) for part in content)
    return spelt(content)
