"""A server in the foreground of a terminal: it tells its address, and a signal ends it."""

from __future__ import annotations

import gc
import json
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, cast

import typer

from tactful.cli.options import AddressJsonFlag, PortOption, finite

if TYPE_CHECKING:
    from tactful.api.serving import Served, ServerOptions


@dataclass(frozen=True, kw_only=True)
class ServerFlags:
    """Where a server listens, who may ask, and how long it takes for them."""

    host: Annotated[
        str, typer.Option("--host", help="Address to listen at; others than loopback need a key.")
    ] = "127.0.0.1"
    port: PortOption = 8000
    api_key_env: Annotated[
        str | None,
        typer.Option("--api-key-env", help="Variable that holds the key which clients must send."),
    ] = None
    allow_hosts: Annotated[
        list[str] | None, typer.Option("--allow-host", help="Further name in the Host header; repeatable.")
    ] = None
    queue: Annotated[int, typer.Option("--queue", min=0, help="Requests that may wait; more get 429.")] = 64
    deadline_s: Annotated[
        float, typer.Option("--deadline", min=0.1, callback=finite, help="Seconds for one request.")
    ] = 30.0
    as_json: AddressJsonFlag = False

    def options(self) -> ServerOptions:
        """As the Python interface takes them."""
        given = {**asdict(self), "allow_hosts": self.allow_hosts or ()}
        del given["as_json"]
        return cast("ServerOptions", given)


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
        _settle()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)
        if as_json:
            print(json.dumps({"address": served.address}), flush=True)
        tell(served)
        return await stopped


def _settle() -> None:
    """What is loaded by now lasts as long as the server: no request waits for a collection that looks through all of it."""
    gc.collect()
    gc.freeze()
