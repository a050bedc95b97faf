"""What runs in a worker: a request of a client in, its answer out, both plain values.

Whatever a client may write at will is read nowhere else: the text of a query can end the process that parses
it, and to look for a name can take long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, TypeAlias

from tipgraph.graph import KnowledgeGraph
from tipgraph.inference import derivation_values
from tipgraph.protocol import PeerAnswer, PeerQuery
from tipgraph.queryfile import QueryFile
from tipgraph.search import SearchResult
from tipgraph.sparql.analysis import QueryForm
from tipgraph.sparql.execution import QueryRequest
from tipgraph.sparql.federation import ServiceCall, find_service_calls, insert_answers
from tipgraph.sparql.results import AskResult, GraphResult, QueryResult, write_result_within
from tipgraph.sparql.updates import check_update
from tipgraph.terms import Term
from tipgraph.validation import Report
from tipgraph.vocabulary import GRAPH_ONTOLOGY
from tipgraph.web.formats import PAGE, Representation, choose_graph, choose_result
from tipgraph.web.limits import Limits

ROWS_OF_A_PAGE: Final = 500
_REMEMBERED: Final = 256
"""Headers of which it is kept what they choose; clients send few different ones."""
_WRITTEN_AT_ONCE: Final = 16 << 20
"""Bytes of an answer up to which it is written by the store itself."""


@dataclass(frozen=True)
class LibraryRequest:
    """A query of the library, and its parameters as a person writes them."""

    query: QueryFile
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class EndpointRequest:
    """A query as a client of the endpoint asks it."""

    query: QueryRequest | LibraryRequest
    accept: str | None = None
    """The header of that name."""
    format: str | None = None
    """The parameter of that name, which goes before the header."""
    service_answers: tuple[bytes | None, ...] | None = None
    """What its ``ServiceCalls`` were answered, once they are made; ``None`` for a silent failure."""
    store_answer: PeerAnswer | None = None
    """What its ``PeerQuery`` was answered, once it is asked."""


@dataclass(frozen=True)
class QueryTextRequest:
    """A query of the library, whose SPARQL is wanted with the parameters written in."""

    query: LibraryRequest


@dataclass(frozen=True)
class NameRequest:
    """A name, whose resource is wanted."""

    name: str


@dataclass(frozen=True)
class UpdateRequest:
    """An update as a client writes it, for the store that the graph lies in."""

    text: str


@dataclass(frozen=True)
class CheckedUpdate:
    """An update that may be sent to the store."""

    text: str


@dataclass(frozen=True)
class EncodedAnswer:
    """An answer for a program."""

    content_type: str
    content: bytes
    is_cut: bool = False
    """Whether rows or triples are missing that are more than may be sent."""


@dataclass(frozen=True)
class TableAnswer:
    """The start of an answer for a person: a table of terms, or yes or no."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]
    total: int
    is_cut: bool = False
    """Whether there are more than ``total``."""
    is_graph: bool = False
    answer: bool | None = None


@dataclass(frozen=True)
class QueryTextAnswer:
    """The SPARQL of a query."""

    text: str


@dataclass(frozen=True)
class NameAnswer:
    """The IRI of a resource."""

    iri: str


@dataclass(frozen=True)
class ServiceCalls:
    """No answer yet: the calls that the query asks for, to be sent back with what they find."""

    calls: tuple[ServiceCall, ...]


@dataclass(frozen=True)
class SearchRequest:
    """Words, whose resources are wanted."""

    text: str
    limit: int
    offset: int


@dataclass(frozen=True)
class ExplainRequest:
    """A fact, whose derivation is wanted; its parts are named as a person names them."""

    subject: str
    predicate: str
    object: str


@dataclass(frozen=True)
class ValidateRequest:
    """RDF that is to be held against the shapes."""

    content: bytes
    media_type: str


@dataclass(frozen=True)
class DerivationAnswer:
    """A derivation as ``inference.derivation_values`` gives it, and the fact as Turtle writes it."""

    values: dict[str, Any]


