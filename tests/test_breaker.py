"""The circuit breaker: it opens after failures, lets one try through now and then, and closes on success."""

from __future__ import annotations

from tipgraph.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_opens_tries_and_closes() -> None:
    clock = Clock()
    breaker = Breaker(failures=2, pause=1, longest_pause=3, clock=clock)
    breaker.fail()
    assert breaker.admit()
    assert not breaker.waits
    breaker.fail()
    assert breaker.waits
    assert not breaker.admit()
    clock.now = 1
    assert not breaker.waits
    assert [breaker.admit() for _ in range(3)] == [True, False, False]
    breaker.fail()
    clock.now = 2.5
    assert not breaker.admit(), "the second pause is twice as long"
    clock.now = 3.1
    assert breaker.admit()
    breaker.succeed()
    assert all(breaker.admit() for _ in range(3))
    breaker.fail()
    assert breaker.admit(), "one failure does not open it"


def test_a_pause_has_an_end() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, pause=1, longest_pause=3, clock=clock)
    for _ in range(10):
        breaker.fail()
        clock.now += 3.1
        assert breaker.admit()
