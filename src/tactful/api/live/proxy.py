"""A proxy in front of an endpoint: in a block of a script, or of a coroutine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Unpack

from tactful.api.live.options import LiveOptions
from tactful.api.options import takes
from tactful.api.serving import Served, in_a_thread, server_key

if TYPE_CHECKING:
    from collections.abc import Sequence


class ProxyOptions(LiveOptions, total=False):
    """What may be given to `live_proxy` beside the upstream. Defaults are those of the command."""

    host: str
    """Address to listen at; others than loopback need a key."""
    port: int
    """0, the default, takes a free one; the command's default is 8000."""
    api_key_env: str | None
    """Variable that holds the key which clients must send as `X-Tactful-Key`."""
    allow_hosts: Sequence[str]
    """Further names in the Host header."""
    max_body_mb: float
    """Largest request that is taken; default 32."""


@takes(ProxyOptions)
@asynccontextmanager
async def proxying_live(upstream: str, **options: Unpack[ProxyOptions]) -> AsyncIterator[Served]:
    """`live_proxy` for coroutines."""
    from tactful.live.opening import open_advisor, read_live_config
    from tactful.live.proxy.running import proxying
    from tactful.live.proxy.settings import ProxySettings

    settings = ProxySettings(
        upstream=upstream,
        host=options.get("host", "127.0.0.1"),
        allow_hosts=tuple(options.get("allow_hosts", ())),
        key=server_key(options.get("api_key_env")),
        max_body_bytes=int(options.get("max_body_mb", 32.0) * 2**20),
    )
    settings.check()
    given: dict[str, Any] = {
        key: value for key, value in options.items() if key in LiveOptions.__annotations__
    }
    config = read_live_config(**given)
    with open_advisor(config) as advisor:
        async with proxying(advisor, settings, options.get("port", 0)) as (address, _):
            yield Served(
                address, f"{config.mode} by {config.policy}, reader {config.reader}", settings.key is not None
            )


@takes(ProxyOptions)
@contextmanager
def live_proxy(upstream: str, **options: Unpack[ProxyOptions]) -> Iterator[Served]:
    """A proxy in front of the OpenAI-compatible endpoint `upstream` while the block runs; clients get its address and `/v1`.

    Each turn is decided and stored; outside shadow the assistant is told in the request, and its answer is never altered.
    Whatever fails inside, the request goes on as it came.

    Raises UserError when the port is taken or the database cannot be opened, UsageError for an upstream that is no
    address, SafetyRefusal for a host that others reach, without a key.
    """
    with in_a_thread(lambda: proxying_live(upstream, **options)) as served:
        yield served
