"""The pages that are no resource: the start page, the look-up by name, and what problems mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import flask

from tipgraph.errors import AmbiguousNameError, UnknownNameError
from tipgraph.sizes import Sizes
from tipgraph.vocabulary import DCTERMS, TIP
from tipgraph.web.formats import choose_page, prefers_graph
from tipgraph.web.problems import KINDS, PROBLEM, RequestError
from tipgraph.web.site import Site, current_site

pages = flask.Blueprint("pages", __name__)

_MECHANISMS: Final = """
SELECT ?mechanism ?label ?region (COUNT(DISTINCT ?resource) AS ?resources) {
  ?mechanism a tip:Mechanism ; skos:prefLabel ?label .
  OPTIONAL { ?mechanism tip:reportRegion/skos:prefLabel ?region }
  OPTIONAL { ?resource tip:evidence/tip:section ?mechanism }
}
GROUP BY ?mechanism ?label ?region
ORDER BY ?region ?label
"""
_FIGURES: Final = (
    "Mechanism",
    "Instrument",
    "Measure",
    "Body",
    "Initiative",
    "Event",
    "Publication",
    "State",
)
_LARGEST_CLASSES: Final = 30
QUESTIONS_AT_THE_START: Final = (
    "binding-by-mechanism",
    "what-covers-and-binds-a-state",
    "members-and-the-palermo-protocol",
    "what-an-instrument-asks",
    "by-theme",
    "pillar-gaps",
    "planned-by-december-2010",
    "where-sources-disagree",
)
"""What the start page asks: questions of law, of policy and of the sources, those that most begin with."""


_ROBOTS: Final = "User-agent: *\n" + "".join(
    f"Disallow: /{path}\n"
    for path in ("data", "describe", "explain", "find", "search", "sparql?", "validate")
)


@dataclass(frozen=True)
class Entry:
    """A line of a list: a name that leads somewhere, and how much is there."""

    name: str
    href: str | None
    count: int
    about: str | None = None


@dataclass(frozen=True)
class Region:
    """The mechanisms that the report has under one heading."""

    name: str
    mechanisms: list[Entry]

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.mechanisms)


@dataclass(frozen=True)
class StartPage:
    """What ``home.html`` shows."""

    figures: list[Entry]
    regions: list[Region]
    classes: list[Entry]
    graphs: list[Entry]
    example: str
    example_resource: str | None


@pages.get("/")
def home() -> flask.typing.ResponseReturnValue:
    """The start page; to a program that asks for RDF, the catalog of the named graphs."""
    site = current_site()
    wanted = flask.request.args.get("format")
    if site.is_own and prefers_graph(flask.request.headers.get("Accept"), wanted):
        catalog = flask.url_for("resources.show", space="graph", name="catalog", format=wanted)
        return flask.redirect(catalog, 303)
    known = [name for name in QUESTIONS_AT_THE_START if name in site.library]
    return flask.render_template(
        "home.html",
        page=site.remember("start", lambda: _read_start_page(site)),
        questions=site.questions(known or list(site.library)[: len(QUESTIONS_AT_THE_START)]),
        question_count=len(site.library),
    )


@pages.get("/find")
def find() -> flask.typing.ResponseReturnValue:
    """To the resource of that name or acronym."""
    name = flask.request.args.get("name", "").strip()
    if not name:
        raise RequestError("there is no name to find", "give it as the parameter name")
    site = current_site()
    try:
        iri = site.find_resource(name)
    except (UnknownNameError, AmbiguousNameError):
        if choose_page(flask.request.headers.get("Accept"), None):
            # Words that are no name may be in one.
            return flask.redirect(flask.url_for("services.search", q=name), 303)
        raise
    href = site.terms.href(iri)
    if href is None:
        raise UnknownNameError(f"{name} has no page", None)
    return flask.redirect(href, 303)


@pages.get("/favicon.ico")
def favicon() -> flask.typing.ResponseReturnValue:
    """The mark of the site, for browsers that look for it here where what they show is no page."""
    return flask.redirect(flask.url_for("static", filename="mark.svg"), 302)


@pages.get("/robots.txt")
def robots() -> flask.Response:
    """What crawlers leave alone: what is computed for each request, and has as many addresses as words."""
    return flask.Response(_ROBOTS, content_type="text/plain; charset=utf-8")


@pages.get("/problem/<name>")
def problem_kind(name: str) -> str:
    """What the kind of problem means."""
    kind = KINDS.get(name)
    if kind is None:
        raise UnknownNameError(f"there is no problem {name!r}", f"the problems are {', '.join(KINDS)}")
    return flask.render_template("problem_kind.html", kind=kind, iri=PROBLEM + name)


def _read_start_page(site: Site) -> StartPage:
    sizes = site.graph.sizes()
    graphs = _list_graphs(site, sizes)
    if site.is_own:
        figures = [_figure(name, sizes.classes) for name in _FIGURES]
        classes = []
    else:
        figures = [
            Entry("triples", None, sizes.quads),
            Entry("named graphs", None, len(graphs)),
            Entry("classes", None, sizes.class_count),
        ]
        classes = [
            Entry(site.terms.shorten(iri), _list_query(iri), count)
            for iri, count in list(sizes.classes.items())[:_LARGEST_CLASSES]
        ]
    return StartPage(
        [figure for figure in figures if figure.count],
        _list_mechanisms(site) if site.is_own else [],
        classes,
        graphs,
        *_examples(site),
    )


def _figure(name: str, sizes: Mapping[str, int]) -> Entry:
    plural = {"Body": "bodies", "Measure": "measures"}.get(name, f"{name.lower()}s")
    return Entry(plural, _list_query(TIP + name), sizes.get(TIP + name, 0))


def _list_query(class_iri: str) -> str:
    """The address of the list of the instances of a class."""
    name = current_site().terms.shorten(class_iri)
    term = f"<{name}>" if name == class_iri else name
    query = (
        "SELECT ?resource (SAMPLE(?name) AS ?label) {\n"
        f"  ?resource a {term} .\n"
        "  OPTIONAL { ?resource skos:prefLabel|rdfs:label ?name }\n"
        "}\nGROUP BY ?resource ORDER BY ?label ?resource"
    )
    if not current_site().is_own:
        query = f"SELECT ?resource {{ ?resource a {term} }} ORDER BY ?resource"
    return flask.url_for("endpoint.answer", query=query)


def _list_mechanisms(site: Site) -> list[Region]:
    rows = site.graph.select(_MECHANISMS)
    return [
        Region(
            region or "Elsewhere",
            [Entry(row["label"], site.terms.href(row["mechanism"]), row["resources"]) for row in found],
        )
        for region, found in groupby(rows, key=lambda row: row["region"])
    ]


def _list_graphs(site: Site, sizes: Sizes) -> list[Entry]:
    return [
        Entry(site.terms.label(iri), site.terms.href(iri), triples, _about(site, iri))
        if iri
        else Entry("triples outside any named graph", None, triples)
        for iri, triples in sizes.graphs.items()
    ]


def _about(site: Site, graph: str) -> str | None:
    return site.terms.text(graph, f"{DCTERMS}description")


def _examples(site: Site) -> tuple[str, str | None]:
    """A query for the command line, and a resource to ask for."""
    if site.is_own:
        query = "SELECT ?text { ?text a tip:Treaty }"
        return query, flask.url_for("resources.show", space="id", name="ecowas", _external=True)
    return "SELECT * { ?s ?p ?o } LIMIT 10", None