SiteRequest: TypeAlias = (
    EndpointRequest
    | UpdateRequest
    | QueryTextRequest
    | NameRequest
    | SearchRequest
    | ExplainRequest
    | ValidateRequest
)
SiteAnswer: TypeAlias = (
    EncodedAnswer
    | TableAnswer
    | QueryTextAnswer
    | NameAnswer
    | ServiceCalls
    | PeerQuery
    | CheckedUpdate
    | SearchResult
    | DerivationAnswer
    | Report
)


def prepare(graph: KnowledgeGraph) -> None:
    """Build what answers are made from, so that processes that are forked from now on share it."""
    graph.prepare()
    if graph.is_at_hand and GRAPH_ONTOLOGY in graph.dataset.graph_names():
        graph.prepare_services()


def answer_from(
    graph: KnowledgeGraph, limits: Limits | None = None, services: frozenset[str] = frozenset()
) -> Callable[[SiteRequest], SiteAnswer]:
    """The function that answers requests from ``graph``, ready to be inherited by workers.

    ``services`` are the endpoints that a query may call; then who asks has to make its ``ServiceCalls``. Of a
    graph in another store who asks has to ask that its ``PeerQuery``.
    """
    prepare(graph)
    rows, size = (limits or Limits()).rows, (limits or Limits()).answer

    @lru_cache(maxsize=_REMEMBERED)
    def choose(accept: str | None, wanted: str | None, has_rows: bool) -> Representation:
        return (choose_result if has_rows else choose_graph)(accept, wanted)

    def answer(request: SiteRequest) -> SiteAnswer:
        match request:
            case UpdateRequest():
                return CheckedUpdate(check_update(request.text, graph.prefixes))
            case QueryTextRequest(known):
                return QueryTextAnswer(graph.write_query(graph.request(known.query, known.parameters)))
            case NameRequest():
                return NameAnswer(graph.find(request.name))
            case SearchRequest():
                return graph.search(request.text, limit=request.limit, offset=request.offset)
            case ExplainRequest():
                derivation = graph.explain(request.subject, request.predicate, request.object)
                return DerivationAnswer(derivation_values(derivation, graph.prefixes, graph.sources.root))
            case ValidateRequest():
                return graph.validate_upload(request.content, request.media_type)
        query = request.query
        if isinstance(query, LibraryRequest):
            query = graph.request(query.query, query.parameters)
        if services:
            asked = query
            calls = find_service_calls(
                asked.text,
                graph.prefixes,
                services,
                base_iri=asked.base_iri,
                check=lambda text: graph.form(replace(asked, text=text)),
            )
            if calls and request.service_answers is None:
                return ServiceCalls(calls)
            query = replace(query, text=insert_answers(query.text, calls, request.service_answers or ()))
        query = replace(query, most_rows=rows)
        has_rows = graph.form(query) in (QueryForm.SELECT, QueryForm.ASK)
        chosen = choose(request.accept, request.format, has_rows)
        if request.store_answer is not None:
            result = graph.read_answer(request.store_answer, query)
        elif (asked_of_store := graph.peer_query(query)) is not None:
            return asked_of_store
        elif (written := _serialize(graph, query, chosen.format, size, has_rows=has_rows)) is not None:
            return EncodedAnswer(chosen.content_type, written)
        else:
            result = graph.run(query)
        if chosen.format == PAGE:
            return _tabulate(result)
        content, is_cut = write_result_within(result, chosen.format, graph.prefixes, size)
        return EncodedAnswer(chosen.content_type, content, is_cut)

    return answer


def _serialize(
    graph: KnowledgeGraph, query: QueryRequest, format_name: str, size: int, *, has_rows: bool
) -> bytes | None:
    if not has_rows or format_name == PAGE:
        return None
    return graph.serialize(query, format_name, min(size, _WRITTEN_AT_ONCE))


def _tabulate(result: QueryResult) -> TableAnswer:
    if isinstance(result, AskResult):
        return TableAnswer((), (), 0, answer=result.answer)
    if isinstance(result, GraphResult):
        first = result.triples[:ROWS_OF_A_PAGE]
        rows = tuple((triple.subject, triple.predicate, triple.object) for triple in first)
        return TableAnswer(
            ("subject", "predicate", "object"), rows, len(result.triples), result.is_cut, is_graph=True
        )
    return TableAnswer(result.variables, result.rows[:ROWS_OF_A_PAGE], len(result.rows), result.is_cut)
