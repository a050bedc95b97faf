"""Killable workers: quick ones are not held up by slow ones, and nothing is left behind."""

import os
import pickle
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tipgraph.errors import (
    BusyError,
    ParseError,
    QueryMemoryError,
    QuerySyntaxError,
    QueryTimeoutError,
    ResultTooLargeError,
    TipgraphError,
    UnknownNameError,
)
from tipgraph.web.limits import Limits
from tipgraph.web.problems import RequestError
from tipgraph.web.workers import InProcess, WorkerCrashError, WorkerPool

QUICK = Limits(deadline=1.2, patience=0.2, workers=2, slow_workers=1, memory=256 << 20, answer=1 << 20)


def work(request: tuple[str, object]) -> object:
    """A stand-in for a query: what it does is told by its name."""
    name, value = request
    match name, value:
        case "echo", _:
            return value
        case "pid", _:
            return os.getpid()
        case "sleep", float(seconds):
            time.sleep(seconds)
            return "slept"
        case "burn", _:
            while True:
                pass
        case "priority", float(seconds):
            time.sleep(seconds)
            return os.getpriority(os.PRIO_PROCESS, 0)
        case "syntax error", _:
            raise QuerySyntaxError("no", "try again", line=3, column=7)
        case "bug", _:
            raise KeyError("hidden")
        case "allocate", int(size):
            return len(bytearray(size))
        case "answer", int(size):
            return bytes(size)
        case "signal", int(number):
            os.kill(os.getpid(), number)
        case "descriptors", _:
            return [number for number in range(1024) if is_open(number)]
    raise ValueError(name)


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


@contextmanager
def pool_with(limits: Limits = QUICK, **options: object) -> Iterator[WorkerPool[tuple[str, object], object]]:
    pool = WorkerPool(work, limits, **options)  # type: ignore[arg-type]
    try:
        yield pool
    finally:
        pool.close()


@pytest.fixture
def pool() -> Iterator[WorkerPool[tuple[str, object], object]]:
    with pool_with() as made:
        yield made


Pool = WorkerPool[tuple[str, object], object]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid: int) -> None:
    end = time.monotonic() + 5
    while is_running(pid):
        assert time.monotonic() < end, f"process {pid} is still there"
        time.sleep(0.01)


def test_answers_come_from_another_process(pool: Pool) -> None:
    assert pool.run(("echo", "é" * 100_000)) == "é" * 100_000
    assert pool.run(("pid", None)) not in (os.getpid(), pool._nursery.pid)


def test_errors_arrive_whole(pool: Pool) -> None:
    with pytest.raises(QuerySyntaxError, match="no") as caught:
        pool.run(("syntax error", None))
    assert (caught.value.hint, caught.value.line, caught.value.column) == ("try again", 3, 7)


