"""Is an address on this machine?"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`; a name other than `localhost` may be anything."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_here(url: str) -> bool:
    """Whether only this machine is at the other end: also below `localhost`, and at an IPv4 address written as IPv6."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    return is_loopback(_as_ipv4(host)) or host.endswith(".localhost")


def _as_ipv4(host: str) -> str:
    try:
        return str(getattr(ip_address(host), "ipv4_mapped", None) or host)
    except ValueError:
        return host


def place_of(url: str) -> str:
    """The address as people are asked about it: scheme, host and port."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}"
