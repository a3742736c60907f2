"""Items and annotators for tests of the pool."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import insert

from tactful.annotation.store import Store
from tactful.annotation.store.tables import annotators
from tactful.annotation.types import Answer, Item, Proposals, ProposalsAnswer
from tactful.types import Event

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def item(
    number: int,
    *,
    candidates: Sequence[str] = ("Shall I run the tests?",),
    gold: Answer | None = None,
    acceptance: float | None = None,
) -> Item:
    """A moment of somebody's work with offers."""
    return Item(
        id=f"item-{number}",
        session=f"session-{number % 7}",
        setting="coding",
        shown=Proposals(events=(Event(text=f"The user saves file {number}."),), candidates=tuple(candidates)),
        gold=gold,
        acceptance=acceptance,
    )


def annotator(store: Store, name: str | None = None, role: str = "annotator") -> str:
    """A new annotator; the UUID."""
    id = str(uuid.uuid4())
    called = name or id[:8]
    with store.write() as connection:
        connection.execute(
            insert(annotators).values(
                id=id, name=called, name_key=called.casefold(), password_hash="", role=role, created_at=START
            )
        )
    return id


def yes(item: Item) -> ProposalsAnswer:
    """Every offer accepted, help wanted."""
    assert isinstance(item.shown, Proposals)
    return ProposalsAnswer(accepted=(True,) * len(item.shown.candidates), help_wanted=True)
