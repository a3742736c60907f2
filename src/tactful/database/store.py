"""Opens the database and hands out connections: for reading, or for one writing transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any, Self

from tactful.errors import MissingExtra, UserError

try:
    from sqlalchemy import Connection, Engine, create_engine, event, inspect
    from sqlalchemy.engine import URL, make_url
    from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError
except ImportError as error:
    raise MissingExtra("annotate", "a database of annotations or decisions") from error

_WAIT_S = 20.0
_LOOK_AGAIN_S = 0.01
_CONNECTIONS = 48
"""At most open at once: more than the threads that answer requests."""


class Store:
    """The database. Every write is one short transaction; whoever was told that it is done finds it after any crash."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self.name = name
        """As messages name it, without a password."""
        # Writers of one process take turns: SQLite lets them poll for its lock, and the unlucky one waits for seconds.
        self._turn: AbstractContextManager[object] = Lock() if self.is_sqlite else nullcontext()
        self._file: tuple[int, int] | None = None
        self._was_there = not self.is_sqlite or self._file_there() is not None

    @property
    def is_sqlite(self) -> bool:
        """A file, and no server."""
        return self._engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one state of the database. Raises: UserError where it cannot be reached."""
        with self._told(), self._engine.connect() as connection:
            yield connection.execution_options(tactful_reads=True)

    @contextmanager
    def write(self, *, lasting: bool = True, alone: str = "") -> Iterator[Connection]:
        """One transaction: all of it is kept, or nothing. Raises: UserError where it cannot be written.

        `alone` names the table that nobody else changes until it ends, where what is written follows from what stands there.

        Without `lasting` it does not wait for the disk: a crash of the process loses nothing, a power cut this one, unless
        a lasting one came after it.
        """
        with self._turn, self._told(), self._engine.connect() as connection:
            self._check_place()
            connection = connection.execution_options(tactful_lasting=lasting)
            with connection.begin():
                if not lasting and not self.is_sqlite:
                    connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
                if alone and not self.is_sqlite:  # SQLite lets one write at a time anyway
                    connection.exec_driver_sql(f'LOCK TABLE "{alone}" IN SHARE ROW EXCLUSIVE MODE')
                yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError as error:  # of the driver, at what SQLite itself says of the damage
            raise self._damaged() from error
        except DatabaseError as error:
            if _is_damage(error.orig):
                raise self._damaged() from error
            if isinstance(error, OperationalError):
                raise self._failed(error.orig) from error
            raise

    def _damaged(self) -> UserError:
        return UserError(
            f"{self.name}: the file is damaged, so that this cannot be read; stop what works on it and put a copy in its place"
        )

    def _failed(self, error: object) -> UserError:
        why = str(error).strip().splitlines()[0]
        return UserError(
            f"{self.name}: {why}; check that it can be reached and written, and that the disk has room"
        )

    def remember_file(self) -> None:
        """From now on, writes are refused where another file stands in place of this one, or none: they would be kept nowhere."""
        self._file = self._file_there() if self.is_sqlite else None

    def _file_there(self) -> tuple[int, int] | None:
        try:
            found = Path(self._engine.url.database or "").stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _check_place(self) -> None:
        if self._file is not None and self._file_there() != self._file:
            raise UserError(
                f"{self.name}: the file was taken away while it was in use; start again to write to a new one"
            )

    def short(self) -> sqlite3.Connection | None:
        """A connection for short questions from any thread, a tenth of the work of `read`; the caller closes it. None: no file.

        It waits for nobody: a question raises sqlite3.OperationalError where somebody keeps the whole file to themselves.
        """
        file = self._engine.url.database
        if not self.is_sqlite or not file or file.startswith((":memory:", "file:")):
            return None
        made = sqlite3.connect(file, timeout=0, isolation_level=None, check_same_thread=False)
        made.execute("PRAGMA query_only=ON")
        return made

    def empty_log(self, wait_s: float = 1.0) -> bool:
        """Leave nothing in SQLite's log of what was changed: it keeps what stood there before until it is written over.

        False: somebody read for so long, and older states stand in the log still.
        """
        if (connection := self.short()) is None:
            return True
        with closing(connection):
            try:
                connection.execute(f"PRAGMA busy_timeout={round(1000 * wait_s)}")
                busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError:
                return False
        return not busy

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def discard_new(self) -> None:
        """Close, and take the file away where opening it made it: what was to stand in it could not be had."""
        self.close()
        if not self._was_there:
            for ending in ("", "-wal", "-shm"):
                Path(f"{self._engine.url.database}{ending}").unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _is_damage(error: object) -> bool:
    """Whether SQLite met flipped bytes. What it says of a text that is none holds the text."""
    if "Could not decode to UTF-8" in str(error):
        return isinstance(error, sqlite3.OperationalError)
    return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_CORRUPT


@dataclass(frozen=True)
class Schema:
    """Whose tables a database holds."""

    revisions: Path
    """Folder of alembic's revisions."""
    what: str
    """What is kept, for messages: `annotations`."""
    made_by: str
    """The command that makes such a database."""
    mark: str
    """A table that every revision has and no other database of ours."""


