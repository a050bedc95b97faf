"""What stands before the application: who may ask, what is logged and counted, and whether all is well.

A WSGI layer, so that a refusal costs next to nothing. It answers ``/health``, ``/ready`` and, where it is
asked to, ``/metrics`` itself.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TextIO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from tipgraph.web.accounts import Accounts, Standing
from tipgraph.web.bodies import SLOW, Bodies, break_off
from tipgraph.web.clients import Client, Clients, Network, is_trusted
from tipgraph.web.limits import Limits
from tipgraph.web.metrics import Metrics
from tipgraph.web.places import Places
from tipgraph.web.problems import KINDS, PROBLEM_JSON, Problem
from tipgraph.web.restraint import CROSS_ORIGIN

REQUEST_ID: Final = "tipgraph.request_id"
"""Where a WSGI environ holds the id of the request."""
QUERY: Final = "tipgraph.query"
"""Where the application leaves the text of a query, for the log."""
_ID: Final = re.compile(r"[A-Za-z0-9._:-]{8,128}\Z")


@dataclass(frozen=True)
class Operation:
    """How an operator runs the server."""

    trusted_proxies: tuple[Network, ...] = ()
    """Those whose word is taken for who a request is from."""
    services: frozenset[str] = frozenset()
    """The endpoints that a query may call with SERVICE."""
    log_requests: bool = False
    """Whether each request is a line of JSON on stderr."""
    log_queries: bool = False
    """Whether that line holds the text of the query too, which may tell much about who asked it."""
    serve_metrics: bool = False
    """Whether ``/metrics`` is there: for this machine, and for who bears the token."""
    metrics_token: str | None = field(default=None, repr=False)
    write_token: str | None = field(default=None, repr=False)
    """Who bears it may run updates, where the graph lies in a store that takes them; ``None`` for nobody."""
    drain: float = 0.0
    """Seconds for which requests are still answered after SIGTERM, while ``/ready`` says that they end."""


class Guard:
    """The application behind limits for each client, with a log and counters."""

    def __init__(
        self,
        application: WSGIApplication,
        limits: Limits,
        operation: Operation,
        metrics: Metrics,
        *,
        is_ready: Callable[[], bool],
        gauges: Callable[[], dict[str, float]] = dict,
        accounts: Accounts | None = None,
        log: TextIO | None = None,
    ) -> None:
        self._application = application
        self._limits = limits
        self._operation = operation
        self._metrics = metrics
        self._is_ready = is_ready
        self._gauges = gauges
        self._accounts = Accounts(limits) if accounts is None else accounts
        self._accounts.claim()
        self._log = log or sys.stderr
        self._clients = Clients(operation.trusted_proxies)
        self._bodies = Bodies(limits)
        self._places = Places(limits.places)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The answer of the application, unless the request is over a limit."""
        started = time.perf_counter()
        trusted = self._operation.trusted_proxies
        given = environ.get("HTTP_X_REQUEST_ID", "")
        number = given if _ID.match(given) and is_trusted(environ, trusted) else os.urandom(16).hex()
        environ[REQUEST_ID] = number
        client = self._clients.find(environ)
        account = None if client.is_local else client.key
        standing: Standing | None = None
        status, size = 0, 0

        def begin(line: str, headers: list[tuple[str, str]], error: Any = None) -> Callable[[bytes], object]:
            nonlocal status
            status = int(line[:3])
            if any(name == "Tipgraph-Cut" for name, _ in headers):
                self._metrics.add("cut")
            headers.append(("X-Request-Id", number))
            if standing is not None:
                headers.extend(standing.headers())
            return start_response(line, headers, error)

        def finish() -> None:
            seconds = time.perf_counter() - started
            self._metrics.finish(environ.get("PATH_INFO", ""), status, seconds, size)
            if self._operation.log_requests:
                self._write_line(environ, client, status, size, seconds)

        self._metrics.begin()
        if own := self._answer_itself(environ, client):
            code, kind, content = own
            begin(code, [("Content-Type", kind), ("Content-Length", str(len(content))), *_NEVER_STORED])
            size = len(content)
            finish()
            return [b"" if environ["REQUEST_METHOD"] == "HEAD" else content]
        problem = self._check_head(environ)
        retry_after = None
        if problem is None and account is not None:
            standing = self._accounts.enter(account)
            if standing.refusal is not None:
                problem = _problem("too-many-requests", standing.refusal.reason, "ask more slowly")
                retry_after = standing.refusal.retry_after
        if problem is None and (problem := self._receive(environ)) is not None:
            retry_after = problem.kind.retry_after
            if account is not None:
                self._accounts.leave(account)
        if problem is not None:
            content = (json.dumps(problem.to_json() | {"instance": f"urn:request:{number}"}) + "\n").encode()
            headers = [("Content-Type", PROBLEM_JSON), ("Content-Length", str(len(content))), *_NEVER_STORED]
            headers.extend(CROSS_ORIGIN)
            if retry_after is not None:
                self._metrics.add("refused")
                headers.append(("Retry-After", str(retry_after)))
            if problem.kind.name == SLOW:
                headers.append(("Connection", "close"))
            begin(f"{problem.status} {problem.kind.title}", headers)
            size = len(content)
            finish()
            if problem.kind.name == SLOW:
                return break_off(content)
            return [b"" if environ["REQUEST_METHOD"] == "HEAD" else content]

        def leave() -> None:
            finish()
            if account is not None:
                self._accounts.leave(account)

        try:
            answer = self._application(environ, begin)
        except BaseException:
            status = 500
            leave()
            raise
        finally:
            self._places.release()
        if isinstance(answer, list):
            size = sum(map(len, answer))
            leave()
            return answer

        def count(piece: bytes) -> None:
            nonlocal size
            size += len(piece)

        return _Watched(answer, count, leave)

    def _answer_itself(self, environ: WSGIEnvironment, client: Client) -> tuple[str, str, bytes] | None:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return None
        match environ.get("PATH_INFO"):
            case "/health":
                return "200 OK", "application/json", b'{"status":"ok"}\n'
            case "/ready":
                if self._is_ready():
                    return "200 OK", "application/json", b'{"status":"ready"}\n'
                return "503 Service Unavailable", "application/json", b'{"status":"not ready"}\n'
            case "/metrics" if self._operation.serve_metrics and self._may_read_metrics(environ, client):
                content = self._metrics.write(self._gauges()).encode()
                return "200 OK", "text/plain; version=0.0.4; charset=utf-8", content
        return None

    def _may_read_metrics(self, environ: WSGIEnvironment, client: Client) -> bool:
        token = self._operation.metrics_token
        if token is not None:
            given = environ.get("HTTP_AUTHORIZATION", "")
            return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
        # A proxy that was not named, and speaks for all the world, says at least that it is one.
        hints = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_VIA")
        return client.is_local and not any(name in environ for name in hints)

    def _receive(self, environ: WSGIEnvironment) -> Problem | None:
        """Receive the body, then take a place, which the caller gives back."""
        problem = self._bodies.receive(environ)
        if problem is None and not self._places.acquire(timeout=self._limits.deadline):
            return _problem("busy", "the server is busy: too many requests wait", "ask again in a moment")
        return problem

    def _check_head(self, environ: WSGIEnvironment) -> Problem | None:
        limits = self._limits
        length = len(environ.get("PATH_INFO", "")) + len(environ.get("QUERY_STRING", "")) + 1
        if length > limits.url:
            return _problem(
                "url-too-long", f"the address is longer than {limits.url:,} bytes", "send the query with POST"
            )
        fields = sum(len(name) + len(value) for name, value in environ.items() if name.startswith("HTTP_"))
        if fields > limits.headers:
            return _problem("headers-too-large", f"the headers are larger than {limits.headers:,} bytes")
        return None

    def _write_line(
        self, environ: WSGIEnvironment, client: Client, status: int, size: int, seconds: float
    ) -> None:
        line: dict[str, object] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "id": environ[REQUEST_ID],
            "client": _shorten(client),
            "method": environ.get("REQUEST_METHOD"),
            "path": environ.get("PATH_INFO"),
            "status": status,
            "bytes": size,
            "ms": round(1000 * seconds, 1),
        }
        if self._operation.log_queries and QUERY in environ:
            line["query"] = environ[QUERY]
        try:
            # One call, so that lines of several threads and processes do not mix.
            self._log.write(json.dumps(line) + "\n")
            self._log.flush()
        except OSError:
            # The disk is full, or who read the log is gone: no reason to stop answering.
            return


_NEVER_STORED: Final = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]


def _problem(name: str, detail: str, hint: str | None = None) -> Problem:
    kind = KINDS[name]
    return Problem(kind, kind.status, detail, hint)


def _shorten(client: Client) -> str | None:
    """The network of a client, which tells a person from no other: /24 of IPv4, /48 of IPv6."""
    if client.address is None:
        return None
    kept = 24 if client.address.version == 4 else 48
    bits = client.address.max_prefixlen - kept
    return f"{type(client.address)(int(client.address) >> bits << bits)}/{kept}"


class _Watched:
    """An answer in pieces that counts them, and says when it is over."""

    def __init__(
        self, pieces: Iterable[bytes], count: Callable[[bytes], None], leave: Callable[[], None]
    ) -> None:
        self._pieces = pieces
        self._count = count
        self._leave: Callable[[], None] | None = leave

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._count(piece)
            yield piece

    def close(self) -> None:
        if hasattr(self._pieces, "close"):
            self._pieces.close()
        if self._leave is not None:
            self._leave()
            self._leave = None
