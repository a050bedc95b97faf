"""``/sparql``, the query operation of the SPARQL 1.1 Protocol with a form for a person, and ``/queries/``."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes, urlencode

import flask
from werkzeug.datastructures import MultiDict

from tipgraph.errors import UpdateRefusedError
from tipgraph.queryfile import Parameter, QueryFile
from tipgraph.sparql.execution import QueryRequest
from tipgraph.web.answers import (
    CheckedUpdate,
    EncodedAnswer,
    EndpointRequest,
    LibraryRequest,
    TableAnswer,
    UpdateRequest,
)
from tipgraph.web.choices import Choice, list_choices
from tipgraph.web.formats import PAGE, Download, choose_graph, choose_page, graph_downloads, result_downloads
from tipgraph.web.graphs import service_description
from tipgraph.web.guard import QUERY
from tipgraph.web.library import send_sparql
from tipgraph.web.problems import RequestError
from tipgraph.web.quick import OUTCOME
from tipgraph.web.restraint import mark_cut, wanted_timeout
from tipgraph.web.site import current_site
from tipgraph.web.views import TermView

endpoint = flask.Blueprint("endpoint", __name__)


@dataclass(frozen=True)
class Question:
    """A query of the library that a page asks, with the values that the reader gave its parameters."""

    query: QueryFile
    given: Mapping[str, str]

    def choices(self, parameter: Parameter) -> Sequence[Choice]:
        """What a form suggests for a parameter."""
        return list_choices(current_site(), parameter)

    @property
    def missing(self) -> list[str]:
        """The parameters that have no value yet."""
        return [
            parameter.name
            for parameter in self.query.parameters
            if parameter.default is None and parameter.name not in self.given
        ]


@dataclass(frozen=True)
class AnswerView:
    """An answer on a page: a table of terms, or yes or no."""

    answer: bool | None
    columns: Sequence[str]
    rows: Sequence[Sequence[TermView | None]]
    total: int
    is_cut: bool
    unit: str
    milliseconds: int
    downloads: Sequence[Download]

    @property
    def numeric(self) -> list[bool]:
        """Of each column, whether all that is in it are numbers."""
        columns = ([term for term in column if term] for column in zip(*self.rows, strict=True))
        return [bool(column) and all(term.is_number for term in column) for column in columns]


_FORM: Final = "application/x-www-form-urlencoded"
_QUERY: Final = "application/sparql-query"
_UPDATE: Final = "application/sparql-update"
_READ_ONLY: Final = "this graph is read-only, so an update is refused"
_READ_ONLY_HINT: Final = (
    "ask with SELECT, ASK, CONSTRUCT or DESCRIBE; facts are changed in the Turtle files of the project"
)


@endpoint.route("/sparql", methods=["GET", "POST"])
def answer() -> flask.Response:
    """The answer to a query; without one, the form for a browser. An update where that is allowed."""
    if current_site().writer is not None and _is_update():
        return _update()
    parameters = _read_parameters()
    wanted = _only(parameters, "format")
    text = _only(parameters, "query")
    accept = flask.request.headers.get("Accept")
    if text is None:
        if flask.request.method != "POST" and choose_page(accept, wanted):
            return _page(None, None, None)
        if flask.request.method != "POST" and not flask.request.args.keys() - {"format"}:
            described = _describe_service(accept, wanted)
            if described is not None:
                return described
        raise RequestError("the request has no query", "give it as the parameter query")
    if wanted == "html" and not text.strip():
        return _page(None, None, None)
    # A page that tells an error shows the query again.
    flask.g.query = text
    query = QueryRequest(
        text=text,
        default_graphs=_graphs(parameters, "default-graph-uri", "named-graph-uri"),
        named_graphs=_graphs(parameters, "named-graph-uri", "default-graph-uri"),
    )
    return _run(query, text, accept, wanted)


def _describe_service(accept: str | None, wanted: str | None) -> flask.Response | None:
    """The service description (section 2) where the client takes RDF."""
    try:
        chosen = choose_graph(accept, wanted)
    except RequestError:
        return None
    return service_description(chosen) if chosen.format != PAGE else None


def _read_parameters() -> MultiDict[str, str]:
    """The parameters of the request, from its address and its body; an update is refused.

    SPARQL 1.1 Protocol, section 2.1.
    """
    request = flask.request
    _check_utf8(request.query_string, "address")
    if request.mimetype == _FORM:
        _check_utf8(request.get_data(), "form")
    parameters = MultiDict(request.args)
    if request.method == "POST":
        if request.mimetype == _FORM:
            parameters.update(request.form)
        elif request.mimetype == _QUERY:
            parameters.add("query", _read_body())
        elif request.mimetype != _UPDATE:
            raise RequestError(
                f"a query cannot be read from {request.mimetype or 'a body without a Content-Type'}",
                f"send it as {_QUERY} or {_FORM}",
                kind="unsupported-media-type",
            )
    if request.mimetype == _UPDATE or "update" in parameters:
        raise UpdateRefusedError(_READ_ONLY, _READ_ONLY_HINT)
    return parameters


def _is_update() -> bool:
    request = flask.request
    return request.mimetype == _UPDATE or "update" in request.form or "update" in request.args


def _update() -> flask.Response:
    """Run an update in the store (SPARQL 1.1 Protocol, section 2.2), for who bears the token."""
    request, site = flask.request, current_site()
    assert site.writer is not None
    if not _bears(site.writer.token):
        raise RequestError(
            "an update needs the token of the endpoint",
            "send it in the header Authorization, after Bearer",
            kind="unauthorized",
        )
    if request.method != "POST" or "update" in request.args:
        raise RequestError("an update is sent in the body of a POST", f"send it as {_UPDATE}")
    is_form = request.mimetype == _FORM
    if is_form:
        _check_utf8(request.get_data(), "form")
    given = MultiDict(request.form if is_form else request.args)
    if not is_form:
        given["update"] = _read_body()
    if "query" in given:
        raise RequestError("the request is a query and an update", "send one of them")
    text = _only(given, "update")
    assert text is not None
    graphs = {
        name: given.getlist(name) for name in ("using-graph-uri", "using-named-graph-uri") if name in given
    }
    flask.request.environ[QUERY] = text
    checked = site.executor.run(UpdateRequest(text))
    if not isinstance(checked, CheckedUpdate):
        raise TypeError(f"an update was answered with {type(checked).__name__}")
    site.writer.write(checked.text, graphs, timeout=wanted_timeout())
    site.forget()
    return flask.Response(status=204)


def _bears(token: str) -> bool:
    scheme, _, given = flask.request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def _check_utf8(encoded: bytes, place: str) -> None:
    """Raise ``RequestError`` where percent-encoded text is not UTF-8, which a framework would mend."""
    try:
        unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError as error:
        raise RequestError(f"the {place} is not text in UTF-8", "encode it in UTF-8") from error


def _read_body() -> str:
    charset = flask.request.mimetype_params.get("charset", "utf-8")
    try:
        return flask.request.get_data().decode(charset)
    except (UnicodeDecodeError, LookupError) as error:
        raise RequestError(f"the body is not text in {charset}", "send it in UTF-8") from error


def _only(parameters: MultiDict[str, str], name: str) -> str | None:
    values = parameters.getlist(name)
    if len(values) > 1:
        raise RequestError(f"the request has {len(values)} parameters {name!r}", "give one")
    return values[0] if values else None


def _graphs(parameters: MultiDict[str, str], name: str, other: str) -> tuple[str, ...] | None:
    """The graphs that ``name`` lists; where only the other list is given, this one is empty, not open."""
    if name in parameters or other in parameters:
        return tuple(parameters.getlist(name))
    return None


@endpoint.get("/queries/<name>")
def answer_question(name: str) -> flask.Response:
    """The answer to a query of the library, whose parameters are those of the request."""
    site = current_site()
    query = site.find_query(name)
    given = {
        key: value
        for key, value in flask.request.args.items()
        if value.strip() and key not in ("explain", "format", "timeout")
    }
    if "explain" in flask.request.args:
        return send_sparql(query, given)
    accept, wanted = flask.request.headers.get("Accept"), flask.request.args.get("format")
    question = Question(query, given)
    # A page that tells an error shows the form again.
    flask.g.question = question if query.parameters else None
    if question.missing and choose_page(accept, wanted):
        return _page(query.text, question, None)
    return _run(LibraryRequest(query, given), query.text, accept, wanted, question)


def _run(
    query: QueryRequest | LibraryRequest,
    text: str,
    accept: str | None,
    wanted: str | None,
    question: Question | None = None,
) -> flask.Response:
    started = time.perf_counter()
    flask.request.environ[QUERY] = text
    found = flask.request.environ.get(OUTCOME)
    if isinstance(found, Exception):
        raise found
    if found is None:
        found = current_site().executor.run(EndpointRequest(query, accept, wanted), timeout=wanted_timeout())
    if isinstance(found, EncodedAnswer):
        response = flask.Response(found.content, content_type=found.content_type)
        return mark_cut(response) if found.is_cut else response
    if not isinstance(found, TableAnswer):
        raise TypeError(f"a query was answered with {type(found).__name__}")
    return _page(text, question, _view(found, round(1000 * (time.perf_counter() - started))))


def _view(found: TableAnswer, milliseconds: int) -> AnswerView:
    terms = current_site().terms
    current_site().graph.dataset.reader.prepare(term for row in found.rows for term in row)
    parameters = [pair for pair in _read_parameters().items(multi=True) if pair[0] != "format"]
    address = f"{flask.request.path}?{urlencode(parameters)}"
    return AnswerView(
        answer=found.answer,
        columns=found.columns,
        rows=[[terms.view(term) for term in row] for row in found.rows],
        total=found.total,
        is_cut=found.is_cut,
        unit="triple" if found.is_graph else "row",
        milliseconds=milliseconds,
        downloads=graph_downloads(address) if found.is_graph else result_downloads(address),
    )


def _page(text: str | None, question: Question | None, answer: AnswerView | None) -> flask.Response:
    """The form, with the answer to what was asked; the questions of the library where nothing was."""
    site = current_site()
    content = flask.render_template(
        "query.html",
        query=text,
        question=question,
        answer=answer,
        questions=site.questions() if text is None else (),
        prefixes=site.graph.prefixes,
    )
    return flask.Response(content, content_type="text/html; charset=utf-8")