def open_database(place: Path | str, schema: Schema, *, create: bool = True) -> Store:
    """The store in a file of SQLite, or at an address such as `postgresql://user:password@host/name`, its tables brought up to date.

    Raises: UserError where there is none and `create` is false, it cannot be reached, holds something else, or is of a newer
    Tactful; MissingExtra.
    """
    from tactful.database.newest import is_newest

    url = _address(place)
    if url.get_backend_name() == "sqlite" and not create and not Path(url.database or "").is_file():
        raise UserError(f"{place}: no such database; start with: {schema.made_by} --database {place}")
    try:
        store = Store(_engine(url), _named(url))
    except ImportError as error:  # the driver
        raise MissingExtra("annotate", "a database at an address") from error
    try:
        with store._told():
            _refuse_others(store, schema)
            if store.is_sqlite:
                _keep_a_log(store)
            if not is_newest(store._engine, schema.revisions):
                try:
                    from tactful.database.migrate import upgrade
                except ImportError as error:
                    raise MissingExtra("annotate", "making or upgrading a database") from error

                upgrade(store._engine, schema.revisions, store.name)
            store.remember_file()
    except DBAPIError as error:
        store.close()
        why = str(error.orig).strip().splitlines()[0]
        raise UserError(f"{store.name}: no database of {schema.what} ({why})") from error
    except BaseException:
        store.close()
        raise
    return store


def _refuse_others(store: Store, schema: Schema) -> None:
    """Tables are never put beside somebody else's. Raises: UserError."""
    with store.read() as connection:
        tables = inspect(connection).get_table_names()
    if tables and schema.mark not in tables:
        raise UserError(
            f"{store.name}: holds something else than {schema.what} (a table '{tables[0]}'); name another database, or "
            f"make one: {schema.made_by} --database NAME"
        )


def _keep_a_log(store: Store) -> None:
    """The file stays in this mode, whoever opens it: readers do not wait for a writer.

    SQLite itself waits for nobody before it changes the mode, so servers that start together would refuse each other.
    Raises: UserError.
    """
    until = monotonic() + _WAIT_S
    with closing(store._engine.raw_connection()) as connection:
        while True:
            try:
                connection.cursor().execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > until:
                    raise store._failed(error) from error
                sleep(_LOOK_AGAIN_S)
            else:
                return


def _address(place: Path | str) -> URL:
    text = str(place)
    if "://" not in text:
        return URL.create("sqlite", database=text)
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise UserError(
            "the address of the database cannot be read; write postgresql://user:password@host/name"
        ) from error
    if url.get_backend_name() in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite":
        return url
    raise UserError(
        f"databases are SQLite or PostgreSQL, got '{url.get_backend_name()}'; write postgresql://… or a path"
    )


def _named(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return url.database or "memory"
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def _engine(url: URL) -> Engine:
    pool = {"pool_size": 12, "max_overflow": _CONNECTIONS - 12, "pool_timeout": _WAIT_S}
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10}, **pool)
    engine = create_engine(url, connect_args={"timeout": _WAIT_S}, **pool)

    @event.listens_for(engine, "connect")
    def _prepared(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, and not by the driver
        connection.execute("PRAGMA foreign_keys=ON")
        # what is deleted, or grows out of its page, stays nowhere
        connection.execute("PRAGMA secure_delete=ON")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("tactful_reads", False):
            connection.exec_driver_sql("BEGIN")
            return
        # An answer is an hour of somebody's life: FULL keeps it also after a power cut.
        lasting = options.get("tactful_lasting", True)
        if connection.info.get("tactful_lasting") is not lasting:
            driver: Any = connection.connection.driver_connection
            driver.execute(f"PRAGMA synchronous={'FULL' if lasting else 'NORMAL'}")
            connection.info["tactful_lasting"] = lasting
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
