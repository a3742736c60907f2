"""How one project of annotation is run: settings that live in its database."""

from __future__ import annotations

import secrets
from typing import Literal

from pydantic import Field
from sqlalchemy import Connection, bindparam, delete, insert, select

from tactful.annotation.store import Store
from tactful.annotation.store.tables import settings
from tactful.types import Record

_NAME = "project"
_PAUSED = "paused"
_VALUE = select(settings.c.value).where(settings.c.name == bindparam("which"))
_SIGNING = "signing"


class Project(Record):
    """What a project decides once; kept when it is served again without saying otherwise."""

    title: str = "Tactful"
    overlap: int = Field(default=3, ge=1, le=50)
    """Annotators for each item of the pool; counts for items that are loaded from then on."""
    lease_minutes: float = Field(default=30.0, gt=0, le=24 * 60)
    """After this long without an answer an item goes back to the pool."""
    order: Literal["random", "uncertainty"] = "random"
    """What of the pool comes first. `random`: by chance. `uncertainty`: what a reward model is least sure of, by chance in
    proportion, so that what is annotated weighs up to all. Near by, the order is another for each annotator."""
    gold_share: float = Field(default=0.05, ge=0, le=0.5)
    """Share of the items that an annotator is given whose answer is known, while there are any."""
    repeat_share: float = Field(default=0.05, ge=0, le=0.5)
    """Share that the annotator has answered before."""
    repeat_after: int = Field(default=20, ge=1)
    """Answers between an item and its repeat, at least."""
    seed: int = 0


def project_of(connection: Connection) -> Project:
    """The settings in the database; the defaults where it has none yet."""
    found = connection.execute(_VALUE, {"which": _NAME}).scalar()
    return Project() if found is None else Project.model_validate_json(found)


def keep_project(store: Store, project: Project) -> None:
    """Store the settings."""
    with store.write(alone=settings.name) as connection:
        _put(connection, _NAME, project.model_dump_json())


def is_paused(connection: Connection) -> bool:
    """Whether items are given to nobody for now."""
    return connection.execute(_VALUE, {"which": _PAUSED}).scalar() is not None


def pause(store: Store, paused: bool) -> None:
    """Give out no more items, or go on. Answers to items that were given already are taken all the same."""
    with store.write(alone=settings.name) as connection:
        connection.execute(delete(settings).where(settings.c.name == _PAUSED))
        if paused:
            _put(connection, _PAUSED, "true")


def app_secret(store: Store) -> bytes:
    """Signs tokens of the pages: made once, so that pages that are open survive a restart."""
    with store.write(alone=settings.name) as connection:
        found = connection.execute(select(settings.c.value).where(settings.c.name == _SIGNING)).scalar()
        if found is None:
            found = secrets.token_hex(32)
            _put(connection, _SIGNING, found)
        return bytes.fromhex(found)


def _put(connection: Connection, name: str, value: str) -> None:
    connection.execute(delete(settings).where(settings.c.name == name))
    connection.execute(insert(settings).values(name=name, value=value))
