"""Another SPARQL 1.1 store, spoken to over HTTP: SPARQL 1.1 Protocol and Graph Store Protocol.

Answers are bounded in size and time, redirects are not followed, and what is no answer of the kind that was
asked for is not believed. Failures are ``PeerError`` and ``PeerTimeoutError``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpx
import pyoxigraph as ox

from tipgraph.breaker import Breaker
from tipgraph.errors import BusyError, PeerError, PeerTimeoutError, QueryError, UsageError
from tipgraph.protocol import N_TRIPLES, RESULTS_JSON, PeerAnswer, PeerQuery

_PASSING: Final = frozenset({429, 502, 503, 504})
"""The statuses that may be another one soon."""
_BUSY: Final = frozenset({429, 503})
_TRIES: Final = 4
_LONGEST_CONNECT: Final = 10.0
_LONGEST_MESSAGE: Final = 200


@dataclass(frozen=True)
class Login:
    """What the peer knows the client by: user and password, or a token, or nothing."""

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class PeerLimits:
    """How much of a peer is borne."""

    seconds: float = 120.0
    """For one answer, from the request to its last byte."""
    largest_answer: int = 1 << 30
    """Bytes."""
    pause: float = 0.5
    """Seconds before the second try; each further one is twice as long after."""


class Peer:
    """A store at ``endpoint``, where it is queried; ``updates`` and ``graph_store`` are where it is written.

    Raises ``UsageError`` on an address that is none of HTTP, or that holds a password.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        updates: str | None = None,
        graph_store: str | None = None,
        login: Login | None = None,
        limits: PeerLimits | None = None,
        breaker: Breaker | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.endpoint: Final = _check_address(endpoint)
        self.updates: Final = _check_address(updates or endpoint)
        self.graph_store: Final = _check_address(graph_store) if graph_store else None
        self._limits: Final = limits or PeerLimits()
        self.breaker: Final = breaker or Breaker()
        """Of ``ask`` and ``change``, which others wait for."""
        self._sleep: Final = sleep
        self._client: Final = httpx.Client(
            auth=_auth(login or Login()),
            timeout=self._timeout(None),
            follow_redirects=False,
        )

    def close(self) -> None:
        """End its connections."""
        self._client.close()

    def ask(
        self, query: PeerQuery, *, seconds: float | None = None, most_bytes: int | None = None
    ) -> PeerAnswer:
        """The answer to ``query``, asked once; it is cut after ``most_bytes``.

        Raises ``QueryError`` where the peer does not take the query, ``BusyError`` where it has no time, and
        ``PeerError`` or ``PeerTimeoutError``; at once where it did not answer others just now.
        """
        return self._ask(
            self._client.build_request(
                "POST",
                self.endpoint,
                data=query.parameters(),
                headers={"Accept": query.media_type},
                timeout=self._timeout(seconds),
            ),
            expected=query.media_type,
            seconds=seconds,
            most_bytes=most_bytes,
        )

    def change(
        self,
        text: str,
        *,
        parameters: Mapping[str, Sequence[str]] | None = None,
        seconds: float | None = None,
    ) -> None:
        """Run a SPARQL update, once; raises as ``ask`` does. It may have been run where no answer came."""
        self._ask(
            self._client.build_request(
                "POST",
                self.updates,
                params=parameters,
                content=text.encode(),
                headers={"Content-Type": "application/sparql-update; charset=utf-8"},
                timeout=self._timeout(seconds),
            ),
            seconds=seconds,
        )

    def _timeout(self, seconds: float | None) -> httpx.Timeout:
        most = seconds or self._limits.seconds
        return httpx.Timeout(most, connect=min(_LONGEST_CONNECT, most))

    def _ask(
        self,
        request: httpx.Request,
        *,
        expected: str | None = None,
        seconds: float | None = None,
        most_bytes: int | None = None,
    ) -> PeerAnswer:
        url = str(request.url.copy_with(query=None))
        if not self.breaker.admit():
            raise PeerError(
                f"the store at {url} does not answer, and is not asked for a moment", "ask again soon"
            )
        is_down = True
        try:
            status, media_type, body, is_cut = self._exchange(request, seconds, most_bytes)
            is_down = status in (502, 504)
        except httpx.ConnectTimeout as error:
            raise self._too_slow(url, seconds) from error
        except httpx.TimeoutException as error:
            # It may well answer others.
            is_down = False
            raise self._too_slow(url, seconds) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _unreachable(url, error) from error
        except PeerError:
            is_down = False
            raise
        finally:
            (self.breaker.fail if is_down else self.breaker.succeed)()
        if status == 400:
            raise QueryError(f"the store does not take that{_said(media_type, body)}", "write it differently")
        if status in _BUSY:
            raise BusyError(f"the store is busy{_said(media_type, body)}", "ask again in a moment")
        if not 200 <= status < 300:
            raise _refusal("POST", url, status, media_type, body)
        if expected and media_type not in (expected, "text/plain"):
            raise _nonsense(url, expected, f"; it sent {media_type or 'no media type'}")
        return PeerAnswer(body, is_cut)

    def count(self, graph: str) -> int:
        """How many triples its named graph ``graph`` has; 0 where it has no such graph."""
        text = f"SELECT (COUNT(*) AS ?count) WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
        content = self._query(text, RESULTS_JSON)
        try:
            # Not by Oxigraph: an error would hold its solutions, which no other thread may let go of.
            return int(json.loads(content)["results"]["bindings"][0]["count"]["value"])
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise _nonsense(self.endpoint, "a count") from error

    def read_graph(self, graph: str) -> list[ox.Triple]:
        """The triples of its named graph ``graph``."""
        if self.graph_store:
            url = self.graph_store
            content = self._send(
                "GET", url, params={"graph": graph}, headers={"Accept": N_TRIPLES}, missing=b""
            )
        else:
            url = self.endpoint
            content = self._query(
                f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}", N_TRIPLES
            )
        try:
            return [quad.triple for quad in ox.parse(content, format=ox.RdfFormat.N_TRIPLES)]
        except (SyntaxError, ValueError) as error:
            raise _nonsense(url, "N-Triples") from error

    def write_graph(self, graph: str, content: bytes, *, replace: bool, repeatable: bool) -> None:
        """Put the N-Triples ``content`` into ``graph`` by Graph Store Protocol, or add to it.

        It is tried again after a passing failure where that is harmless: replacing is, and so is adding what
        is ``repeatable``, because it has no blank nodes.
        """
        assert self.graph_store is not None
        self._send(
            "PUT" if replace else "POST",
            self.graph_store,
            params={"graph": graph},
            headers={"Content-Type": N_TRIPLES},
            content=content,
            repeatable=replace or repeatable,
        )

    def update(self, text: str, *, repeatable: bool) -> None:
        """Run a SPARQL update; it is tried again after a passing failure where it is ``repeatable``."""
        self._send(
            "POST",
            self.updates,
            headers={"Content-Type": "application/sparql-update; charset=utf-8"},
            content=text.encode(),
            repeatable=repeatable,
        )

    def _query(self, text: str, media_type: str) -> bytes:
        return self._send(
            "POST", self.endpoint, data={"query": text}, headers={"Accept": media_type}, expected=media_type
        )

    def _send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        data: Mapping[str, str] | None = None,
        repeatable: bool = True,
        expected: str | None = None,
        missing: bytes | None = None,
    ) -> bytes:
        request = self._client.build_request(
            method, url, headers=headers, params=params, content=content, data=data
        )
        for further in reversed(range(_TRIES if repeatable else 1)):
            try:
                status, media_type, body, _ = self._exchange(request)
            except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError) as error:
                if further and isinstance(error, httpx.TransportError):
                    self._pause(further)
                    continue
                if isinstance(error, httpx.TimeoutException):
                    raise self._too_slow(url) from error
                raise _unreachable(url, error) from error
            if status in _PASSING and further:
                self._pause(further)
                continue
            if status == 404 and missing is not None:
                return missing
            if not 200 <= status < 300:
                raise _refusal(method, url, status, media_type, body)
            if expected and media_type not in (expected, "text/plain"):
                raise _nonsense(url, expected, f"; it sent {media_type or 'no media type'}")
            return body
        raise AssertionError

    def _pause(self, further: int) -> None:
        self._sleep(self._limits.pause * 2 ** (_TRIES - 1 - further))

    def _exchange(
        self, request: httpx.Request, seconds: float | None = None, most_bytes: int | None = None
    ) -> tuple[int, str, bytes, bool]:
        """Status, media type and body of the answer, which ends in time and size, and whether it is cut.

        It is cut where it is longer than ``most_bytes``; one that is larger than any may be is an error.
        """
        end = time.monotonic() + (seconds or self._limits.seconds)
        url = str(request.url.copy_with(query=None))
        response = self._client.send(request, stream=True)
        try:
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if most_bytes is not None and len(body) > most_bytes:
                    break
                if len(body) > self._limits.largest_answer:
                    raise PeerError(
                        f"the store at {url} sends more than {self._limits.largest_answer:,} bytes",
                        "ask for less at once",
                    )
                if time.monotonic() > end:
                    raise self._too_slow(url, seconds)
        finally:
            response.close()
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        is_cut = most_bytes is not None and len(body) > most_bytes
        return response.status_code, media_type, bytes(body[:most_bytes]), is_cut

    def _too_slow(self, url: str, seconds: float | None = None) -> PeerTimeoutError:
        return PeerTimeoutError(
            f"the store at {url} did not answer within {seconds or self._limits.seconds:g} s",
            "try again; if it stays so, ask who runs it",
        )


