"""Another store over HTTP: what it says, and what becomes of its failures."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.peer_server import Received, Reply, SmallStore, peer_at

from tipgraph.errors import PeerError, PeerTimeoutError, UsageError
from tipgraph.peer import Login, Peer, PeerLimits

GRAPH = "http://e/g"
JSON = {"Content-Type": "application/sparql-results+json"}
COUNT = b'{"head":{"vars":["count"]},"results":{"bindings":[{"count":{"type":"literal","value":"7"}}]}}'


@contextmanager
def connected(
    answer: Callable[[Received], Reply], *, login: Login | None = None, limits: PeerLimits | None = None
) -> Iterator[tuple[Peer, list[float]]]:
    """A peer at which ``answer`` answers, and the pauses it makes, in seconds."""
    pauses: list[float] = []
    with peer_at(answer) as url:
        peer = Peer(url, graph_store=url, login=login, limits=limits, sleep=pauses.append)
        try:
            yield peer, pauses
        finally:
            peer.close()


def test_graphs_are_written_counted_and_read() -> None:
    with connected(SmallStore()) as (peer, _):
        assert (peer.count(GRAPH), peer.read_graph(GRAPH)) == (0, [])
        peer.write_graph(GRAPH, b'<http://e/a> <http://e/p> "x"@en .', replace=True, repeatable=True)
        peer.write_graph(GRAPH, b"<http://e/a> <http://e/p> _:b .", replace=False, repeatable=False)
        assert peer.count(GRAPH) == 2
        peer.write_graph(GRAPH, b'<http://e/a> <http://e/p> "y" .', replace=True, repeatable=True)
        assert [str(triple.object) for triple in peer.read_graph(GRAPH)] == ['"y"']


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>"), "it sent text/html"),
        ((200, {}, b""), "it sent no media type"),
        ((200, JSON, b'{"head":{"vars":["count"]},"results":{"bind'), "did not answer with a count"),
        ((200, JSON, b'{"head":{},"boolean":true}'), "did not answer with a count"),
        ((200, JSON, b'{"head":{"vars":[]},"results":{"bindings":[]}}'), "did not answer with a count"),
        ((200, JSON, b"\xff\xfe\x00"), "did not answer with a count"),
        ((200, {**JSON, "Content-Encoding": "gzip"}, b"no gzip"), "cannot be reached"),
        ((302, {"Location": "/store"}, b""), "answered POST with 302"),
        ((400, {"Content-Type": "text/plain"}, b"\nSP031: no\x1b[2J\nmore"), "400: SP031: no[2J"),
        ((500, {"Content-Type": "text/html"}, b"<html>trace"), "answered POST with 500"),
        ((200, {**JSON, "Content-Length": "9999"}, b"{}"), "cannot be reached"),
    ],
)
def test_nonsense_is_a_clear_error(reply: Reply, said: str) -> None:
    with connected(lambda _: reply) as (peer, _), pytest.raises(PeerError) as caught:
        peer.count(GRAPH)
    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_a_graph_that_is_no_n_triples_is_refused() -> None:
    html = (200, {"Content-Type": "text/html"}, b"<html>hello</html>")
    with connected(lambda _: html) as (peer, _), pytest.raises(PeerError, match="N-Triples"):
        peer.read_graph(GRAPH)


def test_an_endless_answer_is_cut() -> None:
    limits = PeerLimits(largest_answer=1000)
    with (
        connected(lambda _: (200, JSON, b" " * 5000), limits=limits) as (peer, _),
        pytest.raises(PeerError, match="sends more than 1,000 bytes"),
    ):
        peer.count(GRAPH)


def test_a_silent_store_is_not_waited_for() -> None:
    done = threading.Event()

    def wait(_: Received) -> Reply:
        done.wait(30)
        return 200, JSON, COUNT

    with connected(wait, limits=PeerLimits(seconds=0.1)) as (peer, _):
        with pytest.raises(PeerTimeoutError, match=r"did not answer within 0\.1 s"):
            peer.count(GRAPH)
        done.set()


def test_what_passes_is_tried_again_unless_that_could_do_harm() -> None:
    replies: list[Reply] = [(503, {}, b""), (429, {}, b""), (200, JSON, COUNT)]
    with connected(lambda _: replies.pop(0)) as (peer, pauses):
        assert peer.count(GRAPH) == 7
        assert pauses == [0.5, 1.0]
        replies[:] = [(503, {}, b"down"), (204, {}, b"")]
        with pytest.raises(PeerError, match="503"):
            peer.update("MOVE GRAPH <a:a> TO GRAPH <a:b>", repeatable=False)
        assert len(replies) == 1


def test_a_store_that_is_down_is_told() -> None:
    with peer_at(SmallStore()) as url:
        pass
    peer = Peer(url, sleep=lambda _: None)
    with pytest.raises(PeerError, match="cannot be reached"):
        peer.count(GRAPH)
    peer.close()


@pytest.mark.parametrize(
    ("challenge", "expected"),
    [
        ("Basic realm=x", "Basic " + base64.b64encode(b"dba:secret").decode()),
        ('Digest realm="x", nonce="n", qop="auth", algorithm=MD5', 'Digest username="dba"'),
    ],
)
def test_the_password_goes_only_where_it_is_asked_for(challenge: str, expected: str) -> None:
    seen: list[str | None] = []

    def ask(request: Received) -> Reply:
        given = request.headers.get("authorization")
        seen.append(given)
        if given is None or not given.startswith(expected):
            return 401, {"WWW-Authenticate": challenge}, b"who?"
        return 200, JSON, COUNT

    with connected(ask, login=Login("dba", "secret")) as (peer, _):
        assert (peer.count(GRAPH), peer.count(GRAPH)) == (7, 7)
    assert seen[0] is None
    assert seen[-1] is not None
    assert all(value is None or "secret" not in value for value in seen)


def test_a_token_is_a_bearer_and_neither_is_ever_shown() -> None:
    store = SmallStore()
    login = Login(token="t0ken", password="secret")
    with connected(store, login=login) as (peer, _):
        peer.count(GRAPH)
    assert store.requests[0].headers["authorization"] == "Bearer t0ken"
    assert "t0ken" not in repr(login)
    assert "secret" not in repr(login)


@pytest.mark.parametrize("url", ["http://me:secret@h/", "ftp://h/", "h/sparql", "http://", "http://[::1/"])
def test_addresses_that_cannot_be_used_are_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Peer(url)
    assert "secret" not in caught.value.message
