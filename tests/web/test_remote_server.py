"""``tipgraph serve --endpoint``: the site in front of another store, whatever becomes of that."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from openapi_spec_validator import validate
from tests.peer_server import Received, Reply, SmallStore, peer_at
from tests.web.running_server import Server, serving

from tipgraph.cli import main
from tipgraph.graph import KnowledgeGraph

ROOT = Path(__file__).parents[2]
EX = "http://example.org/"
DATA = f"""
@prefix : <{EX}> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:one {{ :alpha a :Thing ; rdfs:label "Alpha plan"@en ; :knows :beta , [ :name "nobody" ] . }}
:two {{ :beta a :Thing ; rdfs:label "Beta"@en . :alpha a :Thing . }}
"""
PAGES = ("/", "/id/ecowas", "/ontology", "/queries", "/dataset", "/queries/by-theme", "/find?name=ECOWAS")
TOKEN = "a-token-that-nobody-guesses"


@dataclass
class Moody:
    """A store that may be told to do something else."""

    store: SmallStore
    instead: Reply | None = None
    is_slow: bool = False
    over: threading.Event = field(default_factory=threading.Event)

    def __call__(self, request: Received) -> Reply:
        if self.is_slow:
            self.over.wait(20)
        return self.instead or self.store(request)


@pytest.fixture(scope="module")
def store() -> Iterator[tuple[Moody, str]]:
    small = SmallStore(has_union=True)
    small.store.load(DATA, format=ox.RdfFormat.TRIG)
    moody = Moody(small)
    with peer_at(moody) as url:
        yield moody, url
        moody.over.set()


@pytest.fixture(scope="module")
def server(store: tuple[Moody, str]) -> Iterator[Server]:
    with serving(
        *("serve", "--port", "0", "--endpoint", store[1], "--timeout", "1", "--processes", "1")
    ) as running:
        yield running


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/sparql",
        "/sparql?query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D",
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


@pytest.mark.parametrize(
    ("query", "accept", "wanted"),
    [
        ("SELECT ?l { ?s rdfs:label ?l } ORDER BY ?l", "text/csv", b"l\r\nAlpha plan\r\nBeta\r\n"),
        (f"ASK {{ GRAPH <{EX}two> {{ <{EX}beta> ?p ?o }} }}", "text/csv", b"true"),
        (f"CONSTRUCT WHERE {{ <{EX}beta> a ?c }}", "application/n-triples", f"<{EX}beta> ".encode()),
    ],
)
def test_queries_are_answered_in_every_form(server: Server, query: str, accept: str, wanted: bytes) -> None:
    response, body = server.ask(query, Accept=accept)
    assert (response.status, body[: len(wanted)]) == (200, wanted)


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("SELECT", "malformed-query"),
        ("INSERT DATA { <a:> <b:> 1 }", "update-refused"),
        ("ASK { SERVICE <http://169.254.169.254/> { ?s ?p ?o } }", "service-refused"),
        ("ASK FROM <http://169.254.169.254/> { ?s ?p ?o }", "service-refused"),
    ],
)
def test_what_is_refused_never_reaches_the_store(
    server: Server, store: tuple[Moody, str], query: str, kind: str
) -> None:
    asked = len(store[0].store.requests)
    response, body = server.ask(query)
    assert json.loads(body)["type"].endswith(f"/{kind}"), body
    assert response.status in (400, 403)
    assert len(store[0].store.requests) == asked


def test_rows_are_capped(store: tuple[Moody, str]) -> None:
    with serving(
        "serve", "--port", "0", "--endpoint", store[1], "--processes", "1", "--max-rows", "2"
    ) as server:
        response, body = server.ask("SELECT * { ?s ?p ?o }", Accept="text/csv")
        assert (response.headers["Tipgraph-Cut"], body.count(b"\r\n")) == ("?1", 3)


def wait_until_well(server: Server) -> None:
    end = time.monotonic() + 30
    while server.ask("ASK {}")[0].status != 200:
        assert time.monotonic() < end, "it does not recover"
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("reply", "status", "kind"),
    [
        ((502, {}, b""), 502, "store-failed"),
        ((500, {"Content-Type": "text/html"}, b"<html>"), 502, "store-failed"),
        ((200, {"Content-Type": "text/html"}, b"<html>hello"), 502, "store-failed"),
        ((200, {"Content-Type": "application/sparql-results+json"}, b'{"hea'), 502, "store-failed"),
        ((302, {"Location": "http://169.254.169.254/"}, b""), 502, "store-failed"),
        ((401, {}, b""), 502, "store-failed"),
        ((503, {}, b""), 503, "busy"),
        ((400, {"Content-Type": "text/plain"}, b"SP030: no such thing"), 400, "bad-query"),
    ],
)
def test_a_store_that_fails_is_told_and_recovered_from(
    server: Server, store: tuple[Moody, str], reply: Reply, status: int, kind: str
) -> None:
    store[0].instead = reply
    try:
        response, body = server.ask("SELECT ?s { ?s ?p ?o }")
        assert (response.status, json.loads(body)["type"].rpartition("/")[2]) == (status, kind), body
        assert (response.headers["Retry-After"] is None) == (status == 400)
        page, _ = server.request(f"/describe?iri={quote(EX + str(status) + kind)}", Accept="text/html")
        assert page.status == status
    finally:
        store[0].instead = None
    wait_until_well(server)


def test_a_store_that_is_down_makes_the_site_unready_until_it_is_back(
    server: Server, store: tuple[Moody, str]
) -> None:
    store[0].instead = (502, {}, b"")
    try:
        statuses = set()
        for _ in range(8):
            server.ask("ASK {}")
            statuses.add(server.request("/ready")[0].status)
        assert 503 in statuses
        assert server.request("/health")[0].status == 200
    finally:
        store[0].instead = None
    wait_until_well(server)
    assert server.request("/ready")[0].status == 200


def test_a_slow_store_is_a_504_and_stalls_nothing_else(server: Server, store: tuple[Moody, str]) -> None:
    store[0].is_slow = True
    try:
        response, body = server.ask("SELECT ?s { ?s ?p ?o }")
        assert (response.status, json.loads(body)["type"].rpartition("/")[2]) == (504, "store-timeout")
        assert server.request("/health")[0].status == 200
    finally:
        store[0].is_slow = False
        store[0].over.set()
    wait_until_well(server)


def test_a_store_that_is_not_there_is_told_at_once() -> None:
    result = CliRunner().invoke(main, ["serve", "--port", "0", "--endpoint", "http://127.0.0.1:9/sparql"])
    assert result.exit_code == 3
    assert "cannot be reached" in result.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--endpoint", "http://e/", "--store", "x"], "are 2 graphs"),
        (["--union", "urn:u"], "--union goes with --endpoint"),
        (["--writable"], "--writable goes with --store or --endpoint"),
        (["--writable", "--endpoint", "http://e/"], "TIPGRAPH_WRITE_TOKEN is not set"),
        (["--writable", "--endpoint", "http://e/", "--union", "urn:u"], "would leave the union"),
        (["--update-endpoint", "http://e/", "--endpoint", "http://e/"], "goes with --writable"),
        (["--endpoint", "file:///etc/passwd"], "is no address of HTTP"),
        (["--endpoint", "http://me:secret@e/"], "holds a user name"),
    ],
)
def test_options_that_do_not_go_together_are_told(options: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--port", "0", *options], env={"TIPGRAPH_WRITE_TOKEN": ""})
    assert (result.exit_code, said in result.output) == (2, True), result.output
    assert "secret" not in result.output


@pytest.fixture
def writable(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, SmallStore]]:
    small = SmallStore(has_union=True)
    small.store.load(DATA, format=ox.RdfFormat.TRIG)
    monkeypatch.setenv("TIPGRAPH_WRITE_TOKEN", TOKEN)
    with (
        peer_at(small) as url,
        serving("serve", "--port", "0", "--endpoint", url, "--processes", "1", "--writable") as server,
    ):
        yield server, small


def test_who_bears_the_token_updates_the_store(writable: tuple[Server, SmallStore]) -> None:
    server, small = writable
    alpha = f"/describe?iri={quote(EX + 'alpha')}"
    assert b"Alpha plan" in server.request(alpha, Accept="text/html")[1]
    update = f"DELETE DATA {{ GRAPH <{EX}one> {{ <{EX}alpha> rdfs:label 'Alpha plan'@en }} }} ;\n" + (
        f"INSERT DATA {{ GRAPH <{EX}one> {{ <{EX}alpha> rdfs:label 'Omega plan'@en }} }}"
    )
    for content_type, body in (
        ("application/sparql-update", update),
        ("application/x-www-form-urlencoded", f"update={quote(update)}"),
    ):
        response, body_back = server.request(
            "/sparql", method="POST", body=body, Content_Type=content_type, Authorization=f"Bearer {TOKEN}"
        )
        assert (response.status, body_back) == (204, b"")
    assert b"Omega plan" in server.request(alpha, Accept="text/html")[1]
    assert TOKEN not in str([request.headers for request in small.requests])
    description = json.loads(server.request("/openapi.json")[1])
    operation = description["paths"]["/sparql"]["post"]
    assert "application/sparql-update" in operation["requestBody"]["content"]
    assert operation["security"] == [{}, {"token": []}]
    validate(description)


@pytest.mark.parametrize(
    ("authorization", "update", "status", "kind"),
    [
        (None, "INSERT DATA { <a:> <b:> 1 }", 401, "unauthorized"),
        ("Bearer wrong", "INSERT DATA { <a:> <b:> 1 }", 401, "unauthorized"),
        (f"Basic {TOKEN}", "INSERT DATA { <a:> <b:> 1 }", 401, "unauthorized"),
        (f"Bearer {TOKEN}", "INSERT DATA { <a:> <b:> ", 400, "malformed-query"),
        (f"Bearer {TOKEN}", "LOAD <http://169.254.169.254/>", 403, "service-refused"),
    ],
)
def test_what_is_no_update_of_who_may_changes_nothing(
    writable: tuple[Server, SmallStore], authorization: str | None, update: str, status: int, kind: str
) -> None:
    server, small = writable
    before = len(small.requests)
    headers = {"Authorization": authorization} if authorization else {}
    response, body = server.request(
        "/sparql", method="POST", body=update, Content_Type="application/sparql-update", **headers
    )
    assert (response.status, json.loads(body)["type"].rpartition("/")[2]) == (status, kind)
    assert (response.headers["WWW-Authenticate"] is not None) == (status == 401)
    assert len(small.requests) == before
    response, _ = server.request(f"/sparql?update={quote(update)}", **headers)
    assert response.status in (400, 401)
    assert len(small.requests) == before


def test_the_project_itself_is_served_from_a_store() -> None:
    small = SmallStore(has_union=True)
    graph = KnowledgeGraph.open(ROOT)
    small.store.load(graph.export("n-quads"), format=ox.RdfFormat.N_QUADS)
    with (
        peer_at(small) as url,
        serving("serve", "--port", "0", "--endpoint", url, "--processes", "1") as server,
    ):
        for path in PAGES:
            response, body = server.request(path, Accept="text/html")
            assert response.status == (303 if path.startswith("/find") else 200), (path, body)
        fact = "subject=id:ecowas&predicate=a&object=tip:Mechanism"
        response, body = server.request(f"/explain?{fact}", Accept="application/json")
        assert (response.status, b"SubRegionalMechanism" in body) == (200, True), body
        response, body = server.request(
            "/validate",
            method="POST",
            body="<https://w3id.org/tipgraph/id/x> a <https://w3id.org/tipgraph/ontology#Treaty> .",
            Content_Type="text/turtle",
            Accept="application/json",
        )
        assert (response.status, json.loads(body)["conforms"]) == (200, False), body
        _, body = server.request("/id/ecowas", Accept="text/turtle")
        assert len(list(ox.parse(body, format=ox.RdfFormat.TURTLE))) > 100
