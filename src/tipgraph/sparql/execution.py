"""Queries run over a dataset by Oxigraph."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import pyoxigraph as ox

from tipgraph.errors import ParameterError, QueryError, ServiceRefusedError
from tipgraph.sparql.analysis import CheckedQuery, QueryForm, check_query
from tipgraph.sparql.results import AskResult, GraphResult, QueryResult, SelectResult
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
            # A store with the graphs serves queries that need none too.
            kind = asserted_only, with_graphs or (asserted_only, True) in self._stores
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

    def evaluate(texts: Iterable[str], parameters: Mapping[str, Term]) -> QueryResult:
        return _collect(_ask(dataset, request, graphs, texts, parameters), query, request.most_rows)

    try:
        result = evaluate(_with_parameters(query, request.parameters), request.parameters)
        if request.parameters and result == SelectResult(query.columns, ()):
            # Grouped by its parameters, nothing is no group; but the one group of all solutions is there even
            # when there are none, and counts 0.
            scope = query.scopes[0]
            if scope.pattern and scope.aggregates and scope.grouping is None:
                result = evaluate([insert_texts(query.text, [(scope.pattern[0], " FILTER(false) ")])], {})
    except RuntimeError as error:
        raise QueryError(f"the query cannot be evaluated: {error}", "simplify it") from error
    return result


def serialize_query(
    dataset: QueryableDataset, request: QueryRequest, format: ox.QueryResultsFormat, most_bytes: int
) -> bytes | None:
    """The result of a SELECT or ASK as Oxigraph writes it, which is many times faster than row by row.

    ``None`` where ``run_query`` has to be asked instead: for another form, for what Oxigraph leaves to chance
    (the order of the columns of ``SELECT *``, the labels of blank nodes), for parameters that are no columns,
    for more rows than ``request.most_rows`` or more than ``most_bytes``. Raises as ``run_query`` does.
    """
    query = dataset.check(request.text, request.base_iri)
    is_select = query.form is QueryForm.SELECT
    if query.form is not QueryForm.ASK and not (is_select and query.scopes[0].selected is not None):
        return None
    if is_select and query.scopes[0].mentioned.intersection(request.parameters) - set(query.columns):
        # Oxigraph would write the parameters as columns too, which the query does not select.
        return None
    graphs = _choose_graphs(dataset, request, query)
    written = _Bounded(most_bytes)
    try:
        texts = _with_parameters(query, request.parameters)
        solutions = _ask(dataset, request, graphs, texts, request.parameters)
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
    rows = content.count(marks.row) + marks.rows_besides
    if marks.blank_node in content or (request.most_rows is not None and rows > request.most_rows):
        return None
    # See ``run_query`` for what a grouped query of no solutions gives.
    return None if request.parameters and rows <= max(0, marks.rows_besides) else content


def _ask(
    dataset: QueryableDataset,
    request: QueryRequest,
    graphs: _Graphs,
    texts: Iterable[str],
    parameters: Mapping[str, Term],
) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    """The answer to the first of ``texts`` that is well-formed; all of them ask the same."""
    error: SyntaxError | None = None
    for text in texts:
        try:
            return graphs.store.query(
                text,
                base_iri=request.base_iri,
                prefixes=dataset.prefixes,
                default_graph=graphs.default,
                named_graphs=graphs.named,
                substitutions={ox.Variable(name): term for name, term in parameters.items()},
                custom_functions=dataset.functions,
            )
        except SyntaxError as found:
            error = found
    assert error is not None
    raise error


def _with_parameters(query: CheckedQuery, parameters: Mapping[str, Term]) -> Iterator[str]:
    """The query as it can be told its parameters, the way that is answered fastest in front.

    Oxigraph follows a property path from a substituted variable only when it has all its ends. Told in a
    VALUES at the beginning of the pattern too, it starts from there. The term is written as N-Triples writes
    it, so it cannot be anything but a term. Where VALUES may not stand, or its variable is computed, there is
    the query without.
    """
    pattern = query.scopes[0].pattern
    early = " ".join(
        f"VALUES ?{name} {{ {term} }}"
        for name, term in parameters.items()
        if isinstance(term, ox.NamedNode | ox.Literal)
    )
    if early and pattern and query.form is not QueryForm.DESCRIBE:
        yield admit_parameters(query, parameters, early=early)
    yield admit_parameters(query, parameters)


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


def admit_parameters(query: CheckedQuery, parameters: Iterable[str], *, early: str = "") -> str:
    """The text of ``query``, in which every scope that mentions one of ``parameters`` can be told its value.

    Oxigraph substitutes a variable (SPARQL-dev SEP-0007) where it is seen from outside: a scope has to select
    it, and to group by it where it groups. A scope that selects nothing by name sees it once a VALUES that
    leaves it open has named it. ``early`` is put at the beginning of the outermost pattern.

    Raises ``ParameterError`` where that cannot be done.
    """
    for name in parameters:
        if name not in query.variables:
            known = ", ".join(f"?{variable}" for variable in query.variables) or "none"
            raise ParameterError(f"the query has no variable ?{name}", f"its variables: {known}")
    insertions: list[tuple[int, str]] = []
    if early and query.scopes[0].pattern:
        insertions.append((query.scopes[0].pattern[0], f" {early} "))
    for scope in query.scopes:
        hidden = sorted(scope.mentioned.intersection(parameters) - (scope.selected or frozenset()))
        if not hidden or scope.pattern is None:
            continue
        names = " ".join(f"?{name}" for name in hidden)
        if scope.selected is None:
            insertions += [(scope.pattern[0], f" VALUES ?{name} {{ UNDEF }} ") for name in hidden]
            continue
        if query.form is QueryForm.DESCRIBE and scope is query.scopes[0]:
            raise ParameterError(f"the pattern of a DESCRIBE cannot be told {names}", "use CONSTRUCT instead")
        insertions.append((scope.selection, f" {names} "))
        if scope.grouping is not None:
            insertions.append((scope.grouping, f" {names} "))
        elif scope.aggregates:
            if scope is not query.scopes[0] or scope.has_modifiers:
                raise ParameterError(
                    f"a pattern that is aggregated as a whole cannot be told {names}",
                    f"write GROUP BY {names} after the pattern",
                )
            insertions.append((scope.pattern[1] + 1, f" GROUP BY {names} "))
    return insert_texts(query.text, insertions)


def insert_texts(text: str, insertions: Iterable[tuple[int, str]]) -> str:
    """``text`` with each of the ``insertions`` at its place."""
    for place, inserted in sorted(insertions, reverse=True):
        text = text[:place] + inserted + text[place:]
    return text


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
        triples: dict[ox.Triple, None] = {}
        for triple in solutions:
            if len(triples) == most and triple not in triples:
                return GraphResult(tuple(triples), is_cut=True)
            triples[triple] = None
        return GraphResult(tuple(triples))
    numbers: dict[ox.BlankNode, ox.BlankNode] = {}

    def number(term: Term | None) -> Term | None:
        if isinstance(term, ox.BlankNode):
            return numbers.setdefault(term, ox.BlankNode(f"b{len(numbers)}"))
        return term

    rows = tuple(
        tuple(number(solution[name]) for name in query.columns) for solution in islice(solutions, most)
    )
    # Rows are computed as they are read, so those beyond the last cost nothing but the first of them.
    is_cut = len(rows) == most and next(solutions, None) is not None
    return SelectResult(query.columns, rows, is_cut)
