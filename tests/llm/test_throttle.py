from __future__ import annotations

import asyncio

import pytest

from tactful.errors import EndpointRefused
from tactful.llm.throttle import Deferred, Gate, join_gate, leave_gate


def soon(seconds: float = 10.0) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_no_more_than_its_slots_are_inside_and_a_cancelled_waiter_leaves_none_lost() -> None:
    gate = Gate(2)
    await gate.enter()
    await gate.enter()
    waiting = [asyncio.create_task(gate.enter()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    gate.leave()
    await asyncio.sleep(0)
    assert [task.done() for task in waiting] == [True, True, False]
    gate.leave()
    await waiting[2]


async def test_strain_takes_slots_once_a_round_and_successes_give_them_back() -> None:
    gate = Gate(100)
    tickets = [await gate.pass_through(soon()) for _ in range(10)]
    for ticket in tickets:
        gate.strained(ticket)
    assert gate.limit == pytest.approx(80)
    gate.strained(await gate.pass_through(soon()))
    assert gate.limit == pytest.approx(64)
    # a round of 64 successes adds about one slot
    for _ in range(64):
        gate.succeeded()
    assert gate.limit == pytest.approx(65, abs=0.02)
    for _ in range(20_000):
        gate.succeeded()
    assert gate.limit == 100


async def test_there_is_always_one_slot() -> None:
    gate = Gate(4)
    for _ in range(50):
        gate.strained(await gate.pass_through(soon()))
    assert gate.limit == 1
    await gate.enter()


async def test_a_pause_beyond_the_deadline_is_said_at_once() -> None:
    gate = Gate(4)
    gate.paused(await gate.pass_through(soon()), 60.0)
    with pytest.raises(Deferred):
        await gate.pass_through(soon(1.0))


async def test_after_a_429_requests_leave_one_by_one() -> None:
    gate = Gate(64)
    for _ in range(100):
        gate.succeeded()
    gate.paused(await gate.pass_through(soon()), 0.0)
    loop = asyncio.get_running_loop()

    async def leave() -> float:
        await gate.pass_through(soon())
        return loop.time()

    times = sorted(await asyncio.gather(*(leave() for _ in range(10))))
    # 100 were served in the last second, so the pace is 85 a second: nine gaps of 1/85 s
    assert times[-1] - times[0] >= 9 / 85 - 0.02


async def test_a_shut_gate_lets_nothing_pass_also_not_those_who_wait() -> None:
    gate = Gate(4)
    gate.paused(await gate.pass_through(soon()), 0.05)
    waiting = asyncio.create_task(gate.pass_through(soon()))
    await asyncio.sleep(0)
    gate.refused = EndpointRefused("no")
    with pytest.raises(EndpointRefused):
        await waiting


async def test_models_of_one_endpoint_share_a_gate_until_the_last_leaves() -> None:
    first = join_gate("http://a/v1", ceiling=4, requests_per_minute=None)
    second = join_gate("http://a/v1", ceiling=8, requests_per_minute=60)
    other = join_gate("http://b/v1", ceiling=4, requests_per_minute=None)
    assert first is second
    assert first is not other
    assert first.ceiling == 8
    leave_gate("http://a/v1", first)
    leave_gate("http://a/v1", second)
    assert join_gate("http://a/v1", ceiling=4, requests_per_minute=None) is not first
