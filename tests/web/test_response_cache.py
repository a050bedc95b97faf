"""Answers that are kept are those that the application gave, to who asks the same."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from tipgraph.web.response_cache import ResponseCache

Ask = Callable[..., tuple[str, dict[str, str], bytes]]


class Application:
    """Answers with the number of the call, and says so in its headers."""

    def __init__(self) -> None:
        self.calls = 0
        self.closed = 0
        self.status = "200 OK"
        self.extra: dict[str, str] = {}
        self.content = b""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Any:
        self.calls += 1
        content = self.content or str(self.calls).encode() + environ["wsgi.input"].read()
        headers = {"Content-Length": str(len(content)), "Content-Type": "text/plain", "ETag": '"e"'}
        start_response(self.status, list((headers | self.extra).items()))
        return _Answer([content], self)


class _Answer(list[bytes]):
    def __init__(self, content: list[bytes], application: Application) -> None:
        super().__init__(content)
        self._application = application

    def close(self) -> None:
        self._application.closed += 1


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def ask(application: Application) -> Ask:
    cache = ResponseCache(application, 16_000)

    def call(path: str = "/sparql", method: str = "GET", body: bytes = b"", **other: str) -> Any:
        told: list[Any] = []
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path.partition("?")[0],
            "QUERY_STRING": path.partition("?")[2],
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
            **other,
        }

        def begin(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
            told.extend((status, dict(headers)))
            return told.append

        answer = cache(environ, begin)
        return told[0], told[1], b"".join(answer)

    return call


def test_who_asks_the_same_gets_the_same(ask: Ask, application: Application) -> None:
    first = ask("/sparql?query=a")
    assert ask("/sparql?query=a") == first
    assert (application.calls, application.closed) == (1, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/sparql?query=b"},
        {"path": "/id/x"},
        {"HTTP_ACCEPT": "text/csv"},
        {"HTTP_ACCEPT_ENCODING": "gzip"},
        {"HTTP_HOST": "other.example"},
        {"wsgi.url_scheme": "https"},
        {"method": "HEAD"},
    ],
)
def test_what_the_answer_depends_on_tells_requests_apart(
    ask: Ask, application: Application, other: dict[str, str]
) -> None:
    first = ask(path="/sparql?query=a")
    assert ask(**({"path": "/sparql?query=a"} | other)) != first
    assert application.calls == 2


def test_queries_that_are_posted_are_kept_by_their_text(ask: Ask, application: Application) -> None:
    first = ask(method="POST", body=b"one")
    assert first[2] == b"1one"
    assert ask(method="POST", body=b"two")[2] == b"2two"
    assert ask(method="POST", body=b"one") == first
    assert ask("/validate", method="POST", body=b"one")[2] == b"3one"
    assert ask("/validate", method="POST", body=b"one")[2] == b"4one"
    assert ask(method="POST", body=b"x" * 20_000)[2].startswith(b"5")
    assert ask(method="POST", body=b"x" * 20_000)[2].startswith(b"6")


@pytest.mark.parametrize(
    ("status", "extra"),
    [
        ("404 Not Found", {}),
        ("503 Service Unavailable", {}),
        ("200 OK", {"Cache-Control": "no-store"}),
        ("200 OK", {"Set-Cookie": "a=b"}),
    ],
)
def test_some_answers_are_not_kept(
    ask: Ask, application: Application, status: str, extra: dict[str, str]
) -> None:
    application.status, application.extra = status, extra
    ask("/x")
    ask("/x")
    assert application.calls == 2


def test_other_methods_go_through(ask: Ask, application: Application) -> None:
    ask("/x", method="OPTIONS")
    ask("/x", method="OPTIONS")
    assert application.calls == 2


@pytest.mark.parametrize(
    ("tag", "matches"), [('"e"', True), ('W/"e"', True), ('"x", "e"', True), ('"x"', False)]
)
def test_who_has_it_already_is_told(ask: Ask, tag: str, matches: bool) -> None:
    ask("/x")
    status, headers, content = ask("/x", HTTP_IF_NONE_MATCH=tag)
    if matches:
        assert (status, content) == ("304 Not Modified", b"")
        assert headers == {"ETag": '"e"'}
    else:
        assert (status, content) == ("200 OK", b"1")


def test_memory_is_bounded_and_what_was_asked_last_stays(ask: Ask, application: Application) -> None:
    application.content = b"x" * 900
    for number in range(30):
        ask(f"/x?{number}")
        ask("/x?0")
    assert application.calls == 30
    ask("/x?29")
    assert application.calls == 30
    ask("/x?1")
    assert application.calls == 31


def test_a_large_answer_is_passed_on_and_not_kept(ask: Ask, application: Application) -> None:
    application.content = b"x" * 2_000
    assert ask("/x")[2] == application.content
    assert ask("/x")[2] == application.content
    assert application.calls == 2
