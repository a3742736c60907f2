"""What another process can put in place of the door's cache, and what throttles of several processes tell each other."""

import asyncio
from pathlib import Path

from tests.chat_server import ChatServer

from tactful.llm import CallCache, ModelSpec, open_model
from tactful.llm.spending.meter import cost_so_far, metered
from tactful.llm.throttle import join_throttle, leave_throttle, pause_here, share_throttles
from tactful.types import Message


class SlowToFind(CallCache):
    """A cache behind a wire: a look-up takes a moment."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.abandoned: list[bytes] = []

    async def find(self, key: bytes):
        await asyncio.sleep(0.01)
        return self.get(key)

    def abandon(self, key: bytes) -> None:
        self.abandoned.append(key)


async def test_equal_calls_are_sent_once_also_when_a_look_up_takes_a_moment(tmp_path: Path) -> None:
    async with ChatServer() as server:
        with SlowToFind(tmp_path / "calls.sqlite") as cache:
            model = open_model(ModelSpec(name="m", base_url=server.base_url), cache=cache)
            asked = [Message(role="user", content="Which way?")]
            replies = await asyncio.gather(*(model.complete(asked) for _ in range(5)))
            await model.aclose()
    assert server.jobs == 1
    assert sorted(reply.cached for reply in replies) == [False, True, True, True, True]
    assert not cache.abandoned


async def test_a_call_without_an_answer_is_abandoned_so_that_nobody_waits_for_it(tmp_path: Path) -> None:
    async with ChatServer(sequence=["400", None]) as server:
        with SlowToFind(tmp_path / "calls.sqlite") as cache:
            model = open_model(ModelSpec(name="m", base_url=server.base_url), cache=cache)
            asked = [Message(role="user", content="Which way?")]
            failed = await asyncio.gather(model.complete(asked), return_exceptions=True)
            await model.complete(asked)
            await model.aclose()
    assert isinstance(failed[0], Exception)
    assert len(cache.abandoned) == 1


class Told:
    """The other processes, as seen from here."""

    def __init__(self) -> None:
        self.permits: list[tuple[str, float]] = []
        self.pauses: list[tuple[str, float]] = []

    async def permit(self, endpoint: str, requests_per_minute: float) -> None:
        self.permits.append((endpoint, requests_per_minute))

    def paused(self, endpoint: str, wait_s: float) -> None:
        self.pauses.append((endpoint, wait_s))


async def test_throttles_that_are_shared_ask_the_others_for_permits_and_tell_them_of_a_429() -> None:
    told = Told()
    share_throttles(told)
    throttle = join_throttle("http://e", ceiling=4, requests_per_minute=60)
    try:
        for _ in range(3):  # a limiter of its own would take two seconds
            await throttle.limited()
        assert told.permits == [("http://e", 60)] * 3
        now = asyncio.get_running_loop().time()
        throttle.paused(await throttle.pass_through(now + 1), 5.0)
        assert told.pauses == [("http://e", 5.0)]
    finally:
        leave_throttle("http://e", throttle)


async def test_a_429_of_another_process_closes_the_throttle_here_and_is_not_told_again() -> None:
    told = Told()
    share_throttles(told)
    throttle = join_throttle("http://e", ceiling=4, requests_per_minute=None)
    try:
        now = asyncio.get_running_loop().time()
        pause_here("http://e", 0.3)
        await throttle.pass_through(now + 10)
        assert asyncio.get_running_loop().time() - now >= 0.29
        assert told.pauses == []
    finally:
        leave_throttle("http://e", throttle)


async def test_a_429_of_another_process_also_closes_a_throttle_that_is_made_later() -> None:
    now = asyncio.get_running_loop().time()
    pause_here("http://e", 0.3)
    throttle = join_throttle("http://e", ceiling=4, requests_per_minute=None)
    try:
        await throttle.pass_through(now + 10)
        assert asyncio.get_running_loop().time() - now >= 0.29
        await throttle.pass_through(
            now + 10
        )  # nor does it go on at the lowest pace: nothing was refused here
        assert asyncio.get_running_loop().time() - now < 1
    finally:
        leave_throttle("http://e", throttle)


def test_what_a_record_has_cost_so_far_is_that_of_its_outermost_meter() -> None:
    from tactful.llm.types import Usage

    assert cost_so_far() == Usage()
    with metered(("run", "record")) as outer:
        outer.add(Usage(calls=1))
        with metered() as inner:
            inner.add(Usage(calls=2))
            assert cost_so_far().calls == 3
