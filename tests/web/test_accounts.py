"""How often a client may ask: in threads and processes alike, and when a process is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from tipgraph.web import accounts as module
from tipgraph.web.accounts import Accounts
from tipgraph.web.limits import Limits

FORK = multiprocessing.get_context("fork")


def claimed(limits: Limits, clock: Callable[[], float] = time.monotonic) -> Accounts:
    accounts = Accounts(limits, clock)
    accounts.claim()
    return accounts


def may(accounts: Accounts, client: str) -> bool:
    return accounts.enter(client).refusal is None


def test_a_client_may_burst_and_then_asks_at_its_rate() -> None:
    now = 0.0
    accounts = claimed(Limits(rate=2, burst=3, concurrency=0), lambda: now)
    assert [may(accounts, "a") for _ in range(4)] == [True, True, True, False]
    refused = accounts.enter("a").refusal
    assert refused is not None
    assert refused.retry_after == 1
    assert may(accounts, "b")
    now = 0.5
    assert [may(accounts, "a") for _ in range(2)] == [True, False]
    now = 1000.0
    assert [may(accounts, "a") for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.7, 3.0])
def test_the_wait_that_is_told_is_long_enough_and_no_longer(rate: float) -> None:
    now = 12_345.678
    accounts = claimed(Limits(rate=rate, burst=1, concurrency=0), lambda: now)
    assert may(accounts, "a")
    for _ in range(50):
        refused = accounts.enter("a").refusal
        assert refused is not None
        assert refused.retry_after - 1 < 1 / rate
        now += refused.retry_after
        assert may(accounts, "a")


def test_a_client_has_only_so_much_under_way() -> None:
    accounts = claimed(Limits(rate=0, concurrency=2))
    assert may(accounts, "a")
    assert may(accounts, "a")
    refused = accounts.enter("a").refusal
    assert refused is not None
    assert "under way" in refused.reason
    assert may(accounts, "b")
    accounts.leave("a")
    assert may(accounts, "a")


def test_what_is_left_is_told() -> None:
    now = 100.0
    accounts = claimed(Limits(rate=2, burst=10, concurrency=4), lambda: now)
    policy = '"rate";q=10;w=5, "concurrency";q=4;qu="concurrent-requests"'
    assert accounts.enter("a").headers() == [("RateLimit-Policy", policy), ("RateLimit", '"rate";r=9;t=1')]
    for _ in range(3):
        standing = accounts.enter("a")
    assert standing.left == '"rate";r=6;t=2'
    standing = accounts.enter("a")
    assert standing.refusal is not None
    assert standing.left == '"concurrency";r=0;t=1'
    for _ in range(6):
        accounts.leave("a")
        accounts.enter("a")
    accounts.leave("a")
    standing = accounts.enter("a")
    assert standing.refusal is not None
    assert standing.left == '"rate";r=0;t=1'


def test_without_limits_nothing_is_told() -> None:
    accounts = claimed(Limits(rate=0, concurrency=0))
    assert all(accounts.enter("a").headers() == [] for _ in range(1000))


def test_only_so_many_clients_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SETS", 4)
    accounts = claimed(Limits(rate=1, burst=1, concurrency=1))
    assert may(accounts, "busy")
    for number in range(1000):
        accounts.enter(str(number))
        accounts.leave(str(number))
    assert len(accounts) == 4 * module._WAYS
    assert not may(accounts, "busy")


def test_where_all_are_busy_a_further_client_is_not_shut_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SETS", 1)
    accounts = claimed(Limits(rate=1, burst=1, concurrency=1))
    assert all(may(accounts, str(number)) for number in range(module._WAYS + 3))
    accounts.leave(str(module._WAYS + 1))
    assert accounts.running("0") == 1


def test_threads_count_together() -> None:
    accounts = claimed(Limits(rate=0, concurrency=1000))

    def ask() -> None:
        for _ in range(1000):
            accounts.enter("a")
            accounts.leave("a")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert accounts.running("a") == 0


def test_processes_count_together() -> None:
    accounts = Accounts(Limits(rate=0.001, burst=100, concurrency=0))
    allowed = FORK.Queue()

    def ask() -> None:
        accounts.claim()
        allowed.put(sum(may(accounts, "a") for _ in range(100)))

    processes = [FORK.Process(target=ask) for _ in range(4)]
    for process in processes:
        process.start()
    assert sum(allowed.get(timeout=30) for _ in processes) == 100
    for process in processes:
        process.join(30)


def test_processes_that_begin_at_the_same_time_have_a_column_each() -> None:
    accounts = Accounts(Limits())
    columns, is_over = FORK.Queue(), FORK.Event()

    def claim() -> None:
        accounts.claim()
        columns.put(accounts._column)
        is_over.wait(30)

    processes = [FORK.Process(target=claim) for _ in range(8)]
    for process in processes:
        process.start()
    assert sorted(columns.get(timeout=30) for _ in processes) == list(range(8))
    is_over.set()
    for process in processes:
        process.join(30)


def test_what_a_killed_process_had_under_way_is_given_back() -> None:
    accounts = Accounts(Limits(rate=0, concurrency=2))
    is_full = FORK.Event()

    def ask() -> None:
        accounts.claim()
        accounts.enter("a")
        accounts.enter("a")
        is_full.set()
        signal.pause()

    process = FORK.Process(target=ask)
    process.start()
    assert is_full.wait(30)
    accounts.claim()
    assert not may(accounts, "a")
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    # Whoever takes its place clears what is left.
    accounts.claim()
    assert may(accounts, "a")
    assert accounts.running("a") == 1


def test_a_process_that_is_killed_leaves_no_lock() -> None:
    accounts = Accounts(Limits())
    is_held = FORK.Event()

    def hold() -> None:
        accounts.claim()
        with accounts._hold(accounts._number("a")):
            is_held.set()
            signal.pause()

    process = FORK.Process(target=hold)
    process.start()
    assert is_held.wait(30)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    accounts.claim()
    assert may(accounts, "a")
