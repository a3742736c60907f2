"""OpenAssistant: messages with `parent_id`, one a row, or whole trees under `prompt`; the best-ranked path is taken."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from tactful.data.logs.drafting.drafts import Draft
from tactful.data.logs.drafting.messages import speaker
from tactful.data.logs.drafting.trees import Node, nested, say_path, tree_of
from tactful.data.logs.gathering import gathered
from tactful.data.logs.keys import first_text
from tactful.data.logs.types import Format, Notes, Numbered, Row, each, tried
from tactful.data.times import parse_time


def _read_rows(rows: Iterable[Numbered], notes: Notes) -> Iterator[tuple[int, Draft]]:
    roots: dict[str, str] = {}

    def keyed() -> Iterator[tuple[int, str, float, Any]]:
        for number, row in rows:
            if not isinstance(row, Mapping) or not row.get("message_id"):
                notes.bad(number, "is no message with a 'message_id'")
                continue
            parent = str(row.get("parent_id") or "")
            root = str(row.get("message_tree_id") or roots.get(parent) or row["message_id"])
            roots[str(row["message_id"])] = root
            yield number, root, 0.0, row

    for first, root, held in gathered(keyed(), notes):
        yield from tried(notes, first, partial(_conversation, root, held, notes))


def _read_tree(row: Row, notes: Notes) -> Draft:
    top = row["prompt"]
    flat: list[Row] = [{**one, "parent_id": parent} for one, parent in nested([top], "message_id", "replies")]
    return _conversation(first_text(row, ("message_tree_id",)) or str(top.get("message_id")), flat, notes)


def _conversation(name: str, rows: list[Row], notes: Notes) -> Draft:
    draft = Draft(name, skipped=notes.skipped, lang=first_text(rows[0], ("lang",)))
    ranked = sorted(rows, key=_rank, reverse=True)
    tree = tree_of([Node(str(row["message_id"]), row.get("parent_id"), row) for row in ranked])
    return say_path(draft, tree, None, _say)


def _rank(row: Row) -> float:
    """Rank among siblings, 0 the best: the best comes last, as what was taken, and what nobody ranked first."""
    rank: Any = row.get("rank")
    return float(rank) if isinstance(rank, int | float) else math.inf


def _say(draft: Draft, row: Row) -> None:
    role = speaker(str(row.get("role")))
    if role not in ("user", "assistant"):
        raise ValueError(f"a message has the role '{row.get('role')}', expected prompter or assistant")
    draft.say(
        role,
        str(row.get("text") or ""),
        id=str(row.get("message_id") or ""),
        at=parse_time(row.get("created_date")),
    )


OASST = Format(
    "oasst",
    lambda row: {"message_id", "parent_id", "text"} <= row.keys(),
    _read_rows,
)
OASST_TREES = Format(
    "oasst-trees",
    lambda row: isinstance(row.get("prompt"), Mapping) and "replies" in row["prompt"],
    each(_read_tree),
)
