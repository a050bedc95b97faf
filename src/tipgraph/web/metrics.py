"""What the server counts, in memory that its processes share, written as Prometheus reads it.

Each process writes to a slot of its own, so no lock is held by one that is killed; a slot is taken by a file
lock, which the system gives back, and who comes next goes on counting in it.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import tempfile
import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final

from tipgraph.web.workers import EVENTS

ROUTES: Final = ("/", "/sparql", "/queries", "/id", "/static", "other")
STATUSES: Final = (
    200,
    204,
    301,
    302,
    303,
    304,
    400,
    403,
    404,
    405,
    406,
    408,
    413,
    414,
    415,
    422,
    429,
    431,
    500,
)
STATUSES_OF_PEERS: Final = (501, 502, 503, 504)
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the histogram, in seconds."""
_LIMITED: Final = ("cut", "refused")
_BYTES: Final = 8
"""Of a number, in the format of the machine: only its own processes read it."""
_SLOTS: Final = 64
"""Processes that can count at the same time: those that serve, and while a reload lasts those that leave."""


def _names() -> list[str]:
    codes = (*STATUSES, *STATUSES_OF_PEERS, 0)
    return [
        *(f"requests {route} {code}" for route in ROUTES for code in codes),
        *(f"latency {bound}" for bound in (*BUCKETS, "+Inf")),
        "seconds",
        "bytes",
        *(f"query {event}" for event in EVENTS),
        *_LIMITED,
        "started",
        "finished",
    ]


class Metrics:
    """The counters; made before the processes that count are forked."""

    def __init__(self) -> None:
        self._places: Final[Mapping[str, int]] = {name: place for place, name in enumerate(_names())}
        self._size = len(self._places)
        self._numbers = memoryview(mmap.mmap(-1, self._size * _SLOTS * _BYTES)).cast("d")
        with tempfile.NamedTemporaryFile(prefix="tipgraph-") as file:
            self._file = os.dup(file.fileno())
        self._lock = threading.Lock()
        self._start: int | None = None

    def claim(self) -> None:
        """Take a slot for this process, for as long as it lives."""
        for slot in range(_SLOTS):
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
            except OSError:
                continue
            self._start = slot * self._size
            # What the last holder had under way died with it.
            finished, started = (self._start + self._places[name] for name in ("finished", "started"))
            self._numbers[finished] = self._numbers[started]
            return

    def add(self, name: str, amount: float = 1) -> None:
        """Count; without a slot it is lost."""
        self._add((name, amount))

    def begin(self) -> None:
        """Count a request that begins."""
        self.add("started")

    def finish(self, path: str, status: int, seconds: float, size: int) -> None:
        """Count a request that is answered."""
        code = status if status in STATUSES or status in STATUSES_OF_PEERS else 0
        bucket = bisect_left(BUCKETS, seconds)
        self._add(
            (f"requests {route_of(path)} {code}", 1),
            (f"latency {BUCKETS[bucket] if bucket < len(BUCKETS) else '+Inf'}", 1),
            ("seconds", seconds),
            ("bytes", size),
            ("finished", 1),
        )

    def total(self, name: str) -> float:
        """The sum over all processes, also those that are gone."""
        return sum(self._numbers[self._places[name] :: self._size].tolist())

    def write(self, gauges: Mapping[str, float]) -> str:
        """All of it in the Prometheus text format; ``gauges`` are values of this moment, by name."""
        lines: list[str] = []

        def section(name: str, kind: str, about: str, values: Sequence[tuple[str, float]]) -> None:
            lines.extend((f"# HELP tipgraph_{name} {about}", f"# TYPE tipgraph_{name} {kind}"))
            lines.extend(f"tipgraph_{name}{labels} {value:.17g}" for labels, value in values)

        counted = []
        for name in self._places:
            if name.startswith("requests ") and (count := self.total(name)):
                _, route, code = name.split(" ")
                status = code if code != "0" else "other"
                counted.append((f'{{route="{route}",status="{status}"}}', count))
        section("requests_total", "counter", "Requests answered.", counted)
        lines.append("# HELP tipgraph_request_seconds Time from the head of a request to its answer.")
        lines.append("# TYPE tipgraph_request_seconds histogram")
        below = 0.0
        for bound in (*BUCKETS, "+Inf"):
            below += self.total(f"latency {bound}")
            lines.append(f'tipgraph_request_seconds_bucket{{le="{bound}"}} {below:.17g}')
        lines.append(f"tipgraph_request_seconds_sum {self.total('seconds'):.17g}")
        lines.append(f"tipgraph_request_seconds_count {below:.17g}")
        section("response_bytes_total", "counter", "Bytes of answers.", [("", self.total("bytes"))])
        events = [(f'{{event="{event}"}}', self.total(f"query {event}")) for event in EVENTS]
        section(
            "query_events_total", "counter", "Queries demoted, ended, timed out; workers that died.", events
        )
        section("answers_cut_total", "counter", "Answers cut at a limit.", [("", self.total("cut"))])
        section(
            "refusals_total", "counter", "Requests over the limit of a client.", [("", self.total("refused"))]
        )
        running = self.total("started") - self.total("finished")
        section("requests_running", "gauge", "Requests under way.", [("", running)])
        for name, value in gauges.items():
            section(name, "gauge", f"{name.replace('_', ' ').capitalize()}.", [("", value)])
        return "\n".join(lines) + "\n"

    def _add(self, *amounts: tuple[str, float]) -> None:
        if self._start is None:
            return
        with self._lock:
            for name, amount in amounts:
                self._numbers[self._start + self._places[name]] += amount


def route_of(path: str) -> str:
    """The one of ``ROUTES`` that ``path`` belongs to."""
    if path == "/":
        return path
    first = "/" + path.split("/", 2)[1] if path.startswith("/") else path
    return first if first in ROUTES else "other"
