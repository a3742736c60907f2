"""The line to one model at one address: opened at the first request, shared with its endpoint's throttle, closed once."""

from __future__ import annotations

from tactful.errors import ProviderError
from tactful.llm.throttle import Throttle, join_throttle, leave_throttle
from tactful.llm.types import Outcome
from tactful.llm.wire.access import Access
from tactful.llm.wire.caller import Caller
from tactful.llm.wire.meaning import Trouble
from tactful.llm.wire.outcomes import DataReader
from tactful.llm.wire.transport import Transport

_WITHOUT_ANSWER = frozenset({Outcome.OUT_OF_REACH, Outcome.UNREADABLE, Outcome.DEFERRED})


class Line:
    """Requests to `url`, an address of the endpoint; `read_data` where its replies are no chat completions."""

    def __init__(self, access: Access, url: str, read_data: DataReader | None = None) -> None:
        self._access = access
        self._url = url
        self._read_data = read_data
        self._opened: tuple[Transport, Throttle, Caller] | None = None
        self._closed = False

    @property
    def throttle(self) -> Throttle | None:
        """The endpoint's throttle; None before the first request and after the end."""
        return None if self._opened is None else self._opened[1]

    def caller(self) -> Caller:
        """Sends requests; opens the connections when first asked for."""
        if self._closed:
            raise RuntimeError("this model was closed")
        if self._opened is None:
            spec, endpoint = self._access.spec, self._access.endpoint
            transport = Transport(self._url, endpoint.headers, endpoint.proxy)
            throttle = join_throttle(
                endpoint.base_url, ceiling=spec.max_concurrency, requests_per_minute=spec.requests_per_minute
            )
            self._opened = transport, throttle, Caller(self._access, transport, throttle, self._read_data)
        return self._opened[2]

    def error(self, trouble: Trouble) -> ProviderError:
        """What a request that was turned down is told as: where, what, and what to do about it."""
        said = f"{trouble.message}; {trouble.fix}" if trouble.fix else trouble.message
        too_long = trouble.outcome is Outcome.TOO_LONG
        return ProviderError(
            f"{self._access.where}: {said}", outcome=trouble.outcome.value, input_too_long=too_long
        )

    def gave_none(self, error: ProviderError) -> None:
        """A call failed so. Raises: EndpointRefused, when too many in a row ended without an answer."""
        if error.outcome in _WITHOUT_ANSWER and self.throttle is not None:
            self.throttle.gave_none(error)

    async def aclose(self) -> None:
        """Close connections; calls after this are an error."""
        self._closed = True
        if self._opened is not None:
            transport, throttle, _ = self._opened
            self._opened = None
            await transport.aclose()
            leave_throttle(self._access.endpoint.base_url, throttle)
