from __future__ import annotations

import asyncio

import pytest

from tactful.errors import EndpointRefused, ProviderError
from tactful.llm.throttle import Deferred, Throttle, join_throttle, leave_throttle


def soon(seconds: float = 10.0) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_no_more_than_its_slots_are_inside_and_a_cancelled_waiter_leaves_none_lost() -> None:
    throttle = Throttle(2)
    await throttle.enter()
    await throttle.enter()
    waiting = [asyncio.create_task(throttle.enter()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    throttle.leave()
    await asyncio.sleep(0)
    assert [task.done() for task in waiting] == [True, True, False]
    throttle.leave()
    await waiting[2]


async def test_strain_takes_slots_once_a_round_and_successes_give_them_back() -> None:
    throttle = Throttle(100)
    tickets = [await throttle.pass_through(soon()) for _ in range(10)]
    for ticket in tickets:
        throttle.strained(ticket)
    assert throttle.limit == pytest.approx(80)
    throttle.strained(await throttle.pass_through(soon()))
    assert throttle.limit == pytest.approx(64)
    # a round of 64 successes adds about one slot
    for _ in range(64):
        throttle.succeeded()
    assert throttle.limit == pytest.approx(65, abs=0.02)
    for _ in range(20_000):
        throttle.succeeded()
    assert throttle.limit == 100


async def test_an_endpoint_that_only_queues_gets_half_as_many_at_once_and_once_a_round() -> None:
    throttle = Throttle(64)
    for _ in range(32):
        await throttle.enter()
    tickets = [await throttle.pass_through(soon()) for _ in range(32)]
    for ticket in tickets:
        throttle.queued(ticket)
    assert throttle.limit == 16
    throttle.queued(await throttle.pass_through(soon()))
    assert throttle.limit == 16


async def test_ten_calls_in_a_row_without_an_answer_shut_it_and_one_answer_starts_the_count_anew() -> None:
    throttle = Throttle(4)
    nothing = ProviderError("m at http://a/v1: HTTP 500: internal error; tried 9 times")
    for _ in range(9):
        throttle.gave_none(nothing)
    throttle.succeeded()
    for _ in range(9):
        throttle.gave_none(nothing)
    with pytest.raises(
        EndpointRefused, match=r"10 calls in a row .* HTTP 500: internal error.*look at the server"
    ):
        throttle.gave_none(nothing)
    with pytest.raises(EndpointRefused):
        await throttle.pass_through(soon())


async def test_there_is_always_one_slot() -> None:
    throttle = Throttle(4)
    for _ in range(50):
        throttle.strained(await throttle.pass_through(soon()))
    assert throttle.limit == 1
    await throttle.enter()


async def test_a_pause_beyond_the_deadline_is_said_at_once() -> None:
    throttle = Throttle(4)
    throttle.paused(await throttle.pass_through(soon()), 60.0)
    with pytest.raises(Deferred):
        await throttle.pass_through(soon(1.0))


async def test_after_a_429_requests_leave_one_by_one() -> None:
    throttle = Throttle(64)
    for _ in range(100):
        throttle.succeeded()
    throttle.paused(await throttle.pass_through(soon()), 0.0)
    loop = asyncio.get_running_loop()

    async def leave() -> float:
        await throttle.pass_through(soon())
        return loop.time()

    times = sorted(await asyncio.gather(*(leave() for _ in range(10))))
    # 100 were served in the last second, so the pace is 85 a second: nine gaps of 1/85 s
    assert times[-1] - times[0] >= 9 / 85 - 0.02


async def test_a_shut_gate_lets_nothing_pass_also_not_those_who_wait() -> None:
    throttle = Throttle(4)
    throttle.paused(await throttle.pass_through(soon()), 0.05)
    waiting = asyncio.create_task(throttle.pass_through(soon()))
    await asyncio.sleep(0)
    throttle.refused = EndpointRefused("no")
    with pytest.raises(EndpointRefused):
        await waiting


async def test_models_of_one_endpoint_share_a_gate_until_the_last_leaves() -> None:
    first = join_throttle("http://a/v1", ceiling=4, requests_per_minute=None)
    second = join_throttle("http://a/v1", ceiling=8, requests_per_minute=60)
    other = join_throttle("http://b/v1", ceiling=4, requests_per_minute=None)
    assert first is second
    assert first is not other
    assert first.ceiling == 8
    leave_throttle("http://a/v1", first)
    leave_throttle("http://a/v1", second)
    assert join_throttle("http://a/v1", ceiling=4, requests_per_minute=None) is not first
