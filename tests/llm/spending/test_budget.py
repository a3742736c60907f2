from __future__ import annotations

import asyncio

import pytest

from tactful.errors import BudgetSpent, ConfigError
from tactful.llm import Budget, Usage


async def test_a_call_that_does_not_fit_is_refused_before_it_is_made() -> None:
    budget = Budget(usd=1.0)
    with pytest.raises(BudgetSpent, match=r"0\.0000 of 1\.0000 USD, the next call may cost 1\.5000"):
        await budget.reserve(1.5, 10)


async def test_a_call_waits_while_running_ones_may_make_room() -> None:
    budget = Budget(tokens=100)
    running = await budget.reserve(0, 80)
    waiting = asyncio.create_task(budget.reserve(0, 80))
    await asyncio.sleep(0)
    assert not waiting.done()
    running.settle(0, 10)
    await waiting
    assert budget.spent_tokens == 10


async def test_waiting_ends_when_nothing_can_make_room_any_more() -> None:
    budget = Budget(tokens=100)
    running = await budget.reserve(0, 80)
    waiting = asyncio.create_task(budget.reserve(0, 80))
    await asyncio.sleep(0)
    running.keep()
    with pytest.raises(BudgetSpent, match="80 of 100 tokens"):
        await waiting


async def test_a_hold_counts_what_the_call_cost_and_ends_once() -> None:
    budget = Budget(usd=1.0, tokens=100)
    hold = await budget.reserve(0.5, 50)
    hold.settle(0.6, 40)
    hold.keep()
    hold.release()
    assert (budget.spent_usd, budget.spent_tokens) == (0.6, 40)


async def test_what_is_kept_beyond_what_a_meter_counted_is_told() -> None:
    budget = Budget(usd=1.0, tokens=100)
    (await budget.reserve(0.5, 50)).keep(Usage(prompt_tokens=4, completion_tokens=6, cost_usd=0.1))
    (await budget.reserve(0.1, 20)).keep()
    (await budget.reserve(0.1, 20)).settle(0.1, 10)
    assert (budget.spent_tokens, budget.kept.completion_tokens) == (80, 40 + 20)
    assert budget.kept.cost_usd == pytest.approx(0.4 + 0.1)


async def test_a_released_hold_costs_nothing() -> None:
    budget = Budget(tokens=100)
    (await budget.reserve(0, 100)).release()
    await budget.reserve(0, 100)
    assert budget.spent_tokens == 0


async def test_what_earlier_parts_of_the_run_spent_counts() -> None:
    spent = Usage(prompt_tokens=60, completion_tokens=30, cost_usd=0.2)
    with pytest.raises(BudgetSpent, match="90 of 100 tokens"):
        await Budget(tokens=100, spent=spent).reserve(0, 20)


async def test_no_cap_lets_everything_pass() -> None:
    budget = Budget()
    assert not budget.capped
    await budget.reserve(1e9, 10**12)


def test_a_negative_budget_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be negative"):
        Budget(usd=-1)
