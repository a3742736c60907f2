"""The same dialogues as each product writes them: what the readers are tested against, and where secrets are planted."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

Talk = list[tuple[str, str]]
"""(role, text) in turn, user first."""
BEGUN = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


def at(number: int, step: int) -> datetime:
    return BEGUN + timedelta(days=number, seconds=step)


def iso(number: int, step: int) -> str:
    return at(number, step).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def lines(rows) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def calls(talk: Talk):
    """(what was sent, what came back, step) of every answer."""
    for step, (role, text) in enumerate(talk):
        if role == "assistant":
            yield talk[:step], text, step


def messages(talk: Talk):
    return [{"role": role, "content": text} for role, text in talk]


def openai(talks) -> bytes:
    return lines({"id": f"c{n}", "user": f"u{n}", "messages": messages(talk)} for n, talk in enumerate(talks))


def sharegpt(talks) -> bytes:
    names = {"user": "human", "assistant": "gpt"}
    rows = [
        {"id": f"c{n}", "conversations": [{"from": names[role], "value": text} for role, text in talk]}
        for n, talk in enumerate(talks)
    ]
    return json.dumps(rows, indent=1).encode()


def langfuse(talks) -> bytes:
    rows = [
        {
            "id": f"o{n}-{step}", "traceId": f"t{n}-{step}", "type": "GENERATION", "name": "chat", "sessionId": f"c{n}",
            "userId": f"u{n}", "model": "m", "startTime": iso(n, step - 1), "endTime": iso(n, step),
            "input": messages(sent), "output": {"role": "assistant", "content": back}, "metadata": {},
        }
        for n, talk in enumerate(talks) for sent, back, step in calls(talk)
    ]  # fmt: skip
    return lines(rows[::-1])


def langfuse_blob(talks) -> bytes:
    rows = [
        {
            "id": f"o{n}-{step}", "trace_id": f"t{n}", "type": "GENERATION", "session_id": f"c{n}", "user_id": f"u{n}",
            "provided_model_name": "m", "start_time": at(n, step).strftime("%Y-%m-%d %H:%M:%S.%f"),
            "end_time": at(n, step).strftime("%Y-%m-%d %H:%M:%S.%f"), "input": json.dumps({"messages": messages(sent)}),
            "output": json.dumps({"role": "assistant", "content": back}), "parent_observation_id": "",
        }
        for n, talk in enumerate(talks) for sent, back, step in calls(talk)
    ]  # fmt: skip
    return lines(rows)


def langsmith(talks) -> bytes:
    def lc(role, text):
        name = {"user": ("HumanMessage", "human"), "assistant": ("AIMessage", "ai")}[role]
        return {
            "lc": 1,
            "type": "constructor",
            "id": ["langchain", "schema", "messages", name[0]],
            "kwargs": {"content": text, "type": name[1]},
        }

    rows = [
        {
            "id": f"r{n}-{step}", "trace_id": f"r{n}-{step}", "run_type": "llm", "name": "ChatOpenAI", "session_id": "the project",
            "start_time": iso(n, step - 1), "end_time": iso(n, step),
            "extra": {"metadata": {"thread_id": f"c{n}", "user_id": f"u{n}"}},
            "inputs": {"messages": [[lc(*said) for said in sent]]},
            "outputs": {"generations": [[{"text": back, "message": lc("assistant", back)}]], "llm_output": {"model_name": "m"}},
        }
        for n, talk in enumerate(talks) for sent, back, step in calls(talk)
    ]  # fmt: skip
    return json.dumps({"runs": rows}).encode()


def otel(talks) -> bytes:
    def parts(said):
        return [{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in said]

    def attribute(key, value):
        return {"key": key, "value": {"stringValue": value}}

    spans = [
        {
            "traceId": f"{n:032x}", "spanId": f"{step:016x}", "name": "chat m",
            "startTimeUnixNano": str(int(at(n, step - 1).timestamp() * 1e9)), "endTimeUnixNano": str(int(at(n, step).timestamp() * 1e9)),
            "attributes": [
                attribute("gen_ai.operation.name", "chat"), attribute("gen_ai.request.model", "m"),
                attribute("gen_ai.conversation.id", f"c{n}"), attribute("enduser.id", f"u{n}"),
                attribute("gen_ai.input.messages", json.dumps(parts(sent))),
                attribute("gen_ai.output.messages", json.dumps(parts([("assistant", back)]))),
            ],
        }
        for n, talk in enumerate(talks) for sent, back, step in calls(talk)
    ]  # fmt: skip
    return json.dumps(
        {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"spans": spans}]}]}, indent=1
    ).encode()


def completions(talks) -> bytes:
    rows = [
        {
            "id": f"chatcmpl-{n}-{step}", "object": "chat.completion", "created": int(at(n, step).timestamp()), "model": "m",
            "messages": messages(sent), "choices": [{"index": 0, "message": {"role": "assistant", "content": back}}],
            "metadata": {"conversation_id": f"c{n}", "user": f"u{n}"},
        }
        for n, talk in enumerate(talks) for sent, back, step in calls(talk)
    ]  # fmt: skip
    return json.dumps({"object": "list", "data": rows}).encode()


def claude_code(talks) -> bytes:
    rows = []
    for n, talk in enumerate(talks):
        for step, (role, text) in enumerate(talk):
            rows.append(
                {
                    "type": role, "sessionId": f"c{n}", "uuid": f"{n}-{step}", "parentUuid": f"{n}-{step - 1}" if step else None,
                    "timestamp": iso(n, step), "isSidechain": False, "cwd": f"/srv/u{n}/shop",
                    "message": {"role": role, "content": text if role == "user" else [{"type": "text", "text": text}], "model": "m"},
                }
            )  # fmt: skip
    return lines([{"type": "summary", "summary": "s", "leafUuid": "x"}, *rows])


def codex(talks) -> bytes:
    """One session: the first dialogue alone."""
    rows = [{"timestamp": iso(0, 0), "type": "session_meta", "payload": {"id": "c0", "cwd": "/srv/u0/shop"}}]
    for step, (role, text) in enumerate(talks[0]):
        kind = "input_text" if role == "user" else "output_text"
        item = {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}
        rows.append({"timestamp": iso(0, step), "type": "response_item", "payload": item})
        rows.append(
            {
                "timestamp": iso(0, step),
                "type": "event_msg",
                "payload": {"type": f"{role}_message", "message": text},
            }
        )
    return lines(rows)


def atif(talks) -> bytes:
    return lines(
        {
            "schema_version": "ATIF-v1.7", "session_id": f"c{n}", "agent": {"name": "a", "version": "1", "model_name": "m"},
            "steps": [
                {"step_id": step + 1, "timestamp": iso(n, step), "source": "agent" if role == "assistant" else role, "message": text}
                for step, (role, text) in enumerate(talk)
            ],
        }
        for n, talk in enumerate(talks)
    )  # fmt: skip


def chatgpt(talks) -> bytes:
    rows = []
    for n, talk in enumerate(talks):
        mapping = {"root": {"id": "root", "parent": None, "children": [f"{n}-0"], "message": None}}
        for step, (role, text) in enumerate(talk):
            mapping[f"{n}-{step}"] = {
                "id": f"{n}-{step}",
                "parent": f"{n}-{step - 1}" if step else "root",
                "children": [f"{n}-{step + 1}"] if step + 1 < len(talk) else [],
                "message": {
                    "id": f"{n}-{step}", "author": {"role": role}, "create_time": at(n, step).timestamp(), "recipient": "all",
                    "content": {"content_type": "text", "parts": [text]}, "metadata": {"model_slug": "m"},
                },
            }  # fmt: skip
        rows.append({"title": "t", "id": f"c{n}", "mapping": mapping, "current_node": f"{n}-{len(talk) - 1}"})
    return json.dumps(rows).encode()


def claude_ai(talks) -> bytes:
    names = {"user": "human", "assistant": "assistant"}
    return json.dumps(
        [
            {
                "uuid": f"c{n}", "name": "t", "account": {"uuid": f"u{n}"},
                "chat_messages": [
                    {"uuid": f"{n}-{step}", "sender": names[role], "text": text, "created_at": iso(n, step), "content": [{"type": "text", "text": text}]}
                    for step, (role, text) in enumerate(talk)
                ],
            }
            for n, talk in enumerate(talks)
        ]
    ).encode()  # fmt: skip


def open_webui(talks) -> bytes:
    rows = []
    for n, talk in enumerate(talks):
        held = {
            f"{n}-{step}": {
                "id": f"{n}-{step}", "parentId": f"{n}-{step - 1}" if step else None, "role": role, "content": text,
                "childrenIds": [f"{n}-{step + 1}"] if step + 1 < len(talk) else [], "timestamp": int(at(n, step).timestamp()),
            }
            for step, (role, text) in enumerate(talk)
        }  # fmt: skip
        history = {"messages": held, "currentId": f"{n}-{len(talk) - 1}"}
        rows.append(
            {"id": f"c{n}", "user_id": f"u{n}", "chat": {"title": "t", "models": ["m"], "history": history}}
        )
    return json.dumps(rows).encode()


def librechat(talks) -> bytes:
    return lines(
        {
            "conversationId": f"c{n}", "endpoint": "openAI", "title": "t", "exportAt": "2026", "branches": True, "recursive": False,
            "messages": [
                {
                    "messageId": f"{n}-{step}", "parentMessageId": f"{n}-{step - 1}" if step else "00000000-0000-0000-0000-000000000000",
                    "sender": "User" if role == "user" else "GPT", "isCreatedByUser": role == "user", "text": text, "createdAt": iso(n, step),
                }
                for step, (role, text) in enumerate(talk)
            ],
        }
        for n, talk in enumerate(talks)
    )  # fmt: skip


def wildchat(talks) -> bytes:
    return lines(
        {
            "conversation_hash": f"c{n}", "model": "m", "timestamp": iso(n, 0), "language": "English", "hashed_ip": f"u{n}",
            "conversation": [{"role": role, "content": text, "turn_identifier": step} for step, (role, text) in enumerate(talk)],
        }
        for n, talk in enumerate(talks)
    )  # fmt: skip


SHAPES = {
    make.__name__: make
    for make in (
        openai, sharegpt, langfuse, langfuse_blob, langsmith, otel, completions, claude_code, codex, atif, chatgpt, claude_ai,
        open_webui, librechat, wildchat,
    )
}  # fmt: skip
LAST_ANSWER = frozenset({"langfuse", "langfuse_blob", "langsmith", "otel", "completions"})
"""Logs of calls: what the user wrote after the last answer is not in them."""
