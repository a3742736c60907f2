"""What users have shown, in the database: read, changed, taken over from a log, removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tactful.live.storing.tables import advice, conversations, metadata, tastes
from tactful.live.types import Taste

_OF_USER = select(tastes.c.record).where(tastes.c.user == bindparam("name"))
_HELD = (
    select(tastes.c.user, tastes.c.record)
    .where(tastes.c.user.in_(bindparam("users", expanding=True)))
    .order_by(tastes.c.user)
    .with_for_update()
)
_INSERT_NEW = {
    "sqlite": sqlite.insert(tastes).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(tastes).on_conflict_do_nothing(),
}
_CHANGE = update(tastes).where(tastes.c.user == bindparam("name"))


def taste_of(connection: Connection, user: str) -> Taste | None:
    """What this user (a hash) has shown; None: nothing yet, or nobody is named."""
    if not user:
        return None
    found = connection.execute(_OF_USER, {"name": user}).scalar()
    return None if found is None else Taste.model_validate_json(found)


def all_tastes(connection: Connection) -> Iterator[Taste]:
    """Everybody's, in the order of their hashes."""
    rows = connection.execution_options(yield_per=1000).execute(
        select(tastes.c.record).order_by(tastes.c.user)
    )
    for (record,) in rows:
        yield Taste.model_validate_json(record)


def change_tastes(
    connection: Connection, changes: Mapping[str, Sequence[Callable[[Taste], Taste]]], at: datetime
) -> None:
    """Store what users (hashes) have shown after these changes; whoever else changes one waits, so that no reaction is lost."""
    if not changes:
        return
    users = sorted(changes)  # all lock in one order
    first = [{"user": user, "record": Taste(user=user).model_dump_json(), "at": at} for user in users]
    connection.execute(_INSERT_NEW[connection.dialect.name], first)
    held = {row.user: row.record for row in connection.execute(_HELD, {"users": users})}
    rows = []
    for user in users:
        taste = Taste.model_validate_json(held[user])
        for change in changes[user]:
            taste = change(taste)
        rows.append({"name": user, "record": taste.model_dump_json(), "at": at})
    connection.execute(_CHANGE, rows)


def insert_new(connection: Connection, row: dict[str, object]) -> bool:
    """Insert a taste unless there is one; whether it was."""
    return bool(connection.execute(_INSERT_NEW[connection.dialect.name], row).rowcount)


def reset_taste(connection: Connection, user: str) -> bool:
    """Let this user begin anew; whether anything was known."""
    return bool(connection.execute(delete(tastes).where(tastes.c.user == user)).rowcount)


def remove_user(connection: Connection, user: str) -> int:
    """Remove every row that is of this user, in every table, and texts of talks in which they took part. How many rows.

    SQLite overwrites what they held.
    """
    took_part = select(advice.c.conversation).where(advice.c.user == user)
    connection.execute(update(conversations).where(conversations.c.id.in_(took_part)).values(texts=None))
    return sum(
        connection.execute(delete(table).where(table.c.user == user)).rowcount for table in _with_users()
    )


def is_known(connection: Connection, user: str) -> bool:
    """Whether any row of any table is of this user."""
    return any(
        connection.execute(select(table.c.user).where(table.c.user == user).limit(1)).first()
        for table in _with_users()
    )


def _with_users() -> list[Table]:
    return [table for table in metadata.sorted_tables if "user" in table.c]
