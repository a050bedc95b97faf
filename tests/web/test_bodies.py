"""Bodies of requests: what is received, and what a client that sends slowly is told."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.web.running_server import Server, serving

from tipgraph.web.bodies import Bodies, break_off
from tipgraph.web.limits import Limits


class Stalled(io.RawIOBase):
    """A body of which nothing comes until it is released."""

    def __init__(self) -> None:
        self.entered, self.released = threading.Event(), threading.Event()

    def read(self, size: int = -1) -> bytes:
        self.entered.set()
        self.released.wait()
        return b""


def environ(stream: Any, length: int | str | None) -> dict[str, Any]:
    return {"wsgi.input": stream, **({} if length is None else {"CONTENT_LENGTH": str(length)})}


def test_a_body_is_there_to_be_read_again() -> None:
    given = environ(io.BytesIO(b"x" * 200_000), 200_000)
    assert Bodies(Limits()).receive(given) is None
    assert given["wsgi.input"].read() == b"x" * 200_000
    assert given["wsgi.input"].seekable()


def test_a_body_without_a_length_is_read_as_far_as_bodies_may_go() -> None:
    given = environ(io.BytesIO(b"x" * 1000), None) | {"HTTP_TRANSFER_ENCODING": "chunked"}
    assert Bodies(Limits(body=100)).receive(given) is None
    assert given["CONTENT_LENGTH"] == "101"


@pytest.mark.parametrize("length", ["ten", "-1", "²"])
def test_a_length_that_is_none(length: str) -> None:
    problem = Bodies(Limits()).receive(environ(io.BytesIO(b"x"), length))
    assert problem is not None
    assert problem.status == 400


def test_a_body_that_ends_early_is_told() -> None:
    problem = Bodies(Limits()).receive(environ(io.BytesIO(b"short"), 10))
    assert problem is not None
    assert (problem.status, problem.kind.name) == (400, "bad-request")


def test_a_slow_body_gives_its_place_back() -> None:
    bodies = Bodies(Limits(bodies=1, body_timeout=0.05))
    stalled = Stalled()
    for _ in range(3):
        problem = bodies.receive(environ(stalled, 10))
        assert problem is not None
        assert (problem.status, problem.kind.name) == (408, "request-timeout")
    assert bodies.receive(environ(io.BytesIO(b"fast"), 4)) is None
    stalled.released.set()


def test_only_so_many_are_received_at_once() -> None:
    bodies, stalled = Bodies(Limits(bodies=2)), [Stalled(), Stalled()]
    with ThreadPoolExecutor(2) as threads:
        slow = [threads.submit(bodies.receive, environ(stream, 10)) for stream in stalled]
        for stream in stalled:
            assert stream.entered.wait(20)
        refused = bodies.receive(environ(io.BytesIO(b"fast"), 4))
        assert refused is not None
        assert (refused.status, refused.kind.name) == (503, "busy")
        for stream in stalled:
            stream.released.set()
        assert [problem.status for found in slow if (problem := found.result())] == [400, 400]


def test_many_bodies_at_once_come_to_their_requests() -> None:
    bodies = Bodies(Limits())

    def receive(number: int) -> bytes:
        content = str(number).encode() * 100
        given = environ(io.BytesIO(content), len(content))
        assert bodies.receive(given) is None
        found: bytes = given["wsgi.input"].read()
        return found

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(receive, range(500))) == [str(number).encode() * 100 for number in range(500)]


def test_an_answer_that_breaks_off_lacks_a_line_break() -> None:
    assert b"".join(break_off(b"{}\n")) == b"{}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data: Path = tmp_path_factory.mktemp("bodies") / "data.nt"
    data.write_text("<http://s> <http://p> <http://o> .\n", encoding="utf-8")
    with serving(
        "serve", "--port", "0", "--processes", "1", "--body-timeout", "1", "--data", str(data)
    ) as found:
        yield found


@pytest.mark.parametrize("trickles", [False, True], ids=["stalled", "byte by byte"])
def test_the_server_closes_the_connection_of_a_slow_client(server: Server, trickles: bool) -> None:
    answer = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=0.1) as client:
        client.sendall(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
            b"Content-Length: 100000\r\n\r\nASK {"
        )
        for _ in range(300):
            try:
                piece = client.recv(10_000)
            except TimeoutError:
                if trickles:
                    client.sendall(b" ")
                continue
            except ConnectionResetError:
                break
            if not piece:
                break
            answer += piece
        else:
            pytest.fail("the connection is still open")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nconnection: close\r\n" in head.lower()
    assert json.loads(body)["type"].endswith("/request-timeout")
    assert server.ask("ASK {}")[0].status == 200
