"""How much each client has asked for of late, in memory that the processes of the server share.

A table of a fixed size, made before the processes are forked. A place in it belongs to a client, found by a
hash with a key of this server, and holds two things: when the client would be rested, and how many of its
requests each process has under way. A process that is killed can leave neither a lock behind, since those of
files are given back by the system, nor a count, since whoever comes next clears those of processes that are
gone.
"""

from __future__ import annotations

import fcntl
import hashlib
import math
import mmap
import os
import secrets
import struct
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from tipgraph.web.limits import Limits

_SETS: Final = 2048
_WAYS: Final = 8
"""Places that a client may take, of the set to which it belongs; who is rested makes room."""
_PROCESSES: Final = 128
"""Processes that can count at the same time: those that serve, and while a reload lasts those that leave."""
_HEAD: Final = struct.Struct("=Qd")
"""The hash of a client, 0 for none, and the time at which it is rested."""
_COUNT: Final = struct.Struct("=H")
_PLACE: Final = _HEAD.size + _PROCESSES * _COUNT.size
_RATE: Final = "rate"
_CONCURRENCY: Final = "concurrency"


@dataclass(frozen=True)
class Refusal:
    """Why a client may make no request now, and the seconds after which it may."""

    reason: str
    retry_after: int


@dataclass(frozen=True)
class Standing:
    """How a client stands after a request: whether it may be made, and what is left."""

    refusal: Refusal | None
    policy: str
    """The limits, as the header ``RateLimit-Policy`` gives them."""
    left: str
    """What is left of them, as the header ``RateLimit`` gives it."""

    def headers(self) -> list[tuple[str, str]]:
        """The headers that tell it (draft-ietf-httpapi-ratelimit-headers)."""
        found = [("RateLimit-Policy", self.policy), ("RateLimit", self.left)]
        return [(name, value) for name, value in found if value]


class _Held:
    """A set of places that is locked: by a lock of this process, since those of files are not of a thread."""

    def __init__(self, lock: threading.Lock, file: int, chosen: int) -> None:
        self._lock = lock
        self._file = file
        self._chosen = chosen

    def __enter__(self) -> range:
        self._lock.acquire()
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, _PROCESSES + self._chosen)
        start = self._chosen * _WAYS * _PLACE
        return range(start, start + _WAYS * _PLACE, _PLACE)

    def __exit__(self, *_: object) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _PROCESSES + self._chosen)
        self._lock.release()


class Accounts:
    """The clients: a token bucket each, and what they have under way.

    A bucket is kept as the time at which it will be full again, which every process reads off the same clock.
    Of the clients only so many are remembered; to be forgotten means to be rested.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = limits.rate
        self._burst = limits.burst
        self._concurrency = limits.concurrency
        self._clock = clock
        self._key = secrets.token_bytes(16)
        self._memory = mmap.mmap(-1, _SETS * _WAYS * _PLACE)
        self._counts = memoryview(self._memory).cast("H")
        with tempfile.NamedTemporaryFile(prefix="tipgraph-") as file:
            self._file = os.dup(file.fileno())
        self._lock = threading.Lock()
        self._column: int | None = None
        policies = []
        if self._rate:
            window = max(1, round(self._burst / self._rate))
            policies.append(f'"{_RATE}";q={self._burst};w={window}')
        if self._concurrency:
            policies.append(f'"{_CONCURRENCY}";q={self._concurrency};qu="concurrent-requests"')
        self._policy = ", ".join(policies)

    def claim(self) -> None:
        """Take a column of counts for this process, for as long as it lives, and clear those of the dead."""
        # One process after the other, or each would take what the other only looks at for taken.
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, _PROCESSES + _SETS)
        free = [column for column in range(_PROCESSES) if column != self._column and self._try_lock(column)]
        for start in range(0, len(self._memory), _PLACE):
            if _HEAD.unpack_from(self._memory, start)[0]:
                for column in free:
                    self._counts[self._count_place(start, column)] = 0
        if self._column is None and free:
            self._column = free.pop(0)
        for column in free:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, column)
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _PROCESSES + _SETS)

    def enter(self, client: str) -> Standing:
        """Begin a request of ``client``, which ``leave`` must follow, unless it is refused."""
        number = self._number(client)
        now = self._clock()
        with self._hold(number) as places:
            place = self._find(places, number)
            if place is None:
                place = self._make(places, number, now)
            if place is None:
                # All of its set have something under way: such a crowd is bounded by other limits.
                return Standing(None, self._policy, "")
            if self._concurrency and (running := self._running(place)) >= self._concurrency:
                reason = f"{running} requests of this client are under way"
                return Standing(Refusal(reason, 1), self._policy, f'"{_CONCURRENCY}";r=0;t=1')
            left = ""
            if self._rate:
                rested = max(now, _HEAD.unpack_from(self._memory, place)[1])
                # Of a whole token, rounding may take the last part.
                tokens = self._burst - (rested - now) * self._rate + 1e-9
                if tokens < 1:
                    wait = max(1, math.ceil((1 - tokens) / self._rate))
                    refusal = Refusal("this client has asked too much of late", wait)
                    return Standing(refusal, self._policy, f'"{_RATE}";r=0;t={wait}')
                rested += 1 / self._rate
                _HEAD.pack_into(self._memory, place, number, rested)
                left = f'"{_RATE}";r={int(tokens - 1)};t={math.ceil(rested - now)}'
            self._add(place, 1)
            return Standing(None, self._policy, left)

    def leave(self, client: str) -> None:
        """End a request of ``client``."""
        number = self._number(client)
        with self._hold(number) as places:
            place = self._find(places, number)
            if place is not None:
                self._add(place, -1)

    def running(self, client: str) -> int:
        """How many requests ``client`` has under way, in all processes."""
        number = self._number(client)
        with self._hold(number) as places:
            place = self._find(places, number)
            return 0 if place is None else self._running(place)

    def __len__(self) -> int:
        """How many clients are remembered."""
        return sum(
            _HEAD.unpack_from(self._memory, start)[0] != 0 for start in range(0, len(self._memory), _PLACE)
        )

    def _number(self, client: str) -> int:
        digest = hashlib.blake2b(client.encode(), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest) or 1

    def _hold(self, number: int) -> _Held:
        """The places of the set to which a client belongs, which no one else uses while they are held."""
        return _Held(self._lock, self._file, number % _SETS)

    def _find(self, places: range, number: int) -> int | None:
        for place in places:
            if _HEAD.unpack_from(self._memory, place)[0] == number:
                return place
        return None

    def _make(self, places: range, number: int, now: float) -> int | None:
        """A place for a client, where need be that of the one who is rested longest and asks nothing."""
        idle = [place for place in places if not self._running(place)]
        if not idle:
            return None
        heads = [(_HEAD.unpack_from(self._memory, place), place) for place in idle]
        place = min(heads, key=lambda head: (head[0][0] != 0, head[0][1]))[1]
        _HEAD.pack_into(self._memory, place, number, now)
        return place

    def _count_place(self, place: int, column: int) -> int:
        return (place + _HEAD.size) // _COUNT.size + column

    def _running(self, place: int) -> int:
        first = self._count_place(place, 0)
        return sum(self._counts[first : first + _PROCESSES])

    def _add(self, place: int, amount: int) -> None:
        if self._column is not None:
            at = self._count_place(place, self._column)
            self._counts[at] = min(max(0, self._counts[at] + amount), 0xFFFF)

    def _try_lock(self, column: int) -> bool:
        with suppress(OSError):
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, column)
            return True
        return False