class _PasswordAuth(httpx.Auth):
    """Basic or Digest, as the peer asks; the password is sent to none that does not ask."""

    def __init__(self, user: str, password: str) -> None:
        self._user, self._password = user, password
        self._chosen: httpx.Auth | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._chosen is None:
            response = yield request
            if response.status_code != 401:
                return
            asked = response.headers.get("WWW-Authenticate", "").lower()
            if "digest" in asked:
                self._chosen = httpx.DigestAuth(self._user, self._password)
            elif "basic" in asked:
                self._chosen = httpx.BasicAuth(self._user, self._password)
            else:
                return
        yield from self._chosen.auth_flow(request)


class _TokenAuth(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _auth(login: Login) -> httpx.Auth | None:
    if login.token:
        return _TokenAuth(login.token)
    return _PasswordAuth(login.user, login.password or "") if login.user else None


def _check_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, has_login = parts.hostname, parts.username is not None
    except ValueError as error:
        raise UsageError(
            "the address of the store is malformed", "write it as http://host:port/path"
        ) from error
    if has_login:
        raise UsageError(
            f"the address of the store at {host} holds a user name",
            "give it in the environment: TIPGRAPH_USER and TIPGRAPH_PASSWORD, or TIPGRAPH_TOKEN",
        )
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError(f"{url} is no address of HTTP", "write it as http://host:port/path")
    return url


def _refusal(method: str, url: str, status: int, media_type: str, body: bytes) -> PeerError:
    hint = "check the address"
    if status in (401, 403):
        hint = (
            "set TIPGRAPH_USER and TIPGRAPH_PASSWORD, or TIPGRAPH_TOKEN, to those of someone who may do that"
        )
    elif status >= 500:
        hint = "try again; if it stays so, look into the log of the store"
    said = _said(media_type, body)
    return PeerError(f"the store at {url} answered {method} with {status}{said}", hint)


def _said(media_type: str, body: bytes) -> str:
    """The first line of what a peer says of an error, unless it is a page."""
    if media_type == "text/html":
        return ""
    lines = body[:4096].decode("utf-8", "replace").split("\n")
    line = next((line.strip() for line in lines if line.strip()), "")
    printable = "".join(char for char in line if char.isprintable())
    return f": {printable[:_LONGEST_MESSAGE]}" if printable else ""


def _unreachable(url: str, error: Exception) -> PeerError:
    reason = str(error).lower() or type(error).__name__
    return PeerError(f"the store at {url} cannot be reached: {reason}", "check the address, and that it runs")


def _nonsense(url: str, wanted: str, detail: str = "") -> PeerError:
    return PeerError(
        f"the store at {url} did not answer with {wanted}{detail}", "check that this is a SPARQL 1.1 endpoint"
    )
