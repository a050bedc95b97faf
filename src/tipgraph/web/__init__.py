"""The web site and SPARQL endpoint of a graph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import flask

from tipgraph.graph import KnowledgeGraph
from tipgraph.web.answers import SiteAnswer, SiteRequest, answer_from
from tipgraph.web.compression import choose_coding, compress, is_compressible, tag_coding
from tipgraph.web.endpoint import endpoint
from tipgraph.web.graphs import graphs
from tipgraph.web.library import library
from tipgraph.web.limits import Limits
from tipgraph.web.openapi import openapi
from tipgraph.web.pages import pages
from tipgraph.web.problems import problem_response
from tipgraph.web.quick import QuickQueries
from tipgraph.web.resources import resources
from tipgraph.web.restraint import CROSS_ORIGIN
from tipgraph.web.services import services
from tipgraph.web.site import Site
from tipgraph.web.static_files import ENDPOINT as STATIC
from tipgraph.web.static_files import install_static_files
from tipgraph.web.updating import Writer
from tipgraph.web.wording import linked, sentence, words
from tipgraph.web.workers import Executor, InProcess

_SECURITY = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


def create_app(
    graph: KnowledgeGraph,
    executor: Executor[SiteRequest, SiteAnswer] | None = None,
    limits: Limits | None = None,
    writer: Writer | None = None,
) -> flask.Flask:
    """The WSGI application that serves ``graph``, which updates change by way of ``writer`` only.

    Without an ``executor`` queries run in the process itself, where nothing can stop them: open such an app
    to nobody whom you do not trust.
    """
    app = flask.Flask(__name__, static_folder=None)
    install_static_files(app)
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = (limits or Limits()).body
    app.jinja_env.filters["thousands"] = lambda number: f"{number:,}".replace(",", "\u202f")
    app.jinja_env.filters.update(sentence=sentence, words=words, linked=linked)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Site(graph, executor or InProcess(answer_from(graph)), writer).install(app)
    for blueprint in (pages, endpoint, resources, services, graphs, library, openapi):
        app.register_blueprint(blueprint)
    app.register_error_handler(Exception, problem_response)
    app.after_request(_complete)
    # Without an executor nothing is quick, and a test sees what the application does.
    application = QuickQueries(app.wsgi_app, executor) if executor is not None else app.wsgi_app
    app.wsgi_app = _with_headers(application)  # type: ignore[assignment, method-assign]
    return app


def _with_headers(application: WSGIApplication) -> WSGIApplication:
    """``application`` with the headers that every response bears, added where that costs nearly nothing."""
    constant = [*_SECURITY.items(), *CROSS_ORIGIN]

    def complete(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def begin(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            return start_response(status, headers + constant, error)

        return application(environ, begin)

    return complete


def _complete(response: flask.Response) -> flask.Response:
    """Add what depends on the request; answer 304 where the client has it already."""
    if flask.request.method == "OPTIONS":
        response.headers.update(_PREFLIGHT)
    if response.mimetype == "text/html":
        response.content_language = "en"
    if flask.request.endpoint == STATIC and response.status_code in (200, 304):
        # It is complete already.
        return response
    response.vary.update(("Accept", "Accept-Encoding"))
    coding = choose_coding(flask.request) if is_compressible(response) else None
    if response.status_code == 200 and flask.request.method in ("GET", "HEAD"):
        response.add_etag()
        if coding is not None:
            tag_coding(response, coding)
        response.headers.setdefault("Cache-Control", "no-cache")
        response.make_conditional(flask.request)
    if coding is not None and response.status_code != 304:
        compress(response, coding)
    return response
