"""How a proxy protects itself, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass, field

from tactful.live.proxy.passing import Upstream
from tactful.reward.serve.guard import refuse_open

KEY_HEADER = "X-Tactful-Key"
USER_HEADER = "X-Tactful-User"
CONVERSATION_HEADER = "X-Tactful-Conversation"
ADVICE_HEADER = "x-tactful-advice"
CHOICE_HEADER = "x-tactful-choice"
HEALTH = "/tactful/health"


@dataclass(frozen=True)
class ProxySettings:
    """All but the advisor's own settings."""

    upstream: str
    """Address of the endpoint; its path stands for our `/v1`."""
    host: str = "127.0.0.1"
    """What it is bound to: allowed in the Host header beside the loopback names."""
    allow_hosts: tuple[str, ...] = ()
    """Further names by which it may be asked."""
    key: str | None = field(default=None, repr=False)
    """Asked for in `X-Tactful-Key`, since `Authorization` is the upstream's; None only on loopback."""
    max_body_bytes: int = 32 * 1024 * 1024
    connect_s: float = 10.0
    """For a connection to the upstream; its answer has as long as it takes."""
    stored_ms: float = 5.0
    """How long an answer may wait, once it is there, for its advice to be stored; then it goes without `x-tactful-advice`."""

    def check(self) -> None:
        """Raises: SafetyRefusal when others could reach it without a key; UsageError for an upstream that is no address."""
        refuse_open(self.host, self.key)
        Upstream.at(self.upstream)
