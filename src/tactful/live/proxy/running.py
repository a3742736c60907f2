"""The proxy behind a port, while a block runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tactful.live.advisor import Advisor
from tactful.live.proxy.app import Proxy
from tactful.live.proxy.settings import ProxySettings
from tactful.reward.serve.listening import QUIET, listening


@asynccontextmanager
async def proxying(advisor: Advisor, settings: ProxySettings, port: int) -> AsyncIterator[tuple[str, Proxy]]:
    """Serve while the block runs; gives the address and the proxy. Port 0 takes a free one.

    Raises: SafetyRefusal when others could reach it without a key; UserError when the port is taken or the host is not of
    this machine.
    """
    proxy = Proxy(advisor, settings)
    server = web.Server(
        proxy.handle,
        handler_cancellation=True,
        auto_decompress=False,
        access_log=None,
        logger=QUIET,
        max_line_size=64 * 1024,
        max_field_size=64 * 1024,
        keepalive_timeout=75.0,
    )
    runner = web.ServerRunner(server, shutdown_timeout=5.0)
    await asyncio.to_thread(advisor.ready)
    await proxy.open()
    try:
        async with listening(runner, settings.host, port, backlog=2048) as address:
            yield address, proxy
    finally:
        await proxy.close()
