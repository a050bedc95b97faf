"""Queries run over a dataset by Oxigraph."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import pyoxigraph as ox

from tipgraph.errors import QueryError, ServiceRefusedError
from tipgraph.sparql.analysis import CheckedQuery, QueryForm, check_query
from tipgraph.sparql.results import AskResult, GraphResult, QueryResult, SelectResult
from tipgraph.sparql.rewriting import tell_parameters, untold
from tipgraph.store import Dataset
from tipgraph.terms import Term
from tipgraph.vocabulary import GRAPH_INFERRED, shorten

_MOST_CHECKED: Final = 500
"""Queries of which it is kept what they are."""


@dataclass(frozen=True)
class QueryRequest:
    """A query and all that its answer depends on but the dataset."""

    text: str
    parameters: Mapping[str, Term] = field(default_factory=dict)
    """Variable → the term that it stands for."""
    asserted_only: bool = False
    """Whether what was inferred is left out, of the default graph and as a named graph."""
    default_graphs: tuple[str, ...] | None = None
    """The graphs that make up the default graph; like ``named_graphs``, it goes before ``FROM`` (SPARQL 1.1
    Protocol, section 2.1.4)."""
    named_graphs: tuple[str, ...] | None = None
    base_iri: str | None = None
    most_rows: int | None = None
    """How many rows or triples to compute; a result that has more is cut and says so."""


class QueryableDataset:
    """A dataset as queries see it: its default graph is one set of triples, the union of the named graphs.

    Oxigraph can query a union without building it, but then a triple of two graphs is found twice and counted
    twice (SPARQL 1.1, section 13.1 asks for the merge). So each union is built, once, when it is first asked
    for. The dataset must not change afterwards. ``union`` is a union of all, with the graphs, and ``merged``
    one without them, that are there already. ``functions`` may be called beside SPARQL's own.
    """

    def __init__(
        self,
        dataset: Dataset,
        union: ox.Store | None = None,
        *,
        merged: ox.Store | None = None,
        functions: Mapping[ox.NamedNode, Callable[..., Term | None]] | None = None,
    ) -> None:
        self.prefixes: Final = dataset.prefixes
        self.functions: Final = dict(functions or {})
        self._dataset = dataset
        self._checked: dict[tuple[str, str | None], CheckedQuery] = {}
        at_hand = {(False, True): union, (False, False): merged}
        self._stores: dict[tuple[bool, bool], ox.Store] = {
            kind: store for kind, store in at_hand.items() if store is not None
        }
        self._lock = threading.Lock()

    def check(self, text: str, base_iri: str | None) -> CheckedQuery:
        """What ``check_query`` makes of the query, which is asked again and again; raises what it raises."""
        key = text, base_iri
        found = self._checked.get(key)
        if found is None:
            found = check_query(text, self.prefixes, base_iri=base_iri, functions=self.functions)
            if len(self._checked) >= _MOST_CHECKED:
                self._checked.clear()
            self._checked[key] = found
        return found

    def graph_names(self, *, asserted_only: bool) -> list[str]:
        """The IRIs of the named graphs, sorted."""
        return self._dataset.asserted_graph_names() if asserted_only else self._dataset.graph_names()

    def store(self, *, asserted_only: bool, with_graphs: bool) -> ox.Store:
        """The union of the graphs, and where asked for the graphs themselves, which takes twice as long."""
        asserted_only = asserted_only and GRAPH_INFERRED in self._dataset.graph_names()
        with self._lock:
            kind = asserted_only, with_graphs
            if kind not in self._stores and (asserted_only, True) in self._stores:
                # A store with the graphs serves queries that need none too, though it takes them longer.
                return self._stores[asserted_only, True]
            if kind not in self._stores:
                self._stores[kind] = self._build(asserted_only=asserted_only, with_graphs=with_graphs)
            return self._stores[kind]

    def _build(self, *, asserted_only: bool, with_graphs: bool) -> ox.Store:
        left_out = ox.NamedNode(GRAPH_INFERRED) if asserted_only else None
        quads = (quad for quad in self._dataset.store if quad.graph_name != left_out)
        store = ox.Store()
        if with_graphs:
            store.bulk_extend(quads)
            store.update("INSERT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }")
        else:
            store.bulk_extend(merge_graphs(quads))
        return store


def merge_graphs(quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
    """The triples of ``quads`` in the default graph; one of several graphs comes several times."""
    return (ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads)


def run_query(dataset: QueryableDataset, request: QueryRequest) -> QueryResult:
    """The result of ``request``; rows are in the order of the query, blank nodes are numbered from ``_:b0``.

    Raises ``QueryError`` and its kin, and nothing is run, when the query is malformed, is an update, calls
    another endpoint, asks for a graph that the dataset does not hold, or lacks a parameter's variable.
    """
    query = dataset.check(request.text, request.base_iri)
    graphs = _choose_graphs(dataset, request, query)

    try:
        return _collect(_ask(dataset, request, graphs, query), query, request.most_rows)
    except RuntimeError as error:
        raise QueryError(f"the query cannot be evaluated: {error}", "simplify it") from error


def serialize_query(
    dataset: QueryableDataset, request: QueryRequest, format: ox.QueryResultsFormat, most_bytes: int
) -> bytes | None:
    """The result of a SELECT or ASK as Oxigraph writes it, which is many times faster than row by row.

    ``None`` where ``run_query`` has to be asked instead: for another form, for what Oxigraph leaves to chance
    (the order of the columns of ``SELECT *``, the labels of blank nodes), for more rows than
    ``request.most_rows`` or more than ``most_bytes``. Raises as ``run_query`` does.
    """
    query = dataset.check(request.text, request.base_iri)
    is_select = query.form is QueryForm.SELECT
    if query.form is not QueryForm.ASK and not (is_select and query.scopes[0].selected is not None):
        return None
    graphs = _choose_graphs(dataset, request, query)
    written = _Bounded(most_bytes)
    try:
        solutions = _ask(dataset, request, graphs, query)
        assert not isinstance(solutions, ox.QueryTriples)
        solutions.serialize(written, format=format)
    except _TooLargeError:
        return None
    except RuntimeError as error:
        raise QueryError(f"the query cannot be evaluated: {error}", "simplify it") from error
    content = written.getvalue()
    if not is_select:
        return content
    marks = _MARKS[format]
    most = request.most_rows
    # To count takes longer than to see that there is no room for so many.
    if most is not None and len(content) >= most * len(marks.row):
        rows = content.count(marks.row) + marks.rows_besides
        if rows > most:
            return None
    return None if marks.blank_node in content else content


def _ask(
    dataset: QueryableDataset, request: QueryRequest, graphs: _Graphs, query: CheckedQuery
) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    for text in tell_parameters(query, request.parameters):
        try:
            return graphs.store.query(
                text,
                base_iri=request.base_iri,
                prefixes=dataset.prefixes,
                default_graph=graphs.default,
                named_graphs=graphs.named,
                custom_functions=dataset.functions,
            )
        except SyntaxError:
            # The query itself is well-formed, so it was the way of telling its parameters.
            continue
    raise untold(request.parameters)


class _TooLargeError(Exception):
    """More was written than may be."""


class _Bounded(io.BytesIO):
    """A file in memory that takes so many bytes."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, content: Any, /) -> int:
        if self.tell() + len(content) > self._most:
            raise _TooLargeError
        return super().write(content)


