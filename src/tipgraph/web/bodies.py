"""The bodies of requests: received before a request takes a place, so many at a time, and for so long.

The server reads a body while the application does, and waits for the client as long as it likes. So each body
is read by a thread beside, which is left alone when the time is over. What frees it is the end of the
connection, which the server brings about when an answer breaks off before its announced length: it waits for
the rest of the body otherwise, even once the request is answered.
"""

from __future__ import annotations

import io
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any, Final
from wsgiref.types import WSGIEnvironment

from tipgraph.web.limits import Limits
from tipgraph.web.problems import KINDS, Problem

SLOW: Final = "request-timeout"
"""The problem of a body that takes too long."""
_PIECE: Final = 1 << 16
_TIME_TO_SEND: Final = 0.5
"""Seconds that the server has to send an answer before the connection is closed."""


class Bodies:
    """The bodies in arrival."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._places = threading.BoundedSemaphore(limits.bodies)
        self._readers = _Readers()

    def receive(self, environ: WSGIEnvironment) -> Problem | None:
        """Put the whole body into ``environ``, if there is one that may be read; else say what is wrong."""
        length = environ.get("CONTENT_LENGTH") or "0"
        declared = int(length) if length.isascii() and length.isdigit() else None
        is_chunked = "HTTP_TRANSFER_ENCODING" in environ
        if declared is None:
            return _problem("bad-request", "Content-Length is no number", "give the length in bytes")
        if not is_chunked and not 0 < declared <= self._limits.body:
            # There is none, or the application will refuse it unread.
            return None
        if not self._places.acquire(blocking=False):
            return _problem(
                "busy", "the server is busy: it receives too many requests", "ask again in a moment"
            )
        try:
            reading = _Reading(environ["wsgi.input"], self._limits.body + 1)
            self._readers.begin(reading)
            body = reading.wait(self._limits.body_timeout)
        finally:
            self._places.release()
        if body is None:
            seconds = self._limits.body_timeout
            return _problem(SLOW, f"the body did not arrive within {seconds:g} seconds", "send it faster")
        if len(body) < declared:
            return _problem("bad-request", "the body ends before its Content-Length", "send all of it")
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        return None


def break_off(content: bytes) -> Iterator[bytes]:
    """``content`` but its last byte, which closes the connection on a client that still sends.

    Where that is a line break, nothing is missing but for who counts.
    """
    yield content[:-1]
    # Ended at once, the answer would not be sent at all.
    time.sleep(_TIME_TO_SEND)


class _Reading:
    """A body that is being read."""

    def __init__(self, stream: Any, most: int) -> None:
        self._stream = stream
        self._most = most
        # Taken until all is read: cheaper than an event.
        self._under_way = threading.Lock()
        self._under_way.acquire()
        self._body = b""

    def read(self) -> None:
        """Read all there is; what breaks off before its end counts for nothing."""
        pieces, left = [], self._most
        try:
            while left and (piece := self._stream.read(min(left, _PIECE))):
                pieces.append(piece)
                left -= len(piece)
            self._body = b"".join(pieces)
        except OSError:
            # The client is gone.
            return
        finally:
            self._under_way.release()

    def wait(self, seconds: float) -> bytes | None:
        """What was read; ``None`` where that takes more than ``seconds``."""
        return self._body if self._under_way.acquire(timeout=seconds) else None


class _Readers:
    """Threads that read, which stay for the next body, since to start one takes longer than to read."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[_Reading] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0

    def begin(self, reading: _Reading) -> None:
        with self._lock:
            is_new = self._idle == 0
            self._idle -= not is_new
        self._waiting.put(reading)
        if is_new:
            threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            self._waiting.get().read()
            with self._lock:
                self._idle += 1


def _problem(name: str, detail: str, hint: str) -> Problem:
    kind = KINDS[name]
    return Problem(kind, kind.status, detail, hint)
