"""Signing in and out. Whoever guesses waits longer and longer, by name and by address, and across restarts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, update

from tactful.annotation.services.accounts import Person, is_password, name_key, new_secret, secret_hash
from tactful.annotation.store import Store
from tactful.annotation.store.tables import annotators, failed_logins, logins
from tactful.errors import UserError

IDLE = timedelta(hours=24)
"""A session that nobody uses for so long has ended."""
LONGEST = timedelta(days=30)
"""However much it is used."""
_RENEWED_EVERY = timedelta(hours=1)
FREE_BY_NAME, FREE_BY_ADDRESS = 5, 30
"""Wrong tries within `_COUNTED` after which one must wait; many people may sit behind one address."""
_COUNTED = timedelta(hours=1)
_WHOSE = (  # what every request takes is built once
    select(annotators.c.id, annotators.c.name, annotators.c.role, logins.c.expires_at, logins.c.created_at)
    .join(annotators, annotators.c.id == logins.c.annotator_id)
    .where(
        logins.c.token_hash == bindparam("token"),
        logins.c.expires_at > bindparam("now"),
        annotators.c.disabled_at.is_(None),
    )
)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=15)


class WrongLogin(UserError):
    """Name or password; which of them is not told."""


class TooManyTries(UserError):
    """Too many were wrong; what is tried before `wait` is over is not even looked at."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"too many wrong tries; wait {wait.total_seconds():.0f} s")
        self.wait = wait


def sign_in(store: Store, name: str, password: str, address: str, *, now: datetime | None = None) -> str:
    """The secret of a new session. `address` is empty where it tells nobody apart. Raises: TooManyTries; WrongLogin."""
    at = now or datetime.now(UTC)
    key, address = name_key(name), address[:64]
    with store.write(alone=failed_logins.name) as connection:
        wait = _wait(connection, failed_logins.c.name_key == key, FREE_BY_NAME, at)
        if address:
            by_address = _wait(connection, failed_logins.c.address == address, FREE_BY_ADDRESS, at)
            wait = max(wait, by_address)
        if wait > timedelta(0):
            raise TooManyTries(wait)
        # Counted as wrong before it is looked at: many tries at once are all counted.
        connection.execute(insert(failed_logins).values(name_key=key, address=address, at=at))
        found = connection.execute(select(annotators).where(annotators.c.name_key == key)).first()
    right = is_password(password, found.password_hash if found else None)
    if not right or found is None or found.disabled_at is not None:
        raise WrongLogin("name or password is wrong")
    with store.write() as connection:
        connection.execute(delete(failed_logins).where(failed_logins.c.name_key == key))
        connection.execute(delete(failed_logins).where(failed_logins.c.at < at - _COUNTED))
        connection.execute(delete(logins).where(logins.c.expires_at <= at))
        return _begun(connection, found.id, at)


def begin_session(store: Store, person: Person, *, now: datetime | None = None) -> str:
    """The secret of a session for somebody who came by a link."""
    with store.write() as connection:
        return _begun(connection, person.id, now or datetime.now(UTC))


def sign_out(store: Store, token: str) -> None:
    """End the session."""
    with store.write() as connection:
        connection.execute(delete(logins).where(logins.c.token_hash == secret_hash(token)))


def person_of(store: Store, token: str, *, now: datetime | None = None) -> Person | None:
    """Whose session it is; None where it has ended, never was, or the person was shut out."""
    at = now or datetime.now(UTC)
    with store.read() as connection:
        found = connection.execute(_WHOSE, {"token": secret_hash(token), "now": at}).first()
    if found is None:
        return None
    until = min(at + IDLE, found.created_at + LONGEST)
    if until - found.expires_at >= _RENEWED_EVERY:
        with store.write() as connection:
            mine = logins.c.token_hash == secret_hash(token)
            connection.execute(update(logins).where(mine).values(expires_at=until))
    return Person(id=found.id, name=found.name, role=found.role)


def _begun(connection: Connection, annotator: str, at: datetime) -> str:
    token = new_secret()
    connection.execute(
        insert(logins).values(
            token_hash=secret_hash(token), annotator_id=annotator, created_at=at, expires_at=at + IDLE
        )
    )
    return token


def _wait(connection: Connection, whose: ColumnElement[bool], free: int, at: datetime) -> timedelta:
    """How long until the next try is looked at: 5 s after the first that is too many, then twice as long each time."""
    tries, last = connection.execute(
        select(func.count(), func.max(failed_logins.c.at)).where(whose, failed_logins.c.at > at - _COUNTED)
    ).one()
    if tries < free:
        return timedelta(0)
    after: timedelta = min(_FIRST_WAIT * 2 ** min(tries - free, 10), _LONGEST_WAIT)
    left: timedelta = last + after - at
    return max(left, timedelta(0))
