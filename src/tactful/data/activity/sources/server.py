"""A server of ActivityWatch, over its REST interface: what it holds, as an export has it.

Only the address that was given is asked: redirects are not followed, no proxy of the environment is used.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp

from tactful.data.activity.sources.buckets import kind_of
from tactful.data.activity.sources.export import parsed
from tactful.errors import UsageError, UserError

_TIMEOUT_S = 300.0
_FIX = "start ActivityWatch, check --server, or give a file that it exported"


def server_address(given: str) -> str:
    """The address without its path `/api`, checked. Raises: UsageError; the address is not repeated if it holds a password."""
    text = given.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        shown = given.rpartition("@")[2]
        raise UsageError(f"--server '{shown}' is no address; expected something like http://localhost:5600")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError("--server holds more than an address; expected something like http://localhost:5600")
    return text.removesuffix("/0").removesuffix("/api")


async def fetch_buckets(address: str, *, since: datetime | None = None) -> Any:
    """`{"buckets": {id: {…, "events": […]}}}` of the buckets that are read. A bucket that the server does not give has no list.

    `since` (aware): only events from then on.

    Raises: UserError when the server cannot be reached or is none of ActivityWatch.
    """
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        part = "" if since is None else f"?start={quote(since.isoformat())}"
        found = await _get(session, f"{address}/api/0/buckets/")
        if not isinstance(found, dict):
            raise UserError(f"{address}: is no server of ActivityWatch (its buckets are no object); {_FIX}")
        for name, bucket in found.items():
            if isinstance(bucket, dict) and kind_of(name, bucket) is not None:
                try:
                    bucket["events"] = await _get(
                        session, f"{address}/api/0/buckets/{quote(name, safe='')}/events{part}"
                    )
                except UserError:
                    bucket["events"] = "not given"
        return {"buckets": found}


async def _get(session: aiohttp.ClientSession, url: str) -> Any:
    place = "://".join(urlsplit(url)[:2])
    try:
        async with session.get(url, allow_redirects=False) as answer:
            if answer.status != 200:
                raise UserError(f"{place}: answered {answer.status}, expected 200; {_FIX}")
            return parsed(await answer.read())
    except ValueError as error:
        raise UserError(f"{place}: is no server of ActivityWatch (its answer is not JSON); {_FIX}") from error
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise UserError(f"{place}: cannot be reached ({type(error).__name__}); {_FIX}") from error
