"""Brings a database to the newest revision, from nothing or from any earlier one, in one transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from tactful.errors import UserError

_SCRIPTS = Path(__file__).parent / "migrations"


def revisions() -> list[str]:
    """All of them, the oldest first."""
    return [one.revision for one in reversed(list(_scripts().walk_revisions()))]


def upgrade(engine: Engine, name: str, to: str = "head") -> None:
    """Bring the database to revision `to`. Raises: UserError for one of a newer Tactful."""
    with engine.connect() as connection:
        now = MigrationContext.configure(connection).get_current_revision()
    known = revisions()
    if now is not None and now not in known:
        raise UserError(f"{name}: written by a newer Tactful (revision {now}); upgrade tactful to open it")
    if now == known[-1]:
        return
    with engine.begin() as connection:
        command.upgrade(_config(connection), to)


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None))


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
