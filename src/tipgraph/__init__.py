"""A knowledge graph of regional action against trafficking in persons."""

from tipgraph.errors import (
    AddressError,
    AmbiguousNameError,
    BusyError,
    OntologyError,
    ParameterError,
    ParseError,
    QueryError,
    QueryMemoryError,
    QuerySyntaxError,
    QueryTimeoutError,
    ResultTooLargeError,
    ServiceRefusedError,
    SourceError,
    TipgraphError,
    UnknownNameError,
    UpdateRefusedError,
    UsageError,
)
from tipgraph.graph import KnowledgeGraph
from tipgraph.terms import IRI, BlankNode

__all__ = [
    "IRI",
    "AddressError",
    "AmbiguousNameError",
    "BlankNode",
    "BusyError",
    "KnowledgeGraph",
    "OntologyError",
    "ParameterError",
    "ParseError",
    "QueryError",
    "QueryMemoryError",
    "QuerySyntaxError",
    "QueryTimeoutError",
    "ResultTooLargeError",
    "ServiceRefusedError",
    "SourceError",
    "TipgraphError",
    "UnknownNameError",
    "UpdateRefusedError",
    "UsageError",
]
