"""The graph in Apache Jena Fuseki and in Virtuoso: pushed whole, given back the same, served from there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from html import unescape
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner, Result
from tests.stores import RunningStore, fuseki, virtuoso
from tests.web.running_server import Server, serving

from tipgraph.cli import main
from tipgraph.graph import KnowledgeGraph
from tipgraph.peer import Login, Peer

pytestmark = pytest.mark.integration

STORES: dict[str, Callable[[Path], AbstractContextManager[RunningStore]]] = {
    "fuseki": fuseki,
    "virtuoso": virtuoso,
}


@pytest.fixture(scope="module", params=STORES)
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningStore]:
    with STORES[request.param](tmp_path_factory.mktemp(request.param)) as store:
        yield store


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.open()


def push(store: RunningStore, *options: str) -> Result:
    arguments = ["push", "--to", store.endpoint, "--update-endpoint", store.updates, *options]
    return CliRunner().invoke(main, arguments, env=store.environment, prog_name="tipgraph")


@pytest.mark.parametrize("by_graph_store", [False, True])
def test_the_graph_is_pushed_whole_and_left_alone_after(
    running: RunningStore, graph: KnowledgeGraph, by_graph_store: bool
) -> None:
    names = graph.dataset.graph_names()
    ways = ["--graph-store", running.graph_store] if by_graph_store else []
    peer = Peer(running.endpoint)
    first = push(running, *ways)
    if not by_graph_store:
        assert first.stderr.count(": pushed (") == len(names), first.stderr
    assert first.exit_code == 0, first.stderr
    again = push(running, *ways)
    assert (again.exit_code, again.stderr.count(": agrees already (")) == (0, len(names)), again.stderr
    counts = {name: peer.count(name) for name in names}
    peer.close()
    assert sum(counts.values()) == len(graph.dataset.store)


def test_changed_graphs_are_replaced(running: RunningStore, tmp_path: Path) -> None:
    file = tmp_path / "own.trig"
    for number, ways in enumerate(([], ["--graph-store", running.graph_store])):
        for content in (
            '<http://e/a> <http://e/p> [ <http://e/q> 2, "a\\u00e9\\"\\n"@de-AT ] , [] .',
            '<http://e/a> <http://e/p> "2010-12-01"^^<http://www.w3.org/2001/XMLSchema#date> .',
        ):
            file.write_text(f"<http://e/g{number}> {{ {content} }}")
            pushed = push(running, *ways, str(file))
            assert (pushed.exit_code, ": pushed (" in pushed.stderr) == (0, True), pushed.stderr


def test_what_virtuoso_takes_for_the_same_is_told(tmp_path: Path, running: RunningStore) -> None:
    if not running.environment:
        pytest.skip("Fuseki keeps every term as it is")
    file = tmp_path / "own.trig"
    # Its booleans are integers, so true and 1 are one triple to it.
    file.write_text("<http://e/booleans> { <http://e/a> <http://e/p> true , 1 . }")
    pushed = push(running, str(file))
    assert pushed.exit_code == 1, pushed.stderr
    assert "not put in place" in pushed.stderr
    assert "not given back: <http://e/a> <http://e/p>" in pushed.stderr


def test_who_may_not_write_is_told(running: RunningStore, tmp_path: Path) -> None:
    if not running.environment:
        pytest.skip("this Fuseki lets everyone write")
    file = tmp_path / "own.trig"
    file.write_text("<http://e/refused> { <http://e/a> <http://e/p> 1 . }")
    arguments = ["push", "--to", running.endpoint, "--update-endpoint", running.updates, str(file)]
    environment = {"TIPGRAPH_USER": "nobody", "TIPGRAPH_PASSWORD": "wrong-secret"}
    refused = CliRunner().invoke(main, arguments, env=environment)
    assert (refused.exit_code, "answered POST with 401" in refused.output) == (3, True), refused.output
    assert "wrong-secret" not in refused.output


UNION = "https://w3id.org/tipgraph/graph/union"


@pytest.fixture(scope="module")
def served(running: RunningStore) -> Iterator[Server]:
    login = Login(running.environment.get("TIPGRAPH_USER"), running.environment.get("TIPGRAPH_PASSWORD"))
    peer = Peer(running.endpoint, updates=running.updates, login=login)
    for name in ("g0", "g1", "booleans"):
        # What other tests left there would be served too.
        peer.update(f"DROP SILENT GRAPH <http://e/{name}>", repeatable=True)
    peer.close()
    pushed = push(running, "--union", UNION)
    assert pushed.exit_code == 0, pushed.stderr
    with serving("serve", "--port", "0", "--endpoint", running.endpoint, "--union", UNION) as server:
        yield server


def rows_of(content: bytes) -> list[tuple[str, ...]]:
    """The rows, with booleans as Virtuoso computes them: it has integers for them."""
    solutions = ox.parse_query_results(content, format=ox.QueryResultsFormat.JSON)
    assert isinstance(solutions, ox.QuerySolutions)
    return [
        tuple(
            str(term)
            .replace(
                '"true"^^<http://www.w3.org/2001/XMLSchema#boolean>',
                '"1"^^<http://www.w3.org/2001/XMLSchema#integer>',
            )
            .replace(
                '"false"^^<http://www.w3.org/2001/XMLSchema#boolean>',
                '"0"^^<http://www.w3.org/2001/XMLSchema#integer>',
            )
            for term in solution
        )
        for solution in solutions
    ]


def test_every_question_of_the_library_is_answered_as_embedded(
    served: Server, graph: KnowledgeGraph, running: RunningStore
) -> None:
    for query in graph.queries():
        wanted = graph.serialize(graph.request(query), "json", 1 << 24)
        assert wanted is not None
        response, body = served.request(f"/queries/{query.name}?timeout=60", Accept="application/json")
        assert response.status == 200, (query.name, body)
        found = rows_of(body)
        assert Counter(found) == Counter(rows_of(wanted)), query.name
        if not running.environment:
            # Virtuoso sorts texts by its own collation.
            assert found == rows_of(wanted), query.name


def test_every_page_works(served: Server) -> None:
    ahead, seen = ["/"], {"/"}
    while ahead and len(seen) < 400:
        path = ahead.pop(0)
        response, body = served.request(path, Accept="text/html")
        assert response.status in (200, 303), (path, body)
        links = re.findall(r'href="(/[^"#]*)', body.decode()) if response.status == 200 else []
        for link in map(unescape, links):
            # Downloads of the whole are other tests' work.
            if link not in seen and not link.startswith(("/static/", "/data")) and "format=" not in link:
                seen.add(link)
                ahead.append(link)
    assert len(seen) > 300


@pytest.mark.parametrize(
    "path",
    [
        "/id/ecowas?format=turtle",
        "/ontology?format=n-triples",
        "/graph/report-2010?format=trig",
        "/data?format=n-quads",
        "/.well-known/void?format=turtle",
        "/sparql?format=turtle",
        "/search?q=children&format=json",
    ],
)
def test_what_programs_ask_for_is_that_of_the_embedded_graph(served: Server, path: str) -> None:
    with serving("serve", "--port", "0", "--processes", "1") as embedded:
        _, wanted = embedded.request(path)
        response, found = served.request(path)
    assert response.status == 200, found
    if "search" in path:
        assert found == wanted
        return
    lines = [content.decode().count("\n") for content in (found, wanted)]
    if "sparql" not in path:
        # The service description tells its own address; blank nodes may be written in another order.
        assert lines[0] == lines[1]
