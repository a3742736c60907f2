"""HTTP to one endpoint: one POST, its whole body, within a time and a size.

Only the configured endpoint is ever contacted: redirects are not followed, proxies and netrc of the environment
are not read, cookies are not kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp

from tactful import __version__

MAX_BODY_BYTES = 8 * 2**20
_CONNECT_S = 15.0


class Lost(Exception):
    """No response: the connection failed or ended early. `sent` is False when nothing can have reached the endpoint."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class TooLarge(Exception):
    """The response is larger than `MAX_BODY_BYTES`; the rest was not read."""


class Response(NamedTuple):
    """Status, headers and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Posts JSON to one URL over kept-alive connections. Opened inside a running event loop."""

    def __init__(self, url: str, key: str | None) -> None:
        self._url = url
        headers = {"Content-Type": "application/json", "User-Agent": f"tactful/{__version__}"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
        )

    async def post(self, body: bytes, *, until: float) -> Response:
        """Send `body` and read the response by `until` (loop time), also when it drips in slowly.

        Raises: Lost, TooLarge.
        """
        try:
            async with (
                asyncio.timeout_at(until),
                self._session.post(self._url, data=body, allow_redirects=False) as response,
            ):
                return Response(response.status, response.headers, await _read(response))
        except TimeoutError as error:
            connecting = isinstance(error, aiohttp.ConnectionTimeoutError)
            raise Lost("the connection could not be made in time" if connecting else "no answer in time",
                       sent=not connecting) from None  # fmt: skip
        except aiohttp.ClientConnectorError as error:
            raise Lost(f"cannot connect ({error.os_error.strerror or error.os_error})", sent=False) from None
        except (aiohttp.ClientError, OSError) as error:
            raise Lost(f"the connection was lost ({type(error).__name__})", sent=True) from None

    async def aclose(self) -> None:
        """Close all connections."""
        await self._session.close()


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body. A body of known, small size is read at once; any other in pieces, so that none grows too large."""
    length = response.content_length
    if length is not None and length > MAX_BODY_BYTES:
        response.close()
        raise TooLarge
    if length is not None and "Content-Encoding" not in response.headers:
        return await response.read()
    pieces: list[bytes] = []
    size = 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > MAX_BODY_BYTES:
            response.close()
            raise TooLarge
        pieces.append(piece)
    return b"".join(pieces)
