"""Sessions of Claude Code: one line a block, chained by `parentUuid`; machinery, sidechains and summaries are no talk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tactful.data.logs.drafting.drafts import Draft
from tactful.data.logs.drafting.messages import add_content
from tactful.data.logs.keys import first_filled, object_in
from tactful.data.logs.types import UNREADABLE, Format, Notes, Numbered, Row, objects, why
from tactful.data.times import parse_time

SIDE = "a line of a helper's own session (sidechain)"
META = "a line that the tool wrote for itself"
OTHER = "a line that is no message"
_SAID = re.compile(r"the user said:\s*(?P<text>.+)", re.DOTALL)


def _is_session(row: Row) -> bool:
    if "leafUuid" in row and "summary" in row:
        return True
    if {"input", "output", "traceId"} & row.keys():
        return False
    return ("sessionId" in row and "type" in row) or ("messageId" in row and "snapshot" in row)


def _read(rows: Iterable[Numbered], notes: Notes) -> Iterator[tuple[int, Draft]]:
    sessions: dict[str, list[tuple[int, Row]]] = {}
    for number, row in objects(rows, notes, "line"):
        if row.get("type") not in ("user", "assistant") and not row.get("uuid"):
            notes.skipped[OTHER] += 1
            continue
        sessions.setdefault(str(row.get("sessionId") or ""), []).append((number, row))
    for name, held in sessions.items():
        draft = Draft(name, skipped=notes.skipped)
        if folder := next((row["cwd"] for _, row in held if row.get("cwd")), ""):
            draft.known["project"] = str(folder)
        branches = _left(held)
        ends: dict[str, Draft] = {}
        for number, row in held:
            into = draft
            if (branch := branches.get(str(row.get("uuid")))) is not None:
                if branch not in ends:
                    ends[branch] = Draft(skipped=notes.skipped)
                    draft.branches.append((len(draft.turns), ends[branch].turns))
                into = ends[branch]
            try:
                _say(into, row, notes)
            except UNREADABLE as error:
                notes.bad(number, why(error))
        yield held[0][0], draft


def _say(draft: Draft, row: Row, notes: Notes) -> None:
    if row.get("type") not in ("user", "assistant"):
        notes.skipped[OTHER] += 1
        return
    if row.get("isSidechain"):
        notes.skipped[SIDE] += 1
        return
    if row.get("isMeta") or row.get("isCompactSummary") or row.get("isApiErrorMessage"):
        notes.skipped[META] += 1
        return
    message = row.get("message")
    if not isinstance(message, Mapping):
        raise ValueError("holds no message")
    role = str(message.get("role") or row["type"])
    content = message.get("content")
    known: dict[str, Any] = {"at": parse_time(row.get("timestamp")), "model": _model(message)}
    if role == "assistant":
        known["id"] = str(message.get("id") or row.get("uuid") or "")
    add_content(draft, role, content, **known)
    if isinstance(content, list):
        for part in content:
            _refused(draft, part, known["at"])


def _refused(draft: Draft, part: Any, at: Any) -> None:
    """What the user said while refusing a tool: the log has it inside the tool's result."""
    if not isinstance(part, Mapping) or part.get("type") != "tool_result" or part.get("is_error") is not True:
        return
    text = part.get("content")
    if isinstance(text, str) and "user doesn't want" in text:
        draft.interrupt()
        if found := _SAID.search(text):
            draft.say("user", found["text"].strip(), at=at)


def _model(message: Row) -> str:
    model = str(message.get("model") or "")
    return "" if model.startswith("<") else model


def _left(held: list[tuple[int, Row]]) -> dict[str, str]:
    """Uuid of a line → the message of the user with which its branch begins, for branches that were left.

    A line is left when it stands below a user's own message that is not above the last line, but hangs on one that is.
    """
    rows = {str(row["uuid"]): row for _, row in held if row.get("uuid")}
    above = ("parentUuid", "logicalParentUuid")
    parents = {uuid: str(first_filled(row, above, "")) for uuid, row in rows.items()}
    last = next(
        (str(row["uuid"]) for _, row in reversed(held) if row.get("uuid") and not row.get("isSidechain")), ""
    )
    taken = set(_up(last, parents))
    left: dict[str, str] = {}
    for uuid in rows:
        if uuid in taken or rows[uuid].get("isSidechain"):
            continue
        way = []
        for step in _up(uuid, parents):
            if step in taken:
                break
            way.append(step)
        else:
            continue
        if parents.get(way[-1]) not in taken:
            continue
        top = next((step for step in reversed(way) if _is_own(rows.get(step))), None)
        if top is not None:
            left[uuid] = top
    return left


def _up(uuid: str, parents: Mapping[str, str]) -> Iterator[str]:
    seen: set[str] = set()
    while uuid and uuid not in seen:
        seen.add(uuid)
        yield uuid
        uuid = parents.get(uuid, "")


def _is_own(row: Row | None) -> bool:
    """Whether the user wrote it, rather than a tool in their name."""
    if row is None or row.get("type") != "user" or row.get("isMeta"):
        return False
    content = object_in(row, "message").get("content")
    return isinstance(content, str) or any(
        isinstance(part, Mapping) and part.get("type") == "text" for part in content or ()
    )


CLAUDE_CODE = Format("claude-code", _is_session, _read)
