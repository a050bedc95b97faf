"""What the site does beside answering queries: ``/search``, ``/explain`` and ``/validate``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import flask

from tipgraph.errors import ParseError, SourceError, UnknownNameError
from tipgraph.negotiation import negotiate
from tipgraph.search import SearchResult, result_values
from tipgraph.serialization import SYNTAXES
from tipgraph.terms import read_term
from tipgraph.validation import REPORT_FORMATS, Report, Severity, write_report
from tipgraph.validation.text import summarize
from tipgraph.vocabulary import expand, shorten
from tipgraph.web.answers import DerivationAnswer, ExplainRequest, SearchRequest, SiteRequest, ValidateRequest
from tipgraph.web.formats import HTML, PAGE
from tipgraph.web.problems import RequestError
from tipgraph.web.restraint import wanted_timeout
from tipgraph.web.site import current_site
from tipgraph.web.views import TermView

services = flask.Blueprint("services", __name__)

_Answer = TypeVar("_Answer")

_JSON: Final = "application/json"
_HITS: Final = 20
MOST_HITS: Final = 200
FURTHEST: Final = 10_000
_RDF_TYPES: Final = {syntax.media_type: syntax for syntax in SYNTAXES.values()}
_EXAMPLE: Final = """\
@prefix id: <https://w3id.org/tipgraph/id/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix tip: <https://w3id.org/tipgraph/ontology#> .

id:my-plan
    a tip:ActionPlan ;
    skos:prefLabel "My plan"@en ;
    tip:adoptedBy id:ecowas ;
    .
