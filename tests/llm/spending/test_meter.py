from __future__ import annotations

import asyncio

from tactful.llm import Usage, metered
from tactful.llm.spending.meter import count

CALL = Usage(calls=1, prompt_tokens=10, completion_tokens=5, cost_usd=0.25)


async def test_calls_of_child_tasks_and_inner_meters_count_and_neighbours_do_not() -> None:
    async def child() -> None:
        count(CALL)

    async def record(calls: int) -> int:
        with metered() as meter:
            await asyncio.gather(*(child() for _ in range(calls)))
            with metered() as inner:
                count(CALL)
            assert inner.usage == CALL
        return meter.usage.calls

    assert await asyncio.gather(record(2), record(200)) == [3, 201]


def test_an_unknown_price_stays_unknown() -> None:
    with metered() as meter:
        count(CALL)
        assert meter.usage == CALL
        count(Usage(calls=1, cost_usd=None), repaired=1)
        count(None, asked_again=2)
    assert (meter.usage.calls, meter.usage.cost_usd) == (2, None)
    assert (meter.repaired, meter.asked_again) == (1, 2)


def test_counting_without_a_meter_is_harmless() -> None:
    count(CALL)