@dataclass(frozen=True)
class _Marks:
    """What tells, in a result format, that there is a row or a blank node; text may hold it by chance too."""

    row: bytes
    blank_node: bytes
    rows_besides: int = 0
    """What to add to the number of marks to have that of the rows, or one more."""


_MARKS: Final[Mapping[ox.QueryResultsFormat, _Marks]] = {
    ox.QueryResultsFormat.JSON: _Marks(b"},{", b'"bnode"', 1),
    ox.QueryResultsFormat.XML: _Marks(b"<result>", b"<bnode>"),
    ox.QueryResultsFormat.CSV: _Marks(b"\n", b"_:", -1),
    ox.QueryResultsFormat.TSV: _Marks(b"\n", b"_:", -1),
}


@dataclass(frozen=True)
class _Graphs:
    """The store to query, and the graphs to restrict it to, where that is asked for."""

    store: ox.Store
    default: list[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] | None = None
    named: list[ox.NamedNode | ox.BlankNode] | None = None


def _choose_graphs(dataset: QueryableDataset, request: QueryRequest, query: CheckedQuery) -> _Graphs:
    """The graphs that the request names, else those of ``FROM``, else all (SPARQL 1.1, section 13.2)."""
    default, named = request.default_graphs, request.named_graphs
    if default is None and named is None:
        default, named = query.from_graphs, query.from_named_graphs
    with_graphs = bool(default or named or query.names_graphs)
    store = dataset.store(asserted_only=request.asserted_only, with_graphs=with_graphs)
    if not default and not named:
        return _Graphs(store)
    known = dataset.graph_names(asserted_only=request.asserted_only)
    for name in (*(default or ()), *(named or ())):
        if name not in known:
            graphs = ", ".join(shorten(graph, dataset.prefixes) for graph in known)
            raise ServiceRefusedError(
                f"the dataset holds no graph <{name}>, and none is fetched",
                f"its graphs are {graphs}" if graphs else "it has no named graphs; leave out FROM",
            )
    default_nodes = [ox.NamedNode(name) for name in dict.fromkeys(default or ())]
    named_nodes: list[ox.NamedNode | ox.BlankNode] = [ox.NamedNode(name) for name in named or ()]
    if len(default_nodes) < 2:
        return _Graphs(store, list(default_nodes), named_nodes)
    merged = ox.Store()
    for node in named_nodes:
        merged.bulk_extend(store.quads_for_pattern(None, None, None, node))
    for node in default_nodes:
        triples = store.quads_for_pattern(None, None, None, node)
        merged.bulk_extend(ox.Quad(found.subject, found.predicate, found.object) for found in triples)
    return _Graphs(merged, [ox.DefaultGraph()], named_nodes)


