"""A semaphore for many threads."""

from __future__ import annotations

import queue


class Places:
    """So many places, each taken by one thread at a time.

    As ``threading.Semaphore``, but all that takes time is written in C: every request takes a place.
    """

    def __init__(self, number: int) -> None:
        self._free: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(number):
            self._free.put(None)

    def acquire(self, timeout: float) -> bool:
        """Whether a place was free within ``timeout`` seconds; then it is taken."""
        try:
            self._free.get(timeout=timeout)
        except queue.Empty:
            return False
        return True

    def release(self) -> None:
        """Give a place back."""
        self._free.put(None)
