"""HTTP to one endpoint: one POST, its whole body, within a time and a size.

Only the configured endpoint is ever contacted: redirects are not followed, netrc and the proxies of the environment
are not read, cookies are not kept. A proxy is used only where `TACTFUL_PROXY` names it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp

from tactful import __version__
from tactful.llm.replies.words import clip

MAX_BODY_BYTES = 8 * 2**20
_CONNECT_S = 15.0
_BEHIND_PROXY = "start the server or check --base-url (behind a proxy: set TACTFUL_PROXY), then resume"
_PROXY = "check the proxy, then resume"
_OTHER_SCHEME = "check --base-url (http or https), then resume"
_PRIVATE_CERTIFICATE = "set SSL_CERT_FILE to the file of the authority that signed it, then resume"


class Lost(Exception):
    """No response: the connection failed or ended early. `sent` is False when nothing can have reached the endpoint.

    `slow`: it was answering, not in time. `for_good`: another try ends the same way, until `fix` is done.
    """

    def __init__(
        self, message: str, *, sent: bool, slow: bool = False, for_good: bool = False, fix: str = ""
    ) -> None:
        super().__init__(message)
        self.sent = sent
        self.slow = slow
        self.for_good = for_good
        self.fix = fix


class TooLarge(Exception):
    """The response is larger than `MAX_BODY_BYTES`; the rest was not read."""


class Response(NamedTuple):
    """Status, headers and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Posts JSON to one URL over kept-alive connections. Opened inside a running event loop."""

    def __init__(self, url: str, headers: Mapping[str, str], proxy: str | None = None) -> None:
        self._url = url
        self._proxy = proxy
        headers = {"Content-Type": "application/json", "User-Agent": f"tactful/{__version__}", **headers}
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
                self._session.post(
                    self._url, data=body, allow_redirects=False, proxy=self._proxy
                ) as response,
            ):
                return Response(response.status, response.headers, await _read(response))
        except TimeoutError as error:
            if isinstance(error, aiohttp.ConnectionTimeoutError):
                raise Lost(
                    "the connection could not be made in time", sent=False, fix=_BEHIND_PROXY
                ) from None
            raise Lost("no answer in time", sent=True, slow=True) from None
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, ssl.SSLError) as error:
            raise _unconnected(error) from None
        except (aiohttp.ClientError, OSError) as error:
            raise Lost(f"the connection was lost ({type(error).__name__})", sent=True) from None

    async def aclose(self) -> None:
        """Close all connections."""
        await self._session.close()


def _unconnected(error: Exception) -> Lost:
    """Why no connection was made, with what helps."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = clip(str(error.certificate_error))
        return Lost(
            f"its certificate is not trusted ({why})", sent=False, for_good=True, fix=_PRIVATE_CERTIFICATE
        )
    cause = getattr(error, "os_error", error)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        said, fix = f"the proxy in TACTFUL_PROXY answered {error.status}", _PROXY
    elif isinstance(error, aiohttp.ClientProxyConnectionError):
        said, fix = "cannot connect to the proxy in TACTFUL_PROXY", _PROXY
    elif isinstance(cause, ssl.SSLError):
        said, fix = f"no encrypted connection ({clip(cause.reason or str(cause))})", _OTHER_SCHEME
    else:
        said, fix = f"cannot connect ({getattr(cause, 'strerror', None) or clip(str(cause))})", _BEHIND_PROXY
    return Lost(said, sent=False, fix=fix)


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
