"""Who takes part: links that are good once, names, passwords. In data a person is a UUID; names stay in the database.

Nobody ever has a password that they did not choose: a link lets the administrator in the first time, annotators after an
invitation, and whoever forgot a password.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from tactful.annotation.store import Store
from tactful.annotation.store.tables import annotators, invitations, logins
from tactful.errors import UserError

Role = Literal["admin", "annotator"]
SHORTEST, LONGEST = 10, 512
"""Characters of a password. Length is all that is asked of it."""
LONGEST_NAME = 80
SETUP_LASTS = timedelta(hours=24)
RESET_LASTS = timedelta(days=3)
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's least for argon2id
_NOBODYS = _HASHER.hash(secrets.token_urlsafe())
_AT_ONCE = BoundedSemaphore(4)
"""Passwords hashed at once: 19 MiB each."""
_VOID = "this link was used already or is too old; ask whoever sent it for a new one"
_SINGLE = ""
"""The folded name of who works with --single-user; no name that is typed folds to it."""


class BadLink(UserError):
    """The link was used, is too old, or never was one. Which of them is not told."""


class NameTaken(UserError):
    """Somebody has this name already."""


class BadName(UserError):
    """No name: empty, too long, or of characters that cannot be seen."""


class BadPassword(UserError):
    """Too short or too long."""


class LastAdministrator(UserError):
    """Nobody else could let anyone in."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks."""

    id: str
    """A UUID."""
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Link:
    """What a link that is still good is for."""

    role: Role
    name: str = ""
    """Of whose password it sets anew; empty: it makes a new account."""


# ---------------------------------------------------------------- links


def setup_token(store: Store, *, now: datetime | None = None) -> str | None:
    """The secret of a new link for the administrator, the earlier one void; None once there is an administrator."""
    at = now or datetime.now(UTC)
    with store.write() as connection:
        if _administrators(connection):
            return None
        connection.execute(delete(invitations).where(invitations.c.role == "admin"))
        return _link(connection, "admin", at, SETUP_LASTS)


def invite(
    store: Store,
    *,
    uses: int = 1,
    lasts: timedelta = timedelta(days=7),
    note: str = "",
    role: Role = "annotator",
    now: datetime | None = None,
) -> str:
    """The secret of a link with which `uses` people may join: the only time that it is seen."""
    at = now or datetime.now(UTC)
    with store.write() as connection:
        return _link(connection, role, at, lasts, uses=uses, note=note.strip()[:LONGEST_NAME])


def reset_token(store: Store, annotator: str, *, now: datetime | None = None) -> str:
    """The secret of a link that sets this person's password anew; earlier ones are void. Raises: UserError for nobody."""
    at = now or datetime.now(UTC)
    with store.write() as connection:
        found = connection.execute(select(annotators.c.role).where(annotators.c.id == annotator)).scalar()
        if found is None:
            raise UserError("there is no such annotator; reload the page")
        connection.execute(delete(invitations).where(invitations.c.annotator_id == annotator))
        return _link(connection, found, at, RESET_LASTS, annotator=annotator)


def withdraw_link(store: Store, token_hash: str) -> None:
    """Nobody comes in by it any more."""
    with store.write() as connection:
        connection.execute(delete(invitations).where(invitations.c.token_hash == token_hash))


def look_up_link(store: Store, token: str, *, now: datetime | None = None) -> Link:
    """What the link is for; it stays good. Raises: BadLink."""
    at = now or datetime.now(UTC)
    with store.read() as connection:
        found = connection.execute(
            select(invitations.c.role, annotators.c.name)
            .outerjoin(annotators, annotators.c.id == invitations.c.annotator_id)
            .where(_good(token, at))
        ).first()
    if found is None:
        raise BadLink(_VOID)
    return Link(role=found.role, name=found.name or "")


def use_link(
    store: Store, token: str, *, name: str = "", password: str, now: datetime | None = None
) -> Person:
    """Who came by the link: a new account of this name, or the old one with its new password and all sessions ended.

    Raises: BadLink; BadName, NameTaken, BadPassword, and the link stays good.
    """
    at = now or datetime.now(UTC)
    look_up_link(store, token, now=at)  # before any work is done for whoever has none
    hashed = hash_password(password)
    try:
        with store.write() as connection:
            used = connection.execute(
                update(invitations)
                .where(_good(token, at))
                .values(uses_left=invitations.c.uses_left - 1)
                .returning(invitations.c.role, invitations.c.annotator_id)
            ).first()
            if used is None:
                raise BadLink(_VOID)
            if used.annotator_id is not None:
                return _renewed(connection, used.annotator_id, hashed)
            return _added(connection, name, hashed, used.role, at)
    except IntegrityError as error:
        raise NameTaken(f"the name '{name.strip()}' is taken; choose another") from error


