"""A dataset as one of rdflib, for whoever works with its API."""

from __future__ import annotations

import pyoxigraph as ox
import rdflib
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID

from tipgraph.errors import SourceError
from tipgraph.store import Dataset
from tipgraph.terms import Term


def copy_to_rdflib(dataset: Dataset) -> rdflib.Dataset:
    """A copy of ``dataset`` with the same named graphs, whose default graph is their union.

    Lexical forms are kept as they are. Raises ``SourceError`` on a triple term, which rdflib has none of.
    """
    copy = rdflib.Dataset(default_union=True)
    for prefix, namespace in dataset.prefixes.items():
        copy.bind(prefix, namespace, replace=True)
    default = copy.graph(DATASET_DEFAULT_GRAPH_ID)
    for quad in dataset.store:
        name = quad.graph_name
        graph = default if isinstance(name, ox.DefaultGraph) else copy.graph(_node(name))
        graph.add((_node(quad.subject), _node(quad.predicate), _node(quad.object)))
    return copy


def _node(term: Term) -> rdflib.term.IdentifiedNode | rdflib.Literal:
    match term:
        case ox.NamedNode():
            return rdflib.URIRef(term.value)
        case ox.BlankNode():
            return rdflib.BNode(term.value)
        case ox.Triple():
            raise SourceError("rdflib cannot hold a triple term of RDF 1.2", "leave it out of the files")
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    datatype = rdflib.URIRef(term.datatype.value)
    # A plain string has its datatype in RDF 1.1; rdflib takes it for another term if it is spelled out.
    return rdflib.Literal(
        term.value, datatype=None if datatype == rdflib.XSD.string else datatype, normalize=False
    )
