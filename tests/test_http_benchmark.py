"""The benchmark of servers: the client counts what was answered whole, and answers are held equal first."""

from __future__ import annotations

import itertools
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
from benchmarks import serving
from benchmarks.http_mix import Mix, engine_rate, mixed_queries, read_answer, write_data
from benchmarks.load_client import HOST, drive, get_request, percentile, post_request
from benchmarks.measuring import MismatchError
from benchmarks.queries import request_default
from benchmarks.servers import TRIVIAL, ServerKind, ask, running
from benchmarks.serving import agree

from tipgraph import KnowledgeGraph
from tipgraph.sparql.results import SelectResult

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.open(ROOT)


@contextmanager
def server_that_sends(*answers: list[bytes]) -> Iterator[int]:
    """The port of a server that gives one answer after another, in pieces; an empty one closes."""
    left = iter(answers)
    lock = threading.Lock()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            while line := self.rfile.readline():
                if line != b"\r\n":
                    continue
                with lock:
                    pieces = next(left, [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
                if not pieces:
                    return
                for piece in pieces:
                    self.wfile.write(piece)
                    self.wfile.flush()

    with ThreadingTCPServer((HOST, 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "failures"),
    [
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"], {}),
        ([b"HTTP/1.1 200 OK\r\ncontent-le", b"ngth: 4\r\n\r\n{}", b"{}"], {}),
        ([CHUNKED + b"2\r\n{}\r\n", b"0\r\n", b"\r\n"], {}),
        ([CHUNKED, b"0\r\n\r\n"], {}),
        ([b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\n{}"], {"503": 1}),
        ([], {"ConnectionError": 1}),
        ([b"HTTP/1.1 200 OK\r\n\r\n"], {"ConnectionError": 1}),
    ],
)
def test_an_answer_counts_when_it_is_whole_and_well(answer: list[bytes], failures: dict[str, int]) -> None:
    with server_that_sends(answer) as port:
        done = drive(
            port, [get_request("/", "ASK {}")], itertools.repeat(0), clients=1, seconds=0.2, limit=20
        )
    assert done.failures == failures
    assert done.times
    assert done.throughput == pytest.approx(len(done.times) / done.seconds)


def test_an_answer_that_does_not_come_is_a_failure_and_others_are_counted() -> None:
    with server_that_sends([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"]) as port:
        done = drive(
            port, [get_request("/", "ASK {}")], itertools.repeat(0), clients=2, seconds=0.6, limit=0.1
        )
    assert done.failures == {"no answer in 0.1 s": 1}
    assert done.times


def test_clients_rest_between_their_requests() -> None:
    with server_that_sends() as port:
        requests = [get_request("/", "ASK {}")]
        done = drive(port, requests, itertools.repeat(0), clients=2, seconds=0.5, limit=20, pause=0.2)
    assert 2 <= len(done.times) <= 6


def test_requests_are_those_of_the_sparql_protocol() -> None:
    assert b"GET /sparql?query=ASK%20%7B%7D HTTP/1.1\r\n" in get_request("/sparql", "ASK {}")
    head, _, body = post_request("/sparql", "ASK { ?ä ?b ?c }").partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head


def test_percentiles_are_those_of_the_nearest_rank() -> None:
    times = [float(n) for n in range(100, 0, -1)]
    assert [percentile(times, share) for share in (0.5, 0.95, 0.99)] == [50, 95, 99]
    assert percentile([3.0], 0.99) == 3.0


def test_a_mix_asks_each_query_as_often_in_an_order_that_its_seed_tells() -> None:
    mix = Mix(dict.fromkeys("abcdef", "ASK {}"))
    orders = [list(islice(mix.order(seed), 12)) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0][:6]) == sorted(orders[0][6:]) == list(range(6))


def test_the_texts_of_the_mix_ask_what_the_library_asks(graph: KnowledgeGraph) -> None:
    texts = mixed_queries(graph)
    for query in graph.queries():
        wanted = graph.run(request_default(graph, query))
        found = graph.select(texts[query.name])
        assert isinstance(wanted, SelectResult)
        assert len(found) == len(wanted.rows), query.name
    assert len(texts) > len(graph.queries())


def test_the_quads_that_peers_are_given_are_merged_in_the_default_graph(
    graph: KnowledgeGraph, tmp_path: Path
) -> None:
    path = tmp_path / "served.nq"
    number = write_data(graph, path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(set(lines)) == number
    in_default = {line.removesuffix(" .") for line in lines if not line.endswith("> .")}
    assert len(in_default) > 1000


def test_the_engine_is_asked_in_each_process(graph: KnowledgeGraph, tmp_path: Path) -> None:
    write_data(graph, tmp_path / "data.nq")
    mix = Mix({"one": "ASK {}", "graphs": "SELECT ?g { GRAPH ?g { ?s a ?c } } LIMIT 1"})
    assert engine_rate(tmp_path / "data.nq", mix, 0.2) > 10


def test_rows_are_compared_whatever_their_order_and_the_names_of_blank_nodes() -> None:
    def answer(*rows: str) -> bytes:
        return f'{{"head":{{"vars":["a"]}},"results":{{"bindings":[{",".join(rows)}]}}}}'.encode()

    one, other = '{"a":{"type":"literal","value":"x"}}', '{"a":{"type":"bnode","value":"n"}}'
    renamed = '{"a":{"type":"bnode","value":"m"}}'
    assert read_answer(answer(one, other), "") == read_answer(answer(renamed, one), "")
    assert read_answer(answer(one), "") != read_answer(answer(one, one), "")
    assert read_answer(b'{"head":{},"boolean":true}', "") == Counter(["true"])


def test_a_server_that_answers_otherwise_ends_the_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, dict[str, Counter[str] | str]] = {
        "first": {"one": Counter("ab"), "slow": Counter("a")},
        "second": {"one": Counter("ba"), "slow": "refused with 400"},
        "third": {"one": Counter("abb")},
    }
    monkeypatch.setattr(
        serving, "_answers", lambda kind, queries, data: [(name, given[kind.name][name]) for name in queries]
    )

    queries = {"one": "", "slow": ""}
    first, second, third = (ServerKind(name, (), "/") for name in given)
    mix = agree([first, second], queries, Path(), lambda line: None)
    assert list(mix.queries) == ["one"]
    assert mix.left_out == {"slow": "second: refused with 400"}
    assert mix.rows == 2
    with pytest.raises(MismatchError, match="third does not answer one as first: 0 missing, 1 more"):
        agree([first, second, third], queries, Path(), lambda line: None)


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of processes is read from /proc")
def test_a_server_is_started_asked_measured_and_ended(tmp_path: Path) -> None:
    with running(TRIVIAL, tmp_path / "none.nq", ROOT) as server:
        status, body = ask(server, "ASK {}", 20)
        memory = server.memory()
    assert (status, len(body)) == (200, 2000)
    assert memory is not None
    assert 2**20 < memory.shared_once <= memory.resident
    with pytest.raises(ConnectionRefusedError):
        ask(server, "ASK {}", 20)
