"""Where annotations are kept: one database, SQLite on a disk or PostgreSQL by its address."""

from __future__ import annotations

from pathlib import Path

from tactful.database import Schema, Store, open_database

SCHEMA = Schema(
    Path(__file__).parent / "revisions", "annotations", "tactful annotate serve", mark="annotators"
)


def open_store(place: Path | str, *, create: bool = True) -> Store:
    """The store of annotations in a file or at an address, made where there is none. Raises: as `open_database`."""
    return open_database(place, SCHEMA, create=create)


__all__ = ["SCHEMA", "Store", "open_store"]
