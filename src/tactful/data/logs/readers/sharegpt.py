"""ShareGPT: `{"conversations": [{"from", "value"}, …]}`, the system prompt perhaps beside; pairs of an arena too."""

from __future__ import annotations

from typing import Any

from tactful.data.logs.drafting.drafts import Draft
from tactful.data.logs.drafting.messages import add_messages
from tactful.data.logs.keys import first_text
from tactful.data.logs.readers.rows import whole
from tactful.data.logs.types import Format, Notes, Row, each


def _read(row: Row, notes: Notes) -> Draft:
    rows = row.get("conversations") or row.get("items")
    if not isinstance(rows, list):
        raise ValueError("holds no list of 'conversations'")
    draft = Draft(first_text(row, ("id", "conversation_id")), skipped=notes.skipped, **whole(row))
    if isinstance(row.get("system"), str) and row["system"]:
        draft.say("system", row["system"])
    return add_messages(draft, rows)


def _of_table(row: Row) -> Row:
    """A row of an arena's table: the prompts in one column, the answers of each model in others."""
    prompts = _texts(row["prompt"])
    talks = {}
    for side in ("a", "b"):
        pairs = zip(prompts, _texts(row[f"response_{side}"]), strict=False)
        talks[f"conversation_{side}"] = [
            {"role": role, "content": text}
            for pair in pairs
            for role, text in zip(("user", "assistant"), pair, strict=True)
        ]
    won = [
        side for side in ("a", "b") if str(row.get(f"winner_model_{side}")).lower() in ("1", "1.0", "true")
    ]
    kept = {key: row[key] for key in ("id", "question_id", "model_a", "model_b", "winner") if key in row}
    return {**({"winner": f"model_{won[0]}"} if len(won) == 1 else {}), **kept, **talks}


def _texts(cell: Any) -> list[str]:
    return ["" if item is None else str(item) for item in (cell if isinstance(cell, list) else [cell])]


def _read_arena(row: Row, notes: Notes) -> Draft:
    if "conversation_a" not in row:
        row = _of_table(row)
    winner = str(row.get("winner") or "")
    side, other_side = ("b", "a") if winner.endswith("_b") else ("a", "b")
    taken, left = f"conversation_{side}", f"conversation_{other_side}"
    known = whole({key: value for key, value in row.items() if key not in (taken, left)})
    draft = Draft(first_text(row, ("question_id", "conversation_id", "id")), skipped=notes.skipped, **known)
    add_messages(draft, row[taken])
    if winner in ("model_a", "model_b"):
        other = add_messages(Draft(skipped=notes.skipped), row[left])
        start = next((place for place, turn in enumerate(draft.turns) if turn["role"] == "assistant"), 0)
        draft.branches.append((start, other.turns[start:]))
    draft.known["model"] = first_text(row, (f"model_{side}",))
    return draft


def _is_sharegpt(row: Row) -> bool:
    oldest = row.get("items")
    return isinstance(row.get("conversations"), list) or (
        isinstance(oldest, list)
        and bool(oldest)
        and isinstance(oldest[0], dict)
        and {"from", "value"} <= oldest[0].keys()
    )


SHAREGPT = Format("sharegpt", _is_sharegpt, each(_read))
ARENA = Format(
    "arena",
    lambda row: (
        {"conversation_a", "conversation_b"} <= row.keys()
        or {"prompt", "response_a", "response_b"} <= row.keys()
    ),
    each(_read_arena),
)
