"""How much of what a dataset holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import pyoxigraph as ox

from tipgraph.store import Dataset
from tipgraph.vocabulary import CONCEPT, DCTERMS, GRAPH_INFERRED, ID, OWL, RDF, RDFS, SKOS, TIP, shorten


@dataclass(frozen=True)
class ClassCount:
    """How many resources are of a class: ``direct`` of it itself, ``all`` of it or of a sub-class."""

    iri: str
    name: str
    label: str
    direct: int
    all: int


@dataclass(frozen=True)
class SectionCount:
    """What stands in one section of the source, and how many resources cite it."""

    iri: str
    name: str
    label: str
    paragraphs: int
    sentences: int
    resources: int


@dataclass(frozen=True)
class PillarCount:
    """How many resources belong to a pillar: as is said of them, and with those that inference adds."""

    iri: str
    name: str
    label: str
    asserted: int
    all: int


@dataclass(frozen=True)
class GraphCount:
    """How many triples a named graph holds; ``iri`` is empty for the default graph."""

    iri: str
    name: str
    label: str
    triples: int


@dataclass(frozen=True)
class Statistics:
    """Counts of a dataset. Classes are sorted by how many there are, sections and graphs by name."""

    triples: int
    """In the union of all graphs."""
    resources: int
    """With a type, and named in ``id:``."""
    classes: tuple[ClassCount, ...]
    sections: tuple[SectionCount, ...]
    pillars: tuple[PillarCount, ...]
    graphs: tuple[GraphCount, ...]


def count_resources(dataset: Dataset) -> Statistics:
    """The statistics of ``dataset``."""
    counter = _Counter(dataset)
    return Statistics(
        triples=len({quad.triple for quad in dataset.store}),
        resources=len(counter.types),
        classes=counter.count_classes(),
        sections=counter.count_sections(),
        pillars=counter.count_pillars(),
        graphs=counter.count_graphs(),
    )


class _Counter:
    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self.types: defaultdict[str, set[str]] = defaultdict(set)
        """Resource in ``id:`` → its asserted classes."""
        for quad in self._quads(f"{RDF}type"):
            if quad.graph_name != ox.NamedNode(GRAPH_INFERRED) and isinstance(quad.object, ox.NamedNode):
                subject = _iri(quad.subject)
                if subject.startswith(ID):
                    self.types[subject].add(quad.object.value)

    def _quads(self, predicate: str) -> list[ox.Quad]:
        return list(self._dataset.store.quads_for_pattern(None, ox.NamedNode(predicate), None, None))

    def _name(self, iri: str) -> str:
        return shorten(iri, self._dataset.prefixes)

    def _label(self, iri: str) -> str:
        for predicate in (f"{SKOS}prefLabel", f"{RDFS}label", f"{DCTERMS}title"):
            found = self._dataset.store.quads_for_pattern(
                ox.NamedNode(iri), ox.NamedNode(predicate), None, None
            )
            labels = sorted(
                (quad.object.language != "en", quad.object.value)
                for quad in found
                if isinstance(quad.object, ox.Literal)
            )
            if labels:
                return labels[0][1]
        return self._name(iri)

    def count_classes(self) -> tuple[ClassCount, ...]:
        above: defaultdict[str, set[str]] = defaultdict(set)
        for quad in self._quads(f"{RDFS}subClassOf"):
            above[_iri(quad.subject)].add(_iri(quad.object))
        direct = Counter(found for classes in self.types.values() for found in classes)
        with_sub_classes: Counter[str] = Counter()
        for classes in self.types.values():
            with_sub_classes.update(_closure(classes, above))
        counts = (
            ClassCount(iri, self._name(iri), self._label(iri), direct[iri], number)
            for iri, number in with_sub_classes.items()
            if iri in direct or iri.startswith(TIP)
        )
        return tuple(sorted(counts, key=lambda count: (-count.all, count.name)))

    def count_sections(self) -> tuple[SectionCount, ...]:
        section_of = {_iri(quad.subject): _iri(quad.object) for quad in self._quads(f"{TIP}section")}
        sentences = {_iri(quad.subject) for quad in self._quads(f"{TIP}sentenceNumber")}
        citing: defaultdict[str, set[str]] = defaultdict(set)
        for quad in self._quads(f"{TIP}evidence"):
            section = section_of.get(_iri(quad.object))
            if section is not None:
                citing[section].add(_iri(quad.subject))
        passages = Counter((section, passage in sentences) for passage, section in section_of.items())
        return tuple(
            SectionCount(
                iri,
                self._name(iri),
                self._label(iri),
                passages[iri, False],
                passages[iri, True],
                len(citing[iri]),
            )
            for iri in sorted(set(section_of.values()))
        )

    def count_pillars(self) -> tuple[PillarCount, ...]:
        pillars = {
            _iri(quad.subject)
            for quad in self._quads(f"{SKOS}inScheme")
            if _iri(quad.object) == f"{CONCEPT}pillars"
        }
        asserted: defaultdict[str, set[str]] = defaultdict(set)
        every: defaultdict[str, set[str]] = defaultdict(set)
        for quad in self._quads(f"{TIP}pillar"):
            pillar, resource = _iri(quad.object), _iri(quad.subject)
            every[pillar].add(resource)
            if quad.graph_name != ox.NamedNode(GRAPH_INFERRED):
                asserted[pillar].add(resource)
        return tuple(
            PillarCount(iri, self._name(iri), self._label(iri), len(asserted[iri]), len(every[iri]))
            for iri in sorted(pillars | set(every))
        )

    def count_graphs(self) -> tuple[GraphCount, ...]:
        triples = Counter(_iri(quad.graph_name) for quad in self._dataset.store)
        return tuple(
            GraphCount(iri, self._name(iri), self._label(iri), number)
            if iri
            else GraphCount("", "default graph", "triples outside any named graph", number)
            for iri, number in sorted(triples.items())
        )


def _iri(term: object) -> str:
    """The IRI of ``term``; empty for what has none."""
    return term.value if isinstance(term, ox.NamedNode) else ""


def _closure(start: set[str], above: Mapping[str, set[str]]) -> set[str]:
    found = set(start)
    ahead = list(start)
    while ahead:
        for iri in above.get(ahead.pop(), ()):
            if iri and iri not in found:
                found.add(iri)
                ahead.append(iri)
    return found - {f"{OWL}Thing"}
