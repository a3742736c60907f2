"""What users have shown, in the database: read, changed by one at a time, taken over from a log, removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import Connection, Table, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tactful.live.storing.tables import metadata, tastes
from tactful.live.types import Taste

_OF_USER = select(tastes.c.record).where(tastes.c.user == bindparam("name"))
_HELD = _OF_USER.with_for_update()
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


def change_taste(connection: Connection, user: str, at: datetime, change: Callable[[Taste], Taste]) -> None:
    """Store what a user has shown after `change`; whoever else changes it waits, so that no reaction is lost."""
    first = {"user": user, "record": Taste(user=user).model_dump_json(), "at": at}
    insert_new(connection, first)
    record = connection.execute(_HELD, {"name": user}).scalar_one()
    changed = change(Taste.model_validate_json(record)).model_dump_json()
    connection.execute(_CHANGE, {"name": user, "record": changed, "at": at})


def insert_new(connection: Connection, row: dict[str, object]) -> bool:
    """Insert a taste unless there is one; whether it was."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    return bool(connection.execute(make(tastes).values(row).on_conflict_do_nothing()).rowcount)


def reset_taste(connection: Connection, user: str) -> bool:
    """Let this user begin anew; whether anything was known."""
    return bool(connection.execute(delete(tastes).where(tastes.c.user == user)).rowcount)


def remove_user(connection: Connection, user: str) -> int:
    """Remove every row that is of this user, in every table; how many. SQLite overwrites what they held."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
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
