"""RDF terms as a page shows them: a text, and where it leads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

import flask
import pyoxigraph as ox

from tipgraph.describe import name_term
from tipgraph.store import Dataset
from tipgraph.terms import Term
from tipgraph.vocabulary import BASE, DATASET, ENDPOINT, OA, ONTOLOGY, PASSAGE, QUERY, SKOS, TIP, XSD

SPACES: Final = ("id", "concept", "passage", "graph", "function")
"""The parts of the namespace whose IRIs have a page each."""

_DUMP: Final = f"{BASE}data?"
_PART: Final = f"{DATASET}#"
_ALTERNATIVE: Final = f"{SKOS}altLabel"
_NUMBERS: Final = frozenset(f"{XSD}{name}" for name in ("integer", "decimal", "double", "float"))
_DATES: Final = frozenset(f"{XSD}{name}" for name in ("date", "dateTime", "gYearMonth"))


@dataclass(frozen=True)
class TermView:
    """A term on a page. ``note`` says in small print what else a literal is: its language or datatype."""

    text: str
    href: str | None = None
    title: str | None = None
    language: str | None = None
    note: str | None = None
    is_literal: bool = False
    is_number: bool = False
    is_date: bool = False


class TermViews:
    """Makes the views of the terms of one dataset."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def view(self, term: Term | None) -> TermView | None:
        """The term as a query shows it, an IRI by its short name; ``None`` where it is unbound."""
        if term is None:
            return None
        if isinstance(term, ox.NamedNode):
            return TermView(self.shorten(term.value), self.href(term.value), term.value)
        return _view_literal(term) if isinstance(term, ox.Literal) else TermView(str(term))

    def view_labelled(self, term: Term) -> TermView:
        """The term as a person reads it, an IRI by its label."""
        if isinstance(term, ox.NamedNode):
            return TermView(self.label(term.value), self.href(term.value), self.shorten(term.value))
        return _view_literal(term) if isinstance(term, ox.Literal) else TermView(str(term))

    def shorten(self, iri: str) -> str:
        """The IRI by its prefix where it has one, else in full."""
        return name_term(self._dataset, ox.NamedNode(iri)).name.removeprefix("<").removesuffix(">")

    def label(self, iri: str) -> str:
        """The label of a resource; of a passage its place; else its short name."""
        if iri.startswith(_PART):
            # A part of the catalog, such as what it counts of a class: the end of its IRI tells it apart.
            return iri.removeprefix(_PART).rpartition("/")[2]
        place = self._place(iri) if iri.startswith(PASSAGE) else None
        return place or name_term(self._dataset, ox.NamedNode(iri)).label.removeprefix("<").removesuffix(">")

    def href(self, iri: str) -> str | None:
        """Where the IRI leads: its own page, what the dataset says of it, or out; ``None`` for nowhere."""
        own = _own_href(iri)
        if own is not None:
            return own
        node = ox.NamedNode(iri)
        if next(self._dataset.reader.quads_for_pattern(node, None, None, None), None) is not None:
            return flask.url_for("resources.describe_any", iri=iri)
        if self._dataset.reader.contains_named_graph(node):
            return flask.url_for("resources.describe_any", iri=iri)
        return iri if urlsplit(iri).scheme in ("http", "https") else None

    def value(self, iri: str, predicate: str) -> Term | None:
        """A value of a property of the resource, the first in order where there are several."""
        pattern = ox.NamedNode(iri), ox.NamedNode(predicate), None, None
        return min(
            (quad.object for quad in self._dataset.reader.quads_for_pattern(*pattern)), key=str, default=None
        )

    def text(self, iri: str, predicate: str) -> str | None:
        """A value of a property of the resource as text."""
        value = self.value(iri, predicate)
        return value.value if isinstance(value, ox.Literal | ox.NamedNode) else None

    def _place(self, passage: str) -> str | None:
        """A passage or range of characters in words: ``AU, paragraph 5, sentence 1``."""
        start, end = self.text(passage, f"{OA}start"), self.text(passage, f"{OA}end")
        if start and end:
            return f"characters {start} to {end}"
        section, paragraph = self.value(passage, f"{TIP}section"), self.text(passage, f"{TIP}paragraphNumber")
        if not isinstance(section, ox.NamedNode) or paragraph is None:
            return None
        name = self.text(section.value, _ALTERNATIVE) or self.label(section.value)
        sentence = self.text(passage, f"{TIP}sentenceNumber")
        return f"{name}, paragraph {paragraph}" + (f", sentence {sentence}" if sentence else "")


def _own_href(iri: str) -> str | None:
    if iri == ONTOLOGY:
        return flask.url_for("resources.ontology")
    if iri == BASE:
        return flask.url_for("pages.home")
    if iri.startswith(_DUMP):
        return f"{flask.url_for('graphs.data')}?{iri.removeprefix(_DUMP)}"
    if iri.startswith(TIP):
        return f"{flask.url_for('resources.ontology')}#{quote(iri.removeprefix(TIP))}"
    if iri in (DATASET, ENDPOINT):
        return flask.url_for("resources.dataset" if iri == DATASET else "endpoint.answer")
    if iri.startswith(QUERY) and "#" not in iri:
        return flask.url_for("resources.query", name=iri.removeprefix(QUERY))
    space, _, name = iri.removeprefix(BASE).partition("/") if iri.startswith(BASE) else ("", "", "")
    return flask.url_for("resources.show", space=space, name=name) if space in SPACES and name else None


def _view_literal(term: ox.Literal) -> TermView:
    datatype = term.datatype.value
    is_plain = term.language in (None, "en") and (datatype.startswith(XSD) or term.language == "en")
    return TermView(
        term.value,
        language=term.language,
        note=None if is_plain else term.language or datatype,
        is_literal=True,
        is_number=datatype in _NUMBERS,
        is_date=datatype in _DATES,
    )


def by_text(views: Iterable[TermView]) -> list[TermView]:
    """The views in the order of a reader's alphabet."""
    return sorted(views, key=lambda view: (view.text.casefold(), view.text))
