"""What is read of a store when it is opened: its graphs, its sizes, and its names if it is not too large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

import pyoxigraph as ox

from tipgraph.describe import Names, read_names
from tipgraph.errors import SourceError
from tipgraph.peer import Peer
from tipgraph.protocol import N_TRIPLES, RESULTS_JSON, PeerQuery
from tipgraph.remote.asking import ask_boolean, ask_graph, ask_rows, nonsense, read_integer
from tipgraph.search import TEXTS, SearchIndex
from tipgraph.sizes import Sizes, sort_classes
from tipgraph.store import Dataset
from tipgraph.vocabulary import GRAPH_ONTOLOGY, RDF

MOST_LISTED: Final = 200
"""Named graphs that a request names one by one."""
_MOST_INDEXED: Final = 1_000_000
"""Triples of a store up to which its names and texts are gathered."""
_MOST_COPIED: Final = 200_000
_MOST_CLASSES: Final = 1_000
_VIRTUOSO: Final = "http://www.openlinksw.com/schemas/virtrdf#"
_NOT_SERVED: Final = (
    _VIRTUOSO,
    "http://www.w3.org/ns/ldp#",
    "http://www.w3.org/2002/07/owl#",
    "http://localuriqaserver/sparql",
    "urn:activitystreams-owl:map",
    "urn:core:services:sparql",
    "urn:tipgraph:draft:",
)
"""How the names of graphs begin that Virtuoso, or a push that was cut off, has for itself."""


@dataclass(frozen=True)
class RemoteFacts:
    """Plain values, and what is made of them, so that processes that are forked from this one share it."""

    endpoint: str
    sizes: Sizes
    named_graphs: tuple[str, ...]
    default_graphs: tuple[str, ...] | None
    """What to name as the default graph, which is the union; ``None`` where the store's own one is."""
    index: Dataset
    """Where names, texts and types are looked for; empty where the store is too large."""
    copy: ox.Store | None
    """All of it, where it is the graph of the project, which explains facts and validates others."""
    names: Names
    search_index: SearchIndex | None
    """``None`` where the store is too large."""


def read_facts(peer: Peer, prefixes: Mapping[str, str], *, union: str | None = None) -> RemoteFacts:
    """The facts of the store at ``peer``, whose graph ``union``, if one is named, is the union of the others.

    Without it the default graph is asked where the store makes that the union, else all graphs are named in
    each request. Raises ``PeerError`` and its kin, and ``SourceError`` where no union can be asked.
    """
    graphs = _count_graphs(peer)
    if union is not None and union not in graphs:
        raise SourceError(
            f"the store at {peer.endpoint} has no graph <{union}>", "push one with tipgraph push --union"
        )
    named = {
        name: graphs[name]
        for name in sorted(graphs)
        if graphs[name] and name != union and not name.startswith(_NOT_SERVED)
    }
    default: tuple[str, ...] | None = None
    if union is not None:
        default = (union,)
    elif named and (_VIRTUOSO in graphs or not _has_union(peer, named)):
        default = tuple(named)
        if len(named) > MOST_LISTED:
            raise SourceError(
                f"the store at {peer.endpoint} has {len(named):,} named graphs that its default graph does "
                "not hold",
                "let the store make that the union of all, or name a graph that is with --union",
            )
    sizes = _measure(peer, named, default)
    copy = index = None
    if GRAPH_ONTOLOGY in named and sizes.quads <= _MOST_COPIED:
        copy = ox.Store()
        for name in named:
            copy.bulk_extend(ask_graph(peer, name))
        index = Dataset(copy, dict(prefixes))
    elif sizes.triples <= _MOST_INDEXED:
        index = _read_index(peer, default, prefixes)
    return RemoteFacts(
        peer.endpoint,
        sizes,
        tuple(named),
        default,
        Dataset(ox.Store(), dict(prefixes)) if index is None else index,
        copy,
        {} if index is None else read_names(index),
        None if index is None else SearchIndex.build(index),
    )


def _count_graphs(peer: Peer) -> dict[str, int]:
    text = "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
    rows = ask_rows(peer, PeerQuery(text, RESULTS_JSON), "g", "n")
    return {graph.value: read_integer(count) for graph, count in rows if isinstance(graph, ox.NamedNode)}


def _has_union(peer: Peer, named: Mapping[str, int]) -> bool:
    """Whether the default graph has a triple of each of the first graphs, and so probably all."""
    for name in islice(named, 3):
        text = f"SELECT ?s ?p ?o {{ GRAPH <{name}> {{ ?s ?p ?o FILTER(isIRI(?s) && isIRI(?o)) }} }} LIMIT 1"
        for triple in ask_rows(peer, PeerQuery(text, RESULTS_JSON), "s", "p", "o"):
            if not ask_boolean(peer, PeerQuery(f"ASK {{ {' '.join(map(str, triple))} }}", RESULTS_JSON)):
                return False
    return True


def _measure(peer: Peer, named: Mapping[str, int], default: tuple[str, ...] | None) -> Sizes:
    def count(text: str) -> int:
        rows = ask_rows(peer, PeerQuery(text, RESULTS_JSON, default), "n")
        return read_integer(rows[0][0]) if rows else 0

    typed = f"?s <{RDF}type> ?class"
    kinds = PeerQuery(
        f"SELECT ?class (COUNT(DISTINCT ?s) AS ?n) WHERE {{ {typed} FILTER(isIRI(?class)) }} "
        f"GROUP BY ?class ORDER BY DESC(?n) LIMIT {_MOST_CLASSES}",
        RESULTS_JSON,
        default,
    )
    pattern = "?s ?p ?o"
    if sum(named.values()) <= _MOST_INDEXED:
        # Some stores count a triple of two graphs twice, which larger ones are not asked to mend.
        pattern = "{ SELECT DISTINCT ?s ?p ?o WHERE { ?s ?p ?o } }"
    triples = count(f"SELECT (COUNT(*) AS ?n) WHERE {{ {pattern} }}")
    classes = {
        kind.value: read_integer(resources)
        for kind, resources in ask_rows(peer, kinds, "class", "n")
        if isinstance(kind, ox.NamedNode)
    }
    class_count = len(classes)
    if class_count == _MOST_CLASSES:
        class_count = count(f"SELECT (COUNT(DISTINCT ?class) AS ?n) WHERE {{ {typed} }}")
    return Sizes(triples, dict(named) or {"": triples}, sort_classes(classes), class_count)


def _read_index(peer: Peer, default: tuple[str, ...] | None, prefixes: Mapping[str, str]) -> Dataset:
    wanted = " ".join(f"<{iri}>" for iri in (*TEXTS, f"{RDF}type"))
    text = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ VALUES ?p {{ {wanted} }} ?s ?p ?o }}"
    content = peer.ask(PeerQuery(text, N_TRIPLES, default)).content
    store = ox.Store()
    try:
        store.load(content, format=ox.RdfFormat.N_TRIPLES)
    except (SyntaxError, ValueError) as error:
        raise nonsense(peer.endpoint, "N-Triples") from error
    return Dataset(store, dict(prefixes))
