"""A server in the foreground of a terminal: it tells its address, and a signal ends it."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tactful.api.serving import Served


def serve_until_signal(
    serving: AbstractAsyncContextManager[Served], tell: Callable[[Served], None], *, as_json: bool
) -> None:
    """Serve until SIGTERM, or Ctrl-C, which raises KeyboardInterrupt; with `as_json` the address is a line on stdout."""
    import asyncio

    if asyncio.run(_served(serving, tell, as_json=as_json)) == signal.SIGINT:
        raise KeyboardInterrupt


async def _served(
    serving: AbstractAsyncContextManager[Served], tell: Callable[[Served], None], *, as_json: bool
) -> signal.Signals:
    import asyncio

    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[signal.Signals] = loop.create_future()

    def stop(number: signal.Signals) -> None:
        if not stopped.done():
            stopped.set_result(number)

    async with serving as served:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)
        if as_json:
            print(json.dumps({"address": served.address}), flush=True)
        tell(served)
        return await stopped
