"""The reference reasoner, ``owlrl``: slow, and another implementation to hold the native one against."""

from __future__ import annotations

import itertools
from typing import Any

import owlrl
import pyoxigraph as ox
import rdflib
from rdflib.namespace import OWL, RDF

from tipgraph.inference.facts import add
from tipgraph.inference.omissions import is_omitted


def close_with_owlrl(store: ox.Store) -> tuple[int, list[str]]:
    """How many triples were added to ``graph:inferred``, and the contradictions that ``owlrl`` reports.

    Added is what ``owlrl`` derives from the union of all graphs and ``OMISSIONS`` does not leave out.
    """
    graph = rdflib.Graph()
    for quad in store.quads_for_pattern(None, None, None, None):
        graph.add((_to_rdflib(quad.subject), _to_rdflib(quad.predicate), _to_rdflib(quad.object)))
    said = set(graph)
    reasoner = _Reasoner(graph, axioms=False, daxioms=False)
    reasoner.closure()
    entailed = [_from_rdflib(triple) for triple in set(graph) - said]
    new = [triple for triple in entailed if triple is not None and not is_omitted(triple)]
    add(store, new)
    return len(new), reasoner.contradictions


class _Reasoner(owlrl.OWLRL_Semantics):  # type: ignore[misc]  # owlrl has no types
    """``owlrl`` that keeps its errors out of the graph, and with its rule for keys put right.

    Its ``prp-key`` compares all properties of a key but the last, so that a key of one property merges every
    instance of the class.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self.contradictions: list[str] = []
        super().__init__(*args, **options)

    def add_error(self, message: str) -> None:
        """Keep ``message``, unless it is about a literal alone: by the rules that is no contradiction."""
        if not message.startswith("Lexical value") and message not in self.contradictions:
            self.contradictions.append(message)

    def _properties(self, triple: Any, cycle_num: int) -> None:
        if triple[1] == OWL.hasKey:
            self._key(triple[0], self._list(triple[2]))
        else:
            super()._properties(triple, cycle_num)

    def _key(self, kind: Any, keys: list[Any]) -> None:
        holders: dict[Any, list[Any]] = {}
        for node in self.graph.subjects(RDF.type, kind):
            for values in itertools.product(*(list(self.graph.objects(node, key)) for key in keys)):
                holders.setdefault(values, []).append(node)
        for nodes in holders.values():
            for first, second in itertools.permutations(nodes, 2):
                self.store_triple((first, OWL.sameAs, second))


def _to_rdflib(term: Any) -> Any:
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return rdflib.BNode(term.value)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    return rdflib.Literal(term.value, datatype=rdflib.URIRef(term.datatype.value), normalize=False)


def _from_rdflib(triple: Any) -> ox.Triple | None:
    """The triple, unless it has a literal or a blank node where RDF allows none."""
    subject, predicate, value = map(_term_from_rdflib, triple)
    if isinstance(subject, ox.Literal) or not isinstance(predicate, ox.NamedNode):
        return None
    return ox.Triple(subject, predicate, value)


def _term_from_rdflib(term: Any) -> Any:
    if isinstance(term, rdflib.URIRef):
        return ox.NamedNode(term)
    if isinstance(term, rdflib.BNode):
        return ox.BlankNode(term)
    if term.language:
        return ox.Literal(str(term), language=term.language)
    return ox.Literal(str(term), datatype=ox.NamedNode(term.datatype or str(rdflib.XSD.string)))
