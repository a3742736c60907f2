"""Who may ask the proxy, and how much they may send."""

from __future__ import annotations

import hmac

from aiohttp import web

from tactful.live.proxy.settings import KEY_HEADER, ProxySettings
from tactful.reward.serve.errors import ApiError
from tactful.reward.serve.guard import check_host, too_large
from tactful.text.addresses import served_names


class Entrance:
    """What every request passes first."""

    def __init__(self, settings: ProxySettings) -> None:
        self._settings = settings
        self._names = served_names((settings.host, *settings.allow_hosts))
        self._key = None if settings.key is None else settings.key.encode()

    def check_host(self, request: web.BaseRequest) -> None:
        """Raises: ApiError 403 where it was asked by a name that is not served."""
        check_host(request, self._names, "proxy")

    def knows_key(self, request: web.BaseRequest) -> bool:
        """Whether the proxy's own key came along, where one is asked for."""
        given = request.headers.get(KEY_HEADER, "").encode("utf-8", "surrogateescape")
        return self._key is None or hmac.compare_digest(given, self._key)

    def check_key(self, request: web.BaseRequest) -> None:
        """Raises: ApiError 401 where the key is missing or wrong."""
        if not self.knows_key(request):
            told = f"the proxy's key is missing or wrong; send it as '{KEY_HEADER}: KEY', and the upstream's as ever"
            raise ApiError(401, told, code="invalid_api_key", final=True)

    async def body(self, request: web.BaseRequest) -> bytes:
        """All of a request's body. Raises: ApiError for one that is too large or broken off."""
        most = self._settings.max_body_bytes
        if (request.content_length or 0) > most:
            raise too_large(most)
        pieces, size = [], 0
        try:
            if request.headers.get("Expect", "").lower() == "100-continue":
                await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                request.writer.output_size = 0
            async for piece in request.content.iter_any():
                size += len(piece)
                if size > most:
                    raise too_large(most)
                pieces.append(piece)
        except (web.RequestPayloadError, ConnectionError):
            raise ApiError(400, "the body is broken off", code="invalid_request") from None
        return b"".join(pieces)
