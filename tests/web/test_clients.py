"""Who a request is from, and how often it may ask."""

from __future__ import annotations

import threading

import pytest

from tipgraph.errors import UsageError
from tipgraph.web import clients
from tipgraph.web.clients import Accounts, find_client, read_network
from tipgraph.web.limits import Limits

PROXIES = [read_network("10.0.0.0/8"), read_network("fd00::/8")]


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
    assert find_client(environ, PROXIES).key == key


def test_only_a_process_of_this_machine_is_local() -> None:
    assert find_client({"REMOTE_ADDR": "127.0.0.1"}, ()).is_local
    assert find_client({"REMOTE_ADDR": "::1"}, ()).is_local
    assert not find_client({"REMOTE_ADDR": "10.0.0.1"}, ()).is_local
    proxied = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}
    assert not find_client(proxied, [read_network("127.0.0.0/8")]).is_local


def test_a_network_that_is_none() -> None:
    with pytest.raises(UsageError, match="no network"):
        read_network("10.0.0.1/8")


def test_a_client_may_burst_and_then_asks_at_its_rate() -> None:
    now = 0.0
    accounts = Accounts(Limits(rate=2, burst=3, concurrency=0), lambda: now)
    assert [accounts.enter("a") is None for _ in range(4)] == [True, True, True, False]
    refused = accounts.enter("a")
    assert refused is not None
    assert refused.retry_after == 1
    assert accounts.enter("b") is None
    now = 0.5
    assert [accounts.enter("a") is None for _ in range(2)] == [True, False]
    now = 1000.0
    assert [accounts.enter("a") is None for _ in range(4)] == [True, True, True, False]


def test_the_wait_that_is_told_is_long_enough() -> None:
    now = 0.0
    accounts = Accounts(Limits(rate=0.1, burst=1, concurrency=0), lambda: now)
    assert accounts.enter("a") is None
    refused = accounts.enter("a")
    assert refused is not None
    now += refused.retry_after
    assert accounts.enter("a") is None


def test_a_client_has_only_so_much_under_way() -> None:
    accounts = Accounts(Limits(rate=0, concurrency=2))
    assert accounts.enter("a") is None
    assert accounts.enter("a") is None
    refused = accounts.enter("a")
    assert refused is not None
    assert "under way" in refused.reason
    assert accounts.enter("b") is None
    accounts.leave("a")
    assert accounts.enter("a") is None


def test_only_so_many_clients_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_MOST_CLIENTS", 100)
    accounts = Accounts(Limits(rate=1, burst=1, concurrency=1))
    assert accounts.enter("busy") is None
    for number in range(1000):
        assert accounts.enter(str(number)) is None
        accounts.leave(str(number))
    assert len(accounts) <= 101
    assert accounts.enter("busy") is not None
    accounts.leave("busy")


def test_threads_count_together() -> None:
    accounts = Accounts(Limits(rate=0, concurrency=1_000_000))

    def ask() -> None:
        for _ in range(2000):
            accounts.enter("a")
            accounts.leave("a")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert accounts._accounts["a"].running == 0
