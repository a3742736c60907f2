"""ShareGPT: `{"conversations": [{"from", "value"}, …]}`, the system prompt perhaps beside; pairs of an arena too."""

from __future__ import annotations

from tactful.data.logs.drafts import Draft
from tactful.data.logs.messages import add_messages
from tactful.data.logs.readers.rows import first_text, whole
from tactful.data.logs.types import Format, Notes, Row, each


def _read(row: Row, notes: Notes) -> Draft:
    rows = row.get("conversations")
    if not isinstance(rows, list):
        raise ValueError("holds no list of 'conversations'")
    draft = Draft(first_text(row, ("id", "conversation_id")), skipped=notes.skipped, **whole(row))
    if isinstance(row.get("system"), str) and row["system"]:
        draft.say("system", row["system"])
    return add_messages(draft, rows)


def _read_arena(row: Row, notes: Notes) -> Draft:
    winner = str(row.get("winner") or "")
    taken, left = (
        ("conversation_b", "conversation_a")
        if winner.endswith("_b")
        else ("conversation_a", "conversation_b")
    )
    draft = Draft(first_text(row, ("question_id", "conversation_id", "id")), skipped=notes.skipped)
    draft.known = {
        key: value
        for key, value in whole({k: v for k, v in row.items() if k not in (taken, left)}).items()
        if value
    }
    add_messages(draft, row[taken])
    if winner in ("model_a", "model_b"):
        other = add_messages(Draft(skipped=notes.skipped), row[left])
        start = next((place for place, turn in enumerate(draft.turns) if turn["role"] == "assistant"), 0)
        draft.branches.append((start, other.turns[start:]))
    draft.known["model"] = first_text(row, ("model_b" if taken == "conversation_b" else "model_a",))
    return draft


SHAREGPT = Format("sharegpt", lambda row: isinstance(row.get("conversations"), list), each(_read))
ARENA = Format(
    "arena",
    lambda row: {"conversation_a", "conversation_b"} <= row.keys(),
    each(_read_arena),
)
