"""Media types in which the site answers, and which one a request gets.

Results of SELECT and ASK, graphs, and pages; a request says what it wants by its ``Accept`` header, or by
``?format=`` where a header cannot be set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tipgraph.negotiation import negotiate
from tipgraph.serialization import SYNTAXES
from tipgraph.sparql.results import RESULT_FORMATS
from tipgraph.web.problems import RequestError

HTML: Final = "text/html"
PAGE: Final = "html"
"""The name of the format that is a page for a person."""

RESULT_TYPES: Final[Mapping[str, str]] = {
    **{found.media_type: found.name for found in RESULT_FORMATS.values()},
    "application/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
}
GRAPH_TYPES: Final[Mapping[str, str]] = {
    **{syntax.media_type: syntax.name for syntax in SYNTAXES.values()},
    "application/json": "json-ld",
    "application/xml": "rdf-xml",
    "text/xml": "rdf-xml",
    "text/plain": "n-triples",
}
DATASET_TYPES: Final[Mapping[str, str]] = {
    SYNTAXES[name].media_type: name for name in ("trig", "n-quads", "json-ld")
}
_SHORT_NAMES: Final[Mapping[str, str]] = {
    **{syntax.suffix.lstrip("."): syntax.name for syntax in SYNTAXES.values()},
    "srj": "json",
    "srx": "xml",
    "ntriples": "n-triples",
    "nquads": "n-quads",
    "rdfxml": "rdf-xml",
}
_OFFERED_GRAPHS: Final = ("turtle", "n-triples", "json-ld", "rdf-xml")
"""The syntaxes that pages link to."""


@dataclass(frozen=True)
class Representation:
    """How an answer is written: the name of its format, and the media type as which it is sent."""

    format: str
    media_type: str

    @property
    def content_type(self) -> str:
        """The media type with its charset, where it is one of text."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


@dataclass(frozen=True)
class Download:
    """A link to the same thing in another format."""

    name: str
    href: str
    media_type: str


def choose_result(accept: str | None, wanted: str | None) -> Representation:
    """How a result of SELECT or ASK is written; ``wanted`` is what ``?format=`` says.

    Raises ``RequestError`` when nothing fits.
    """
    return _choose(accept, wanted, RESULT_TYPES, "the result of SELECT or ASK")


def choose_graph(accept: str | None, wanted: str | None) -> Representation:
    """How a graph is written; raises ``RequestError`` when nothing fits."""
    return _choose(accept, wanted, GRAPH_TYPES, "a graph")


def choose_dataset(accept: str | None, wanted: str | None) -> Representation:
    """How named graphs are written; raises ``RequestError`` when nothing fits that can hold them."""
    return _choose(accept, wanted, DATASET_TYPES, "a dataset of named graphs")


def choose_page(accept: str | None, wanted: str | None) -> bool:
    """Whether a client that names no more than this wants a page rather than data."""
    if wanted is not None:
        return wanted == PAGE
    return negotiate(accept, ["application/json", "text/turtle", HTML]) == HTML


def prefers_graph(accept: str | None, wanted: str | None) -> bool:
    """Whether a client wants a graph rather than a page, where a page is what it gets by default."""
    if wanted is not None:
        return wanted != PAGE
    chosen = negotiate(accept, [HTML, *(syntax.media_type for syntax in SYNTAXES.values())])
    return chosen not in (HTML, None)


def _choose(accept: str | None, wanted: str | None, types: Mapping[str, str], what: str) -> Representation:
    if wanted is not None:
        return _find_format(wanted, types, what)
    # A page comes last: whoever takes anything, as curl does, is a program.
    chosen = negotiate(accept, [*types, HTML])
    if chosen is None:
        raise RequestError(
            f"{what} cannot be written as {accept}",
            f"accept one of {', '.join([*types, HTML])}",
            kind="not-acceptable",
        )
    return Representation(PAGE if chosen == HTML else types[chosen], chosen)


def _find_format(wanted: str, types: Mapping[str, str], what: str) -> Representation:
    if wanted in (PAGE, HTML):
        return Representation(PAGE, HTML)
    if wanted in types:
        return Representation(types[wanted], wanted)
    name = _SHORT_NAMES.get(wanted, wanted)
    for media_type, format_name in types.items():
        if format_name == name:
            return Representation(name, media_type)
    known = list(dict.fromkeys([*types.values(), PAGE]))
    is_other = name in {*RESULT_TYPES.values(), *GRAPH_TYPES.values()} or "/" in wanted
    raise RequestError(
        f"{what} cannot be written as {wanted!r}" if is_other else f"there is no format {wanted!r}",
        f"use one of {', '.join(known)}",
        kind="not-acceptable" if is_other else "bad-request",
    )


def result_downloads(href: str) -> list[Download]:
    """Links to a result of SELECT or ASK; ``href`` is its address, which ends in a query string."""
    return [
        Download(found.name.upper(), f"{href}&format={found.name}", found.media_type)
        for found in RESULT_FORMATS.values()
    ]


def graph_downloads(href: str) -> list[Download]:
    """Links to a graph; ``href`` is its address."""
    joint = "&" if "?" in href else "?"
    return [
        Download(_TITLES[name], f"{href}{joint}format={name}", SYNTAXES[name].media_type)
        for name in _OFFERED_GRAPHS
    ]


_TITLES: Final[Mapping[str, str]] = {
    "turtle": "Turtle",
    "n-triples": "N-Triples",
    "json-ld": "JSON-LD",
    "rdf-xml": "RDF/XML",
}

FORM_CHOICES: Final = (
    ("To read", ((PAGE, "a page"),)),
    ("SELECT and ASK", tuple((name, name.upper()) for name in RESULT_FORMATS)),
    ("CONSTRUCT and DESCRIBE", tuple((name, _TITLES[name]) for name in _OFFERED_GRAPHS)),
)
"""What the query form offers: groups of format names and their titles."""
