"""A store on disk that is served takes updates, and is answered from what it has become at once."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlencode
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from tests.web.running_server import Server, serving
from werkzeug.test import Client

from tipgraph.errors import QueryError, QueryMemoryError, QueryTimeoutError
from tipgraph.ondisk import load_to_disk, open_on_disk, update_on_disk, version_of
from tipgraph.web.limits import Limits
from tipgraph.web.renewal import Renewing
from tipgraph.web.updating import DiskWriter

TOKEN = "0123456789abcdef-0123"
EX = "http://example.org/"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
TRIG = f"""
<{EX}g> {{ <{EX}a> <{EX}p> 1 , 2 ; {LABEL} "Alpha"@en }}
<{EX}h> {{ <{EX}a> <{EX}p> 2 , 3 }}
"""
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
PRODUCT = " ".join(f"?s{n} ?p{n} ?o{n} ." for n in range(20))
INSERT = "INSERT { GRAPH <urn:n> { <urn:a> <urn:p> ?n } } WHERE"
ENDLESS = f"{INSERT} {{ {{ SELECT (COUNT(*) AS ?n) {{ {PRODUCT} }} }} }}"
LARGE = f"{INSERT} {{ {{ SELECT (GROUP_CONCAT('{'x' * 10_000}') AS ?n) {{ {PRODUCT} }} }} }}"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "data.trig").write_text(TRIG)
    load_to_disk([tmp_path / "data.trig"], tmp_path / "store")
    return tmp_path / "store"


@pytest.fixture
def server(store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("TIPGRAPH_WRITE_TOKEN", TOKEN)
    with serving("serve", "--port", "0", "--store", str(store), "--writable", "--rate", "0") as server:
        yield server


def send(server: Server, text: str, **more: str) -> tuple[int, str]:
    """The status of the answer to an update, and the kind of the problem where there is one."""
    response, body = server.request(
        "/sparql",
        method="POST",
        body=urlencode({"update": text} | more),
        Content_Type="application/x-www-form-urlencoded",
        Authorization=f"Bearer {TOKEN}",
    )
    return response.status, json.loads(body)["type"].rpartition("/")[2] if body else ""


def count(server: Server) -> int:
    response, body = server.ask(COUNT, Accept="text/csv")
    assert response.status == 200, body
    return int(body.split()[1])


def insert(number: int) -> str:
    return f"INSERT DATA {{ GRAPH <urn:new> {{ <urn:a> <urn:p> {number} }} }}"


def test_what_was_updated_is_seen_by_all_processes_at_once(server: Server) -> None:
    assert count(server) == 4
    for number in range(3):
        assert send(server, insert(number)) == (204, "")
        # A connection goes to either process; of these many, each gets some.
        assert {count(server) for _ in range(12)} == {5 + number}
    page = server.request(f"/describe?iri={quote('urn:a')}", Accept="text/html")[1]
    assert b"<dt>p</dt>" in page
    assert send(server, f"DELETE WHERE {{ GRAPH <{EX}g> {{ ?s {LABEL} ?o }} }}") == (204, "")
    hits = json.loads(server.request("/search?q=alpha", Accept="application/json")[1])
    assert hits["total"] == 0
    assert json.loads(server.request("/openapi.json")[1])["paths"]["/sparql"]["post"]["summary"].startswith(
        "Ask or"
    )


def test_the_endpoint_says_that_it_takes_updates(server: Server, store: Path) -> None:
    update = b"http://www.w3.org/ns/sparql-service-description#SPARQL11Update"
    assert update in server.request("/sparql", Accept="application/n-triples")[1]
    with serving("serve", "--port", "0", "--store", str(store)) as other:
        assert update not in other.request("/sparql", Accept="application/n-triples")[1]


def test_a_connection_that_stays_open_sees_it_too(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    for number in range(3):
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/sparql-update"}
        connection.request("POST", "/sparql", insert(number), headers)
        response = connection.getresponse()
        assert (response.status, response.read()) == (204, b"")
        connection.request("GET", f"/sparql?{urlencode({'query': COUNT})}", headers={"Accept": "text/csv"})
        assert int(connection.getresponse().read().split()[1]) == 5 + number
    connection.close()


def test_what_the_command_line_changes_is_seen_too(server: Server, store: Path) -> None:
    assert count(server) == 4
    update_on_disk(store, "DROP ALL")
    assert {count(server) for _ in range(6)} == {0}


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ("INSERT DATA {", (400, "malformed-query")),
        ("LOAD <file:///etc/passwd> INTO GRAPH <urn:g>", (403, "service-refused")),
        (
            f"INSERT {{ GRAPH <urn:g> {{ ?s ?p ?o }} }} WHERE {{ SERVICE <{EX}> {{ ?s ?p ?o }} }}",
            (403, "service-refused"),
        ),
        ("DROP GRAPH <urn:none>", (400, "bad-query")),
        ("INSERT DATA { <urn:a> <urn:p> 1 }", (400, "bad-query")),
        (ENDLESS, (503, "query-timeout")),
    ],
    ids=["malformed", "load", "service", "no such graph", "no graph", "endless"],
)
def test_an_update_that_is_not_run_changes_nothing(
    server: Server, store: Path, update: str, expected: tuple[int, str]
) -> None:
    version = version_of(store)
    assert send(server, update, timeout="1.5") == expected
    assert (version_of(store), count(server)) == (version, 4)
    assert send(server, insert(1)) == (204, "")


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", f"Basic {TOKEN}"])
def test_who_does_not_bear_the_token_changes_nothing(
    server: Server, store: Path, authorization: str | None
) -> None:
    version = version_of(store)
    headers = {"Authorization": authorization} if authorization else {}
    response, _ = server.request(
        "/sparql", method="POST", body=insert(1), Content_Type="application/sparql-update", **headers
    )
    assert (response.status, version_of(store)) == (401, version)


def test_the_graphs_of_the_protocol_are_those_that_patterns_match(server: Server) -> None:
    copy = "INSERT { GRAPH <urn:copy> { ?s ?p ?o } } WHERE { ?s ?p ?o }"
    assert send(server, copy, **{"using-graph-uri": f"{EX}h"}) == (204, "")
    response, body = server.ask("SELECT ?o { GRAPH <urn:copy> { ?s ?p ?o } } ORDER BY ?o", Accept="text/csv")
    assert (response.status, body.split()) == (200, [b"o", b"2", b"3"])


def test_many_at_a_time_are_all_run_and_no_reader_fails(server: Server, store: Path) -> None:
    is_over = threading.Event()
    seen: list[int] = []

    def read() -> None:
        while not is_over.is_set():
            seen.append(count(server))

    reader = threading.Thread(target=read)
    reader.start()
    with ThreadPoolExecutor(4) as clients:
        answers = list(clients.map(lambda number: send(server, insert(number), timeout="30"), range(8)))
    is_over.set()
    reader.join()
    assert answers == [(204, "")] * 8
    assert count(server) == 12
    # Whole updates, one after the other; a reader goes from process to process, and none goes back.
    assert seen == sorted(seen)
    assert open_on_disk(store, {}).sizes.graphs["urn:new"] == 8
    assert send(server, "DROP GRAPH <urn:new>") == (204, "")
    # That which holds, and those that processes and workers hold which were not asked since; not all nine.
    assert len(list(store.glob("state-*"))) <= 5


def test_a_server_that_is_killed_leaves_a_whole_store(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIPGRAPH_WRITE_TOKEN", TOKEN)
    for pause in (0.05, 0.3):
        with (
            serving("serve", "--port", "0", "--store", str(store), "--writable") as server,
            ThreadPoolExecutor(1) as client,
        ):
            asked = client.submit(send, server, insert(round(pause * 100)))
            time.sleep(pause)
            os.kill(server.process.pid, signal.SIGKILL)
            # It may have been answered before.
            assert asked.exception() is not None or asked.result() == (204, "")
        assert open_on_disk(store, {}).sizes.quads in (5, 6, 7)
    update_on_disk(store, "DROP ALL", patience=20)
    assert open_on_disk(store, {}).sizes.quads == 0


# -- the parts


def test_memory_and_time_are_bounded(store: Path) -> None:
    version = version_of(store)
    little = Limits(memory=64 << 20, deadline=120, longest_deadline=120)
    with pytest.raises(QueryMemoryError, match="nothing was changed"):
        DiskWriter(store, TOKEN, little).write(LARGE, {})
    writer = DiskWriter(store, TOKEN, Limits())
    with pytest.raises(QueryTimeoutError, match=r"after 0\.5 seconds"):
        writer.write(ENDLESS, {}, timeout=0.5)
    with pytest.raises(QueryError, match="is no IRI"):
        writer.write(ENDLESS, {"using-graph-uri": ["no iri"]})
    assert version_of(store) == version


def test_the_old_application_stays_where_there_is_no_new_one(caplog: pytest.LogCaptureFixture) -> None:
    versions: list[object | None] = [1]
    made: list[object] = []

    def renew() -> WSGIApplication:
        made.append(versions[-1])
        if versions[-1] == 2:
            raise QueryError("it is broken")
        return answering(str(versions[-1]))

    application = Renewing(answering("1"), 1, find_version=lambda: versions[-1], renew=renew)
    assert ask(application) == "1"
    for version, expected in ((2, "1"), (None, "1"), (3, "3"), (4, "4")):
        versions.append(version)
        assert ask(application) == ask(application) == expected
    assert made == [2, 3, 4]
    assert "the old data is served on" in caplog.text
    assert "it is broken" in caplog.text


def answering(text: str) -> WSGIApplication:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [text.encode()]

    return application


def ask(application: WSGIApplication) -> str:
    return Client(application).get("/").text
