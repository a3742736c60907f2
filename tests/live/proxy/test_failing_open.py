"""Whatever fails inside, the request goes on as it came, and it is counted."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from tests.live.proxy.conftest import Front
from tests.live.proxy.test_advice import REQUEST, facts
from tests.live.proxy.upstream import COMPLETION, Wire, plain, wired

from tactful.policy import FixedPolicy


async def passes(at: Front, wire: Wire, *said: str) -> Any:
    reply = await at.chat(*said or (REQUEST,))
    assert (reply.status, json.loads(await reply.read())) == (200, COMPLETION)
    assert facts(wire.got[-1]) == []
    return reply


async def passes_unchanged(at: Front, wire: Wire, *said: str) -> Any:
    reply = await passes(at, wire, *said)
    assert "x-tactful-advice" not in reply.headers
    return reply


@pytest.mark.parametrize("mode", ["shadow", "advise"])
async def test_an_advisor_that_raises(front, monkeypatch, mode: str) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    async with wired(plain(COMPLETION)) as wire, front(wire.url, mode=mode) as at:
        monkeypatch.setattr(FixedPolicy, "act", broken)
        reply = await passes_unchanged(at, wire)
        assert "x-tactful-choice" not in reply.headers
        assert at.proxy.counts["advisor_failed"] == 1


@pytest.mark.slow
async def test_an_advisor_that_takes_too_long_and_its_late_decision_is_none(front, monkeypatch) -> None:
    right = FixedPolicy.act

    def slow(*given: Any) -> Any:
        time.sleep(0.4)
        return right(*given)

    async with wired(plain(COMPLETION)) as wire, front(wire.url, timeout_ms=50) as at:
        monkeypatch.setattr(FixedPolicy, "act", slow)
        await passes_unchanged(at, wire)
        assert at.proxy.counts["advisor_failed"] == 1
        await at.settled()
        await asyncio.sleep(0.5)
        await at.settled()
        assert at.advice() == []  # nobody was told: it would be counted as treated


async def test_a_database_without_its_tables(front, tmp_path: Path) -> None:
    async with wired(plain(COMPLETION)) as wire, front(wire.url) as at:
        with sqlite3.connect(tmp_path / "live.sqlite") as connection:
            connection.execute("DROP TABLE advice")
        connection.close()
        await passes_unchanged(at, wire, REQUEST, "Which one?", "The first one.")
        assert at.proxy.counts["advisor_failed"] == 1


@pytest.mark.slow
async def test_a_database_that_is_locked_holds_up_nobody_and_gets_its_rows_later(
    front, tmp_path: Path
) -> None:
    async with (
        wired(plain(COMPLETION)) as wire,
        front(wire.url, mode="shadow", proxy={"stored_ms": 1_000}) as at,
    ):
        other = sqlite3.connect(tmp_path / "live.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        reply = await passes_unchanged(at, wire)
        assert reply.headers["x-tactful-choice"] == "ask"
        assert at.proxy.counts["unacknowledged"] == 1
        other.execute("COMMIT")
        other.close()
        await at.settled()
        assert len(at.advice()) == 1
        replies = [await at.chat(f"{REQUEST} {number}") for number in range(20)]
        assert any("x-tactful-advice" in reply.headers for reply in replies)


@pytest.mark.slow
async def test_a_database_that_is_full_is_counted(front) -> None:
    async with wired(plain(COMPLETION)) as wire, front(wire.url, mode="shadow") as at:

        def small(connection: Any, _: object) -> None:
            connection.execute("PRAGMA max_page_count=1")

        engine = at.advisor._memory.store._engine
        event.listen(engine, "connect", small)
        engine.dispose()
        for number in range(30):  # what is there already has some room
            reply = await at.chat(f"{REQUEST} {number}")
            assert (reply.status, json.loads(await reply.read())) == (200, COMPLETION)
        assert "x-tactful-advice" not in reply.headers
        health = await (await at.session.get(f"{at.address}/tactful/health")).json()
        assert health["counts"]["unacknowledged"] > 0
        assert health["lost_writes"] > 0


async def test_a_database_that_is_taken_away_acknowledges_nothing(front, tmp_path: Path) -> None:
    async with wired(plain(COMPLETION)) as wire, front(wire.url, mode="shadow") as at:
        reply = await passes(at, wire)
        assert "x-tactful-advice" in reply.headers
        for left in ("", "-wal", "-shm"):
            os.unlink(f"{tmp_path}/live.sqlite{left}")
        await passes_unchanged(at, wire, f"{REQUEST} again")
        assert at.proxy.counts["unacknowledged"] == 1
        assert at.advisor.lost == 1
