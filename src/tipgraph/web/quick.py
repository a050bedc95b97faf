"""The commonest request, a query by GET whose results are for a program, answered without the framework.

The framework takes longer than most queries do. So the query is run first. Where its answer is of the plain
kind, it is written here, byte for byte as the application would; else the application gets the outcome in the
environ, and words it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote_to_bytes
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.http import generate_etag

from tipgraph.sparql.execution import QueryRequest
from tipgraph.web.answers import EncodedAnswer, EndpointRequest, SiteAnswer, SiteRequest
from tipgraph.web.compression import SMALLEST
from tipgraph.web.guard import QUERY
from tipgraph.web.workers import Executor

OUTCOME: Final = "tipgraph.outcome"
"""Where an environ holds what became of the query: an answer, or the exception that was raised."""
_NAME: Final = "query="


class QuickQueries:
    """``application``, whose plainest queries are answered before it."""

    def __init__(self, application: WSGIApplication, executor: Executor[SiteRequest, SiteAnswer]) -> None:
        self._application = application
        self._executor = executor

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The answer, as the application gives it."""
        text = _read_query(environ)
        if text is None:
            return self._application(environ, start_response)
        environ[QUERY] = text
        try:
            found = self._executor.run(EndpointRequest(QueryRequest(text), environ.get("HTTP_ACCEPT")))
        except Exception as error:
            environ[OUTCOME] = error
            return self._application(environ, start_response)
        if (
            not isinstance(found, EncodedAnswer)
            or found.is_cut
            or ("HTTP_ACCEPT_ENCODING" in environ and len(found.content) >= SMALLEST)
        ):
            environ[OUTCOME] = found
            return self._application(environ, start_response)
        start_response(
            "200 OK",
            [
                ("Content-Type", found.content_type),
                ("Content-Length", str(len(found.content))),
                ("Vary", "Accept, Accept-Encoding"),
                ("ETag", f'"{generate_etag(found.content)}"'),
                ("Cache-Control", "no-cache"),
            ],
        )
        return [found.content]


def _read_query(environ: WSGIEnvironment) -> str | None:
    """The query, where it is all that the request says; ``None`` where the application is to read it."""
    written = environ.get("QUERY_STRING", "")
    if (
        environ["REQUEST_METHOD"] != "GET"
        or environ["PATH_INFO"] != "/sparql"
        or not written.startswith(_NAME)
        or "&" in written
        # Of a conditional request the application knows what to make.
        or any(f"HTTP_IF_{name}" in environ for name in ("NONE_MATCH", "MATCH", "MODIFIED_SINCE", "RANGE"))
        or "HTTP_RANGE" in environ
    ):
        return None
    try:
        text = unquote_to_bytes(written[len(_NAME) :].replace("+", " ")).decode()
    except UnicodeDecodeError:
        return None
    return text if text.strip() else None