"""


@dataclass(frozen=True)
class HitView:
    """A resource that a search found, as a page shows it."""

    resource: TermView
    name: str
    description: str


@dataclass(frozen=True)
class StepView:
    """A step of a derivation as a page shows it."""

    fact: tuple[TermView, TermView, TermView]
    reasons: list[str]
    places: list[str]
    evidence: list[TermView]
    """The passages that carry it, and the sources that it was taken from."""
    premises: list[StepView]


@services.get("/search")
def search() -> flask.Response:
    """The resources whose names and descriptions match ``q``, best first."""
    text = flask.request.args.get("q", "").strip()
    limit, offset = _number("limit", _HITS, 1, MOST_HITS), _number("offset", 0, 0, FURTHEST)
    is_page = _choose([_JSON, HTML]) == HTML
    if not text:
        if is_page:
            return _page("search.html", text="", found=None, hits=[], following=None)
        raise RequestError("there is nothing to search for", "give words as the parameter q")
    found = _run(SearchRequest(text, limit, offset), SearchResult)
    following = None
    if offset + limit < min(found.total, FURTHEST):
        following = flask.url_for("services.search", q=text, limit=limit, offset=offset + limit)
    if not is_page:
        response = _json(
            {"query": text, "next": following} | result_values(found, current_site().graph.prefixes)
        )
        if following:
            response.headers.add("Link", f'<{following}>; rel="next"')
        return response
    terms = current_site().terms
    hits = [
        HitView(TermView(hit.label, terms.href(hit.iri)), terms.shorten(hit.iri), hit.description)
        for hit in found.hits
    ]
    return _page("search.html", text=text, found=found, hits=hits, following=following)


@services.get("/explain")
def explain() -> flask.Response:
    """Why a fact holds: the derivation of subject, predicate and object."""
    parts = [flask.request.args.get(name, "").strip() for name in ("subject", "predicate", "object")]
    # A page that tells an error shows the form again.
    flask.g.fact = parts
    is_page = _choose([_JSON, HTML]) == HTML
    if not all(parts):
        if is_page and not any(parts):
            return _page("explain.html", parts=parts, step=None)
        raise RequestError(
            "the fact is not given in full", "give it as the parameters subject, predicate and object"
        )
    _require_own("there is no derivation in this dataset: nothing is inferred in it")
    found = _run(ExplainRequest(*parts), DerivationAnswer)
    if not is_page:
        return _json(found.values)
    return _page("explain.html", parts=parts, step=_view_step(found.values))


@services.route("/validate", methods=["GET", "POST"])
def validate() -> flask.Response:
    """What breaks the shapes of the RDF that is posted; without any, a form for it."""
    _require_own("there are no shapes for this dataset")
    if not current_site().graph.has_shapes:
        raise UnknownNameError("the graph that is served has no shapes", "give its root a folder shapes/")
    if flask.request.method != "POST":
        if _choose([_JSON, HTML]) != HTML:
            raise RequestError("there is nothing to validate", "post RDF, as in Content-Type: text/turtle")
        return _page("validate.html", text=_EXAMPLE, report=None, summary="", shorten=_shorten)
    content, media_type = _read_rdf()
    chosen = _choose_report()
    severity = _severity()
    try:
        report = _run(ValidateRequest(content, media_type), Report).at_least(severity)
    except ParseError as error:
        raise RequestError(
            error.message, error.hint, kind="malformed-rdf", line=error.line, column=error.column
        ) from error
    except SourceError as error:
        raise RequestError(error.message, error.hint, kind="malformed-rdf") from error
    if chosen != PAGE:
        found = REPORT_FORMATS[chosen]
        written = write_report(report, chosen, current_site().graph.prefixes)
        charset = "; charset=utf-8" if found.media_type.startswith("text/") else ""
        return flask.Response(written, content_type=found.media_type + charset)
    text = content.decode("utf-8-sig")
    return _page("validate.html", text=text, report=report, summary=summarize(report), shorten=_shorten)


def _read_rdf() -> tuple[bytes, str]:
    request = flask.request
    if request.mimetype in _RDF_TYPES:
        return request.get_data(), request.mimetype
    if request.mimetype == "application/x-www-form-urlencoded" and "turtle" in request.form:
        # A page that tells an error shows it again.
        flask.g.turtle = request.form["turtle"]
        return flask.g.turtle.encode(), "text/turtle"
    raise RequestError(
        f"RDF cannot be read from {request.mimetype or 'a body without a Content-Type'}",
        f"send it as one of {', '.join(_RDF_TYPES)}",
        kind="unsupported-media-type",
    )


def _choose_report() -> str:
    """The name of a format of reports, or that of a page."""
    wanted = flask.request.args.get("format") or flask.request.form.get("format")
    if wanted in (PAGE, HTML):
        return PAGE
    if wanted is not None:
        if wanted not in REPORT_FORMATS:
            known = ", ".join(REPORT_FORMATS)
            raise RequestError(f"there is no report format {wanted!r}", f"use one of {known}")
        return wanted
    # The page of the site comes in place of the page that stands alone; programs get JSON before text.
    offers = {found.media_type: found.name for found in REPORT_FORMATS.values() if found.name != "html"}
    order = sorted(offers, key=lambda media_type: media_type == "text/plain")
    chosen = _choose([*order, HTML])
    return PAGE if chosen == HTML else offers[chosen]


def _severity() -> Severity:
    wanted = flask.request.args.get("severity", Severity.INFO.label)
    levels = {severity.label: severity for severity in Severity}
    if wanted not in levels:
        raise RequestError(f"there is no severity {wanted!r}", f"use one of {', '.join(levels)}")
    return levels[wanted]


def _choose(offers: list[str]) -> str:
    """The media type that the client wants; ``?format=`` goes before its header."""
    wanted = flask.request.args.get("format")
    named = {"json": _JSON, PAGE: HTML, HTML: HTML, _JSON: _JSON}
    if wanted in named and named[wanted] in offers:
        return named[wanted]
    if wanted is not None and flask.request.method == "GET":
        raise RequestError(f"there is no format {wanted!r} here", "use json or html")
    accept = flask.request.headers.get("Accept")
    chosen = negotiate(accept, offers)
    if chosen is None:
        raise RequestError(
            f"the answer cannot be written as {accept}",
            f"accept one of {', '.join(offers)}",
            kind="not-acceptable",
        )
    return chosen


def _number(name: str, default: int, least: int, most: int) -> int:
    written = flask.request.args.get(name, "")
    if not written:
        return default
    if not (written.isascii() and written.isdigit() and least <= int(written[:9]) <= most):
        raise RequestError(
            f"{name}={written!r} is no number from {least:,} to {most:,}", f"write it as {name}={default}"
        )
    return int(written)


def _run(request: SiteRequest, kind: type[_Answer]) -> _Answer:
    found = current_site().executor.run(request, timeout=wanted_timeout())
    if not isinstance(found, kind):
        raise TypeError(f"{type(request).__name__} was answered with {type(found).__name__}")
    return found


def _require_own(why: str) -> None:
    if not current_site().is_own:
        raise UnknownNameError(why, "serve the graph of the project for it")
    if not current_site().is_explained:
        raise UnknownNameError(
            "a store does not explain and validate", "serve the graph of the project itself"
        )


def _view_step(values: dict[str, Any]) -> StepView:
    reasons = [axiom["text"] for axiom in values.get("axioms", ())]
    if values.get("reason"):
        reasons.append(f"the rule {values['rule']}: {values['reason'].partition('. ')[0].removesuffix('.')}")
    elif values.get("rule") and not reasons:
        reasons.append(f"the rule {values['rule']} of OWL 2 RL")
    subject, value = _view(values["subject"]), _view(values["object"])
    if values["predicate"] == "a":
        predicate = TermView("is an" if value.text[:1].lower() in "aeiou" else "is a", is_literal=True)
    else:
        predicate = _view(values["predicate"])
    return StepView(
        (subject, predicate, value),
        reasons,
        list(_places(values)),
        [_view(iri) for iri in (*values.get("evidence", ()), *values.get("sources", ()))],
        [_view_step(premise) for premise in values.get("premises", ())],
    )


def _places(values: dict[str, Any]) -> Iterator[str]:
    for place in values.get("places", ()):
        if place["file"]:
            yield f"{place['file']}:{place['line']}" if place["line"] else place["file"]


def _view(name: str) -> TermView:
    """A term of a derivation, which Turtle names, by its label."""
    terms, prefixes = current_site().terms, current_site().graph.prefixes
    iri = expand(name, prefixes)
    if iri is None:
        return terms.view_labelled(read_term(name, prefixes))
    return TermView(terms.label(iri), terms.href(iri), name)


def _shorten(iri: str) -> str:
    return shorten(iri, current_site().graph.prefixes)


def _json(values: dict[str, Any]) -> flask.Response:
    return flask.Response(json.dumps(values, ensure_ascii=False, indent=2) + "\n", content_type=_JSON)


def _page(template: str, **values: Any) -> flask.Response:
    content = flask.render_template(template, **values)
    return flask.Response(content, content_type="text/html; charset=utf-8")
