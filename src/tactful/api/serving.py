"""What every server of ours has in Python: where it answers, its key, and a block of a script in which it does."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from tactful.errors import ConfigError

if TYPE_CHECKING:
    from tactful.reward.serve.app import ServeSettings


class ServerOptions(TypedDict, total=False):
    """What may be given to every server of ours. Defaults are those of the commands."""

    host: str
    """Address to listen at; others than loopback need a key."""
    port: int
    """0, the default, takes a free one; the commands' default is 8000."""
    api_key_env: str | None
    """Variable that holds the key which clients must send."""
    allow_hosts: Sequence[str]
    """Further names in the Host header."""
    queue: int
    """Requests that may wait; more get 429."""
    deadline_s: float
    """Seconds for one request; default 30."""


def server_settings(options: ServerOptions, *, concurrency: int) -> ServeSettings:
    """The settings that these options mean. Raises: ConfigError for an empty variable of the key."""
    from tactful.reward.serve.app import ServeSettings

    return ServeSettings(
        host=options.get("host", "127.0.0.1"),
        allow_hosts=tuple(options.get("allow_hosts", ())),
        key=server_key(options.get("api_key_env")),
        concurrency=concurrency,
        queue=options.get("queue", 64),
        deadline_s=options.get("deadline_s", 30.0),
    )


@dataclass(frozen=True)
class Served:
    """A server that answers."""

    address: str
    """Such as `http://127.0.0.1:8000`."""
    name: str
    """Of the judge or policy."""
    asks_key: bool
    decides: bool = False
    """A judge: a gate decides."""


def server_key(variable: str | None) -> str | None:
    """The key that clients must send, from a variable; None without one. Raises: ConfigError for an empty variable."""
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ConfigError(f"the variable {variable} is not set or empty; put the key of the server into it")
    return key


@contextmanager
def in_a_thread(serving: Callable[[], AbstractAsyncContextManager[Served]]) -> Iterator[Served]:
    """Serve while the block runs, in a thread with an event loop of its own. Raises what `serving` raises."""
    import asyncio
    from concurrent.futures import Future, ThreadPoolExecutor

    ready: Future[tuple[Served, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def until_told() -> None:
        end = asyncio.Event()
        async with serving() as served:
            ready.set_result((served, asyncio.get_running_loop(), end))
            await end.wait()

    def failed(done: Future[None]) -> None:
        if not ready.done() and (error := done.exception()) is not None:
            ready.set_exception(error)

    with ThreadPoolExecutor(1) as thread:
        working = thread.submit(asyncio.run, until_told())
        working.add_done_callback(failed)
        served, loop, end = ready.result()
        try:
            yield served
        finally:
            loop.call_soon_threadsafe(end.set)
            working.result()
