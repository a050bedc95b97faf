"""``/queries``: the query library as a page, as JSON and as RDF."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import flask
import pyoxigraph as ox

from tipgraph.negotiation import negotiate
from tipgraph.queryfile import QueryFile
from tipgraph.serialization import SYNTAXES, serialize_quads
from tipgraph.vocabulary import GRAPH_CATALOG, QUERY
from tipgraph.web.answers import LibraryRequest, QueryTextAnswer, QueryTextRequest
from tipgraph.web.formats import HTML, PAGE, choose_graph
from tipgraph.web.problems import RequestError
from tipgraph.web.restraint import wanted_timeout
from tipgraph.web.site import Site, current_site

library = flask.Blueprint("library", __name__)

_JSON: Final = "application/json"
_SPARQL: Final = "application/sparql-query"
_PLAIN: Final = "text/plain"


@library.get("/queries")
def index() -> flask.Response:
    """Every query of the library: what it asks, and what its parameters are."""
    site = current_site()
    accept, wanted = flask.request.headers.get("Accept"), flask.request.args.get("format")
    offers = [_JSON, HTML, *(syntax.media_type for syntax in SYNTAXES.values())]
    if wanted == "json" or (wanted is None and negotiate(accept, offers) == _JSON):
        values = [_values(query) for query in site.library.values()]
        content = json.dumps({"queries": values}, ensure_ascii=False, indent=2) + "\n"
        return flask.Response(content, content_type=_JSON)
    chosen = choose_graph(accept, wanted)
    if chosen.format == PAGE:
        content = flask.render_template("queries.html", questions=site.questions())
        return flask.Response(content, content_type="text/html; charset=utf-8")
    described = serialize_quads(_describe(site), SYNTAXES[chosen.format], site.graph.prefixes)
    return flask.Response(described, content_type=chosen.content_type)


def _values(query: QueryFile) -> dict[str, Any]:
    return {
        "name": query.name,
        "title": query.title,
        "about": query.about,
        "keywords": list(query.keywords),
        "parameters": [
            {
                "name": parameter.name,
                "type": parameter.type,
                "default": parameter.default,
                "about": parameter.about,
            }
            | ({"until": parameter.until} if parameter.until else {})
            for parameter in query.parameters
        ],
        "href": flask.url_for("endpoint.answer_question", name=query.name),
        "iri": QUERY + query.name,
    }


def _describe(site: Site) -> Iterator[ox.Quad]:
    """What the catalog says of the queries."""
    for quad in site.graph.dataset.reader.quads_for_pattern(None, None, None, ox.NamedNode(GRAPH_CATALOG)):
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(QUERY):
            yield ox.Quad(quad.subject, quad.predicate, quad.object)


def send_sparql(query: QueryFile, given: Mapping[str, str]) -> flask.Response:
    """The text of ``query`` instead of its answer, with the values of its parameters if any is given."""
    accept = flask.request.headers.get("Accept")
    chosen = negotiate(accept, [_SPARQL, _PLAIN, HTML])
    if chosen is None:
        raise RequestError(
            f"a query cannot be written as {accept}",
            f"accept {_SPARQL} or {_PLAIN}",
            kind="not-acceptable",
        )
    # A browser shows plain text, and would save what it does not know.
    content_type = f"{_PLAIN}; charset=utf-8" if chosen == HTML else f"{chosen}; charset=utf-8"
    if not given:
        return flask.Response(query.text, content_type=content_type)
    request = QueryTextRequest(LibraryRequest(query, given))
    found = current_site().executor.run(request, timeout=wanted_timeout())
    if not isinstance(found, QueryTextAnswer):
        raise TypeError(f"the text of a query was answered with {type(found).__name__}")
    return flask.Response(found.text, content_type=content_type)
