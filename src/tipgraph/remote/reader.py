"""Looks things up in a store over HTTP, with few requests."""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

import pyoxigraph as ox

from tipgraph.peer import Peer
from tipgraph.protocol import N_TRIPLES, RESULTS_JSON, PeerQuery
from tipgraph.remote.asking import Row, ask_graph, ask_rows, nonsense
from tipgraph.remote.facts import MOST_LISTED, RemoteFacts
from tipgraph.store import GraphName, Object, Reader, Subject, note_cut
from tipgraph.terms import Term

_MOST_FOUND: Final = 2_000
"""Triples that a look-up finds."""
_MOST_AT_ONCE: Final = 100
"""Resources whose statements are asked for together."""
_SMALL_GRAPH: Final = 20_000
"""Triples of a named graph that is read as a whole when something in it is looked up."""
_DEEPEST: Final = 6
"""Blank nodes in a row that are followed from a resource."""
_SECONDS: Final = 30.0
_MOST_KEPT: Final = 200_000

_Key: TypeAlias = tuple[object, ...]


class RemoteReader(Reader):
    """Looks things up in the store of ``facts``; what it finds is kept for half a minute.

    A look-up finds so many triples, and a cut is noted. The blank nodes that a resource leads to are found
    together with it, as nobody can ask for one of them by its name. ``read_graph`` and ``read_all`` give
    everything. Raises what ``Peer.ask`` does. Threads may share it.
    """

    is_whole = False

    def __init__(
        self, peer: Peer, facts: RemoteFacts, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(ox.Store())
        self._peer: Final = peer
        self._facts: Final = facts
        self._served: Final = frozenset(facts.named_graphs)
        self._kept: Final = _Kept(clock)
        self._numbers: Final = itertools.count()

    def forget(self) -> None:
        """Ask anew for everything."""
        self._kept.clear()

    def prepare(self, nodes: Iterable[object]) -> None:
        """Ask for the statements of these resources, many at once."""
        wanted = [
            node
            for node in dict.fromkeys(nodes)
            if isinstance(node, ox.NamedNode) and self._kept.get((node,)) is None
        ]
        for start in range(0, len(wanted), _MOST_AT_ONCE):
            part = wanted[start : start + _MOST_AT_ONCE]
            values = f"VALUES ?s {{ {' '.join(map(str, part))} }}"
            found = self._find((None, None, None), None, before=values, most=10 * _MOST_FOUND)
            if len(found) > 10 * _MOST_FOUND:
                # Each is asked for by itself when its turn comes.
                continue
            quads: dict[object, list[ox.Quad]] = {node: [] for node in part}
            for quad in found:
                quads[quad.subject].append(quad)
            for node, of_node in quads.items():
                if not any(isinstance(quad.object, ox.BlankNode) for quad in of_node):
                    self._kept.put((node,), of_node)

    def quads_for_pattern(
        self,
        subject: Subject | None,
        predicate: ox.NamedNode | None,
        object: Object | None,
        graph_name: GraphName | None = None,
    ) -> Iterator[ox.Quad]:
        """The first quads that have these parts; a cut is noted."""
        graph = graph_name if isinstance(graph_name, ox.NamedNode) else None
        if graph is not None and graph.value not in self._served:
            return iter(())
        if isinstance(subject, ox.BlankNode):
            # Only what a resource led to is known; its graph was that of the resource.
            quads: Sequence[ox.Quad] = self._kept.get((subject,)) or ()
        elif isinstance(object, ox.BlankNode):
            quads = ()
        elif graph is not None and self._facts.sizes.graphs.get(graph.value, 0) <= _SMALL_GRAPH:
            quads = self._keep((graph, "graph"), lambda: list(self.read_graph(graph)))
        elif isinstance(subject, ox.NamedNode) and graph is None:
            # Most who look up one statement of a resource look up others.
            quads = self._of_resource(subject)
        else:
            parts = subject, predicate, object
            key = (*parts, graph)
            quads = self._cut(self._keep(key, lambda: self._find(parts, graph)), *parts)
        return (
            quad
            for quad in quads
            if (subject is None or quad.subject == subject)
            and (predicate is None or quad.predicate == predicate)
            and (object is None or quad.object == object)
        )

    def named_graphs(self) -> Iterator[ox.NamedNode | ox.BlankNode]:
        """The names of the named graphs."""
        return map(ox.NamedNode, self._facts.named_graphs)

    def contains_named_graph(self, graph: ox.NamedNode) -> bool:
        """Whether there is a graph of that name."""
        return graph.value in self._served

    def read_graph(self, graph: ox.NamedNode) -> Iterator[ox.Quad]:
        """All quads of a named graph."""
        return ask_graph(self._peer, graph.value) if graph.value in self._served else iter(())

    def read_all(self) -> Iterator[ox.Quad]:
        """All quads, graph by graph."""
        if self._facts.named_graphs:
            return (
                quad for graph in self.named_graphs() for quad in self.read_graph(ox.NamedNode(graph.value))
            )
        query = PeerQuery("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", N_TRIPLES)
        content = self._peer.ask(query).content
        try:
            return iter(list(ox.parse(content, format=ox.RdfFormat.N_TRIPLES)))
        except (SyntaxError, ValueError) as error:
            raise nonsense(self._facts.endpoint, "N-Triples") from error

    def _of_resource(self, subject: ox.NamedNode) -> Sequence[ox.Quad]:
        def find() -> list[ox.Quad]:
            found = self._find((subject, None, None), None)
            if any(isinstance(quad.object, ox.BlankNode) for quad in found):
                return self._follow(subject)
            return found

        return self._cut(self._keep((subject,), find), subject, None, None)

    def _keep(self, key: _Key, find: Callable[[], list[ox.Quad]]) -> Sequence[ox.Quad]:
        kept = self._kept.get(key)
        return kept if kept is not None else self._kept.put(key, find())

    def _cut(self, quads: Sequence[ox.Quad], *parts: object) -> Sequence[ox.Quad]:
        if len(quads) <= _MOST_FOUND:
            return quads
        note_cut(f"more than {_MOST_FOUND:,} triples of {' '.join(str(part or '?') for part in parts)}")
        return quads[:_MOST_FOUND]

    def _find(
        self,
        parts: tuple[Subject | None, ox.NamedNode | None, Object | None],
        graph: ox.NamedNode | None,
        *,
        before: str = "",
        most: int = _MOST_FOUND,
    ) -> list[ox.Quad]:
        """The quads that have these parts, up to one more than ``most``."""
        words = [f"?{name}" if part is None else str(part) for part, name in zip(parts, "spo", strict=True)]
        names = [word[1:] for word in words if word.startswith("?")]
        found = []
        for row in self._ask(" ".join(words), names, graph, before=before, most=most + 1):
            place = row[-1]
            free = iter(row)
            subject, predicate, value = (next(free) if part is None else part for part in parts)
            found.append(self._quad(subject, predicate, value, place))
        return found

    def _follow(self, subject: ox.NamedNode) -> list[ox.Quad]:
        """The quads of a resource; those of the blank nodes that it leads to are kept, to be looked up."""
        pattern = ""
        for depth in range(_DEEPEST, 0, -1):
            before = f"?o{depth - 1}"
            pattern = f"OPTIONAL {{ {before} ?p{depth} ?o{depth} FILTER(isBlank({before})) {pattern} }}"
        names = [f"{part}{depth}" for depth in range(_DEEPEST + 1) for part in "po"]
        fresh: dict[object, ox.BlankNode] = {}
        found: dict[object, dict[ox.Quad, None]] = {subject: {}}
        rows = self._ask(f"{subject} ?p0 ?o0 {pattern}", names, None, most=10 * _MOST_FOUND)
        if len(rows) == 10 * _MOST_FOUND:
            note_cut(f"more blank nodes than are followed from {subject}")
        for row in rows:
            terms, place = row[:-1], row[-1]
            start: Term = subject
            for predicate, term in zip(terms[::2], terms[1::2], strict=True):
                if predicate is None or term is None:
                    break
                # A label means something within one answer only.
                if isinstance(term, ox.BlankNode) and term not in fresh:
                    fresh[term] = ox.BlankNode(f"r{next(self._numbers)}")
                value: Term = fresh[term] if isinstance(term, ox.BlankNode) else term
                found.setdefault(start, {})[self._quad(start, predicate, value, place)] = None
                start = value
        for node, quads in found.items():
            if isinstance(node, ox.BlankNode):
                self._kept.put((node,), list(quads))
        return list(found[subject])

    def _ask(
        self,
        pattern: str,
        names: list[str],
        graph: ox.NamedNode | None,
        *,
        most: int,
        before: str = "",
    ) -> list[Row]:
        """The values of ``names`` where ``pattern`` holds, and the graph in which it does."""
        has_graphs = bool(self._facts.named_graphs)
        if graph is not None:
            body, columns = f"GRAPH {graph} {{ {pattern} }}", names
        elif has_graphs:
            body, columns = f"GRAPH ?g {{ {pattern} }}", [*names, "g"]
        else:
            body, columns = pattern, names
        selected = " ".join(f"?{name}" for name in columns) or "(1 AS ?one)"
        text = f"SELECT {selected} WHERE {{ {before} {body} }} LIMIT {most}"
        listed = self._facts.named_graphs if 0 < len(self._served) <= MOST_LISTED else None
        rows = ask_rows(self._peer, PeerQuery(text, RESULTS_JSON, None, listed), *columns)
        if graph is not None or not has_graphs:
            return [(*row, graph) for row in rows]
        # Where they are too many to be listed, the store answers from those too that are not served.
        return [row for row in rows if isinstance(row[-1], ox.NamedNode) and row[-1].value in self._served]

    def _quad(self, subject: object, predicate: object, value: object, graph: object) -> ox.Quad:
        if (
            isinstance(subject, ox.NamedNode | ox.BlankNode | ox.Triple)
            and isinstance(predicate, ox.NamedNode)
            and isinstance(value, ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple)
        ):
            place = graph if isinstance(graph, ox.NamedNode) else ox.DefaultGraph()
            return ox.Quad(subject, predicate, value, place)
        raise nonsense(self._facts.endpoint, "triples")


class _Kept:
    """What was found in the last seconds, the oldest given up where it becomes too much."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[_Key, tuple[float, Sequence[ox.Quad]]] = OrderedDict()
        self._size = 0

    def get(self, key: _Key) -> Sequence[ox.Quad] | None:
        with self._lock:
            entry = self._entries.get(key)
            return entry[1] if entry is not None and entry[0] >= self._clock() - _SECONDS else None

    def put(self, key: _Key, quads: Sequence[ox.Quad]) -> Sequence[ox.Quad]:
        with self._lock:
            # An entry without quads takes room too.
            if key in self._entries:
                self._size -= len(self._entries.pop(key)[1]) + 1
            self._entries[key] = self._clock(), quads
            self._size += len(quads) + 1
            while self._size > _MOST_KEPT and len(self._entries) > 1:
                _, (_, oldest) = self._entries.popitem(last=False)
                self._size -= len(oldest) + 1
        return quads

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._size = 0