def _collect(
    solutions: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples, query: CheckedQuery, most: int | None
) -> QueryResult:
    if isinstance(solutions, ox.QueryBoolean):
        return AskResult(bool(solutions))
    if isinstance(solutions, ox.QueryTriples):
        return collect_triples(solutions, most)
    rows = (tuple(solution[name] for name in query.columns) for solution in solutions)
    return collect_rows(query.columns, rows, most)


def collect_triples(triples: Iterable[ox.Triple], most: int | None) -> GraphResult:
    """The first ``most`` of ``triples``, each once."""
    found: dict[ox.Triple, None] = {}
    for triple in triples:
        if len(found) == most and triple not in found:
            return GraphResult(tuple(found), is_cut=True)
        found[triple] = None
    return GraphResult(tuple(found))


def collect_rows(
    columns: tuple[str, ...], rows: Iterator[tuple[Term | None, ...]], most: int | None
) -> SelectResult:
    """The first ``most`` of ``rows``, in which blank nodes are numbered from ``_:b0``."""
    numbers: dict[ox.BlankNode, ox.BlankNode] = {}

    def number(term: Term | None) -> Term | None:
        if isinstance(term, ox.BlankNode):
            return numbers.setdefault(term, ox.BlankNode(f"b{len(numbers)}"))
        return term

    found = tuple(tuple(map(number, row)) for row in islice(rows, most))
    # Rows are computed as they are read, so those beyond the last cost nothing but the first of them.
    is_cut = len(found) == most and next(rows, None) is not None
    return SelectResult(columns, found, is_cut)
