"""Endpoints that a query may call: only those named, only at public addresses, only for so long."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tipgraph.errors import ServiceFailedError, ServiceRefusedError, UsageError
from tipgraph.graph import KnowledgeGraph
from tipgraph.sparql.execution import QueryRequest
from tipgraph.web import federation
from tipgraph.web.answers import EncodedAnswer, EndpointRequest, answer_from
from tipgraph.web.federation import FederatingExecutor, check_endpoint, is_public
from tipgraph.web.limits import Limits
from tipgraph.web.workers import InProcess

ANSWER = json.dumps(
    {"head": {"vars": ["x"]}, "results": {"bindings": [{"x": {"type": "literal", "value": "1"}}]}}
)


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2001:0:7f00:1::1",
        "::127.0.0.1",
    ],
)
def test_an_address_that_is_not_public(ip: str) -> None:
    assert not is_public(ip)


@pytest.mark.parametrize("ip", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address(ip: str) -> None:
    assert is_public(ip)


@pytest.mark.parametrize(
    "url", ["ftp://a/", "http://", "/sparql", "http://u:p@a/", "http://a:99999/", "http://[a/"]
)
def test_what_is_no_endpoint(url: str) -> None:
    with pytest.raises(UsageError):
        check_endpoint(url)


class Peer(ThreadingHTTPServer):
    """An endpoint at loopback that answers as a test wants it to."""

    daemon_threads = True

    def __init__(self) -> None:
        self.act: Callable[[BaseHTTPRequestHandler], None] = reply
        self.asked: list[bytes] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://peer.example:{self.server_port}/sparql"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Peer)
        self.server.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.act(self)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def reply(
    handler: BaseHTTPRequestHandler, status: int = 200, body: bytes = ANSWER.encode(), **headers: str
) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


Ask = Callable[[str], bytes]


def asking(graph: KnowledgeGraph, peer: Peer, resolved: list[str], limits: Limits | None = None) -> Ask:
    limits = limits or Limits()
    executor = FederatingExecutor(
        InProcess(answer_from(graph, limits, frozenset([peer.url]))), limits, lambda host, port: resolved
    )

    def ask(text: str) -> bytes:
        found = executor.run(EndpointRequest(QueryRequest(text), "text/csv"))
        assert isinstance(found, EncodedAnswer)
        return found.content

    return ask


@pytest.fixture
def ask(own_graph: KnowledgeGraph, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Asks as if loopback were a public address."""
    monkeypatch.setattr(federation, "is_public", lambda ip: True)
    return asking(own_graph, peer, ["127.0.0.1"], Limits(deadline=1))


def test_an_endpoint_that_is_named_is_called(ask: Ask, peer: Peer) -> None:
    assert ask(f"SELECT ?x {{ SERVICE <{peer.url}> {{ ?a ?b ?x }} }}") == b"x\r\n1\r\n"
    assert len(peer.asked) == 1
    assert ask("SELECT ?x { VALUES ?x { 2 } }") == b"x\r\n2\r\n"


def test_an_address_that_is_not_public_stays_refused(own_graph: KnowledgeGraph, peer: Peer) -> None:
    for resolved in (["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], []):
        for silent in ("", "SILENT "):
            with pytest.raises(ServiceRefusedError, match="public internet"):
                asking(own_graph, peer, resolved)(
                    f"SELECT * {{ SERVICE {silent}<{peer.url}> {{ ?a ?b ?x }} }}"
                )
    assert peer.asked == []


def test_the_name_is_resolved_once(
    own_graph: KnowledgeGraph, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError("no")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(ServiceFailedError, match="no"):
        asking(own_graph, peer, ["8.8.8.8"])(f"SELECT * {{ SERVICE <{peer.url}> {{ ?a ?b ?x }} }}")
    assert connected == [("8.8.8.8", peer.server_port)]


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(b" ")
            time.sleep(0.05)
    except OSError:
        return


def flood(handler: BaseHTTPRequestHandler) -> None:
    try:
        reply(handler, body=b" " * (5 << 20))
    except OSError:
        return


@pytest.mark.parametrize(
    "act",
    [
        lambda handler: reply(handler, 302, b"", Location="http://127.0.0.1:1/"),
        lambda handler: reply(handler, 500),
        lambda handler: reply(handler, body=b"<html>"),
        drip,
        flood,
    ],
    ids=["redirect", "error", "nonsense", "drip", "flood"],
)
def test_a_peer_that_misbehaves(ask: Ask, peer: Peer, act: Callable[[BaseHTTPRequestHandler], None]) -> None:
    peer.act = act
    started = time.monotonic()
    with pytest.raises(ServiceFailedError):
        ask(f"SELECT * {{ SERVICE <{peer.url}> {{ ?a ?b ?x }} }}")
    assert (
        ask(f"SELECT ?y {{ SERVICE SILENT <{peer.url}> {{ ?a ?b ?x }} VALUES ?y {{ 3 }} }}") == b"y\r\n3\r\n"
    )
    assert time.monotonic() - started < 15
    peer.act = reply
    assert ask(f"SELECT ?x {{ SERVICE <{peer.url}> {{ ?a ?b ?x }} }}") == b"x\r\n1\r\n"


def test_a_query_calls_only_so_often(ask: Ask, peer: Peer) -> None:
    with pytest.raises(ServiceRefusedError, match="more than 4"):
        ask(f"SELECT * {{ {f'SERVICE <{peer.url}> {{ ?a ?b ?x }} ' * 5} }}")
    assert peer.asked == []
