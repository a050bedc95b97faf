"""What is answered before the framework is answered as the framework does, to the byte."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from tipgraph.graph import KnowledgeGraph
from tipgraph.web import create_app
from tipgraph.web.answers import SiteAnswer, SiteRequest, answer_from
from tipgraph.web.limits import Limits
from tipgraph.web.workers import InProcess

LIMITS = Limits(rows=5)
QUERIES = (
    "ASK {}",
    "SELECT ?label { ?plan skos:prefLabel ?label } ORDER BY ?label",
    "SELECT * { ?s ?p ?o }",
    "SELECT ?s { ?s ?p ?o } LIMIT 5",
    "CONSTRUCT WHERE { ?s ?p ?o }",
    "DESCRIBE id:alpha",
    "SELECT ('%s' AS ?long) {}" % ("x" * 3000),
    "SELECT ('é%26+' AS ?é) {}",
    "SELECT",
    "INSERT DATA { <a:> <b:> 1 }",
    "ASK { SERVICE <http://e/> { ?s ?p ?o } }",
    "ASK FROM <http://e/none> { ?s ?p ?o }",
    "  ",
)
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"Accept": "text/csv"},
    {"Accept": "application/sparql-results+xml;q=0.5, */*;q=0.1"},
    {"Accept": "text/html"},
    {"Accept": "image/png"},
    {"Accept": "text/turtle", "Accept-Encoding": "gzip"},
    {"Accept-Encoding": "zstd"},
    {"If-None-Match": "*"},
    {"Range": "bytes=0-3"},
)
ADDRESSES = (
    "query={}",
    "query={}&format=csv",
    "format=csv&query={}",
    "query={}&query={}",
    "query=%ff{}",
    "{}",
)


class Counting:
    """Runs queries, and counts them."""

    def __init__(self, graph: KnowledgeGraph) -> None:
        self._executor = InProcess(answer_from(graph, LIMITS))
        self.count = 0

    def run(self, request: SiteRequest, *, timeout: float | None = None) -> SiteAnswer:
        self.count += 1
        return self._executor.run(request, timeout=timeout)

    def close(self) -> None:
        self._executor.close()


@pytest.fixture(scope="module")
def graph(small_root: Path) -> KnowledgeGraph:
    return KnowledgeGraph.open(small_root)


@pytest.mark.parametrize("headers", HEADERS, ids=str)
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:30])
def test_it_is_the_answer_of_the_application(
    graph: KnowledgeGraph, query: str, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A page says how long its query took.
    module = importlib.import_module("tipgraph.web.endpoint")
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: 0.0))
    quick, plain = Counting(graph), Counting(graph)
    before = create_app(graph, quick, LIMITS).test_client()
    app = create_app(graph, None, LIMITS)
    app.extensions["tipgraph"].executor = plain
    after = app.test_client()
    for number, address in enumerate(ADDRESSES):
        path = f"/sparql?{address.replace('{}', quote(query))}"
        for method in ("GET", "HEAD") if number == 0 else ("GET",):
            found = before.open(path, method=method, headers=headers)
            wanted = after.open(path, method=method, headers=headers)
            assert found.status_code == wanted.status_code, path
            assert found.data == wanted.data, path
            # The date is added by the server where it is not there.
            told = [{**answer.headers, "Date": ""} for answer in (found, wanted)]
            assert told[0] == told[1], path
    assert quick.count == plain.count, "no query is run twice"
