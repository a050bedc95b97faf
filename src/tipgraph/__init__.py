"""A knowledge graph of regional action against trafficking in persons.

``KnowledgeGraph.open()`` is the graph of the project, with what is inferred; the class has examples of what
it can be asked. All that goes wrong is a ``TipgraphError`` with a message and a hint.
"""

from tipgraph.errors import (
    AddressError,
    AmbiguousNameError,
    BusyError,
    OntologyError,
    ParameterError,
    ParseError,
    PeerError,
    PeerTimeoutError,
    QueryError,
    QueryMemoryError,
    QuerySyntaxError,
    QueryTimeoutError,
    ResultTooLargeError,
    ServiceFailedError,
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
    "PeerError",
    "PeerTimeoutError",
    "QueryError",
    "QueryMemoryError",
    "QuerySyntaxError",
    "QueryTimeoutError",
    "ResultTooLargeError",
    "ServiceFailedError",
    "ServiceRefusedError",
    "SourceError",
    "TipgraphError",
    "UnknownNameError",
    "UpdateRefusedError",
    "UsageError",
]
