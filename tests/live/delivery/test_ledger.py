"""The ledger on SQLite and on a real PostgreSQL; its tables from nothing and from each earlier revision."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text
from tests.live.watch.watched import NOON, OPEN, Watched, watched

from tactful.database.migrate import revisions, upgrade
from tactful.live.delivery.ledger import OfferFilter
from tactful.live.delivery.moments import labelled_offers
from tactful.live.storing import SCHEMA, open_live_store
from tactful.live.storing.tables import metadata
from tactful.types import Event

ME = "u-0000000001"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def url(address: str) -> str:
    return (
        address.replace("postgresql:", "postgresql+psycopg:") if "://" in address else f"sqlite:///{address}"
    )


@pytest.mark.parametrize("start", [None, *revisions(SCHEMA.revisions)])
def test_a_database_of_any_earlier_revision_becomes_the_present_one(address: str, start: str | None) -> None:
    engine = create_engine(url(address))
    if start is not None:
        upgrade(engine, SCHEMA.revisions, address, to=start)
    with open_live_store(address) as store, store.read() as connection:
        found = MigrationContext.configure(connection, opts={"compare_type": True})
        assert found.get_current_revision() == revisions(SCHEMA.revisions)[-1]
        assert compare_metadata(found, metadata) == []
    engine.dispose()


async def test_the_whole_way_is_the_same_on_every_database(address: str) -> None:
    policy = OPEN.model_copy(update={"per_hour": 1, "digest": ("14:00",), "repeat_hours": 24})
    live = watched(address, policy=policy)
    try:
        (offer,) = await live.see("a 报告")
        live.clock.later(minutes=1)
        live.proposer.kind = "find"
        await live.see("b")
        await live.see("b")
        await asyncio.to_thread(live.watcher.answered, offer.id, "dismiss")
        await asyncio.to_thread(live.watcher.answered, offer.id, "mute")
        await asyncio.to_thread(live.watcher.answered, offer.id, "snooze", minutes=30)
        standing = live.ledger.standing(ME, live.clock(), policy)
        assert (len(standing.shown), standing.dismissed, len(standing.waiting)) == (1, 1, 1)
        assert dict(standing.quiet_until) == {"fix": None, "": NOON + timedelta(minutes=31)}
        live.clock.later(hours=3)
        await live.tick()
        assert [one.digest for one in live.way.notices] == [False, True]
        assert [one.id for one in live.rows(made="offered")] == [offer.id]
        between = live.rows(since=NOON + timedelta(seconds=30), until=NOON + timedelta(hours=1))
        assert {one.check for one in between} == {"hour", "repeated"}
        assert live.rows(waiting=True) == []
        assert len(list(live.ledger.search(OfferFilter(), 2))) == 2
        (moment,) = labelled_offers(live.memory.store)
        assert (moment.moment.proposal, moment.label.accepted) == ("Help with: a 报告", False)
        assert live.memory.forget(ME) > 0
        assert live.rows() == []
    finally:
        await live.watcher.close()


async def test_two_watchers_on_one_database_see_each_others_offers(address: str) -> None:
    policy = OPEN.model_copy(update={"per_hour": 1})
    both: list[Watched] = [watched(address, policy=policy) for _ in range(2)]
    try:
        await both[0].see("a")
        (offer,) = await both[1].see("b")
        assert offer.check == "hour"
    finally:
        for one in both:
            await one.watcher.close()


@pytest.mark.slow
async def test_a_database_that_is_locked_means_silence_and_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tactful.database.store._WAIT_S", 0.2)
    live = watched(tmp_path / "live.sqlite")
    try:
        engine = create_engine(f"sqlite:///{tmp_path / 'live.sqlite'}", isolation_level=None)
        with engine.connect() as other:
            other.execute(text("BEGIN IMMEDIATE"))
            live.watcher.seen(ME, [Event(text="a")])
            assert await live.watcher.consider(ME) == []
            other.execute(text("ROLLBACK"))
        engine.dispose()
        assert (live.watcher.failed, live.way.notices) == (1, [])
        (offer,) = await live.see("b")
        assert offer.made == "offered"
    finally:
        await live.watcher.close()
