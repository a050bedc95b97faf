"""A circuit breaker: who asks a peer that is down is told so at once, and the peer is tried now and then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final


class Breaker:
    """Open after so many failures in a row; then one try is let through after each pause, until one succeeds.

    ``pause`` and ``longest_pause`` are seconds; each failed try doubles the pause. Threads may share it.
    """

    def __init__(
        self,
        *,
        failures: int = 3,
        pause: float = 1.0,
        longest_pause: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most: Final = failures
        self._first_pause: Final = pause
        self._longest_pause: Final = longest_pause
        self._clock: Final = clock
        self._lock: Final = threading.Lock()
        self._failures = 0
        self._pause = pause
        self._next_try = 0.0

    def admit(self) -> bool:
        """Whether the peer is to be asked; while the breaker is open, of all askers one for each pause."""
        with self._lock:
            if self._failures < self._most:
                return True
            now = self._clock()
            if now < self._next_try:
                return False
            self._next_try = now + self._pause
            return True

    def succeed(self) -> None:
        """The peer answered."""
        with self._lock:
            self._failures = 0
            self._pause = self._first_pause

    def fail(self) -> None:
        """The peer did not answer."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._most:
                self._next_try = self._clock() + self._pause
                self._pause = min(2 * self._pause, self._longest_pause)

    @property
    def waits(self) -> bool:
        """Whether nobody is let through at present."""
        with self._lock:
            return self._failures >= self._most and self._clock() < self._next_try
