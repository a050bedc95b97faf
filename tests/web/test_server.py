"""``tipgraph serve`` as a process: what a client and an operator see of it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.web.running_server import Server, serving

from tipgraph.errors import AddressError
from tipgraph.web.limits import Limits
from tipgraph.web.server import find_address

ENDLESS = "SELECT (COUNT(*) AS ?count) { " + " ".join(f"?s{n} ?p{n} ?o{n} ." for n in range(9)) + " }"


@pytest.fixture(scope="module")
def server(small_root: Path) -> Iterator[Server]:
    with serving("--root", str(small_root), "serve", "--port", "0", "--timeout", "1") as running:
        yield running


def processes_of(pid: int) -> set[int]:
    """A process and all below it."""
    found = {pid}
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for child in children.read_text(encoding="ascii").split() if children.is_file() else ():
        found |= processes_of(int(child))
    return found


def test_it_answers_when_it_says_so(server: Server) -> None:
    response, body = server.ask("SELECT ?label { id:alpha skos:prefLabel ?label }", Accept="text/csv")
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert body == b"label\r\nPlan Alpha\r\n"


def test_pages_and_their_files_arrive(server: Server) -> None:
    page, body = server.request("/id/alpha", Accept="text/html")
    assert page.status == 200
    assert b"<h1>Plan Alpha</h1>" in body
    style, body = server.request("/static/style.css")
    assert style.headers["Content-Type"] == "text/css; charset=utf-8"
    assert body.startswith(b"/* One style sheet")


def test_head_and_forms_arrive_through_the_real_server(server: Server) -> None:
    head, body = server.request(f"/sparql?{urlencode({'query': 'ASK {}'})}", method="HEAD")
    assert (head.status, body) == (200, b"")
    assert int(head.headers["Content-Length"]) > 10
    form = urlencode({"query": "ASK { id:alpha a tip:Plan }"})
    posted, body = server.request(
        "/sparql", method="POST", body=form, Content_Type="application/x-www-form-urlencoded"
    )
    assert posted.status == 200
    assert json.loads(body)["boolean"] is True


def test_one_slow_query_stalls_nobody(server: Server) -> None:
    with ThreadPoolExecutor(3) as threads:
        slow = [threads.submit(server.ask, ENDLESS) for _ in range(3)]
        time.sleep(0.2)
        waits = []
        while not all(query.done() for query in slow):
            started = time.monotonic()
            response, _ = server.ask("ASK {}")
            waits.append(time.monotonic() - started)
            assert response.status == 200
        # Had they waited for the slow ones, each would have taken a second, the deadline of these.
        assert sorted(waits)[len(waits) // 2] < 0.5
        ends = set()
        for query in slow:
            response, body = query.result()
            assert response.status == 503
            assert int(response.headers["Retry-After"]) > 0
            ends.add(json.loads(body)["type"].rpartition("/")[2])
        # On a busy machine the slow lane can be full when the last of them is demoted: it is then told so.
        assert "query-timeout" in ends
        assert ends <= {"query-timeout", "busy"}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { FILTER(" + "(" * 50_000 + "1" + ")" * 50_000 + ") }",
        "SELECT * { FILTER(" + "!" * 100_000 + "true) }",
        "ASK { FILTER(" + "1+" * 100_000 + "1) }",
        "ASK { " + "{} UNION " * 20_000 + "{} }",
    ],
    ids=["parentheses", "not", "sum", "union"],
)
def test_no_query_ends_the_server(server: Server, query: str) -> None:
    before = server.process.pid
    form = urlencode({"query": query})
    response, body = server.request(
        "/sparql", method="POST", body=form, Content_Type="application/x-www-form-urlencoded"
    )
    assert response.status in (200, 400, 503), body
    assert server.ask("ASK {}")[0].status == 200
    assert server.process.pid == before


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_and_finishes_what_is_under_way(small_root: Path, number: int) -> None:
    with serving("--root", str(small_root), "serve", "--port", "0", "--timeout", "1") as server:
        everyone = processes_of(server.process.pid)
        assert len(everyone) >= 5
        answers = []
        client = threading.Thread(target=lambda: answers.append(server.ask(ENDLESS)))
        client.start()
        time.sleep(0.4)
        out, err = server.stop(number)
        client.join()
        assert server.process.returncode == 0
        assert (out, err) == ("", "")
        assert answers[0][0].status == 503
        end = time.monotonic() + 5
        while any(Path(f"/proc/{pid}").exists() for pid in everyone):
            assert time.monotonic() < end, "a process is left"
            time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_signal_from_a_terminal_reaches_all_and_what_is_under_way_is_finished(small_root: Path) -> None:
    options = ("--processes", "1", "--timeout", "2")
    with serving("--root", str(small_root), "serve", "--port", "0", *options) as server:
        answers = []
        client = threading.Thread(target=lambda: answers.append(server.ask(ENDLESS)))
        client.start()
        time.sleep(0.8)
        for child in children_of(server.process.pid):
            os.kill(int(child), signal.SIGINT)
        server.stop(signal.SIGINT)
        client.join()
        assert server.process.returncode == 0
        assert answers[0][0].status == 503


def test_it_is_not_ready_while_it_drains_and_still_answers(small_root: Path) -> None:
    options = ("--processes", "2", "--drain", "600", "--metrics")
    with serving("--root", str(small_root), "serve", "--port", "0", *options) as server:
        assert server.request("/ready")[0].status == 200
        server.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + 20
        while server.request("/ready")[0].status != 503:
            assert time.monotonic() < end, "it is still ready"
            time.sleep(0.02)
        # All processes, whichever is asked.
        assert {server.request("/ready")[0].status for _ in range(20)} == {503}
        assert server.request("/health")[0].status == 200
        assert server.request("/metrics")[0].status == 200
        assert server.ask("ASK {}")[0].status == 200
        assert server.process.poll() is None
        # Who is impatient says it again.
        assert server.stop(signal.SIGTERM) == ("", "")
        assert server.process.returncode == 0


def test_a_person_need_not_wait_for_it_to_drain(small_root: Path) -> None:
    with serving("--root", str(small_root), "serve", "--port", "0", "--drain", "600") as server:
        server.stop(signal.SIGINT)
        assert server.process.returncode == 0


def test_it_ends_by_itself_once_it_has_drained(small_root: Path) -> None:
    with serving("--root", str(small_root), "serve", "--port", "0", "--drain", "0.5") as server:
        server.stop(signal.SIGTERM)
        assert server.process.returncode == 0


def test_a_signal_is_not_lost_on_a_process_that_begins(small_root: Path) -> None:
    # The last of them is still loading when the first one answers.
    for _ in range(3):
        with serving("--root", str(small_root), "serve", "--port", "0", "--processes", "6") as server:
            server.stop(signal.SIGTERM)
            assert server.process.returncode == 0


def test_how_it_is_can_be_asked_while_more_wait_than_can_be_answered(small_root: Path) -> None:
    options = ("--processes", "1", "--timeout", "1", "--max-timeout", "1", "--metrics")
    with serving("--root", str(small_root), "serve", "--port", "0", *options) as server:
        limits = Limits()
        request = f"GET /sparql?{urlencode({'query': ENDLESS})} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        waiting = []
        try:
            for _ in range(2 * (limits.places + limits.bodies)):
                waiting.append(socket.create_connection(("127.0.0.1", server.port), timeout=20))
                waiting[-1].sendall(request)
            for path in ("/health", "/ready", "/metrics"):
                assert server.request(path)[0].status == 200
            # Far more are under way than have a place.
            running = re.search(
                r"^tipgraph_requests_running (\d+)", server.request("/metrics")[1].decode(), re.M
            )
            assert running is not None
            assert int(running[1]) > limits.places + limits.bodies
        finally:
            for connection in waiting:
                connection.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_recovers_when_a_process_of_it_is_killed(small_root: Path) -> None:
    with serving("--root", str(small_root), "serve", "--port", "0", "--processes", "1") as server:
        (answering,) = (int(pid) for pid in children_of(server.process.pid))
        os.kill(answering, signal.SIGKILL)
        end = time.monotonic() + 15
        while True:
            try:
                if (
                    server.ask(
                        "ASK {}",
                    )[0].status
                    == 200
                ):
                    break
            except OSError:
                assert time.monotonic() < end, "the server does not come back"
                time.sleep(0.05)
        assert children_of(server.process.pid) != [str(answering)]


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()


def test_nothing_outlives_a_server_that_is_killed(small_root: Path) -> None:
    with serving("--root", str(small_root), "serve", "--port", "0") as server:
        everyone = processes_of(server.process.pid)
        assert len(everyone) > 2
        server.process.kill()
        server.process.wait()
        end = time.monotonic() + 10
        while any(Path(f"/proc/{pid}/stat").exists() for pid in everyone):
            assert time.monotonic() < end, "a process is left"
            time.sleep(0.05)
        assert find_address("127.0.0.1", server.port).port == server.port


def test_a_port_in_use_is_told_at_once(server: Server, small_root: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tipgraph",
        "--root",
        str(small_root),
        "serve",
        "--port",
        str(server.port),
    ]
    second = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert second.returncode == 3
    assert second.stdout == ""
    assert second.stderr == (
        f"error: port {server.port} of 127.0.0.1 is in use\n"
        "hint: stop the other server, or choose another with --port, as in --port 8001\n"
    )
    assert server.ask("ASK {}")[0].status == 200


def test_data_of_ones_own_is_served(tmp_path: Path) -> None:
    (tmp_path / "one.trig").write_text("<http://g> { <http://s> <http://p> 1, 2 }", encoding="utf-8")
    (tmp_path / "two.nt").write_text("<http://s> <http://p> <http://o> .\n", encoding="utf-8")
    files = [str(tmp_path / name) for name in ("one.trig", "two.nt")]
    with serving("serve", "--port", "0", "--data", *files) as server:
        _, body = server.ask("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", Accept="text/csv")
        assert body == b"n\r\n3\r\n"
        _, body = server.ask("SELECT ?g ?o { GRAPH ?g { ?s ?p ?o } } ORDER BY ?o", Accept="text/csv")
        assert body == b"g,o\r\nhttp://g,1\r\nhttp://g,2\r\n"
        page, body = server.request("/", Accept="text/html")
        assert page.status == 200
        assert b"A dataset to ask" in body


def test_an_answer_that_is_cut_says_so(small_root: Path) -> None:
    options = (
        "--max-rows",
        "3",
        "--max-bytes",
        "5000",
        "--max-timeout",
        "1",
        "--processes",
        "2",
        "--metrics",
        "--log-requests",
    )
    with serving("--root", str(small_root), "serve", "--port", "0", *options) as server:
        for query in ("SELECT * { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p ?o }"):
            cut, body = server.ask(query, Accept="application/sparql-results+json, application/n-triples")
            assert cut.headers["Tipgraph-Cut"] == "?1"
            assert "/problem/result-cut>" in cut.headers["Link"]
            rows = json.loads(body)["results"]["bindings"] if body[:1] == b"{" else body.splitlines()
            assert len(rows) == 3
        whole, _ = server.ask("SELECT * { ?s ?p ?o } LIMIT 3")
        assert "Tipgraph-Cut" not in whole.headers
        page, body = server.ask("SELECT * { ?s ?p ?o }", Accept="text/html")
        assert page.status == 200
        assert b"there are more than the endpoint sends at once" in body
        slow, body = server.request(f"/sparql?{urlencode({'query': ENDLESS, 'timeout': '0.7'})}")
        assert slow.status == 503
        assert "ended after 0.7 seconds" in json.loads(body)["detail"]
        wrong, _ = server.request(f"/sparql?{urlencode({'query': 'ASK {}', 'timeout': 'soon'})}")
        assert wrong.status == 400
        assert server.request("/ready")[0].status == 200
        text = server.request("/metrics")[1].decode()
        assert "tipgraph_answers_cut_total 2" in text
        assert 'tipgraph_query_events_total{event="timeout"} 1' in text
        assert "tipgraph_idle_workers" in text
        _, err = server.stop(signal.SIGTERM)
    lines = [json.loads(line) for line in err.splitlines()]
    # A line is written once its answer is sent, so those of two processes may change places.
    assert sorted(line["status"] for line in lines) == [200, 200, 200, 200, 200, 200, 400, 503]


def test_clients_behind_a_proxy_are_limited_one_by_one(small_root: Path) -> None:
    options = ("--processes", "1", "--rate", "0.01", "--burst", "2", "--trusted-proxy", "127.0.0.0/8")
    with serving("--root", str(small_root), "serve", "--port", "0", *options) as server:
        for client in ("198.51.100.1", "198.51.100.2"):
            asked = [server.ask("ASK {}", X_Forwarded_For=client)[0].status for _ in range(3)]
            assert asked == [200, 200, 429]


def test_all_processes_count_the_requests_of_a_client(small_root: Path) -> None:
    options = ("--processes", "3", "--rate", "0.001", "--burst", "20", "--trusted-proxy", "127.0.0.0/8")
    with serving("--root", str(small_root), "serve", "--port", "0", *options) as server:

        def ask(_: int) -> int:
            return server.ask("ASK {}", X_Forwarded_For="198.51.100.1")[0].status

        # Each on a connection of its own, which any of the processes may accept.
        with ThreadPoolExecutor(4) as threads:
            statuses = list(threads.map(ask, range(60)))
    assert sorted(statuses) == [200] * 20 + [429] * 40


def test_a_free_port_is_found() -> None:
    address = find_address("localhost", 0)
    assert address.port > 0
    assert address.url == f"http://localhost:{address.port}/"
    assert find_address("0.0.0.0", 0).url.startswith("http://localhost:")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "256.1.1.1", "a..b", "203.0.113.7"])
def test_a_host_that_is_not_here_is_told(host: str) -> None:
    with pytest.raises(AddressError, match=re.escape(host)):
        find_address(host, 0)


def test_a_listening_socket_is_seen() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(AddressError, match="in use"):
            find_address("127.0.0.1", other.getsockname()[1])
