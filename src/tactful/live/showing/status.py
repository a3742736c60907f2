"""What a database of decisions holds, in figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, case, distinct, func, select, text

from tactful.database import Store
from tactful.live.storing.tables import advice, conversations, meta, observations, tastes
from tactful.types import Record


class LiveStatus(Record):
    """Where a database of decisions stands."""

    killed: bool
    """The kill switch is on: no assistant is told anything."""
    conversations: int
    with_texts: int
    """Conversations whose texts are kept."""
    named_users: int
    """Users by name who had a turn decided."""
    known_users: int
    """Users of whom something was learned."""
    turns: int
    """Turns that were decided."""
    asks: int
    """Turns with the advice to ask."""
    treated: int
    """Turns in which the assistant was told."""
    observed: Mapping[str, int]
    """What came of turns → how many."""
    first_at: datetime | None
    last_at: datetime | None
    bytes: int
    """On the disk."""

    @property
    def share(self) -> float | None:
        """Of the turns, those in which the assistant was told; None: none was decided."""
        return self.treated / self.turns if self.turns else None


def status_of(store: Store) -> LiveStatus:
    """The figures as of now. Raises: UserError where the database cannot be reached."""
    with store.read() as connection:
        one = connection.execute(
            select(
                func.count().label("turns"),
                # by CASE, which SQLite knows before 3.30 too
                func.count(case((advice.c.choice == "ask", 1))).label("asks"),
                func.count(case((advice.c.treated, 1))).label("treated"),
                func.count(distinct(func.nullif(advice.c.user, ""))).label("named_users"),
                func.min(advice.c.at).label("first_at"),
                func.max(advice.c.at).label("last_at"),
            ).select_from(advice)
        ).one()
        outcomes = connection.execute(
            select(observations.c.outcome, func.count())
            .group_by(observations.c.outcome)
            .order_by(observations.c.outcome)
        )
        return LiveStatus(
            killed=connection.execute(select(meta.c.name).where(meta.c.name == "killed")).first() is not None,
            conversations=_count(connection, conversations.c.id),
            with_texts=_count(connection, conversations.c.texts),
            known_users=_count(connection, tastes.c.user),
            observed={row[0]: row[1] for row in outcomes},
            bytes=_bytes(connection, store),
            **one._asdict(),
        )


def _count(connection: Connection, column: Column[Any]) -> int:
    return int(connection.execute(select(func.count(column))).scalar_one())


def _bytes(connection: Connection, store: Store) -> int:
    if not store.is_sqlite:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    return int(pages) * int(connection.execute(text("PRAGMA page_size")).scalar_one())
