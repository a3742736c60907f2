"""A server that is killed with kill -9 under load and started again has every answer that it acknowledged."""

from __future__ import annotations

import asyncio

import pytest
from tests.annotation.load import Told, compare, fill, free_port, serving, work

pytestmark = pytest.mark.slow


async def test_every_acknowledged_answer_outlives_kill_9(address: str) -> None:
    people = fill(address, count=300, people=12)
    port = free_port()
    told = Told()
    async with serving(address, port) as first:
        at_work = asyncio.create_task(work(first.address, people, seconds=90, pause_s=0.05, told=told))
        await told.holds(80)
        first.process.kill()
        await first.process.wait()
    before = len(told.kept)
    async with serving(address, port):
        await told.holds(before + 80)
        told.enough = True
        await at_work
    found = compare(address, told.kept)
    assert told.broken > 0
    assert (found.lost, found.double, found.over) == (0, 0, 0)
    assert (
        len(told.kept) <= found.answers <= len(told.kept) + len(people)
    )  # what was under way may be there too
