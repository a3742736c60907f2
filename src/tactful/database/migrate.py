"""Brings a database to the newest revision, from nothing or from any earlier one, in one transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from tactful.errors import UserError

_SCRIPTS = Path(__file__).parent / "scripts"
_LOCK = 7_287_201
"""PostgreSQL's advisory lock of whoever upgrades; any number that others do not use."""


def revisions(folder: Path) -> list[str]:
    """Those in this folder, the oldest first. A released one is never edited: the next change is the next file."""
    found = ScriptDirectory.from_config(_config(folder, None)).walk_revisions()
    return [one.revision for one in reversed(list(found))]


def upgrade(engine: Engine, folder: Path, name: str, to: str = "head") -> None:
    """Bring the database to revision `to` of the folder. Raises: UserError for one of a newer Tactful."""
    with engine.connect().execution_options(tactful_reads=True) as connection:
        now = MigrationContext.configure(connection).get_current_revision()
    known = revisions(folder)
    if now is not None and now not in known:
        raise UserError(f"{name}: written by a newer Tactful (revision {now}); upgrade tactful to open it")
    if now == known[-1]:
        return
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # another process may be at it: then nothing is left to do after it
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        command.upgrade(_config(folder, connection), to)


def _config(folder: Path, connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", _escaped(_SCRIPTS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", _escaped(folder))
    config.attributes["connection"] = connection
    return config


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")
