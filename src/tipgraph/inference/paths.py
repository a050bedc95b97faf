"""Property paths (SPARQL 1.1, section 9), and the triples that lead from one node to another along one.

The store evaluates paths itself; this is for explaining which triples a path went through.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import pyoxigraph as ox

from tipgraph.inference.rules import Key
from tipgraph.terms import Term


@dataclass(frozen=True)
class Inverse:
    """``^path``."""

    path: PropertyPath


@dataclass(frozen=True)
class Alternative:
    """``path|path``."""

    paths: tuple[PropertyPath, ...]


@dataclass(frozen=True)
class Chain:
    """``path/path``."""

    paths: tuple[PropertyPath, ...]


@dataclass(frozen=True)
class Repeated:
    """``path?``, ``path*`` or ``path+``: at least ``least`` times, and once at most unless ``unbounded``."""

    path: PropertyPath
    least: int
    unbounded: bool


PropertyPath: TypeAlias = ox.NamedNode | Inverse | Alternative | Chain | Repeated

Step: TypeAlias = tuple[Term, tuple[ox.Triple, ...]]
"""A node that was reached, and the triples that led there."""


def keys_of(path: PropertyPath) -> Iterator[Key]:
    """What ``path`` reads."""
    match path:
        case ox.NamedNode():
            yield Key(str(path))
        case Inverse(inner) | Repeated(inner):
            yield from keys_of(inner)
        case Alternative(parts) | Chain(parts):
            for part in parts:
                yield from keys_of(part)


def shortest_way(store: ox.Store, path: PropertyPath, start: Term, end: Term) -> tuple[ox.Triple, ...] | None:
    """The fewest triples along ``path`` from ``start`` to ``end``; ``None`` where it does not lead there."""
    ways = (triples for node, triples in _walk(store, path, start) if node == end)
    return min(ways, key=len, default=None)


def _walk(store: ox.Store, path: PropertyPath, start: Term, *, backward: bool = False) -> Iterator[Step]:
    """Every node that ``path`` leads to from ``start``; with ``backward``, every one that leads to it."""
    match path:
        case ox.NamedNode() if backward:
            for quad in store.quads_for_pattern(None, path, start, None):
                yield quad.subject, (quad.triple,)
        case ox.NamedNode():
            if not isinstance(start, ox.Literal):
                for quad in store.quads_for_pattern(start, path, None, None):
                    yield quad.object, (quad.triple,)
        case Inverse(inner):
            yield from _walk(store, inner, start, backward=not backward)
        case Alternative(parts):
            for part in parts:
                yield from _walk(store, part, start, backward=backward)
        case Chain(parts):
            first, *rest = reversed(parts) if backward else parts
            for node, triples in _walk(store, first, start, backward=backward):
                if rest:
                    remaining = Chain(tuple(reversed(rest) if backward else rest))
                    for end, more in _walk(store, remaining, node, backward=backward):
                        yield end, triples + more
                else:
                    yield node, triples
        case Repeated(inner, least, unbounded):
            yield from _repeat(store, inner, start, least, unbounded=unbounded, backward=backward)


def _repeat(
    store: ox.Store, path: PropertyPath, start: Term, least: int, *, unbounded: bool, backward: bool
) -> Iterator[Step]:
    """Each node once, by the fewest repetitions."""
    seen: set[Term] = set()
    if least == 0:
        seen.add(start)
        yield start, ()
    waiting: deque[Step] = deque([(start, ())])
    while waiting:
        node, triples = waiting.popleft()
        for end, more in _walk(store, path, node, backward=backward):
            if end not in seen:
                seen.add(end)
                yield end, triples + more
                if unbounded:
                    waiting.append((end, triples + more))
