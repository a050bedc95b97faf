"""What stands before the application: limits for each client, the log, the counters, and how it is."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from werkzeug.test import Client, TestResponse

from tipgraph.web.clients import read_network
from tipgraph.web.guard import QUERY, Guard, Operation
from tipgraph.web.limits import Limits
from tipgraph.web.metrics import Metrics

PROXY = Operation(trusted_proxies=(read_network("10.0.0.0/8"),), log_requests=True)


class House:
    """A small application behind a guard."""

    def __init__(self, limits: Limits | None = None, operation: Operation = PROXY, log: Any = None) -> None:
        self.log = log or io.StringIO()
        self.metrics = Metrics()
        self.metrics.claim()
        self.is_ready = True
        self.asked = 0
        self.guard = Guard(
            self.answer,
            limits or Limits(),
            operation,
            self.metrics,
            is_ready=lambda: self.is_ready,
            gauges=lambda: {"idle_workers": 2},
            log=self.log,
        )

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.asked += 1
        environ[QUERY] = "ASK { ?secret ?p ?o }"
        if environ["PATH_INFO"] == "/bug":
            raise KeyError("hidden")
        start_response("200 OK", [("Content-Type", "text/plain"), ("Tipgraph-Cut", "?1")])
        return self.pieces() if environ["PATH_INFO"] == "/pieces" else [b"he", b"llo"]

    def pieces(self) -> Iterator[bytes]:
        yield b"one"
        yield b"two"

    def get(self, path: str = "/sparql", peer: str = "203.0.113.7", **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Client(self.guard).get(path, headers=named, environ_overrides={"REMOTE_ADDR": peer})

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


def test_a_request_is_a_line_without_its_query_and_without_whom_it_is_from() -> None:
    house = House()
    response = house.get("/sparql?query=secret")
    assert response.data == b"hello"
    (line,) = house.lines()
    assert line["path"] == "/sparql"
    assert (line["method"], line["status"], line["bytes"]) == ("GET", 200, 5)
    assert line["client"] == "203.0.113.0/24"
    assert line["id"] == response.headers["X-Request-Id"]
    assert "secret" not in house.log.getvalue()
    assert "203.0.113.7" not in house.log.getvalue()


def test_queries_are_logged_only_when_asked_for() -> None:
    house = House(operation=Operation(log_requests=True, log_queries=True))
    house.get()
    assert house.lines()[0]["query"] == "ASK { ?secret ?p ?o }"
    quiet = House(operation=Operation())
    quiet.get()
    assert quiet.log.getvalue() == ""


def test_a_line_break_in_a_path_makes_no_second_line() -> None:
    house = House()
    house.get("/a%0A%7B%22status%22:200%7D")
    (line,) = house.lines()
    assert line["path"] == '/a\n{"status":200}'


def test_an_id_is_taken_from_a_trusted_proxy_only() -> None:
    house = House()
    assert house.get(peer="10.0.0.1", X_Request_Id="abc-12345").headers["X-Request-Id"] == "abc-12345"
    for peer, given in (("203.0.113.7", "abc-12345"), ("10.0.0.1", "x"), ("10.0.0.1", 'abc"12345')):
        found = house.get(peer=peer, X_Request_Id=given).headers["X-Request-Id"]
        assert re.fullmatch(r"[0-9a-f]{32}", found)


def test_who_asks_too_often_is_refused_and_the_others_are_not() -> None:
    house = House(Limits(rate=0.01, burst=2))
    statuses = [house.get().status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = house.get()
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.content_type == "application/problem+json"
    problem = json.loads(refused.data)
    assert problem["type"].endswith("/too-many-requests")
    assert problem["instance"] == f"urn:request:{refused.headers['X-Request-Id']}"
    assert house.asked == 2
    assert house.get(peer="203.0.113.8").status_code == 200
    assert house.get(peer="10.0.0.1", X_Forwarded_For="198.51.100.1").status_code == 200
    assert house.get("/health").status_code == 200
    assert house.metrics.total("refused") == 2


def test_a_client_is_told_what_it_may_ask_and_when() -> None:
    house = House(Limits(rate=0.5, burst=2, concurrency=0))
    for left in ('"rate";r=1;t=2', '"rate";r=0;t=4'):
        answer = house.get()
        assert answer.headers["RateLimit-Policy"] == '"rate";q=2;w=4'
        assert answer.headers["RateLimit"] == left
        assert "Retry-After" not in answer.headers
    refused = house.get()
    # The same moment, in both headers.
    assert refused.headers["RateLimit"] == f'"rate";r=0;t={refused.headers["Retry-After"]}'
    exposed = refused.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= set(exposed)
    assert "RateLimit" not in house.get(peer="127.0.0.1").headers


def test_this_machine_is_not_limited() -> None:
    house = House(Limits(rate=0.01, burst=1))
    assert {house.get(peer="127.0.0.1").status_code for _ in range(20)} == {200}


def test_what_is_under_way_is_counted_until_it_is_sent() -> None:
    house = House(Limits(concurrency=1, rate=0))
    first = Client(house.guard).open("/pieces", environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    assert house.get().status_code == 429
    assert first.data == b"onetwo"
    first.close()
    assert house.get().status_code == 200
    assert [line["bytes"] for line in house.lines() if line["path"] == "/pieces"] == [6]


def test_who_finds_no_place_in_time_is_told_so() -> None:
    house = House(Limits(workers=1, slow_workers=0, pages=0, deadline=0.05, rate=0, concurrency=2))
    assert house.guard._places.acquire(timeout=0)
    for _ in range(3):
        refused = house.get()
        assert (refused.status_code, json.loads(refused.data)["type"].rpartition("/")[2]) == (503, "busy")
        assert refused.headers["Retry-After"] == "5"
    assert house.asked == 0
    house.guard._places.release()
    assert house.get().status_code == 200


def test_a_bug_takes_no_place_for_good() -> None:
    house = House(Limits(concurrency=1, rate=0))
    for _ in range(3):
        with pytest.raises(KeyError):
            house.get("/bug")
    assert house.lines()[-1]["status"] == 500
    assert house.get().status_code == 200


@pytest.mark.parametrize(
    ("path", "headers", "status", "name"),
    [
        ("/sparql?query=" + "x" * 20_000, {}, 414, "url-too-long"),
        ("/" + "x" * 20_000, {}, 414, "url-too-long"),
        ("/sparql", {"Accept": "x" * 40_000}, 431, "headers-too-large"),
        ("/sparql", {f"X-{n}": "x" * 200 for n in range(200)}, 431, "headers-too-large"),
    ],
    ids=["query", "path", "header", "headers"],
)
def test_what_is_too_long_is_refused(path: str, headers: dict[str, str], status: int, name: str) -> None:
    house = House()
    response = house.get(path, **headers)
    assert response.status_code == status
    assert json.loads(response.data)["type"].endswith(f"/{name}")
    assert house.asked == 0


def test_how_it_is() -> None:
    house = House()
    assert house.get("/health").json == {"status": "ok"}
    assert house.get("/ready").json == {"status": "ready"}
    house.is_ready = False
    assert house.get("/ready").status_code == 503
    assert house.get("/health").status_code == 200
    assert house.asked == 0


def test_metrics_are_for_this_machine_when_the_operator_says_so() -> None:
    assert House().get("/metrics", peer="127.0.0.1").data == b"hello"
    house = House(operation=Operation(serve_metrics=True))
    house.get()
    text = house.get("/metrics", peer="127.0.0.1").text
    assert 'tipgraph_requests_total{route="/sparql",status="200"} 1' in text
    assert "tipgraph_answers_cut_total 1" in text
    assert "tipgraph_idle_workers 2" in text
    for peer, headers in (("203.0.113.7", {}), ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"})):
        assert house.get("/metrics", peer=peer, **headers).data == b"hello"


def test_metrics_are_for_who_bears_the_token() -> None:
    house = House(operation=Operation(serve_metrics=True, metrics_token="sesame-é"))
    assert "sesame" not in repr(Operation(metrics_token="sesame"))
    assert house.get("/metrics", peer="127.0.0.1").data == b"hello"
    assert house.get("/metrics", Authorization="Bearer wrong").data == b"hello"
    house = House(operation=Operation(serve_metrics=True, metrics_token="sesame"))
    assert "tipgraph_" in house.get("/metrics", Authorization="Bearer sesame").text


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    house = House(log=Full())
    assert house.get().status_code == 200
