"""The same dialogues as exporters of other years and makers write them; `shapes.py` has one of each format."""

from __future__ import annotations

import csv
import io
import json

from tests.data.logs.shapes import at, calls, iso, lines, messages


def table(rows, **dialect) -> bytes:
    out = io.StringIO()
    csv.writer(out, **dialect).writerows(rows)
    return out.getvalue().encode()


def said(talks):
    """(number of the talk, step, role, text) of every message."""
    return [(n, step, *one) for n, talk in enumerate(talks) for step, one in enumerate(talk)]


def answers(talks):
    return [(n, *call) for n, talk in enumerate(talks) for call in calls(talk)]


def responses(talks) -> bytes:
    """All that was said as the input of each call; what was thought and called are items of their own."""
    return lines(
        {
            "id": f"resp_{n}_{step}", "object": "response", "created_at": at(n, step).timestamp(), "model": "m", "instructions": "Be kind.",
            "conversation": {"id": f"c{n}"}, "user": f"u{n}", "previous_response_id": None,
            "input": [
                {"type": "message", "role": role, "content": [{"type": "input_text" if role == "user" else "output_text", "text": text}]}
                for role, text in sent
            ],
            "output": [
                {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": "Hm."}]},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": back, "annotations": []}]},
            ],
        }
        for n, sent, back, step in answers(talks)
    )  # fmt: skip


def responses_chained(talks) -> bytes:
    """Each call names the one before it, and sends only what is new."""
    return lines(
        {
            "request": {"model": "m", "input": sent[-1][1], "previous_response_id": f"c{n}" if step == 3 else None},
            "response": {
                "id": f"c{n}" if step == 1 else f"resp_{n}_{step}", "object": "response", "created_at": int(at(n, step).timestamp()),
                "output": [
                    {"type": "function_call", "call_id": "k", "name": "look_up", "arguments": "{}"},
                    {"type": "function_call_output", "call_id": "k", "output": "found"},
                    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": back}]},
                ],
            },
        }
        for n, sent, back, step in answers(talks)
    )  # fmt: skip


def threads(talks) -> bytes:
    """Messages of the Assistants API, newest first."""
    rows = [
        {
            "id": f"msg_{n}_{step}", "object": "thread.message", "created_at": int(at(n, step).timestamp()), "thread_id": f"c{n}",
            "role": role, "content": [{"type": "text", "text": {"value": text, "annotations": []}}], "metadata": {},
        }
        for n, step, role, text in said(talks)
    ]  # fmt: skip
    return json.dumps({"object": "list", "data": rows[::-1], "has_more": False}, indent=1).encode()


def sharegpt_oldest(talks) -> bytes:
    names = {"user": "human", "assistant": "gpt"}
    return json.dumps(
        [
            {"id": f"c{n}", "items": [{"from": names[role], "value": text} for role, text in talk]}
            for n, talk in enumerate(talks)
        ]
    ).encode()


def arena_table(talks) -> bytes:
    sides = [
        [json.dumps([text for role, text in talk if role == one]) for one in ("user", "assistant")]
        for talk in talks
    ]
    rows = [[f"c{n}", "m", "x", asked, told, told, 1, 0, 0] for n, (asked, told) in enumerate(sides)]
    return table([["id", "model_a", "model_b", "prompt", "response_a", "response_b", "winner_model_a", "winner_model_b", "winner_tie"], *rows])  # fmt: skip


def wrapped_openai(talks) -> bytes:
    """LangSmith, around OpenAI's client."""
    return lines(
        {
            "id": f"r{n}-{step}", "trace_id": f"r{n}-{step}", "run_type": "llm", "start_time": iso(n, step), "end_time": None,
            "extra": {"metadata": {"conversation_id": f"c{n}"}}, "session_id": "the project",
            "inputs": {"messages": messages(sent), "model": "m"},
            "outputs": {"choices": [{"index": 0, "message": {"role": "assistant", "content": back, "refusal": None}}]},
        }
        for n, sent, back, step in answers(talks)
    )  # fmt: skip


def openinference(talks) -> bytes:
    """Spans with numbered attributes, the answer in a list of contents."""
    rows = []
    for n, sent, back, step in answers(talks):
        told = {"openinference.span.kind": "LLM", "llm.model_name": "m", "session.id": f"c{n}"}
        for place, (role, text) in enumerate(sent):
            told |= {
                f"llm.input_messages.{place}.message.role": role,
                f"llm.input_messages.{place}.message.content": text,
            }
        told["llm.output_messages.0.message.role"] = "assistant"
        told["llm.output_messages.0.message.contents.0.message_content.text"] = back
        rows.append({"name": "llm", "context": {"trace_id": f"{n}"}, "start_time": iso(n, step), "end_time": iso(n, step), "attributes": told})  # fmt: skip
    return lines(rows)


def otel_events(talks) -> bytes:
    """Log records, several calls in one trace: each with its messages and its choice."""

    def value(text):
        return {"stringValue": text}

    def record(n, step, place, name, body):
        return {
            "timeUnixNano": str(int(at(n, step).timestamp() * 1e9) + place), "eventName": name, "traceId": f"c{n}", "spanId": f"{step}",
            "attributes": [{"key": "gen_ai.system", "value": value("openai")}], "body": {"kvlistValue": {"values": body}},
        }  # fmt: skip

    records = []
    for n, sent, back, step in answers(talks):
        records += [
            record(n, step, place, f"gen_ai.{role}.message", [{"key": "content", "value": value(text)}])
            for place, (role, text) in enumerate(sent)
        ]
        told = {"kvlistValue": {"values": [{"key": "role", "value": value("assistant")}, {"key": "content", "value": value(back)}]}}  # fmt: skip
        records.append(record(n, step, len(sent), "gen_ai.choice", [{"key": "message", "value": told}]))
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()


def librechat_dump(talks) -> bytes:
    """The database's messages, with MongoDB's dates."""
    return lines(
        {
            "_id": {"$oid": f"{n}{step}"}, "messageId": f"{n}-{step}", "parentMessageId": f"{n}-{step - 1}", "conversationId": f"c{n}",
            "isCreatedByUser": role == "user", "text": text, "createdAt": {"$date": iso(n, step)}, "error": False,
        }
        for n, step, role, text in said(talks)
    )  # fmt: skip


def pandas_table(talks) -> bytes:
    """The rows' numbers in a column without a name, times in milliseconds."""
    rows = [
        [
            place,
            f"c{n}",
            {"user": "USER", "assistant": "BOT"}[role],
            text,
            int(at(n, step).timestamp() * 1000),
        ]
        for place, (n, step, role, text) in enumerate(said(talks))
    ]
    return table([["", "session_id", "sender", "message", "timestamp"], *rows])


def help_desk_table(talks) -> bytes:
    """Roles of a help desk, dates with points, newest first."""
    who = {"user": "End-user", "assistant": "AI Agent"}
    rows = [
        [f"c{n}", at(n, step).strftime("%d.%m.%Y %H:%M:%S"), who[role], text]
        for n, step, role, text in said(talks)
    ]
    return b"\xef\xbb\xbf" + table(
        [["Ticket_ID", "Created_At", "Sender_Type", "Body"], *rows[::-1]], delimiter=";"
    )


VINTAGES = {
    make.__name__: make
    for make in (
        responses, responses_chained, threads, sharegpt_oldest, arena_table, wrapped_openai, openinference, otel_events, librechat_dump,
        pandas_table, help_desk_table,
    )
}  # fmt: skip
UNDATED = frozenset({"sharegpt_oldest", "arena_table"})
