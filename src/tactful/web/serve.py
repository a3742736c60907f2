"""An app at an address of this machine, until its block ends. Requests are never logged."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from tactful.errors import UserError
from tactful.text.addresses import address_at, cannot_listen, is_loopback

_END_S = 5


@asynccontextmanager
async def running(
    app: FastAPI,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
) -> AsyncIterator[str]:
    """Serve while the block runs; gives the address, such as `http://127.0.0.1:7860`. Port 0 takes a free one.

    Signals are the caller's: a command takes `cli.serving.serve_until_signal`. Requests under way have 5 s to end.
    Raises: UserError when the port is taken, the host is not of this machine or the certificate is unusable;
    what the app's lifespan raises.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_END_S,
        timeout_keep_alive=30,
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
    )
    try:
        config.load()
    except (OSError, ValueError) as error:
        raise UserError(
            f"{tls_cert}: no usable certificate with its key ({error}); give both as PEM"
        ) from None
    with _listening(host, port) as listener:
        async with app.router.lifespan_context(app):
            server = _Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                while not (server.started or serving.done()):  # noqa: ASYNC110 # uvicorn tells by a flag
                    await asyncio.sleep(0.01)
                yield address_at(host, listener.getsockname()[1], scheme="https" if tls_cert else "http")
            finally:
                server.should_exit = True
                await serving


def exposure(host: str, *, tls: bool) -> str | None:
    """The sentence that whoever starts a server must read when other machines can reach it; None on loopback."""
    if is_loopback(host):
        return None
    told = f"--host {host} lets other machines open these pages"
    if tls:
        return told
    return f"{told}, and without TLS anyone on the way can read along; give --tls-cert and --tls-key"


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    name = host.strip("[]")
    with socket.socket(socket.AF_INET6 if ":" in name else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((name, port))
        except OSError as error:
            raise UserError(cannot_listen(host, port, error)) from error
        yield listener
