"""A database of decisions: SQLite always, a real PostgreSQL where the machine has one."""

from tests.annotation.conftest import address, postgres

__all__ = ["address", "postgres"]
