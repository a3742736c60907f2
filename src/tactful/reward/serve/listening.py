"""A server at a port, and its end, from which no connection is left over."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from aiohttp import web

from tactful.errors import UserError
from tactful.text.addresses import address_at, cannot_listen

QUIET = logging.getLogger(f"{__name__}.http")
QUIET.disabled = True
"""aiohttp would log broken requests with their content."""
_TURNS = 3
"""Of the loop, in which a connection that was accepted comes to be known: its task, its transport, its first call."""


@contextlib.asynccontextmanager
async def listening(
    runner: web.BaseRunner, host: str, port: int, *, backlog: int = 128
) -> AsyncIterator[str]:
    """Serve while the block runs; gives the address. Raises: UserError when the port is taken or the host is not of this machine."""
    await runner.setup()
    try:
        site = web.TCPSite(runner, host.strip("[]"), port, backlog=backlog)
        try:
            await site.start()
        except OSError as error:
            raise UserError(cannot_listen(host, port, error)) from error
        yield address_at(host, runner.addresses[0][1])
    finally:
        await end(runner)


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
