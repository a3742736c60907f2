from __future__ import annotations

import pytest

from tactful.text.addresses import is_here, is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_it_is_this_machine(host: str) -> None:
    assert is_loopback(host)
    assert is_here(f"http://[{host}]:1" if host.startswith(":") else f"http://{host}:1")


@pytest.mark.parametrize(
    "host",
    [
        "",
        "0.0.0.0",
        "::",
        "192.0.2.7",
        "::ffff:192.0.2.7",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
    ],
)
def test_it_may_be_another(host: str) -> None:
    assert not is_loopback(host)
    assert not is_here(f"http://[{host}]:1" if host.startswith(":") else f"http://{host}:1")


def test_an_ipv4_address_written_as_ipv6_is_here_for_who_asks() -> None:
    assert is_here("http://[::ffff:127.0.0.1]:1")
    assert is_here("http://[::ffff:7f00:1]:1")


def test_a_name_below_localhost_is_here_for_who_asks_but_nothing_to_listen_at_without_a_key() -> None:
    assert is_here("http://api.localhost:5600/v1")
    assert is_here("http://localhost.:5600")
    assert not is_loopback("api.localhost")
    assert not is_here("http://[")