def single_person(store: Store, *, now: datetime | None = None) -> Person:
    """Who works with `--single-user`: an administrator whom no password lets in; made when first asked for."""
    mine = select(annotators.c.id).where(annotators.c.name_key == _SINGLE)
    with store.read() as connection:
        found = connection.execute(mine).scalar()
    if found is None:
        with store.write(alone=annotators.name) as connection:
            found = connection.execute(mine).scalar() or _inserted(
                connection, "single user", _SINGLE, "", "admin", now or datetime.now(UTC)
            )
    return Person(id=found, name="", role="admin")


def disable(store: Store, annotator: str, disabled: bool, *, now: datetime | None = None) -> None:
    """Shut this person out, at once and with every session, or let them in again; their answers stay.

    Raises: LastAdministrator.
    """
    with store.write(alone=annotators.name) as connection:
        at = (now or datetime.now(UTC)) if disabled else None
        connection.execute(update(annotators).where(annotators.c.id == annotator).values(disabled_at=at))
        if disabled and not _administrators(connection):
            raise LastAdministrator("this is the only administrator; let somebody else be one first")
        connection.execute(delete(logins).where(logins.c.annotator_id == annotator))


# ---------------------------------------------------------------- names, passwords, secrets


def name_key(name: str) -> str:
    """What makes a name the same as another: `Ann`, `ann` and `Ａｎｎ` are one."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())[:120]


def hash_password(password: str) -> str:
    """By argon2id. Raises: BadPassword."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadPassword(f"a password has {SHORTEST} to {LONGEST} characters, got {len(password)}")
    with _AT_ONCE:
        return _HASHER.hash(password)


def is_password(password: str, hashed: str | None) -> bool:
    """Whether it is the one. Takes as long where there is no such person, or no password."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(hashed or _NOBODYS, password[: LONGEST + 1]) and bool(hashed)
        except (VerificationError, InvalidHashError):
            return False


def link_path(token: str) -> str:
    """Where a link leads, on whatever address the app is served."""
    return f"/join/{token}"


def new_secret() -> str:
    """256 bits, for an address or a cookie; only its hash is kept."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    """What is kept of it."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


# ---------------------------------------------------------------- parts


def _link(
    connection: Connection,
    role: Role,
    at: datetime,
    lasts: timedelta,
    *,
    uses: int = 1,
    note: str = "",
    annotator: str | None = None,
) -> str:
    connection.execute(delete(invitations).where(invitations.c.expires_at <= at - timedelta(days=30)))
    token = new_secret()
    connection.execute(
        insert(invitations).values(
            token_hash=secret_hash(token),
            role=role,
            created_at=at,
            expires_at=at + lasts,
            uses_left=uses,
            annotator_id=annotator,
            note=note,
        )
    )
    return token


def _good(token: str, at: datetime) -> ColumnElement[bool]:
    return and_(
        invitations.c.token_hash == secret_hash(token),
        invitations.c.uses_left > 0,
        invitations.c.expires_at > at,
    )


def _administrators(connection: Connection) -> int:
    """Those who can sign in."""
    can = (annotators.c.role == "admin", annotators.c.password_hash != "", annotators.c.disabled_at.is_(None))
    return connection.execute(select(func.count()).select_from(annotators).where(*can)).scalar_one()


def _added(connection: Connection, name: str, hashed: str, role: Role, at: datetime) -> Person:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or not name_key(name):
        raise BadName(f"a name has 1 to {LONGEST_NAME} characters, all of them visible")
    return Person(_inserted(connection, name, name_key(name), hashed, role, at), name, role)


def _inserted(connection: Connection, name: str, key: str, hashed: str, role: Role, at: datetime) -> str:
    id = str(uuid.uuid4())
    row = {"id": id, "name": name, "name_key": key, "password_hash": hashed, "role": role, "created_at": at}
    connection.execute(insert(annotators).values(row))
    return id


def _renewed(connection: Connection, annotator: str, hashed: str) -> Person:
    connection.execute(delete(logins).where(logins.c.annotator_id == annotator))
    row = connection.execute(
        update(annotators)
        .where(annotators.c.id == annotator)
        .values(password_hash=hashed)
        .returning(annotators.c.name, annotators.c.role)
    ).one()
    return Person(id=annotator, name=row.name, role=row.role)
