"""What goes between actors: in order, in batches that grow with the load."""

import asyncio

import pytest

from tactful.llm.types import Usage
from tactful.runs.result import Result
from tactful.runs.running.ray.batches import Inbox, Outbox, pack, unpack


async def test_what_comes_while_a_batch_is_under_way_goes_together_in_the_next_and_in_order() -> None:
    sent: list[list[int]] = []
    begun, arrived = asyncio.Event(), asyncio.Event()

    async def send(batch: list[int]) -> None:
        sent.append(batch)
        begun.set()
        await arrived.wait()

    outbox: Outbox[int] = Outbox(send)
    outbox.put(1)
    await begun.wait()
    for number in (2, 3, 4):
        outbox.put(number)
    await asyncio.sleep(0.02)
    assert sent == [[1]]
    arrived.set()
    await outbox.flushed()
    assert sent == [[1], [2, 3, 4]]
    outbox.put(5)
    await outbox.flushed()
    assert sent[-1] == [5]


async def test_an_inbox_that_was_emptied_meanwhile_waits_for_the_next() -> None:
    inbox: Inbox[int] = Inbox()
    waiting = asyncio.create_task(inbox.take())
    await asyncio.sleep(0)
    inbox.put(1)
    assert inbox.now() == [1]
    assert inbox.now() == []
    await asyncio.sleep(0.02)
    assert not waiting.done()
    inbox.put(2)
    assert await asyncio.wait_for(waiting, 1) == [2]


@pytest.mark.parametrize(
    "message",
    [
        Usage(calls=1, cached=2, prompt_tokens=3, completion_tokens=4, cached_prompt_tokens=5, cost_usd=None),
        Result(
            state="failed", stage="s", error="E", reason="r", detail="d", usage=Usage(calls=1), elapsed_s=0.5
        ),
        Result(state="done", lines=b"{}\n", outputs=1, unscored=True),
    ],
)
def test_what_is_packed_comes_out_equal(message: object) -> None:
    assert unpack(pack([message, (1, message)])) == [message, (1, message)]
