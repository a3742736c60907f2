"""Conversations as Tactful writes them: `tactful data import chats`."""

from __future__ import annotations

from typing import Any

from tactful.data.logs.drafting.drafts import Draft
from tactful.data.logs.types import Format, Notes, Row, each
from tactful.types import Conversation


def _read(row: Row, notes: Notes) -> Draft:
    given = {key: value for key, value in row.items() if value is not None}  # empty cells of a table
    found: dict[str, Any] = Conversation.model_validate(given).model_dump(exclude_defaults=True)
    draft = Draft(found.pop("id"), skipped=notes.skipped, verbatim=True)
    draft.turns = list(found.pop("turns"))
    draft.branches = [(branch["start"], list(branch["turns"])) for branch in found.pop("branches", ())]
    draft.known = found
    return draft


OURS = Format("tactful", lambda row: {"id", "turns", "format"} <= row.keys(), each(_read))
