"""A client that asks a server over HTTP as fast as it answers, on many connections that are kept alive.

One thread waits for all sockets, sends bytes that were made beforehand and of each answer reads no more than
where it ends, so that the server is what is measured. ``trivial_server`` tells how far that goes.
"""

from __future__ import annotations

import gc
import re
import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

HOST: Final = "127.0.0.1"
ACCEPT: Final = "application/sparql-results+json"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSES: Final = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
_LAST_CHUNK: Final = b"\r\n0\r\n\r\n"
_LOOK_FOR_LATE: Final = 0.25


@dataclass
class Drive:
    """What came of one drive: the seconds that each answer took, and why others failed."""

    times: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    """From the first request to the last answer."""

    @property
    def throughput(self) -> float:
        """Answers in a second."""
        return len(self.times) / self.seconds if self.times else 0.0


def get_request(path: str, query: str) -> bytes:
    """The bytes that ask ``query`` with GET."""
    return (
        f"GET {path}?query={quote(query, safe='')} HTTP/1.1\r\nHost: {HOST}\r\nAccept: {ACCEPT}\r\n\r\n"
    ).encode()


def post_request(path: str, query: str) -> bytes:
    """The bytes that ask ``query``, which may be too long for an address, with POST."""
    body = query.encode()
    return (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nAccept: {ACCEPT}\r\n"
        f"Content-Type: application/sparql-query\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


class _Connection:
    """A socket with at most one request under way, and what has come of its answer."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.started = 0.0
        self.is_waiting = False
        self.socket = self._connect()

    def _connect(self) -> socket.socket:
        made = socket.create_connection((HOST, self.port), timeout=30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = b""
        self._left = -1
        self._is_chunked = False
        self._tail = b""
        return made

    def send(self, request: bytes, now: float) -> None:
        self._head = b""
        self.started = now
        self.is_waiting = True
        self.socket.sendall(request)

    def receive(self) -> str | None:
        """The status once the answer is whole, else ``None``; raises ``OSError`` where there will be none."""
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise ConnectionError("closed")
        if self._left < 0:
            self._head += piece
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return None
            head, piece = self._head[: end + 2], self._head[end + 4 :]
            self._head = head
            length = _LENGTH.search(head)
            self._is_chunked = length is None and _CHUNKED.search(head) is not None
            if length is None and not self._is_chunked:
                raise ConnectionError("no length")
            self._left = int(length[1]) if length else 0
            self._tail = b"\r\n"
        if self._is_chunked:
            # There is one answer at a time, and JSON holds no line ends like these.
            self._tail = (self._tail + piece)[-len(_LAST_CHUNK) :]
            if self._tail != _LAST_CHUNK:
                return None
        else:
            self._left -= len(piece)
            if self._left > 0:
                return None
        self._left = -1
        self.is_waiting = False
        return self._head[9:12].decode("ascii", "replace")

    @property
    def closes(self) -> bool:
        """Whether the server has said that it closes the connection."""
        return _CLOSES.search(self._head) is not None

    def again(self) -> None:
        """Another socket in place of one that is of no more use."""
        self.socket.close()
        self.is_waiting = False
        self.socket = self._connect()


def drive(
    port: int,
    requests: Sequence[bytes],
    order: Iterator[int],
    *,
    clients: int,
    seconds: float,
    limit: float,
    pause: float = 0.0,
) -> Drive:
    """What ``clients`` find that each ask the next request of ``order`` once they have their answer.

    They begin none after ``seconds``, and wait for those that are under way. An answer with another status
    than 200, or none within ``limit``, is a failure. Each rests for ``pause`` between its requests.
    """
    done = Drive()
    connections = [_Connection(port) for _ in range(clients)]
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        gc.disable()
        try:
            _drive(connections, selector, requests, order, done, seconds, limit, pause)
        finally:
            gc.enable()
            for connection in connections:
                connection.socket.close()
    return done


def _drive(
    connections: list[_Connection],
    selector: selectors.BaseSelector,
    requests: Sequence[bytes],
    order: Iterator[int],
    done: Drive,
    seconds: float,
    limit: float,
    pause: float,
) -> None:
    clock = time.perf_counter
    begun = last = clock()
    end = begun + seconds
    # Resting clients start one after another, so that they do not ask in step.
    resting = deque((begun + pause * n / len(connections), one) for n, one in enumerate(connections))
    waiting = 0
    look_for_late = begun + _LOOK_FOR_LATE

    def renew(connection: _Connection) -> None:
        selector.unregister(connection.socket)
        connection.again()
        selector.register(connection.socket, selectors.EVENT_READ, connection)

    def fail(connection: _Connection, why: str) -> None:
        nonlocal waiting
        waiting -= connection.is_waiting
        done.failures[why] += connection.is_waiting
        renew(connection)
        resting.append((now + pause, connection))

    while True:
        now = clock()
        while resting and resting[0][0] <= now and now < end:
            connection = resting.popleft()[1]
            waiting += 1
            try:
                connection.send(requests[next(order)], now)
            except OSError as error:
                fail(connection, type(error).__name__)
        if now >= end and not waiting:
            break
        rest = resting[0][0] - now if resting and now < end else _LOOK_FOR_LATE
        for key, _ in selector.select(max(0.0, min(rest, _LOOK_FOR_LATE))):
            connection = key.data
            try:
                status = connection.receive()
            except OSError as error:
                if connection.is_waiting:
                    now = clock()
                    fail(connection, type(error).__name__)
                else:
                    # The server may close a connection that rests.
                    renew(connection)
                continue
            if status is None:
                continue
            last = now = clock()
            waiting -= 1
            if status == "200":
                done.times.append(now - connection.started)
            else:
                done.failures[status] += 1
            if connection.closes:
                renew(connection)
            if pause or now >= end:
                resting.append((now + pause, connection))
                continue
            waiting += 1
            try:
                connection.send(requests[next(order)], now)
            except OSError as error:
                fail(connection, type(error).__name__)
        if now > look_for_late:
            look_for_late = now + _LOOK_FOR_LATE
            for connection in connections:
                if connection.is_waiting and now - connection.started > limit:
                    fail(connection, f"no answer in {limit:g} s")
    done.seconds = last - begun


def percentile(times: Sequence[float], share: float) -> float:
    """The time that ``share`` of them do not exceed (nearest rank)."""
    ordered = sorted(times)
    return ordered[max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)]
