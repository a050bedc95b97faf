"""What goes wrong around a server under load: nothing is lost, nothing is stuck, and nobody else notices."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.web.running_server import Server, serving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

HOSTILE = {
    "product": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o }",
    "path": "SELECT (COUNT(*) AS ?n) { ?a (<>|!<>)* ?b . ?b (<>|!<>)* ?c . ?c (<>|!<>)* ?d . ?d !<> ?e }",
    "regex": 'ASK { FILTER(REGEX("' + "a" * 50_000 + '", "(a*)*(a*)*(a{1,90}){1,90}b")) }',
    "values": "SELECT (COUNT(*) AS ?n) { VALUES ?a { " + "1 " * 3000 + "} VALUES ?b { " + "2 " * 3000 + "} }",
    "order": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i ?a",
    "nesting": "ASK { FILTER(" + "!" * 30_000 + "true) }",
}


def write_data(path: Path, size: int) -> Path:
    path.write_text("".join(f"<http://s/{n}> <http://p> {n} .\n" for n in range(size)), encoding="utf-8")
    return path


@contextmanager
def running(data: Path, *options: str) -> Iterator[Server]:
    """A server of ``data``, whose log is read so that it does not fill its pipe."""
    with serving("serve", "--port", "0", *options, "--data", str(data)) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = write_data(tmp_path_factory.mktemp("faults") / "data.ttl", 300)
    # Answers that are kept would hide what befalls the workers.
    options = ("--processes", "1", "--response-cache", "0", "--timeout", "2", "--max-timeout", "2")
    with running(data, *options) as found:
        yield found


@contextmanager
def load(server: Server, *, threads: int = 3, repeats: bool = False) -> Iterator[list[tuple[int, bytes]]]:
    """Clients that ask how many triples there are, again and again; what they were answered.

    One that ``repeats`` asks again, once, when its connection is closed without an answer, as HTTP has it for
    a GET (RFC 9110, section 9.2.2) and as browsers and proxies do.
    """
    answers: list[tuple[int, bytes]] = []
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            try:
                answers.append(ask_once())
            except (OSError, http.client.HTTPException) as error:
                try:
                    answers.append(ask_once() if repeats else (0, repr(error).encode()))
                except (OSError, http.client.HTTPException) as again:
                    answers.append((0, repr(again).encode()))

    def ask_once() -> tuple[int, bytes]:
        question = "SELECT (COUNT(*) AS ?n) (MAX(?o) AS ?most) { ?s ?p ?o }"
        response, body = server.ask(question, Accept="text/csv")
        return response.status, body

    clients = [threading.Thread(target=ask) for _ in range(threads)]
    for client in clients:
        client.start()
    try:
        yield answers
    finally:
        is_over.set()
        for client in clients:
            client.join()


def wait_for(holds: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in text.split()]


def workers_of(server: Server) -> list[int]:
    (answering,) = children_of(server.process.pid)
    # The nursery is forked before any thread is there, so it is a child of the main one.
    (nursery,) = children_of(answering)
    return children_of(nursery)


def test_workers_killed_under_load_are_not_noticed(server: Server) -> None:
    with load(server) as answers:
        for _ in range(20):
            for worker in workers_of(server)[:1]:
                os.kill(worker, signal.SIGKILL)
            # A query is run again once, so none may meet two of these, however busy the machine is.
            time.sleep(0.25)
        wait_for(lambda: len(answers) > 50)
    assert Counter(answers) == {(200, b"n,most\r\n300,299\r\n"): len(answers)}


def test_new_data_under_load_is_seen_whole_and_broken_data_not_at_all(tmp_path: Path) -> None:
    data = write_data(tmp_path / "data.ttl", 200)
    old, new = (200, b"n,most\r\n200,199\r\n"), (200, b"n,most\r\n500,499\r\n")
    with running(data, "--processes", "2") as server:
        # A connection that a process has accepted and not yet read when it leaves is closed.
        with load(server, repeats=True) as answers:
            wait_for(lambda: old in answers)
            write_data(data, 500)
            server.process.send_signal(signal.SIGHUP)
            # One process after the other takes it.
            wait_for(lambda: answers[-50:] == [new] * 50)
            time.sleep(3)
            data.write_text("<http://s> <broken", encoding="utf-8")
            server.process.send_signal(signal.SIGHUP)
            time.sleep(4)
        assert set(answers) == {old, new}
        assert answers[-1] == new
        _, err = server.stop(signal.SIGTERM)
    assert "the old data is served on" in err
    assert "data.ttl:1:" in err


@pytest.mark.parametrize("pause", [0.2, 0.7, 1.5, 3.0])
def test_a_process_killed_while_new_data_is_taken_is_replaced(tmp_path: Path, pause: float) -> None:
    data = write_data(tmp_path / "data.ttl", 200)
    old, new = (200, b"n,most\r\n200,199\r\n"), (200, b"n,most\r\n500,499\r\n")
    with running(data, "--processes", "2") as server:
        write_data(data, 500)
        with load(server, repeats=True) as answers:
            wait_for(lambda: old in answers)
            server.process.send_signal(signal.SIGHUP)
            time.sleep(pause)
            for process in children_of(server.process.pid)[:1]:
                os.kill(process, signal.SIGKILL)
            wait_for(lambda: answers[-50:] == [new] * 50)
        assert server.process.poll() is None
        # Of who was being answered by the one that was killed the connection broke.
        assert {answer for answer in answers if answer[0]} == {old, new}


def test_slow_clients_keep_no_place_from_others(server: Server) -> None:
    heads = [b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "] * 40
    bodies = [
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
        b"Content-Length: 1000\r\n\r\nASK"
    ] * 90
    slow = []
    try:
        for start in heads + bodies:
            slow.append(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            slow[-1].sendall(start)
        time.sleep(0.3)
        assert [server.ask("ASK {}")[0].status for _ in range(10)] == [200] * 10
        # Of the bodies, only so many are waited for.
        response, body = server.request(
            "/sparql", method="POST", body="ASK {}", Content_Type="application/sparql-query"
        )
        assert response.status == 503, body
        assert response.headers["Retry-After"]
    finally:
        for client in slow:
            client.close()
    wait_for(
        lambda: (
            server.request("/sparql", method="POST", body="ASK {}", Content_Type="application/sparql-query")[
                0
            ].status
            == 200
        )
    )


def test_a_body_that_breaks_off_is_not_run(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
            b"Content-Length: 20\r\n\r\nASK {}"
        )
        client.shutdown(socket.SHUT_WR)
        answer = client.recv(1000)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_query_harms_nobody_else(server: Server, name: str) -> None:
    form = urlencode({"query": HOSTILE[name]})
    statuses = []

    def attack() -> None:
        response, _ = server.request(
            "/sparql", method="POST", body=form, Content_Type="application/x-www-form-urlencoded"
        )
        statuses.append(response.status)

    with load(server) as answers:
        attackers = [threading.Thread(target=attack) for _ in range(3)]
        for attacker in attackers:
            attacker.start()
        for attacker in attackers:
            attacker.join()
    assert set(statuses) <= {200, 400, 503}
    assert len(answers) > 3
    assert {status for status, _ in answers} == {200}


METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "BREW", "get", "", "G\x00T", "CONNECT", "TRACE", "PRI")
PATHS = (
    "/sparql?query=ASK%7B%7D",
    "/sparql?query=%ff%fe",
    "/sparql?query=%",
    "/sparql?timeout=nan&query=ASK%7B%7D",
    "/sparql?query=a&query=b",
    "/sparql?default-graph-uri=%00&query=ASK%7B%7D",
    "/id/%00",
    "/id/..%2f..%2fetc%2fpasswd",
    "/static/../../../../etc/passwd",
    "/static/%2e%2e/server.py",
    "//",
    "*",
    "http://other.example/",
    "/\xff",
    "/queries/%F0%9F",
    "/problem/" + "x" * 5000,
    "",
)
HEADERS = (
    "Host: x",
    "Host: x\r\nHost: y",
    "Accept: ;;;,q=9,*/*;q=x",
    "Accept: text/html",
    "Accept: \xff\xfe",
    "Accept-Encoding: ,,;q=",
    "Content-Type: application/sparql-query; charset=klingon",
    "Content-Type: application/sparql-query",
    "Content-Type: multipart/form-data",
    "Content-Type: application/x-www-form-urlencoded",
    "Content-Length: 5",
    "Content-Length: -1",
    "Content-Length: 1e3",
    "Content-Length: 99999999999999999999",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "If-None-Match: \x00",
    'If-None-Match: "',
    "If-Modified-Since: yesterday",
    "Range: bytes=9-1",
    "Expect: 100-continue",
    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings",
    'Forwarded: for=,;="',
    "X-Forwarded-For: ::::",
    "X-Request-Id: \t",
    " folded: yes",
    "no colon",
    ": empty",
)
BODIES = (
    "",
    "ASK {}",
    "query=ASK%7B%7D",
    "query=%",
    "\xff\x00" * 20,
    "5\r\nASK{}\r\n0\r\n\r\n",
    "ZZ\r\n",
    "-1\r\n\r\n",
)


def malformed(source: random.Random) -> bytes:
    """A request with something wrong with it, more often than not."""
    version = source.choice(("HTTP/1.1",) * 8 + ("HTTP/1.0", "HTTP/9.9", "HTTP/2.0", ""))
    lines = [f"{source.choice(METHODS)} {source.choice(PATHS)} {version}"]
    lines += [*source.sample(HEADERS, source.randint(0, 6)), "Connection: close"]
    request = ("\r\n".join(lines) + "\r\n\r\n" + source.choice(BODIES)).encode("latin-1")
    match source.randint(0, 9):
        case 0:
            return request[: source.randrange(len(request))]
        case 1:
            place = source.randrange(len(request))
            return request[:place] + source.randbytes(8) + request[place:]
        case 2:
            return source.randbytes(source.randint(1, 400))
    return request


def send_malformed(server: Server, count: int, seed: int) -> Counter[str]:
    """The statuses of the answers to ``count`` requests; "none" where the connection just ends."""
    source = random.Random(seed)
    statuses: Counter[str] = Counter()
    for _ in range(count):
        request = malformed(source)
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
            try:
                client.sendall(request)
                client.shutdown(socket.SHUT_WR)
                answer = client.recv(64)
            except (ConnectionResetError, BrokenPipeError):
                answer = b""
        status = answer[9:12].decode("latin-1") if answer.startswith(b"HTTP/1.") else "none"
        statuses[status] += 1
        assert status not in ("500", "502"), request
    return statuses


def check_malformed(server: Server, count: int) -> None:
    before = children_of(server.process.pid)
    statuses = send_malformed(server, count, seed=6)
    assert statuses["400"] > count / 20
    assert statuses["200"] > 0
    assert children_of(server.process.pid) == before
    assert server.ask("ASK {}")[0].status == 200


def test_malformed_requests_are_no_fault_of_the_server(server: Server) -> None:
    check_malformed(server, 600)


@pytest.mark.integration
def test_ten_thousand_malformed_requests(server: Server) -> None:
    check_malformed(server, 10_000)
