"""The end of a server, from which no connection is left over."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import web

_TURNS = 3
"""Of the loop, in which a connection that was accepted comes to be known: its task, its transport, its first call."""


async def end(runner: web.BaseRunner) -> None:
    """End the server of `runner`; requests under way have the time that it grants.

    What is accepted in the very turn in which a server closes, asyncio fails on: the client waits for ever, and a traceback
    is logged. So first nothing is accepted any more, while the server still stands.
    """
    loop = asyncio.get_running_loop()
    for site in runner.sites:
        standing = getattr(site, "_server", None)
        for listening in standing.sockets if standing is not None else ():
            with contextlib.suppress(NotImplementedError):  # Windows
                loop.remove_reader(listening.fileno())
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    await runner.cleanup()
