"""Session logs as coding agents write them, and what they send to hooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SESSION = "7f3d2c11-0a4b-4c60-9d1e-52f7f0a5c9b3"
OPTIONS = [
    {"label": "PostgreSQL", "description": "A server"},
    {"label": "SQLite (Recommended)", "description": "A file"},
]
ASK = {
    "questions": [
        {
            "question": "Which database do you want?",
            "header": "Database",
            "options": OPTIONS,
            "multiSelect": False,
        }
    ]
}


def prompt_of(text: str, log: Path, **more: Any) -> dict[str, Any]:
    """What comes with a prompt."""
    return {
        "session_id": SESSION,
        "transcript_path": str(log),
        "cwd": str(log.parent),
        "permission_mode": "default",
        "hook_event_name": "UserPromptSubmit",
        "prompt": text,
        **more,
    }


def ask_of(log: Path, tool: str = "AskUserQuestion", **more: Any) -> dict[str, Any]:
    """What comes before an ask tool is run."""
    return {
        "session_id": SESSION,
        "transcript_path": str(log),
        "cwd": str(log.parent),
        "permission_mode": "default",
        "hook_event_name": "PreToolUse",
        "tool_name": tool,
        "tool_input": ASK,
        "tool_use_id": "toolu_01",
        **more,
    }


class ClaudeLog:
    """A session of Claude Code that grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._last: str | None = None
        self._count = 0
        self._put({"type": "summary", "summary": "x", "leafUuid": "0"})

    def user(self, content: Any) -> None:
        """The user, or a tool's result, says something."""
        self._line("user", {"role": "user", "content": content})

    def assistant(self, *parts: dict[str, Any]) -> None:
        """The assistant says or calls something."""
        self._line(
            "assistant",
            {"role": "assistant", "id": f"m{self._count}", "model": "claude", "content": list(parts)},
        )

    def asks(self, result: str, *, failed: bool = False) -> None:
        """The assistant asks by its tool, and this comes back."""
        self.assistant({"type": "tool_use", "id": "toolu_01", "name": "AskUserQuestion", "input": ASK})
        back = {"type": "tool_result", "tool_use_id": "toolu_01", "content": result, "is_error": failed}
        self.user([back])

    def _line(self, kind: str, message: dict[str, Any]) -> None:
        self._count += 1
        uuid = f"u{self._count}"
        self._put(
            {
                "type": kind,
                "uuid": uuid,
                "parentUuid": self._last,
                "sessionId": SESSION,
                "isSidechain": False,
                "timestamp": f"2026-11-01T10:00:{self._count:02}.000Z",
                "message": message,
            }
        )
        self._last = uuid

    def _put(self, row: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def said(text: str) -> dict[str, Any]:
    """A piece of text of the assistant."""
    return {"type": "text", "text": text}


def codex_log(path: Path, *payloads: dict[str, Any]) -> Path:
    """A session of Codex."""
    rows: list[dict[str, Any]] = [{"type": "session_meta", "payload": {"id": SESSION, "cwd": "/repo"}}]
    rows += [{"type": "response_item", "payload": payload} for payload in payloads]
    path.write_text("".join(json.dumps({"timestamp": "2026-11-01T10:00:00Z", **row}) + "\n" for row in rows))
    return path
