"""Every error over HTTP: problem details of RFC 9457, or a page for a browser.

The ``type`` of a problem is an IRI of the project; a browser that follows it reads what it means.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from tipgraph.errors import (
    AmbiguousNameError,
    BusyError,
    PeerError,
    PeerTimeoutError,
    QueryError,
    QueryMemoryError,
    QuerySyntaxError,
    QueryTimeoutError,
    ResultTooLargeError,
    ServiceFailedError,
    ServiceRefusedError,
    TipgraphError,
    UnknownNameError,
    UpdateRefusedError,
)
from tipgraph.negotiation import negotiate
from tipgraph.vocabulary import BASE

PROBLEM: Final = f"{BASE}problem/"
PROBLEM_JSON: Final = "application/problem+json"


@dataclass(frozen=True)
class ProblemKind:
    """A kind of problem: the end of its IRI, its status, its title and what it means."""

    name: str
    status: int
    title: str
    meaning: str
    retry_after: int | None = None


KINDS: Final[Mapping[str, ProblemKind]] = {
    kind.name: kind
    for kind in (
        ProblemKind(
            "malformed-query",
            400,
            "The query is malformed",
            "The text is not a SPARQL 1.1 query. Line and column say where it stops being one.",
        ),
        ProblemKind("bad-query", 400, "The query cannot be answered", "The query asks what cannot be done."),
        ProblemKind(
            "bad-request",
            400,
            "The request is malformed",
            "The request does not follow the SPARQL 1.1 Protocol; the detail says in which point.",
        ),
        ProblemKind(
            "malformed-rdf",
            400,
            "The RDF cannot be read",
            "What was sent is not well-formed, or larger or nested more deeply than is read. Line and column "
            "say where, if that is known.",
        ),
        ProblemKind(
            "update-refused",
            403,
            "Updates are refused",
            "The graph is read-only. Its facts are changed in the Turtle files of the project.",
        ),
        ProblemKind(
            "service-refused",
            403,
            "Federated queries are refused",
            "The endpoint calls no other host but those that its operator named, so a query with SERVICE or "
            "a remote graph is not run.",
        ),
        ProblemKind(
            "result-cut",
            200,
            "The answer is cut",
            "There are more rows or triples than the endpoint sends at once; the first of them are here. The "
            "header Tipgraph-Cut says so, and so does the link in the head of JSON and XML results. Ask for "
            "the rest with ORDER BY, LIMIT and OFFSET.",
        ),
        ProblemKind(
            "unauthorized",
            401,
            "Updates need a token",
            "Who updates the graph has to bear the token that the operator of the endpoint gave out, in the "
            "header Authorization.",
        ),
        ProblemKind("not-found", 404, "Not found", "Nothing bears this name or stands at this address."),
        ProblemKind(
            "ambiguous-name",
            404,
            "The name is ambiguous",
            "Several resources bear this name; the hint lists them.",
        ),
        ProblemKind(
            "method-not-allowed",
            405,
            "The method is not allowed",
            "The header Allow names the methods that are.",
        ),
        ProblemKind(
            "not-acceptable",
            406,
            "No acceptable format",
            "The Accept header names no media type in which the answer can be written.",
        ),
        ProblemKind(
            "request-timeout",
            408,
            "Request Timeout",
            "The body of the request did not arrive in time. The connection is closed.",
        ),
        ProblemKind(
            "too-large",
            413,
            "The request is too large",
            "The body of the request is larger than the endpoint reads.",
        ),
        ProblemKind(
            "url-too-long",
            414,
            "URI Too Long",
            "The address of the request is longer than the endpoint reads. A long query is sent with POST.",
        ),
        ProblemKind(
            "unsupported-media-type",
            415,
            "The media type of the request is not supported",
            "A query is sent as application/sparql-query or as application/x-www-form-urlencoded.",
        ),
        ProblemKind(
            "result-too-large",
            422,
            "The answer is too large",
            "The answer is larger than the endpoint sends at once. It is never cut short silently.",
        ),
        ProblemKind(
            "too-many-requests",
            429,
            "Too Many Requests",
            "A client may ask only so often, and only so much at the same time. The header Retry-After says "
            "when it may ask again.",
            retry_after=1,
        ),
        ProblemKind(
            "headers-too-large",
            431,
            "Request Header Fields Too Large",
            "The headers of the request are larger than the endpoint reads.",
        ),
        ProblemKind(
            "internal-error",
            500,
            "Something went wrong",
            "This is a fault of the server, not of the request.",
        ),
        ProblemKind(
            "service-failed",
            502,
            "Another endpoint gave no answer",
            "An endpoint that the query asks with SERVICE is down, too slow, or answers what is no result. "
            "With SERVICE SILENT the query goes on without it.",
        ),
        ProblemKind(
            "store-failed",
            502,
            "The store gave no answer",
            "The store that the graph lies in is down, refuses what it is asked, or answers what is no "
            "result. It is asked again now and then, and all is well once it answers.",
            retry_after=5,
        ),
        ProblemKind(
            "store-timeout",
            504,
            "The store took too long",
            "The store that the graph lies in did not answer in time.",
            retry_after=30,
        ),
        ProblemKind(
            "query-timeout",
            503,
            "The query took too long",
            "A query is ended when it has run for longer than the endpoint allows.",
            retry_after=30,
        ),
        ProblemKind(
            "query-too-costly",
            503,
            "The query needs too much memory",
            "A query is ended when it takes more memory than the endpoint allows.",
            retry_after=30,
        ),
        ProblemKind(
            "busy",
            503,
            "The server is busy",
            "There is no place for another query at present.",
            retry_after=5,
        ),
    )
}
"""The end of the IRI of a problem → what it is."""

_KIND_OF_ERROR: Final[tuple[tuple[type[TipgraphError], str], ...]] = (
    (QuerySyntaxError, "malformed-query"),
    (UpdateRefusedError, "update-refused"),
    (ServiceRefusedError, "service-refused"),
    (ServiceFailedError, "service-failed"),
    (QueryTimeoutError, "query-timeout"),
    (QueryMemoryError, "query-too-costly"),
    (ResultTooLargeError, "result-too-large"),
    (QueryError, "bad-query"),
    (UnknownNameError, "not-found"),
    (AmbiguousNameError, "ambiguous-name"),
    (BusyError, "busy"),
    (PeerTimeoutError, "store-timeout"),
    (PeerError, "store-failed"),
)

_KIND_OF_STATUS: Final[Mapping[int, str]] = {
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "too-large",
    415: "unsupported-media-type",
}
"""Status of an error that the web framework raises → the problem that it is; else it is a bad request."""


class RequestError(TipgraphError):
    """A request that cannot be answered as it was made; ``kind`` is a key of ``KINDS``."""

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        *,
        kind: str = "bad-request",
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.line = line
        self.column = column


@dataclass(frozen=True)
class Problem:
    """One occurrence of a problem, ready to be written."""

    kind: ProblemKind
    status: int
    detail: str
    hint: str | None = None
    line: int | None = None
    column: int | None = None
    instance: str | None = None

    def to_json(self) -> dict[str, str | int]:
        """The members of RFC 9457, and ``hint``, ``line`` and ``column`` where they are known."""
        members: dict[str, str | int | None] = {
            "type": PROBLEM + self.kind.name,
            "title": self.kind.title,
            "status": self.status,
            "detail": self.detail,
            "hint": self.hint,
            "line": self.line,
            "column": self.column,
            "instance": self.instance,
        }
        return {name: value for name, value in members.items() if value is not None}


def describe_problem(error: Exception) -> Problem:
    """The problem that ``error`` is to the client; of an unexpected error it says nothing but a number."""
    if isinstance(error, RequestError):
        kind = KINDS[error.kind]
        return Problem(kind, kind.status, error.message, error.hint, error.line, error.column)
    for error_type, name in _KIND_OF_ERROR:
        if isinstance(error, error_type):
            kind = KINDS[name]
            line, column = getattr(error, "line", None), getattr(error, "column", None)
            return Problem(kind, kind.status, error.message, error.hint, line, column)
    if isinstance(error, HTTPException) and error.code and error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = KINDS[_KIND_OF_STATUS.get(error.code, "bad-request")]
        return Problem(kind, error.code, *_word(error))
    kind = KINDS["internal-error"]
    number = uuid.uuid4().urn
    return Problem(
        kind,
        kind.status,
        "the server met what it did not expect",
        f"report it with the number {number}",
        instance=number,
    )


def _word(error: HTTPException) -> tuple[str, str | None]:
    """Detail and hint of an error that the web framework raised."""
    request = flask.request
    match error.code:
        case 404:
            return f"there is nothing at {request.path}", _suggest_path(request.path)
        case 405:
            allowed = error.valid_methods if isinstance(error, MethodNotAllowed) else None
            return (
                f"{request.method} is not allowed at {request.path}",
                f"use {' or '.join(sorted(allowed or ()))}",
            )
        case 413:
            return "the request is too large to be read", "send a shorter query"
    return (error.description or error.name).rstrip("."), None


def _suggest_path(path: str) -> str:
    """What to do about a path at which there is nothing."""
    adapter = flask.globals.request_ctx.url_adapter
    if adapter is not None and path.endswith("/") and adapter.test(path.rstrip("/"), method="GET"):
        return f"did you mean {path.rstrip('/')}?"
    if path.startswith("/ontology/") and path.removeprefix("/ontology/").isidentifier():
        return f"the terms of the ontology are parts of one document, as in /ontology#{path[10:]}"
    return "begin at the start page"


def problem_response(error: Exception) -> flask.Response:
    """The response to a request that ended in ``error``, whatever it is: a page for a browser, else JSON."""
    problem = describe_problem(error)
    if problem.instance:
        number = flask.request.environ.get("tipgraph.request_id", "without a number")
        flask.current_app.logger.error("%s, request %s", problem.instance, number, exc_info=error)
    chosen = negotiate(flask.request.headers.get("Accept"), [PROBLEM_JSON, "application/json", "text/html"])
    if chosen == "text/html":
        # What the endpoint has read so far; the body of a request that failed may not be readable.
        query = flask.g.get("query")
        content = flask.render_template(
            "problem.html",
            problem=problem,
            query=query,
            question=flask.g.get("question"),
            fact=flask.g.get("fact"),
            turtle=flask.g.get("turtle"),
        )
        response = flask.Response(content, problem.status, mimetype="text/html")
    else:
        content = json.dumps(problem.to_json(), ensure_ascii=False, indent=2) + "\n"
        response = flask.Response(content, problem.status, content_type=PROBLEM_JSON)
    if isinstance(error, HTTPException):
        for name, value in error.get_headers(flask.request.environ):
            if name in ("Allow", "Location", "Retry-After"):
                response.headers[name] = value
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="updates"'
    if problem.kind.retry_after is not None:
        response.headers["Retry-After"] = str(problem.kind.retry_after)
    response.headers["Cache-Control"] = "no-store"
    return response
