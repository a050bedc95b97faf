"""A dataset copied into another store, named graph by named graph, and read back.

Each graph is written to a draft beside it, which then takes its place by ``MOVE``, so a run that is cut off
leaves no half graph under its name. The next run takes up where it ended: graphs that agree are left alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import pyoxigraph as ox

from tipgraph.canonical import label_blank_nodes
from tipgraph.errors import PeerError, SourceError
from tipgraph.peer import Peer
from tipgraph.store import Dataset

_LARGEST_CHUNK: Final = 4 << 20
"""Bytes of N-Triples in one request of the Graph Store Protocol."""
_LARGEST_UPDATE: Final = 1 << 18
_LONGEST_UPDATE: Final = 500
"""Triples in one INSERT DATA; Virtuoso compiles each update to a program, which has its limits."""
_DRAFT: Final = "urn:tipgraph:draft:"


class Outcome(Enum):
    """What became of a graph."""

    AGREES = "agrees already"
    PUSHED = "pushed"
    WOULD_PUSH = "would be pushed"
    DIFFERS = "pushed, but the store gives back other triples"
    INCOMPLETE = "not put in place, because the store kept another number of triples"


@dataclass(frozen=True)
class PushedGraph:
    """A named graph after the push: how many triples it has here and there, and which differ."""

    name: str
    outcome: Outcome
    triples: int
    remote: int
    lost: tuple[str, ...] = ()
    """The triples, as N-Triples, that the store did not give back."""
    strange: tuple[str, ...] = ()
    """Those that it gave back in their stead."""


def push_dataset(
    dataset: Dataset,
    peer: Peer,
    *,
    graphs: Sequence[str] | None = None,
    into: str | None = None,
    union: str | None = None,
    dry_run: bool = False,
    in_place: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[PushedGraph]:
    """What became of each named graph of ``dataset``, or of ``graphs``, one after the other as it is done.

    ``into`` names the graph for the triples outside any, and ``union`` one that is pushed too, with every
    triple of ``dataset`` once, for stores that cannot query the union of graphs. ``in_place`` is for stores
    that know no ``MOVE``: the graph is written under its own name, so a run that is cut off leaves it half.
    Graphs that the store has and ``dataset`` has not are left alone. Raises ``SourceError`` where triples are
    outside any graph and ``into`` is not given, or a graph is named ``union``, and ``PeerError``.
    """
    if union is not None and union in (into, *dataset.graph_names()):
        raise SourceError(f"<{union}> is a graph of its own", "name another one for the union of all")
    for name, triples in _graphs(dataset, graphs, into):
        yield _push_graph(peer, name, triples, dry_run=dry_run, in_place=in_place, tell=tell)
    if union is not None:
        merged = list({quad.triple for quad in dataset.store})
        yield _push_graph(peer, union, merged, dry_run=dry_run, in_place=in_place, tell=tell)


def digest_of(triples: Iterable[ox.Triple]) -> str:
    """SHA-256 of the canonical N-Triples (RDFC-1.0): equal for equal graphs, whatever their blank nodes."""
    return hashlib.sha256("\n".join(sorted(_lines(triples))).encode()).hexdigest()


def _graphs(
    dataset: Dataset, graphs: Sequence[str] | None, into: str | None
) -> Iterator[tuple[str, list[ox.Triple]]]:
    store = dataset.store
    names = dataset.graph_names() if graphs is None else sorted(set(graphs))
    loose = {quad.triple for quad in store.quads_for_pattern(None, None, None, ox.DefaultGraph())}
    if graphs is not None:
        loose = set()
    if loose and into is None:
        raise SourceError(
            f"{len(loose):,} triples are outside any named graph", "name one for them, with --into IRI"
        )
    if loose and into is not None and into not in names:
        names = sorted([*names, into])
    for name in names:
        found = {quad.triple for quad in store.quads_for_pattern(None, None, None, ox.NamedNode(name))}
        yield name, list(found | loose if name == into else found)


def _push_graph(
    peer: Peer,
    name: str,
    triples: list[ox.Triple],
    *,
    dry_run: bool,
    in_place: bool,
    tell: Callable[[str], None],
) -> PushedGraph:
    count = len(triples)
    remote = peer.count(name)
    if remote == count and digest_of(_read(peer, name, remote)) == digest_of(triples):
        return PushedGraph(name, Outcome.AGREES, count, remote)
    if dry_run:
        return PushedGraph(name, Outcome.WOULD_PUSH, count, remote)
    if not triples:
        peer.update(f"DROP SILENT GRAPH <{name}>", repeatable=True)
        return PushedGraph(name, Outcome.PUSHED, 0, peer.count(name))
    target = name if in_place else _DRAFT + hashlib.sha256(name.encode()).hexdigest()[:32]
    _write(peer, target, triples, tell)
    arrived = peer.count(target)
    if arrived != count:
        # A store that lost the draft would move nothing into the place of the graph.
        return _compare(name, Outcome.INCOMPLETE, triples, _read(peer, target, arrived))
    if not in_place:
        # Once only: a second MOVE of what the first has moved would move nothing there.
        peer.update(f"MOVE GRAPH <{target}> TO GRAPH <{name}>", repeatable=False)
    back = _read(peer, name, peer.count(name))
    if len(back) == count and digest_of(back) == digest_of(triples):
        return PushedGraph(name, Outcome.PUSHED, count, len(back))
    return _compare(name, Outcome.DIFFERS, triples, back)


def _compare(name: str, outcome: Outcome, triples: list[ox.Triple], back: list[ox.Triple]) -> PushedGraph:
    here, there = set(_lines(triples)), set(_lines(back))
    lost, strange = tuple(sorted(here - there)), tuple(sorted(there - here))
    return PushedGraph(name, outcome, len(triples), len(back), lost, strange)


def _read(peer: Peer, name: str, count: int) -> list[ox.Triple]:
    """The triples of the graph ``name``, which are ``count``."""
    triples = list(dict.fromkeys(peer.read_graph(name))) if count else []
    if len(triples) < count:
        raise PeerError(
            f"the store gave {len(triples):,} of the {count:,} triples of <{name}>",
            "raise the number of rows that it gives at once (ResultSetMaxRows in Virtuoso)",
        )
    return triples


def _write(peer: Peer, target: str, triples: list[ox.Triple], tell: Callable[[str], None]) -> None:
    by_update = peer.graph_store is None
    if by_update:
        peer.update(f"DROP SILENT GRAPH <{target}>", repeatable=True)
    sent = 0
    size, length = (_LARGEST_UPDATE, _LONGEST_UPDATE) if by_update else (_LARGEST_CHUNK, None)
    for chunk, repeatable in _chunks(triples, size, length):
        content = "".join(chunk)
        if by_update:
            # The same by the standard; but Virtuoso takes no blank node in INSERT DATA.
            verb, end = ("INSERT DATA", "") if repeatable else ("INSERT", " WHERE {}")
            peer.update(f"{verb} {{ GRAPH <{target}> {{\n{content}}} }}{end}", repeatable=repeatable)
        else:
            peer.write_graph(target, content.encode(), replace=sent == 0, repeatable=repeatable)
        sent += len(chunk)
        tell(f"{sent:,} of {len(triples):,}")


def _chunks(triples: Iterable[ox.Triple], size: int, length: int | None) -> Iterator[tuple[list[str], bool]]:
    """N-Triples lines of at most ``size`` bytes and ``length`` lines, and whether they have no blank node.

    What hangs together by blank nodes stays in one chunk whatever its size: a label means the same blank node
    only within one request.
    """
    ground: list[ox.Triple] = []
    linked: list[ox.Triple] = []
    for triple in triples:
        (linked if _blank_nodes(triple) else ground).append(triple)
    for parts, is_ground in ((_components(linked), False), (([triple] for triple in ground), True)):
        chunk: list[str] = []
        filled = 0
        for part in parts:
            lines = [f"{triple} .\n" for triple in part]
            width = sum(len(line.encode()) for line in lines)
            if chunk and (filled + width > size or (length and len(chunk) + len(lines) > length)):
                yield chunk, is_ground
                chunk, filled = [], 0
            chunk += lines
            filled += width
        if chunk:
            yield chunk, is_ground


def _components(triples: Iterable[ox.Triple]) -> Iterator[list[ox.Triple]]:
    """The triples, those together that share a blank node, directly or through others."""
    parent: dict[ox.BlankNode, ox.BlankNode] = {}

    def root(node: ox.BlankNode) -> ox.BlankNode:
        while (above := parent.setdefault(node, node)) != node:
            parent[node] = parent[above]
            node = above
        return node

    triples = list(triples)
    for triple in triples:
        first, *others = _blank_nodes(triple)
        for other in others:
            parent[root(other)] = root(first)
    found: dict[ox.BlankNode, list[ox.Triple]] = {}
    for triple in triples:
        found.setdefault(root(_blank_nodes(triple)[0]), []).append(triple)
    yield from found.values()


def _blank_nodes(triple: ox.Triple) -> list[ox.BlankNode]:
    nodes: list[ox.BlankNode] = []
    for term in (triple.subject, triple.object):
        if isinstance(term, ox.BlankNode):
            nodes.append(term)
        elif isinstance(term, ox.Triple):
            nodes += _blank_nodes(term)
    return nodes


def _lines(triples: Iterable[ox.Triple]) -> list[str]:
    quads = (ox.Quad(triple.subject, triple.predicate, triple.object) for triple in triples)
    return [f"{quad.triple} ." for quad in label_blank_nodes(quads)]
