"""Answers kept as bytes: the graph does not change while it is served, so neither does an answer.

A WSGI layer before the application. A process that serves new data has a cache of its own, so nothing is ever
out of date.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Headers: TypeAlias = list[tuple[str, str]]

_HEADERS_THAT_MATTER: Final = ("HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_HOST", "wsgi.url_scheme")
"""What an answer depends on beside the address: its format, its coding, and the links in it."""
_NOT_OF_304: Final = frozenset({"content-type", "content-length", "content-encoding"})
_LARGEST_SHARE: Final = 16
"""An answer that would take more than this part of the cache is not kept."""
_LARGEST_BODY: Final = 16 << 10
"""Bytes of a request body that are read to find its answer."""


@dataclass(frozen=True)
class _Kept:
    status: str
    headers: Headers
    content: bytes
    etag: str | None

    @property
    def size(self) -> int:
        return len(self.content) + sum(len(name) + len(value) for name, value in self.headers)


class ResponseCache:
    """``application`` with its answers kept in ``most_bytes`` of memory, those asked for last."""

    def __init__(self, application: WSGIApplication, most_bytes: int) -> None:
        self._application = application
        self._most = most_bytes
        self._kept: OrderedDict[tuple[Any, ...], _Kept] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The answer that is kept, else that of the application."""
        key = _key(environ)
        if key is None:
            return self._application(environ, start_response)
        found = self._find(key)
        if found is not None:
            return _send(found, environ, start_response)
        return self._ask(key, environ, start_response)

    def _find(self, key: tuple[Any, ...]) -> _Kept | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def _ask(
        self, key: tuple[Any, ...], environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        status, told = "", list[tuple[str, str]]()

        def begin(line: str, headers: Headers, error: Any = None) -> Any:
            nonlocal status, told
            # What comes after may add to the list.
            status, told = line, list(headers)
            return start_response(line, headers, error)

        answer = self._application(environ, begin)
        if not self._may_keep(status, told):
            return answer
        try:
            content = b"".join(answer)
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
        etag = next((value for name, value in told if name.lower() == "etag"), None)
        self._keep(key, _Kept(status, told, content, etag))
        return [content]

    def _may_keep(self, status: str, headers: Headers) -> bool:
        if not status.startswith("200"):
            return False
        said = {name.lower(): value for name, value in headers}
        length = said.get("content-length", "")
        return (
            "set-cookie" not in said
            and "no-store" not in said.get("cache-control", "")
            and length.isdigit()
            and int(length) <= self._most // _LARGEST_SHARE
        )

    def _keep(self, key: tuple[Any, ...], answer: _Kept) -> None:
        with self._lock:
            old = self._kept.pop(key, None)
            self._size += answer.size - (old.size if old else 0)
            self._kept[key] = answer
            while self._size > self._most:
                _, dropped = self._kept.popitem(last=False)
                self._size -= dropped.size


def _key(environ: WSGIEnvironment) -> tuple[Any, ...] | None:
    """What the answer depends on; ``None`` for a request whose answer is not kept."""
    method, body = environ["REQUEST_METHOD"], b""
    if method == "POST":
        length = environ.get("CONTENT_LENGTH") or ""
        if not length.isdigit() or int(length) > _LARGEST_BODY or environ.get("PATH_INFO") != "/sparql":
            return None
        stream = environ["wsgi.input"]
        if not stream.seekable():
            return None
        body = stream.read()
        stream.seek(0)
    elif method not in ("GET", "HEAD"):
        return None
    return (
        method,
        environ.get("PATH_INFO"),
        environ.get("QUERY_STRING"),
        environ.get("CONTENT_TYPE"),
        body,
        *(environ.get(name) for name in _HEADERS_THAT_MATTER),
    )


def _send(kept: _Kept, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    wanted = environ.get("HTTP_IF_NONE_MATCH")
    if wanted and kept.etag and environ["REQUEST_METHOD"] != "POST" and _matches(wanted, kept.etag):
        start_response(
            "304 Not Modified", [pair for pair in kept.headers if pair[0].lower() not in _NOT_OF_304]
        )
        return [b""]
    start_response(kept.status, list(kept.headers))
    return [kept.content]


def _matches(wanted: str, etag: str) -> bool:
    """Whether ``If-None-Match`` names the entity tag, compared weakly (RFC 9110, section 13.1.2)."""
    tags = {tag.strip().removeprefix("W/") for tag in wanted.split(",")}
    return "*" in tags or etag.removeprefix("W/") in tags
