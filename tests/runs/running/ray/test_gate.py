"""The gate alone: what workers share, without Ray."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tactful.errors import BudgetSpent, UserError
from tactful.llm import CallCache, Usage
from tactful.runs.running.ray.gate import Gate, News, Said

KEY, OTHER = b"k" * 16, b"o" * 16
ONE, TWO = 1, 2


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    made = Gate(tmp_path / "calls.sqlite", None, 100, Usage())
    assert await made.start() is None
    await made.join(ONE)
    await made.join(TWO)
    yield made
    await made.aclose()


async def news(gate: Gate, worker: int) -> list[News]:
    return await asyncio.wait_for(gate.news(worker), 5)


async def nothing_new(gate: Gate, worker: int) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(gate.news(worker), 0.05)


def put(number: int, key: bytes, record: str = "r", tokens: int = 7) -> Said:
    answer = (key, b'{"a":1}', b"3,4,0", "m", b"")
    return Said(number, "put", (answer, ("run", record), Usage(calls=1, prompt_tokens=tokens)))


async def test_a_call_that_another_worker_asks_is_waited_for_and_answered_by_its_answer(gate: Gate) -> None:
    await gate.take(ONE, [Said(1, "find", (KEY,))])
    assert await news(gate, ONE) == [News(1, None)]  # nothing stored: worker one asks
    await gate.take(TWO, [Said(5, "find", (KEY,))])
    await nothing_new(gate, TWO)
    await gate.take(ONE, [put(2, KEY)])
    assert await news(gate, ONE) == [News(2)]
    (answer,) = await news(gate, TWO)
    assert (answer.number, answer.value.body) == (5, b'{"a":1}')


async def test_of_those_who_wait_one_asks_when_the_first_gives_up(gate: Gate) -> None:
    await gate.take(ONE, [Said(1, "find", (KEY,)), Said(2, "find", (KEY,))])
    await gate.take(TWO, [Said(3, "find", (KEY,))])
    assert await news(gate, ONE) == [News(1, None)]
    await gate.take(ONE, [Said(0, "abandon", (KEY,))])
    assert await news(gate, ONE) == [News(2, None)]
    await nothing_new(gate, TWO)


async def test_whoever_stops_waiting_leaves_the_call_to_the_next(gate: Gate) -> None:
    await gate.take(ONE, [Said(1, "find", (KEY,))])
    await gate.take(TWO, [Said(2, "find", (KEY,)), Said(3, "find", (KEY,))])
    await gate.take(TWO, [Said(0, "forget_find", (KEY, 2))])  # one of the waiting
    await gate.take(ONE, [Said(0, "forget_find", (KEY, 1))])  # the one that was to ask
    assert await news(gate, TWO) == [News(3, None)]


async def test_a_dead_worker_frees_its_calls_and_what_it_had_paid_is_told(gate: Gate) -> None:
    await gate.take(ONE, [put(1, OTHER, "a", 7), Said(2, "find", (KEY,))])
    await gate.take(TWO, [Said(3, "find", (KEY,))])
    paid = await gate.lost(ONE, ["a", "b"])
    assert (paid.calls, paid.prompt_tokens) == (1, 7)
    assert await news(gate, TWO) == [News(3, None)]  # the call is free
    await gate.take(ONE, [Said(9, "find", (OTHER,))])  # what was under way when it died is not heard
    assert (await gate.lost(ONE, ["a"])).calls == 0


async def test_an_answer_that_came_before_its_worker_died_is_not_asked_for_again(gate: Gate) -> None:
    await gate.take(ONE, [Said(1, "find", (KEY,)), put(2, KEY)])
    await gate.take(TWO, [Said(3, "find", (KEY,))])
    await gate.lost(ONE, [])  # before the answer is committed
    (answer,) = await news(gate, TWO)
    assert answer.value.body == b'{"a":1}'


async def test_what_stored_records_have_cost_is_forgotten(gate: Gate) -> None:
    await gate.take(ONE, [put(1, KEY, "a")])
    await gate.settled([(ONE, "a")])
    assert (await gate.lost(ONE, ["a"])).calls == 0


async def test_the_budget_is_one_for_all_workers_and_a_dead_ones_hold_is_kept(gate: Gate) -> None:
    await gate.take(ONE, [Said(1, "reserve", (0.0, 60))])
    assert await news(gate, ONE) == [News(1, 1)]
    await gate.take(TWO, [Said(1, "reserve", (0.0, 60))])  # 60 + 60 > 100: waits
    await nothing_new(gate, TWO)
    await gate.take(ONE, [Said(0, "hold_ended", (1, 0.0, 20))])  # 20 of 100 are spent
    assert await news(gate, TWO) == [News(1, 1)]
    await gate.lost(TWO, [])  # its 60 may have been charged: 80 are spent
    await gate.take(ONE, [Said(2, "reserve", (0.0, 30))])
    (refused,) = await news(gate, ONE)
    assert isinstance(refused.error, BudgetSpent)
    assert "80 of 100 tokens" in str(refused.error)


async def test_what_was_kept_for_calls_whose_cost_is_unknown_is_told_at_the_end(gate: Gate) -> None:
    await gate.take(ONE, [Said(1, "reserve", (0.0, 60)), Said(2, "reserve", (0.0, 30))])
    await news(gate, ONE)
    beyond = Usage(completion_tokens=50)  # a meter counted 10 of the 60
    await gate.take(ONE, [Said(0, "hold_ended", (1, 0.0, 60, beyond))])
    await gate.lost(ONE, [])
    assert (await gate.aclose()).completion_tokens == 50 + 30


async def test_a_hold_that_nobody_waits_for_is_released(gate: Gate) -> None:
    await gate.take(ONE, [Said(1, "reserve", (0.0, 100))])
    await gate.take(TWO, [Said(1, "reserve", (0.0, 100))])
    await news(gate, ONE)
    await gate.take(TWO, [Said(0, "forget_queued", (1,))])  # still waiting
    await gate.take(ONE, [Said(0, "forget_queued", (1,))])  # held
    await gate.take(TWO, [Said(2, "reserve", (0.0, 100))])
    assert await news(gate, TWO) == [News(2, 2)]


async def test_a_rate_limit_counts_the_permits_of_all_workers(gate: Gate) -> None:
    began = asyncio.get_running_loop().time()
    await gate.take(ONE, [Said(1, "permit", ("http://e", 600.0)), Said(2, "permit", ("http://e", 600.0))])
    await gate.take(TWO, [Said(1, "permit", ("http://e", 600.0)), Said(2, "permit", ("http://e", 600.0))])
    heard = 0
    while heard < 4:  # ten a second, 2.5 of them at once: the fourth after 0.15 s
        heard += len(await news(gate, ONE if heard < 2 else TWO))
    assert asyncio.get_running_loop().time() - began >= 0.1


@pytest.mark.slow
@pytest.mark.parametrize("dies", [True, False])
async def test_permits_that_nobody_waits_for_are_left_to_the_others(gate: Gate, dies: bool) -> None:
    await gate.take(ONE, [Said(number, "permit", ("http://e", 60.0)) for number in range(1, 9)])
    await asyncio.sleep(0)
    if dies:
        await gate.lost(ONE, [])
    else:
        await gate.take(ONE, [Said(0, "forget_queued", (number,)) for number in range(2, 9)])
    began = asyncio.get_running_loop().time()
    await gate.take(TWO, [Said(1, "permit", ("http://e", 60.0))])
    assert await news(gate, TWO) == [News(1, None)]  # one a second: seven others would have gone before
    assert asyncio.get_running_loop().time() - began < 2


async def test_a_429_pauses_all_other_workers(gate: Gate) -> None:
    await gate.take(ONE, [Said(0, "paused", ("http://e", 2.5))])
    assert await news(gate, TWO) == [News(0, ("http://e", 2.5))]
    await nothing_new(gate, ONE)


async def test_a_worker_that_comes_during_a_pause_pauses_for_what_is_left_of_it(gate: Gate) -> None:
    await gate.take(ONE, [Said(0, "paused", ("http://e", 2.5)), Said(0, "paused", ("http://over", 0.0))])
    await gate.join(3)
    ((number, (endpoint, left_s), _),) = await news(gate, 3)
    assert (number, endpoint) == (0, "http://e")
    assert 0 < left_s <= 2.5


async def test_facts_and_notes_are_kept_in_the_file(gate: Gate, tmp_path: Path) -> None:
    await gate.take(ONE, [Said(1, "find_fact", ("endpoint",)), Said(2, "put_fact", ("endpoint", b"schema"))])
    heard: list[News] = []
    while len(heard) < 2:
        heard += await news(gate, ONE)
    await gate.take(TWO, [Said(1, "find_fact", ("endpoint",))])
    assert await news(gate, TWO) == [News(1, b"schema")]
    await gate.take(TWO, [put(2, KEY)])
    assert await news(gate, TWO) == [News(2)]
    await gate.take(TWO, [Said(0, "mark_invalid", (KEY,))])
    await gate.aclose()
    with CallCache(tmp_path / "calls.sqlite") as cache:
        stored = cache.get(KEY)
    assert stored is not None
    assert stored.invalid


async def test_a_cache_that_cannot_be_opened_is_told_to_the_driver(tmp_path: Path) -> None:
    (tmp_path / "calls.sqlite").write_text("no database, but long enough to be read as a header " * 20)
    assert isinstance(await Gate(tmp_path / "calls.sqlite", None, None, Usage()).start(), UserError)
