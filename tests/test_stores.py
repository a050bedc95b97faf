"""The graph in Apache Jena Fuseki and in Virtuoso: pushed whole, given back the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.stores import RunningStore, fuseki, virtuoso

from tipgraph.cli import main
from tipgraph.graph import KnowledgeGraph
from tipgraph.peer import Peer

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
