"""What strangers may use of the server: options of ``tipgraph serve``, but for those in ``FIXED``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Limits:
    """What strangers may use of the server. Times in seconds, sizes in bytes."""

    deadline: float = 10.0
    """How long a query may run that asks for no other time."""
    longest_deadline: float = 60.0
    """The most that ``timeout=`` of a request may ask for."""
    patience: float = 0.3
    """How long a query may run in the fast lane."""
    processes: int = max(1, os.cpu_count() or 1)
    """Processes that answer requests; what follows holds of each."""
    workers: int = 2
    slow_workers: int = 2
    memory: int = 1 << 30
    """What a worker may take beyond what it shares with the others."""
    rows: int = 100_000
    """Rows or triples of an answer; it is cut there, and says so."""
    answer: int = 128 << 20
    """Bytes of an answer; it is cut after the last row that fits, and says so."""
    cache: int = 64 << 20
    """Bytes of answers that a process keeps for who asks the same; 0 for none."""
    body: int = 1 << 20
    url: int = 16 << 10
    headers: int = 32 << 10
    """The request line and all header fields together."""
    header_timeout: float = 10.0
    """How long a client may take to send the head of a request."""
    connections: int = 1024
    bodies: int = 64
    """Requests whose body is being received."""
    body_timeout: float = 30.0
    """How long a client may take to send the body of a request."""
    pages: int = 8
    """Requests that are answered at the same time beside those that wait for a worker."""
    rate: float = 20.0
    """Requests of one client in a second, in the long run; 0 for no limit."""
    burst: int = 100
    """Requests that a client may make at once after a rest."""
    concurrency: int = 8
    """Requests of one client at the same time; 0 for no limit."""

    @property
    def places(self) -> int:
        """How many requests are answered at the same time."""
        return self.workers + self.slow_workers + self.pages

    def choose_deadline(self, wanted: float | None) -> float:
        """The time that a query may run whose client asked for ``wanted`` seconds."""
        return self.deadline if wanted is None else min(wanted, max(self.deadline, self.longest_deadline))


FIXED: Final[Mapping[str, str]] = {
    "patience": "how soon a query is slow: of use only together with the lanes that it was measured with",
    "url": "browsers and proxies send no longer ones, and a long query can be sent with POST",
    "headers": "as for the address; the buffer of the server is made to fit both",
    "bodies": "a slow body is ended after a time that can be set, and takes no place from a query",
    "pages": "pages and refusals take next to nothing, so there are always enough places",
}
"""The limits that are no option → why."""
