"""Where annotations are kept: one database, SQLite on a disk or PostgreSQL by its address."""

from tactful.annotation.store.database import Store, open_store

__all__ = ["Store", "open_store"]
