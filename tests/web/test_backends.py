"""A store on disk is served as a graph in memory is, by processes that each open it for themselves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.web.running_server import Server, serving

from tipgraph.errors import SourceError
from tipgraph.graph import KnowledgeGraph
from tipgraph.ondisk import load_to_disk
from tipgraph.sparql.execution import QueryableDataset, QueryRequest
from tipgraph.web.answers import EncodedAnswer, EndpointRequest
from tipgraph.web.backends import InMemory, OnDisk
from tipgraph.web.limits import Limits

ROOT = Path(__file__).parents[2]
EX = "http://example.org/"
DATA = f"""
@prefix : <{EX}> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:loose a :Thing ; rdfs:label "Loose" .
:one {{ :alpha a :Thing ; rdfs:label "Alpha plan"@en ; :knows :beta , [ :name "nobody" ] . }}
:two {{ :beta a :Thing ; rdfs:label "Beta"@en . :alpha a :Thing . }}
"""
ENDLESS = "SELECT (COUNT(*) AS ?count) { " + " ".join(f"?s{n} ?p{n} ?o{n} ." for n in range(9)) + " }"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    (folder / "data.trig").write_text(DATA)
    # Enough that the database has more than one file.
    many = "".join(f"<{EX}m{n}> <{EX}of> <{EX}many> .\n" for n in range(3000))
    (folder / "many.nt").write_text(many)
    load_to_disk([folder / "data.trig", folder / "many.nt"], folder / "store")
    return folder / "store"


@pytest.fixture(scope="module")
def server(store: Path) -> Iterator[Server]:
    with serving(
        "serve", "--port", "0", "--store", str(store), "--timeout", "1", "--processes", "1"
    ) as running:
        yield running


def test_queries_are_answered_over_the_union_and_the_graphs(server: Server) -> None:
    _, body = server.ask("SELECT (COUNT(*) AS ?n) { ?s a ?c }", Accept="text/csv")
    assert body == b"n\r\n3\r\n"
    _, body = server.ask(
        f"SELECT ?g {{ GRAPH ?g {{ <{EX}alpha> a <{EX}Thing> }} }} ORDER BY ?g", Accept="text/csv"
    )
    assert body.decode().split() == ["g", f"{EX}one", f"{EX}two"]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/sparql",
        f"/describe?iri={quote(EX + 'alpha')}",
        f"/describe?iri={quote(EX + 'one')}",
        f"/data?graph={quote(EX + 'one')}&format=turtle",
        "/data?format=trig",
        "/data?default&format=n-triples",
        "/search?q=alpha",
        "/sparql?format=turtle",
        "/openapi.json",
    ],
)
def test_every_page_is_that_of_a_graph_in_memory(server: Server, path: str) -> None:
    response, body = server.request(path, Accept="text/html, */*;q=0.1")
    assert response.status == 200, body


def test_a_page_shows_facts_once_and_as_asserted(server: Server) -> None:
    _, body = server.request(f"/describe?iri={quote(EX + 'alpha')}", Accept="text/html")
    assert b"<h1>Alpha plan</h1>" in body
    assert body.count(b">Beta<") == 1
    _, body = server.request(f"/describe?iri={quote(EX + 'alpha')}", Accept="application/n-quads")
    lines = [line for line in body.decode().splitlines() if line.startswith(f"<{EX}alpha>")]
    assert len(lines) == len(set(lines)) == 5
    assert all(line.endswith((f"<{EX}one> .", f"<{EX}two> .")) for line in lines)


def test_a_page_of_very_much_is_cut_and_says_so(server: Server) -> None:
    response, body = server.request(f"/describe?iri={quote(EX + 'many')}", Accept="text/html")
    assert (response.status, response.headers["Tipgraph-Cut"]) == (200, "?1")
    assert b"There is more of this than a page shows" in body
    response, body = server.request(f"/describe?iri={quote(EX + 'many')}", Accept="application/n-triples")
    assert (response.headers["Tipgraph-Cut"], body.count(b" .\n")) == ("?1", 2000)
    response, _ = server.request(f"/describe?iri={quote(EX + 'alpha')}", Accept="text/html")
    assert response.headers["Tipgraph-Cut"] is None


def test_what_needs_all_of_the_graph_is_not_offered(server: Server) -> None:
    response, body = server.request("/explain?subject=a&predicate=b&object=c", Accept="application/json")
    assert (response.status, json.loads(body)["type"].endswith("/not-found")) == (404, True)


def test_a_worker_that_is_ended_is_replaced_by_one_that_reads_too(server: Server) -> None:
    for _ in range(3):
        response, _ = server.ask(ENDLESS)
        assert response.status == 503
        _, body = server.ask(f"ASK {{ <{EX}m1> <{EX}of> ?x }}", Accept="application/json")
        assert json.loads(body)["boolean"] is True


def test_an_update_is_refused(server: Server) -> None:
    response, _ = server.request(
        "/sparql", method="POST", body="INSERT DATA { <a:> <b:> 1 }", Content_Type="application/sparql-update"
    )
    assert response.status == 403


def test_the_project_itself_is_served_from_disk(tmp_path: Path) -> None:
    graph = KnowledgeGraph.open(ROOT)
    (tmp_path / "all.trig").write_bytes(graph.export("trig"))
    load_to_disk([tmp_path / "all.trig"], tmp_path / "store")
    with serving("serve", "--port", "0", "--store", str(tmp_path / "store"), "--processes", "1") as server:
        for path in (
            "/",
            "/id/ecowas",
            "/ontology",
            "/queries",
            "/dataset",
            "/passage/",
            "/find?name=ECOWAS",
        ):
            response, body = server.request(path, Accept="text/html")
            assert response.status == {"/passage/": 404, "/find?name=ECOWAS": 303}.get(path, 200), (
                path,
                body,
            )
        _, body = server.request("/", Accept="text/html")
        assert b"/explain" not in body
        response, _ = server.request("/validate", Accept="text/html")
        assert response.status == 404


def test_the_store_that_stands_there_now_is_served_after_sighup(store: Path, tmp_path: Path) -> None:
    place = tmp_path / "current"
    place.symlink_to(store)
    with serving("serve", "--port", "0", "--store", str(place), "--processes", "1") as server:
        (tmp_path / "new.ttl").write_text(f"<{EX}new> <{EX}p> 1 .\n")
        load_to_disk([tmp_path / "new.ttl"], tmp_path / "new")
        place.unlink()
        place.symlink_to(tmp_path / "new")
        os.kill(server.process.pid, signal.SIGHUP)
        end = time.monotonic() + 20
        while True:
            _, body = server.ask(f"ASK {{ <{EX}new> ?p ?o }}", Accept="application/json")
            if json.loads(body)["boolean"]:
                break
            assert time.monotonic() < end, "the new store is not served"
            time.sleep(0.1)


def test_what_is_no_store_is_told_before_anything_is_served(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no store of tipgraph"):
        OnDisk(tmp_path / "nothing").check()
    command = [sys.executable, "-m", "tipgraph", "serve", "--port", "0"]
    done = subprocess.run(
        [*command, "--store", str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "make one with tipgraph load" in done.stderr) == (3, True), done.stderr
    both = subprocess.run(
        [*command, "--store", "x", "--data", "y"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (both.returncode, "give one of them" in both.stderr) == (2, True), both.stderr


def test_a_graph_in_memory_is_ready_before_the_server_forks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data.trig").write_text(DATA)
    backend = InMemory(KnowledgeGraph.from_files([tmp_path / "data.trig"], root=ROOT))
    # What a process built for itself it would not share.
    monkeypatch.delattr(QueryableDataset, "_build")
    answer = backend.execute(Limits(), frozenset())
    for text in ("ASK { ?s ?p ?o }", "ASK { GRAPH ?g { ?s ?p ?o } }"):
        found = answer(EndpointRequest(QueryRequest(text), format="json"))  # type: ignore[operator]
        assert isinstance(found, EncodedAnswer)
        assert b"true" in found.content
