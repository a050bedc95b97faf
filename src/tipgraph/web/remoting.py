"""Queries for the store that the graph lies in: called by the server, as workers have no network.

A worker checks what a client wrote and writes it out for the store, the store is asked here, and a worker
reads what it answered.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from tipgraph.errors import BusyError
from tipgraph.peer import Peer
from tipgraph.protocol import PeerQuery
from tipgraph.web.answers import EndpointRequest, SiteAnswer, SiteRequest
from tipgraph.web.limits import Limits
from tipgraph.web.workers import Executor

_LEAST: float = 1.0
"""Seconds that a worker has to write an answer, however long the store took."""


class RemoteExecutor:
    """An executor whose queries the store at ``peer`` answers."""

    def __init__(self, executor: Executor[SiteRequest, SiteAnswer], peer: Peer, limits: Limits) -> None:
        self._executor = executor
        self._peer = peer
        self._limits = limits
        # What is left of the server's places is for who wants something else.
        self._places = threading.BoundedSemaphore(limits.places - limits.pages)

    def run(self, request: SiteRequest, *, timeout: float | None = None) -> SiteAnswer:
        """The answer to ``request``; its time includes that of the store. Raises as ``Peer.ask`` does too."""
        end = time.monotonic() + self._limits.choose_deadline(timeout)
        asked = self._executor.run(request, timeout=timeout)
        if not isinstance(asked, PeerQuery) or not isinstance(request, EndpointRequest):
            return asked
        if not self._places.acquire(blocking=False):
            raise BusyError("the server is busy: it waits for the store already", "ask again in a moment")
        try:
            left = max(_LEAST, end - time.monotonic())
            answer = self._peer.ask(asked, seconds=left, most_bytes=self._limits.answer)
        finally:
            self._places.release()
        left = max(_LEAST, end - time.monotonic())
        return self._executor.run(replace(request, store_answer=answer), timeout=left)

    def close(self) -> None:
        """Close the executor."""
        self._executor.close()
