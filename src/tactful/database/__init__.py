"""One database, SQLite on a disk or PostgreSQL by its address: opened, brought up to date, read, written.

Whoever keeps something in it has a folder of revisions; the tables are theirs.
"""

from tactful.database.store import Schema, Store, open_database
from tactful.database.utc import Utc

__all__ = ["Schema", "Store", "Utc", "open_database"]
