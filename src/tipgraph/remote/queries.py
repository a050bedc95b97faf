"""Queries written for a store, and its answers read; neither needs the network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import pyoxigraph as ox

from tipgraph.describe import find_resource
from tipgraph.errors import ServiceRefusedError, UnknownNameError
from tipgraph.protocol import N_TRIPLES, RESULTS_JSON, PeerAnswer, PeerQuery
from tipgraph.remote.asking import nonsense, read_boolean
from tipgraph.remote.facts import RemoteFacts
from tipgraph.sparql.analysis import CheckedQuery, QueryForm
from tipgraph.sparql.execution import QueryRequest, collect_rows, collect_triples
from tipgraph.sparql.results import AskResult, QueryResult, SelectResult, read_term_object
from tipgraph.sparql.rewriting import write_out
from tipgraph.terms import Term
from tipgraph.vocabulary import BASE, expand, shorten

_SHOWN: Final = 20
_VIRTUOSO_NODE: Final = b"nodeID://"
"""How Virtuoso begins the labels of blank nodes, with characters that Oxigraph does not read in them."""


@dataclass(frozen=True)
class RemoteQueries:
    """Writes and reads for the store of ``facts``."""

    facts: RemoteFacts
    prefixes: Mapping[str, str]

    def write(self, request: QueryRequest, query: CheckedQuery) -> PeerQuery:
        """What to ask for ``request``, whose text is ``query``.

        Raises ``ServiceRefusedError`` where it names a graph that is not served, which some store might fetch
        from elsewhere, and ``ParameterError``.
        """
        default, named = request.default_graphs, request.named_graphs
        if default is None and named is None:
            # Where the query has a FROM clause, that stands.
            self._check((*query.from_graphs, *query.from_named_graphs))
            if not query.from_graphs and not query.from_named_graphs:
                default = self.facts.default_graphs
                # With a default graph of its own, a request without named ones would have none.
                named = self.facts.named_graphs if default is not None and query.names_graphs else None
        else:
            self._check((*(default or ()), *(named or ())))
        has_rows = query.form in (QueryForm.SELECT, QueryForm.ASK)
        text = write_out(query, request.parameters, self.prefixes, base_iri=request.base_iri)
        return PeerQuery(text, RESULTS_JSON if has_rows else N_TRIPLES, default, named)

    def read(self, answer: PeerAnswer, request: QueryRequest, query: CheckedQuery) -> QueryResult:
        """The result that ``answer`` is, up to ``request.most_rows``; raises ``PeerError`` on nonsense."""
        try:
            return _read(answer, query, request.most_rows)
        except (SyntaxError, ValueError, KeyError, TypeError, RecursionError):
            # Raised outside, since the error would hold on to what only this thread may let go of.
            pass
        raise nonsense(self.facts.endpoint, "a result of SPARQL 1.1")

    def find(self, name: str, namespace: str | None = None) -> str:
        """The IRI of what a person calls ``name``, as ``describe.find_resource`` has it.

        An IRI that the index lacks is taken as it is, since the store may know it all the same; not one of
        the project, all of which have a name or a type.
        """
        facts = self.facts
        iri = expand(name.strip(), self.prefixes)
        is_indexed = facts.search_index is not None
        if iri is not None and not (is_indexed and iri.startswith(BASE)):
            return iri
        if not is_indexed:
            raise UnknownNameError(f"the store is too large to look for {name!r}", "give its IRI")
        return find_resource(facts.index, name, namespace, names=lambda: facts.names)

    def _check(self, graphs: tuple[str, ...]) -> None:
        known = self.facts.named_graphs
        for graph in graphs:
            if graph not in known:
                shown = ", ".join(shorten(name, self.prefixes) for name in known[:_SHOWN])
                raise ServiceRefusedError(
                    f"the dataset holds no graph <{graph}>, and none is fetched",
                    f"its graphs are {shown}" if known else "it has no named graphs; leave out FROM",
                )


def _read(answer: PeerAnswer, query: CheckedQuery, most: int | None) -> QueryResult:
    if query.form is QueryForm.ASK:
        return AskResult(read_boolean(answer.content))
    if query.form is QueryForm.SELECT:
        result: QueryResult = _read_rows(answer, query.columns, most)
    else:
        # The last line of an answer that is cut may be half a one.
        content = answer.content[: answer.content.rfind(b"\n") + 1] if answer.is_cut else answer.content
        triples = (quad.triple for quad in ox.parse(content, format=ox.RdfFormat.N_TRIPLES))
        result = collect_triples(triples, most)
    return replace(result, is_cut=True) if answer.is_cut and not isinstance(result, AskResult) else result


def _read_rows(answer: PeerAnswer, columns: tuple[str, ...], most: int | None) -> SelectResult:
    if _VIRTUOSO_NODE in answer.content and not answer.is_cut:
        bindings = json.loads(answer.content)["results"]["bindings"]
        found = (
            tuple(read_term_object(row[name]) if name in row else None for name in columns)
            for row in bindings
        )
        return collect_rows(columns, found, most)
    solutions = ox.parse_query_results(answer.content, format=ox.QueryResultsFormat.JSON)
    if not isinstance(solutions, ox.QuerySolutions):
        raise TypeError(type(solutions).__name__)
    # A store may leave out the variables that nothing is bound to.
    given = {variable.value for variable in solutions.variables}
    names = [name if name in given else None for name in columns]

    def rows() -> Iterator[tuple[Term | None, ...]]:
        try:
            for solution in solutions:
                yield tuple(solution[name] if name else None for name in names)
        except SyntaxError:
            if not answer.is_cut:
                raise

    return collect_rows(columns, rows(), most)
