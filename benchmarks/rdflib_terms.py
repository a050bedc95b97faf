"""Terms of rdflib from those of Oxigraph and back, with the same labels of blank nodes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox
import rdflib


def to_rdflib(triples: Iterable[ox.Triple]) -> rdflib.Graph:
    """A graph in memory of the same triples."""
    graph = rdflib.Graph()
    for triple in triples:
        graph.add((node(triple.subject), node(triple.predicate), node(triple.object)))
    return graph


def node(term: Any) -> Any:
    """The term of rdflib, its lexical form as it is."""
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return rdflib.BNode(term.value)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    datatype = rdflib.URIRef(term.datatype.value)
    # To rdflib a string with its datatype spelled out is another term than one without.
    return rdflib.Literal(
        term.value, datatype=None if datatype == rdflib.XSD.string else datatype, normalize=False
    )


def to_ox(triple: Any) -> ox.Triple | None:
    """The triple, unless it is none of RDF: reasoners write literals as subjects."""
    subject, predicate, value = map(term, triple)
    if isinstance(subject, ox.Literal) or not isinstance(predicate, ox.NamedNode):
        return None
    return ox.Triple(subject, predicate, value)


def term(found: Any) -> Any:
    """The term of Oxigraph."""
    if isinstance(found, rdflib.URIRef):
        return ox.NamedNode(found)
    if isinstance(found, rdflib.BNode):
        return ox.BlankNode(found)
    if found.language:
        return ox.Literal(str(found), language=found.language)
    return ox.Literal(str(found), datatype=ox.NamedNode(found.datatype) if found.datatype else None)