@pytest.mark.parametrize(
    "error",
    [
        QuerySyntaxError("no", "try again", line=3, column=7),
        ParseError("no", "try again", path=Path("a.ttl"), line=1),
        UnknownNameError("no", "try again"),
        RequestError("no", "try again", kind="not-acceptable"),
        BusyError("no"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_kind_of_error_survives_the_pipe(error: TipgraphError) -> None:
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert vars(arrived) == vars(error)


def test_a_bug_is_told_from_an_error_of_the_client(pool: Pool) -> None:
    with pytest.raises(WorkerCrashError, match=r"KeyError: 'hidden'"):
        pool.run(("bug", None))
    assert pool.run(("echo", 1)) == 1


def test_an_endless_query_is_ended_at_the_deadline_and_its_worker_is_gone(pool: Pool) -> None:
    started = time.monotonic()
    with pytest.raises(QueryTimeoutError, match=r"ended after 1\.2 seconds"):
        pool.run(("burn", None))
    assert 1.1 < time.monotonic() - started < 15
    assert pool.run(("echo", 1)) == 1


def test_a_client_may_ask_for_less_time_or_more_up_to_a_limit() -> None:
    limits = Limits(deadline=0.6, longest_deadline=1.0, patience=0.2, workers=1, slow_workers=1)
    with pool_with(limits) as pool:
        assert pool.run(("sleep", 0.8), timeout=5) == "slept"
        for timeout, told in ((0.1, "0.1"), (5.0, "1"), (None, "0.6")):
            with pytest.raises(QueryTimeoutError, match=f"ended after {told} seconds"):
                pool.run(("burn", None), timeout=timeout)
        assert pool.run(("echo", 1)) == 1


def test_what_happens_is_told_to_the_observer() -> None:
    seen: list[str] = []
    with pool_with(observe=seen.append) as pool:
        pool.run(("echo", 1))
        with pytest.raises(QueryTimeoutError):
            pool.run(("burn", None))
        with pytest.raises(QueryMemoryError):
            pool.run(("signal", int(signal.SIGSEGV)))
    assert seen == ["demoted", "timeout", "died"]


def test_it_is_ready_while_it_can_replace_its_workers(pool: Pool) -> None:
    assert pool.is_ready()
    os.kill(pool._nursery.pid, signal.SIGKILL)
    end = time.monotonic() + 5
    while pool.is_ready():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_slow_query_is_answered_at_the_lowest_priority(pool: Pool) -> None:
    assert pool.run(("priority", 0.0)) == os.getpriority(os.PRIO_PROCESS, 0)
    assert pool.run(("priority", 0.5)) == 19


def test_slow_queries_do_not_hold_up_quick_ones() -> None:
    # Long enough that a busy machine does not take for stalled what is only slow.
    limits = replace(QUICK, deadline=5.0)
    with pool_with(limits) as pool, ThreadPoolExecutor(8) as threads:
        slow = [threads.submit(pool.run, ("burn", None)) for _ in range(5)]
        time.sleep(0.5)
        waits = []
        for number in range(50):
            started = time.monotonic()
            assert pool.run(("echo", number)) == number
            waits.append(time.monotonic() - started)
        # One that waited for a slow query would have waited for its deadline.
        assert max(waits) < limits.deadline
        errors = [query.exception() for query in slow]
    assert sorted(type(error).__name__ for error in errors) == ["BusyError"] * 4 + ["QueryTimeoutError"]


def test_many_threads_share_the_workers() -> None:
    with pool_with() as pool, ThreadPoolExecutor(16) as threads:
        numbers = list(range(500))
        assert list(threads.map(lambda number: pool.run(("echo", number)), numbers)) == numbers


def test_memory_is_capped(pool: Pool) -> None:
    assert pool.run(("allocate", 64 << 20)) == 64 << 20
    with pytest.raises(QueryMemoryError, match="256 MiB"):
        pool.run(("allocate", 512 << 20))
    assert pool.run(("echo", 1)) == 1


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
def test_a_query_that_ends_its_worker_is_an_error_of_the_query(pool: Pool, number: int) -> None:
    with pytest.raises(QueryMemoryError, match="nested too deeply"):
        pool.run(("signal", int(number)))
    assert [pool.run(("echo", count)) for count in range(4)] == [0, 1, 2, 3]


def test_a_worker_killed_from_outside_costs_only_time(pool: Pool) -> None:
    for _ in range(5):
        victim = pool.run(("pid", None))
        assert isinstance(victim, int)
        os.kill(victim, signal.SIGKILL)
        assert pool.run(("echo", "still here")) == "still here"


def test_a_worker_killed_amid_its_query_is_asked_again(pool: Pool) -> None:
    before = pool.run(("pid", None))
    assert isinstance(before, int)
    killer = threading.Timer(0.1, os.kill, (before, signal.SIGKILL))
    killer.start()
    assert pool.run(("sleep", 0.15)) == "slept"
    killer.join()


def test_an_answer_that_is_too_large_is_refused_and_never_cut(pool: Pool) -> None:
    with pytest.raises(ResultTooLargeError, match="1 MiB"):
        pool.run(("answer", 2 << 20))


def test_workers_hold_no_descriptor_of_the_server(pool: Pool) -> None:
    reading, writing = os.pipe()
    try:
        with pool_with() as second:
            inherited = second.run(("descriptors", None))
    finally:
        os.close(reading)
        os.close(writing)
    assert isinstance(inherited, list)
    # Standard streams and its pipe.
    assert len(inherited) <= 4


def test_closing_leaves_no_process() -> None:
    with pool_with() as pool:
        worker = pool.run(("pid", None))
    assert isinstance(worker, int)
    wait_until_gone(worker)
    wait_until_gone(pool._nursery.pid)


def test_the_death_of_the_server_leaves_no_process() -> None:
    reading, writing = os.pipe()
    server = os.fork()
    if server == 0:
        pool = WorkerPool(work, QUICK)
        os.write(writing, f"{pool._nursery.pid} {pool.run(('pid', None))}".encode())
        threading.Thread(target=pool.run, args=(("burn", None),)).start()
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGKILL)
    nursery, worker = map(int, os.read(reading, 100).split())
    os.waitpid(server, 0)
    os.close(reading)
    os.close(writing)
    wait_until_gone(nursery)
    wait_until_gone(worker)


def test_a_lost_nursery_is_reported() -> None:
    lost = threading.Event()
    with pool_with(on_lost=lost.set) as pool:
        os.kill(pool._nursery.pid, signal.SIGKILL)
        assert pool.run(("echo", "the workers are still there")) == "the workers are still there"
        victim = pool.run(("pid", None))
        assert isinstance(victim, int)
        os.kill(victim, signal.SIGKILL)
        with pytest.raises(BusyError, match="no worker can be started"):
            pool.run(("echo", 1))
    assert lost.is_set()


def test_in_process() -> None:
    executor = InProcess(work)
    assert executor.run(("pid", None)) == os.getpid()
    executor.close()


def test_renewed_workers_are_other_processes_also_those_that_were_at_work() -> None:
    with pool_with() as pool, ThreadPoolExecutor(2) as threads:
        busy = [threads.submit(pool.run, ("sleep", 0.1)) for _ in range(2)]
        time.sleep(0.03)
        pool.renew()
        assert [one.result() for one in busy] == ["slept", "slept"]
        before = pids_of(pool)
        pool.renew()
        # Also those that nobody asks: what they have opened is not held any longer.
        for pid in before:
            wait_until_gone(pid)
        assert pool.gauges()["idle_workers"] == 2
        assert not before & pids_of(pool)


def pids_of(pool: Pool) -> set[int]:
    """The two workers, each of which is asked while the other is at work."""
    with ThreadPoolExecutor(2) as threads:
        asleep = threads.submit(pool.run, ("sleep", 0.1))
        time.sleep(0.03)
        found = {int(str(pool.run(("pid", None))))}
        asleep.result()
    return found | {int(str(pool.run(("pid", None))))}
