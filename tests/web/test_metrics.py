"""Counters that several processes write, and that outlive one that is killed."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable

import pytest

from tipgraph.web.metrics import Metrics, route_of

SAMPLE = r'# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [\d.e+-]+'


def in_fork(act: Callable[[], None], *, killed: bool = False) -> None:
    pid = os.fork()
    if pid == 0:
        act()
        os.kill(os.getpid(), signal.SIGKILL if killed else signal.SIGTERM)
    os.waitpid(pid, 0)


def test_processes_count_together_and_those_that_are_gone_still_count() -> None:
    metrics = Metrics()
    metrics.claim()
    metrics.add("cut")

    def count() -> None:
        metrics.claim()
        metrics.begin()
        metrics.add("cut", 2)

    for _ in range(100):
        in_fork(count, killed=True)
    metrics.add("cut")
    assert metrics.total("cut") == 202
    # What a killed process had under way is given up when another takes its slot.
    assert metrics.total("started") - metrics.total("finished") == 1


def test_without_a_slot_nothing_is_counted() -> None:
    metrics = Metrics()
    metrics.add("cut")
    assert metrics.total("cut") == 0


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"),
        ("/sparql", "/sparql"),
        ("/queries/one", "/queries"),
        ("/id/alpha", "/id"),
        ("/x", "other"),
        ("", "other"),
        ("//", "/"),
        ("/\udcff", "other"),
    ],
)
def test_routes_are_few(path: str, route: str) -> None:
    assert route_of(path) == route


def test_what_prometheus_reads() -> None:
    metrics = Metrics()
    metrics.claim()
    for status, seconds in ((200, 0.003), (200, 0.2), (777, 99.0)):
        metrics.begin()
        metrics.finish("/sparql", status, seconds, 10)
    metrics.add("query timeout")
    text = metrics.write({"idle_workers": 2})
    lines = text.splitlines()
    assert 'tipgraph_requests_total{route="/sparql",status="200"} 2' in lines
    assert 'tipgraph_requests_total{route="/sparql",status="other"} 1' in lines
    assert 'tipgraph_query_events_total{event="timeout"} 1' in lines
    assert "tipgraph_response_bytes_total 30" in lines
    assert "tipgraph_requests_running 0" in lines
    assert "tipgraph_idle_workers 2" in lines
    buckets = [float(number) for number in re.findall(r"_bucket\{.*\} (\S+)", text)]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 3
    assert 'tipgraph_request_seconds_bucket{le="0.005"} 1' in lines
    for line in lines:
        assert re.fullmatch(SAMPLE, line), line
    assert text.endswith("\n")
