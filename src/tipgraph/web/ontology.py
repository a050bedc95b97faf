"""The ontology as a page: its classes, properties and concept schemes, read from the graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from tipgraph.store import Reader
from tipgraph.vocabulary import (
    CONCEPT,
    DCTERMS,
    GRAPH_ONTOLOGY,
    ONTOLOGY,
    OWL,
    RDF,
    RDFS,
    SKOS,
    TIP,
)
from tipgraph.web.views import TermView, TermViews, by_text

_TYPE: Final = ox.NamedNode(f"{RDF}type")
_CLASSES: Final = (f"{OWL}Class",)
_PROPERTIES: Final = (f"{OWL}ObjectProperty", f"{OWL}DatatypeProperty", f"{OWL}AnnotationProperty")
_RELATIONS: Final[Mapping[str, str]] = {
    f"{RDFS}subClassOf": "A kind of",
    f"{RDFS}subPropertyOf": "A case of",
    f"{RDFS}domain": "From",
    f"{RDFS}range": "To",
    f"{OWL}inverseOf": "Inverse of",
    f"{OWL}equivalentClass": "The same as",
    f"{OWL}disjointWith": "Never also",
}
"""Property of a term → how its page says it."""


@dataclass(frozen=True)
class OntologyTerm:
    """A class or property on the page."""

    anchor: str
    name: str
    short: str
    definition: str | None
    example: str | None
    relations: list[tuple[str, list[TermView]]]


@dataclass
class TreeNode:
    """A class, and the classes under it."""

    name: str
    href: str
    children: list[TreeNode] = field(default_factory=list)


@dataclass(frozen=True)
class SchemeEntry:
    """A concept scheme and how many concepts it has."""

    name: str
    href: str
    count: int


class OntologyPage:
    """What ``ontology.html`` shows; it reads asserted axioms only."""

    def __init__(self, reader: Reader, views: TermViews) -> None:
        self._reader = reader
        self._views = views
        self._graph = ox.NamedNode(GRAPH_ONTOLOGY)
        ontology = ox.NamedNode(ONTOLOGY)
        self.title = self._text(ontology, f"{DCTERMS}title") or "Ontology"
        self.description = self._text(ontology, f"{DCTERMS}description")
        self.version = self._text(ontology, f"{OWL}versionInfo")
        self.classes = self._terms(_CLASSES)
        self.properties = self._terms(_PROPERTIES)
        self.roots = self._tree()
        self.schemes = self._schemes()

    def _objects(self, subject: ox.NamedNode, predicate: str) -> Iterable[ox.NamedNode | ox.Literal]:
        for quad in self._reader.quads_for_pattern(subject, ox.NamedNode(predicate), None, self._graph):
            if isinstance(quad.object, ox.NamedNode | ox.Literal):
                yield quad.object

    def _text(self, subject: ox.NamedNode, predicate: str) -> str | None:
        return min((term.value for term in self._objects(subject, predicate)), default=None)

    def _instances(self, classes: Iterable[str]) -> set[ox.NamedNode]:
        return {
            quad.subject
            for name in classes
            for quad in self._reader.quads_for_pattern(None, _TYPE, ox.NamedNode(name), self._graph)
            if isinstance(quad.subject, ox.NamedNode)
        }

    def _terms(self, classes: Iterable[str]) -> list[OntologyTerm]:
        own = [found for found in self._instances(classes) if found.value.startswith(TIP)]
        self._reader.prepare(own)
        return sorted((self._term(found) for found in own), key=lambda term: term.name.casefold())

    def _term(self, subject: ox.NamedNode) -> OntologyTerm:
        anchor = subject.value.removeprefix(TIP)
        relations = [
            (name, by_text(self._views.view_labelled(term) for term in self._objects(subject, predicate)))
            for predicate, name in _RELATIONS.items()
        ]
        return OntologyTerm(
            anchor,
            self._views.label(subject.value),
            self._views.shorten(subject.value),
            self._text(subject, f"{SKOS}definition"),
            self._text(subject, f"{SKOS}example"),
            [(name, terms) for name, terms in relations if terms],
        )

    def _tree(self) -> list[TreeNode]:
        """The classes of the project under the class of the project that each is a kind of."""
        children: dict[str, list[str]] = defaultdict(list)
        roots = []
        for found in sorted(subject.value for subject in self._instances(_CLASSES)):
            if not found.startswith(TIP):
                continue
            parents = [
                term.value
                for term in self._objects(ox.NamedNode(found), f"{RDFS}subClassOf")
                if term.value.startswith(TIP)
            ]
            for parent in parents:
                children[parent].append(found)
            if not parents:
                roots.append(found)

        def node(iri: str, above: frozenset[str]) -> TreeNode:
            below = [node(child, above | {iri}) for child in children[iri] if child not in above]
            name = self._views.label(iri)
            return TreeNode(name, f"#{iri.removeprefix(TIP)}", sorted(below, key=lambda found: found.name))

        return sorted((node(root, frozenset()) for root in roots), key=lambda found: found.name)

    def _schemes(self) -> list[SchemeEntry]:
        counts: dict[str, int] = defaultdict(int)
        for quad in self._reader.quads_for_pattern(None, ox.NamedNode(f"{SKOS}inScheme"), None, self._graph):
            if isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith(CONCEPT):
                counts[quad.object.value] += 1
        entries = [
            SchemeEntry(self._views.label(iri), self._views.href(iri) or "", count)
            for iri, count in counts.items()
        ]
        return sorted(entries, key=lambda entry: entry.name.casefold())
