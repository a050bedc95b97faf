"""Who a request is from."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tipgraph.errors import UsageError
from tipgraph.web.clients import Client, Clients, Network, read_network

PROXIES = [read_network("10.0.0.0/8"), read_network("fd00::/8")]


def find(environ: dict[str, str], trusted: Sequence[Network]) -> Client:
    """The client, who must be the same one again when asked for again."""
    clients = Clients(trusted)
    found = clients.find(environ)
    assert clients.find(environ) == found
    return found


@pytest.mark.parametrize(
    ("peer", "headers", "key"),
    [
        ("203.0.113.7", {}, "203.0.113.7"),
        ("203.0.113.7:4711", {}, "203.0.113.7"),
        ("::ffff:203.0.113.7", {}, "203.0.113.7"),
        ("2001:db8:1:2:3::4", {}, "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:3::4]:80", {}, "2001:db8:1:2::/64"),
        # Anyone can write a header; only a proxy is believed.
        ("203.0.113.7", {"X_FORWARDED_FOR": "198.51.100.1"}, "203.0.113.7"),
        ("10.0.0.1", {"X_FORWARDED_FOR": "198.51.100.1"}, "198.51.100.1"),
        ("10.0.0.1", {"X_FORWARDED_FOR": "192.0.2.9, 198.51.100.1"}, "198.51.100.1"),
        ("10.0.0.1", {"X_FORWARDED_FOR": "192.0.2.9, 198.51.100.1, 10.0.0.2"}, "198.51.100.1"),
        ("10.0.0.1", {"X_FORWARDED_FOR": "10.0.0.3, 10.0.0.2"}, "10.0.0.3"),
        ("10.0.0.1", {"X_FORWARDED_FOR": "unknown"}, "10.0.0.1"),
        ("10.0.0.1", {"X_FORWARDED_FOR": ""}, "10.0.0.1"),
        ("fd00::1", {"FORWARDED": 'for="[2001:db8::9]:4711";proto=https'}, "2001:db8::/64"),
        ("fd00::1", {"FORWARDED": "for=192.0.2.9, By=x; FOR = 198.51.100.1"}, "198.51.100.1"),
        ("10.0.0.1", {"FORWARDED": "proto=https", "X_FORWARDED_FOR": "198.51.100.1"}, "10.0.0.1"),
        ("10.0.0.1", {"FORWARDED": "for=_hidden"}, "10.0.0.1"),
        ("10.0.0.1", {"X_FORWARDED_FOR": ",".join(["198.51.100.1"] * 50_000)}, "198.51.100.1"),
    ],
)
def test_the_client_is_who_the_last_trusted_proxy_names(peer: str, headers: dict[str, str], key: str) -> None:
    environ = {"REMOTE_ADDR": peer, **{f"HTTP_{name}": value for name, value in headers.items()}}
    assert find(environ, PROXIES).key == key


def test_only_a_process_of_this_machine_is_local() -> None:
    assert find({"REMOTE_ADDR": "127.0.0.1"}, ()).is_local
    assert find({"REMOTE_ADDR": "::1"}, ()).is_local
    assert not find({"REMOTE_ADDR": "10.0.0.1"}, ()).is_local
    proxied = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}
    assert not find(proxied, [read_network("127.0.0.0/8")]).is_local


def test_a_network_that_is_none() -> None:
    with pytest.raises(UsageError, match="no network"):
        read_network("10.0.0.1/8")
