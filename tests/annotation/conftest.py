"""A database to annotate in: SQLite always, a real PostgreSQL where the machine has one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.annotation.postgres import server

from tactful.annotation.store import Store, open_store


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a running server, without a database."""
    with ExitStack() as stack:
        try:
            yield stack.enter_context(server())
        except LookupError as error:
            pytest.skip(str(error))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database, on each of the two."""
    if request.param == "sqlite":
        return str(tmp_path / "annotations.sqlite")
    import psycopg

    root = request.getfixturevalue("postgres")
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(root + "postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{root}{name}"


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    """An open database without items."""
    with open_store(address) as one:
        yield one
