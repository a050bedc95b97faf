"""The facts of a store, asked in the terms of this package and always over the union of all graphs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import pyoxigraph as ox

from tipgraph.inference.rules import Pattern
from tipgraph.terms import Term
from tipgraph.vocabulary import GRAPH_INFERRED

INFERRED: Final = ox.NamedNode(GRAPH_INFERRED)

GraphName = ox.NamedNode | ox.BlankNode | ox.DefaultGraph


def graphs_of(store: ox.Store, triple: ox.Triple) -> set[GraphName]:
    """The graphs that hold ``triple``."""
    quads = store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
    return {quad.graph_name for quad in quads}


def is_asserted(store: ox.Store, triple: ox.Triple) -> bool:
    """Whether a graph other than ``graph:inferred`` holds ``triple``."""
    return bool(graphs_of(store, triple) - {INFERRED})


def add(store: ox.Store, triples: Iterable[ox.Triple], graph: ox.NamedNode = INFERRED) -> None:
    """Add ``triples`` to ``graph``."""
    store.extend(ox.Quad(triple.subject, triple.predicate, triple.object, graph) for triple in triples)


def derive(store: ox.Store, query: str, blank_nodes: Mapping[ox.Variable, Term]) -> Iterator[ox.Triple]:
    """The triples of a CONSTRUCT query, with ``blank_nodes`` in place of their variables.

    They are those of the moment of the call, so what is found may be added while more is asked for.
    """
    found = store.query(query, use_default_graph_as_union=True, substitutions=dict(blank_nodes))
    if not isinstance(found, ox.QueryTriples):
        raise TypeError(f"not a CONSTRUCT query: {query}")
    return found


def solve(
    store: ox.Store, query: str, terms: Mapping[ox.Variable, Term]
) -> Iterator[dict[ox.Variable, Term]]:
    """The solutions of a SELECT query in which ``terms`` stand in place of their variables."""
    found = store.query(query, use_default_graph_as_union=True, substitutions=dict(terms))
    if not isinstance(found, ox.QuerySolutions):
        raise TypeError(f"not a SELECT query: {query}")
    for solution in found:
        bound = zip(found.variables, solution, strict=True)
        yield {**terms, **{variable: term for variable, term in bound if term is not None}}


def to_triple(pattern: Pattern) -> ox.Triple | None:
    """The triple that ``pattern`` is, unless a variable is left in it or RDF does not allow it."""
    subject, predicate, value = pattern
    if isinstance(subject, ox.Variable | ox.Literal) or isinstance(value, ox.Variable):
        return None
    return ox.Triple(subject, predicate, value) if isinstance(predicate, ox.NamedNode) else None
