"""Who may ask, and what a request may look like: Host, key, content type, size, time. Nothing of a request is logged."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Iterable
from typing import Any, TypeVar

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import BaseModel, ValidationError

from tactful.data.io import describe
from tactful.errors import SafetyRefusal
from tactful.reward.serve.errors import ApiError, invalid
from tactful.text.addresses import is_loopback, is_served, served_names

log = logging.getLogger(__name__)

_M = TypeVar("_M", bound=BaseModel)
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def refuse_open(host: str, key: str | None) -> None:
    """Raises: SafetyRefusal when others could reach a server at this host without a key."""
    if key is None and not is_loopback(host):
        raise SafetyRefusal(
            f"--host {host} lets other machines ask; name the variable that holds a key with --api-key-env, "
            "or stay on 127.0.0.1"
        )


def guard(
    *,
    key: str | None,
    hosts: Iterable[str],
    max_body_bytes: int,
    deadline_s: float,
    addresses: str,
    keyless: frozenset[str] = frozenset({"/health"}),
) -> Middleware:
    """The middleware before every answer. `keyless` paths need no key; `hosts` are allowed beside the loopback names.

    `addresses` are told to who asks at another one.
    """
    allowed = served_names(hosts)
    wanted = None if key is None else f"Bearer {key}".encode()

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            check_host(request, allowed)
            if request.path not in keyless:
                _check_key(request, wanted)
            if request.method == "POST":
                _check_body(request, max_body_bytes)
            async with asyncio.timeout(deadline_s):
                return await handler(request)
        except ApiError as error:
            return error.response()
        except TimeoutError:
            late = (
                f"no answer within {deadline_s:g} s; send less, or start the server with a longer --deadline"
            )
            return ApiError(504, late, code="deadline").response()
        except web.HTTPException as error:
            return _refusal(request, error, max_body_bytes, addresses).response()
        except Exception as error:  # the last wall: no request ends the server, and its content stays unseen
            log.error("a request failed with %s", type(error).__name__)
            return ApiError(500, "the server failed on this request", code="internal", final=True).response()

    return guarded


async def read_json(request: web.Request) -> dict[str, Any]:
    """The body as an object. Raises: ApiError 400 or 413."""
    try:
        data = orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise invalid(f"the body is no JSON: {error}") from None
    except web.RequestPayloadError:
        raise invalid("the body is broken off or wrongly compressed") from None
    if not isinstance(data, dict):
        raise invalid("the body is no JSON object")
    return data


async def read_as(request: web.Request, kind: type[_M]) -> _M:
    """The body as a record of this kind. Raises: as `read_json`; ApiError 400 that names the field."""
    return as_record(kind, await read_json(request), names_field=True)


def as_record(kind: type[_M], body: Any, what: str = "request", *, names_field: bool = False) -> _M:
    """A body as a record of this kind, `what` as a message calls it. Raises: ApiError 400."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        place = error.errors()[0]["loc"] if names_field else ()
        raise invalid(describe(error, what), str(place[0]) if place else None) from None


def check_host(request: web.BaseRequest, allowed: frozenset[str], asked: str = "server") -> None:
    """Raises: ApiError 403 where it was asked by a name that is not served. `asked`: what was, in a word."""
    if not is_served(request.headers.getall("Host", []), allowed):
        raise ApiError(
            403,
            f"this name is not served here; ask by the address that the {asked} printed, or start it with --allow-host",
            code="host_not_allowed",
            final=True,
        )


def _check_key(request: web.Request, wanted: bytes | None) -> None:
    if wanted is None:
        return
    given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(given, wanted):
        what = "is wrong" if given else "is missing"
        raise ApiError(401, f"the key {what}; send it as 'Authorization: Bearer KEY'", code="invalid_api_key")


def _check_body(request: web.Request, max_bytes: int) -> None:
    """Only JSON: a browser may not send that to another origin without asking first, and is never answered yes."""
    if request.content_type != "application/json":
        raise ApiError(
            415,
            "send JSON with 'Content-Type: application/json'",
            code="unsupported_media_type",
            final=True,
        )
    if (request.content_length or 0) > max_bytes:
        raise too_large(max_bytes)


def too_large(max_bytes: int) -> ApiError:
    """413: the body is larger than this server takes."""
    return ApiError(
        413, f"the body is larger than {max_bytes} bytes; send less", code="too_large", final=True
    )


def _refusal(request: web.Request, error: web.HTTPException, max_bytes: int, addresses: str) -> ApiError:
    if error.status == 413:
        return too_large(max_bytes)
    messages = {
        404: f"no such address; there are {addresses}",
        405: f"this address does not take {request.method}",
    }
    code = _CODES.get(error.status, "invalid_request")
    return ApiError(error.status, messages.get(error.status, error.reason), code=code, final=True)
