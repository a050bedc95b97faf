"""A small SPARQL 1.1 store on loopback, and peers that misbehave."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox

Reply = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Received:
    """A request as it arrived."""

    method: str
    path: str
    graph: str | None
    headers: dict[str, str]
    body: bytes


@dataclass
class SmallStore:
    """Answers queries, updates and the Graph Store Protocol, all at one address, and remembers requests."""

    store: ox.Store = field(default_factory=ox.Store)
    requests: list[Received] = field(default_factory=list)
    has_union: bool = False
    """Whether its default graph is the union of the named ones."""

    def __call__(self, request: Received) -> Reply:
        self.requests.append(request)
        kind = request.headers.get("content-type", "").partition(";")[0]
        if request.graph is not None:
            return self._graph_store(request, ox.NamedNode(request.graph))
        if kind == "application/sparql-update":
            try:
                self.store.update(request.body.decode())
            except SyntaxError as error:
                return 400, {"Content-Type": "text/plain"}, str(error).encode()
            return 204, {}, b""
        given = parse_qs(request.body.decode())
        default, named = given.get("default-graph-uri"), given.get("named-graph-uri")
        text = given["query"][0]
        try:
            results = self.store.query(
                text,
                default_graph=[ox.NamedNode(name) for name in default or ()] if default or named else None,
                named_graphs=[ox.NamedNode(name) for name in named or ()] if default or named else None,
                use_default_graph_as_union=self.has_union and not (default or named or "FROM" in text),
            )
        except SyntaxError as error:
            return 400, {"Content-Type": "text/plain"}, str(error).encode()
        if isinstance(results, ox.QueryTriples):
            content = results.serialize(format=ox.RdfFormat.N_TRIPLES)
            return 200, {"Content-Type": "application/n-triples"}, content or b""
        assert not isinstance(results, ox.QueryTriples)
        content = results.serialize(format=ox.QueryResultsFormat.JSON)
        return 200, {"Content-Type": "application/sparql-results+json"}, content or b""

    def _graph_store(self, request: Received, graph: ox.NamedNode) -> Reply:
        if request.method == "GET":
            if not self.store.contains_named_graph(graph):
                return 404, {"Content-Type": "text/plain"}, b"no such graph"
            content = self.store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=graph)
            return 200, {"Content-Type": "application/n-triples"}, content or b""
        if request.method == "PUT":
            self.store.remove_graph(graph)
        self.store.load(request.body, format=ox.RdfFormat.N_TRIPLES, to_graph=graph)
        return 204, {}, b""


@contextmanager
def peer_at(answer: Callable[[Received], Reply]) -> Iterator[str]:
    """The address at which ``answer`` answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            graph = parse_qs(parts.query).get("graph", [None])[0]
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = Received(self.command, parts.path, graph, headers, self.rfile.read(length))
            status, fields, content = answer(received)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), "Connection": "close", **fields}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # a client may have heard enough
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = _handle  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/store"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
