"""What the server answers when it cannot: OpenAI's error shape, which their SDK turns into its own exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from tactful.errors import TactfulError

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class ApiError(TactfulError):
    """A request that gets no judgement. The message goes to the client, never into a log."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str,
        param: str | None = None,
        retry_after_s: int | None = None,
        final: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        """The field that is wrong, where one is."""
        self.retry_after_s = retry_after_s
        self.final = final
        """The same request again will fare no better: the openai SDK is told not to repeat it."""

    def response(self) -> web.Response:
        """As it is sent."""
        headers: dict[str, str] = {}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(self.retry_after_s)
        if self.final:
            headers["x-should-retry"] = "false"
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        kind = _TYPES.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")
        error = {"message": str(self), "type": kind, "param": self.param, "code": self.code}
        return json_response({"error": error}, status=self.status, headers=headers)


def invalid(message: str, param: str | None = None) -> ApiError:
    """400: the request itself is wrong."""
    return ApiError(400, message, code="invalid_request", param=param)


def json_response(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """JSON that no browser or proxy keeps or takes for something else."""
    safe = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return web.Response(
        body=orjson.dumps(data),
        status=status,
        content_type="application/json",
        headers={**safe, **(headers or {})},
    )
