"""Requests out and answers back as they are: same bytes, same headers but those of one connection."""

from __future__ import annotations

import io
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from aiohttp.helpers import get_env_proxy_for_url
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from tactful.errors import UsageError
from tactful.reward.serve.errors import ApiError

_OF_THE_CONNECTION = frozenset(
    {"connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer", "trailers"}
    | {"transfer-encoding", "upgrade"}
)  # fmt: skip
_OURS = "x-tactful-"
_NOT_SENT = frozenset({"host", "content-length", "expect"})
"""The client of the next connection says these itself."""
_MOST_OF_HEADER = 64 * 1024
_LARGE = 2**20


@dataclass(frozen=True)
class Upstream:
    """Where requests go."""

    origin: str
    base: str
    """Path that stands for our `/v1`; empty: paths stay as they are."""

    @classmethod
    def at(cls, url: str) -> Upstream:
        """Raises: UsageError for what is no address of HTTP."""
        try:
            parts = urlsplit(url)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good or parts.query or parts.fragment or parts.username is not None:
            raise UsageError(
                "--upstream is no address of an endpoint; write one such as https://api.openai.com/v1, without a key"
            )
        return cls(f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/"))

    def url(self, raw_path: str) -> URL:
        """Where a request for this path goes; only ever to this origin. Raises: ApiError 400."""
        if not raw_path.startswith("/"):
            raise ApiError(
                400, "the request names no path of this server", code="invalid_request", final=True
            )
        rest = raw_path
        if self.base and (raw_path == "/v1" or raw_path.startswith(("/v1/", "/v1?"))):
            rest = self.base + raw_path[3:]
        return URL(self.origin + rest, encoded=True)


def open_session(origin: str, connect_s: float) -> aiohttp.ClientSession:
    """The connections to the upstream. It adds no header of its own, follows nothing, keeps no cookie, opens no body.

    A proxy that the environment names for `origin` is used. It is looked for once (`trust_env` would for every request, in a
    thread), and no key is taken from a netrc.
    """
    between: tuple[URL | None, aiohttp.BasicAuth | None] = (None, None)
    with suppress(LookupError):
        between = get_env_proxy_for_url(URL(origin))
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_s, connect=None),
        proxy=between[0],
        proxy_auth=between[1],
        max_line_size=_MOST_OF_HEADER,
        max_field_size=_MOST_OF_HEADER,
    )


def passed_headers(headers: CIMultiDictProxy[str], *, to_upstream: bool) -> CIMultiDict[str]:
    """All but those that hold for one connection alone, in their order."""
    named = {name.strip().lower() for value in headers.getall("Connection", ()) for name in value.split(",")}
    left_out = _OF_THE_CONNECTION | named
    kept: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        low = name.lower()
        if low in left_out or low.startswith(_OURS) or (to_upstream and low in _NOT_SENT):
            continue
        kept.add(name, value)
    return kept


async def send(
    session: aiohttp.ClientSession, method: str, url: URL, headers: CIMultiDict[str], body: bytes
) -> aiohttp.ClientResponse:
    """The answer's head; its body waits. Raises: ApiError 502 where there is none."""
    data = io.BytesIO(body) if len(body) > _LARGE else body or None
    try:
        return await session.request(method, url, data=data, headers=headers, allow_redirects=False)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise no_answer(error) from None


def no_answer(error: BaseException) -> ApiError:
    """502, with what kind of failure it was; the address stays the operator's."""
    why = "it cannot be reached"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLError | aiohttp.ClientSSLError):
        why = "its certificate is not accepted"
    elif isinstance(error, TimeoutError):
        why = "it took too long to connect"
    elif isinstance(error, aiohttp.ServerDisconnectedError | ConnectionResetError | aiohttp.ClientOSError):
        why = "it closed the connection" if not isinstance(error, aiohttp.ClientConnectorError) else why
    elif isinstance(error, aiohttp.ClientError | ValueError):
        why = "it does not answer in HTTP"
    return ApiError(502, f"the upstream gave no answer: {why}", code="upstream_unreachable")


async def passed_on(
    request: web.BaseRequest,
    reply: aiohttp.ClientResponse,
    more: Mapping[str, str],
    keep: list[bytes] | None = None,
    most: int = 0,
) -> tuple[web.StreamResponse, bool]:
    """The answer, piece by piece as it comes, and whether it came to its end. One that breaks off is broken off here too.

    `more`: headers of ours. `keep` gets the pieces, up to about `most` bytes; it is emptied where there are more.
    """
    headers = passed_headers(reply.headers, to_upstream=False)
    headers.update(more)
    answer = web.StreamResponse(status=reply.status, reason=reply.reason, headers=headers)
    size = 0
    try:
        await answer.prepare(request)
        async for piece in reply.content.iter_any():
            await answer.write(piece)
            if keep is not None:
                size += len(piece)
                keep.append(piece)
                if size > most:
                    keep.clear()
                    keep = None
        await answer.write_eof()
    except (aiohttp.ClientError, OSError):  # the upstream broke off, or nobody reads any more
        with suppress(OSError, RuntimeError):  # also where nothing was begun
            await answer.write(_left_in(reply.content))
        if request.transport is not None:
            request.transport.close()  # what was written goes out; the end of the answer does not
        return answer, False
    return answer, True


def _left_in(content: aiohttp.StreamReader) -> bytes:
    """What had come before the connection broke: reading raises from then on, and would keep it."""
    content._exception = None
    return content.read_nowait()
