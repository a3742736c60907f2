"""Is an address on this machine? And what a server says of its own."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


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


def served_names(hosts: Iterable[str]) -> frozenset[str]:
    """The names under which a server may be asked: `hosts`, as users write them, beside those of loopback."""
    return LOOPBACK_NAMES | {host.strip("[]").lower() for host in hosts}


def is_served(given: Sequence[str], names: frozenset[str]) -> bool:
    """Whether a request with these Host headers asks for one of `names`.

    A page that points a name of its own at this machine (DNS rebinding) sends that name.
    """
    try:
        name = urlsplit(f"//{given[0]}").hostname if len(given) == 1 else None
    except ValueError:
        return False
    return name is not None and name.rstrip(".").lower() in names


def address_at(host: str, port: int, *, scheme: str = "http") -> str:
    """Such as `http://127.0.0.1:8000`."""
    name = host.strip("[]")
    return f"{scheme}://{f'[{name}]' if ':' in name else quote(name)}:{port}"


def cannot_listen(host: str, port: int, error: OSError) -> str:
    """Why a server cannot start there, and the next move."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken by another program; give --port another number, or 0 for a free one"
    if error.errno == errno.EACCES:
        return f"port {port} is reserved for the system; give --port a number above 1023"
    return f"cannot listen at {host} port {port} ({error.strerror}); is --host an address of this machine?"
