"""The tables come about from nothing and from every earlier revision, and are what the code takes them for."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from tactful.annotation.store import SCHEMA, open_store
from tactful.annotation.store.tables import metadata
from tactful.database.migrate import revisions, upgrade
from tactful.errors import UserError


def url(address: str) -> str:
    return (
        address.replace("postgresql:", "postgresql+psycopg:") if "://" in address else f"sqlite:///{address}"
    )


@pytest.mark.slow
@pytest.mark.parametrize("start", [None, *revisions(SCHEMA.revisions)])
def test_a_database_of_any_earlier_revision_becomes_the_present_one(address: str, start: str | None) -> None:
    engine = create_engine(url(address))
    if start is not None:
        upgrade(engine, SCHEMA.revisions, address, to=start)
    with open_store(address) as store, store.read() as connection:
        found = MigrationContext.configure(connection, opts={"compare_type": True})
        assert found.get_current_revision() == revisions(SCHEMA.revisions)[-1]
        assert compare_metadata(found, metadata) == []
    engine.dispose()


def test_a_database_of_a_newer_tactful_is_refused(address: str) -> None:
    open_store(address).close()
    engine = create_engine(url(address))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(UserError, match="newer Tactful"):
        open_store(address)


def test_a_file_that_is_no_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are notes, and no database at all, of some length " * 50)
    with pytest.raises(UserError, match=r"notes\.txt: no database of annotations"):
        open_store(tmp_path / "notes.txt")


def test_a_password_in_the_address_is_in_no_message() -> None:
    with pytest.raises(UserError) as refused:
        open_store("postgresql://ann:hunter2@127.0.0.1:1/none")
    assert "hunter2" not in str(refused.value)
    assert "127.0.0.1" in str(refused.value)


def test_other_databases_and_unreadable_addresses_are_refused() -> None:
    with pytest.raises(UserError, match="SQLite or PostgreSQL"):
        open_store("mysql://ann@localhost/none")
    with pytest.raises(UserError, match="cannot be read"):
        open_store("://none")
