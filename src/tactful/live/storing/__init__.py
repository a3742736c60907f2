"""What was seen, decided and learned, in one database: SQLite beside the assistant, or PostgreSQL for several of them."""

from __future__ import annotations

from pathlib import Path

from tactful.database import Schema, Store, open_database

SCHEMA = Schema(Path(__file__).parent / "revisions", "live decisions", "tactful live serve", mark="advice")


def open_live_store(place: Path | str, *, create: bool = True) -> Store:
    """The store in a file or at an address, made where there is none. Raises: as `open_database`."""
    return open_database(place, SCHEMA, create=create)
