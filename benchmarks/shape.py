"""What the real graph is like: the parts that a larger one is made of.

The graph falls into sections, one for each mechanism, with what a section alone speaks of: the mechanism with
its memberships and passages, and clusters of instruments, provisions, bodies, events and measures that refer
to each other. Around them are the states, each with its treaty actions, and the hubs that several sections
refer to. What is left, such as the ontology, does not grow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Final, TypeAlias

import pyoxigraph as ox

from tipgraph.sources import Sources
from tipgraph.vocabulary import GRAPH, GRAPH_ONTOLOGY, ID, ORG, PASSAGE, RDF, SKOS, TIP

STATE: Final = f"{TIP}State"
_TYPE: Final = f"{RDF}type"
_CODES: Final = frozenset({f"{TIP}isoAlpha2", f"{TIP}isoAlpha3", f"{TIP}m49"})
_MATCHES: Final = frozenset({f"{SKOS}exactMatch", f"{SKOS}closeMatch"})
_HUB: Final = "hub"
_SHARED: Final = frozenset({"agencies", "shared"})
"""Files of the report whose resources are no section's own."""

_Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


class Kind(Enum):
    """What becomes of the object of a statement in a copy of its subject."""

    SAME = auto()
    """It stays: a class, a concept, a date, a number."""
    LINK = auto()
    """It is the copy of that resource."""
    EVIDENCE = auto()
    """It is a passage of the section that the copy is in."""
    TEXT = auto()
    """It is told apart from other copies: a label, a description."""
    CODE = auto()
    """It is a code that no other copy has."""
    MATCH = auto()
    """It is an address outside the graph that no other copy has."""
    DIGEST = auto()
    """It is a digest that no other copy has."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement about a resource, with ``predicate``, ``graph`` and objects that stay as in N-Quads.

    Else ``value`` is the IRI or the text.
    """

    predicate: str
    kind: Kind
    value: str
    graph: str
    language: str = ""


@dataclass(slots=True)
class Resource:
    """A resource with all that is said of it, in any graph."""

    iri: str
    statements: list[Statement] = field(default_factory=list)

    def links(self) -> Iterable[str]:
        """The IRIs of the resources that it refers to."""
        return (one.value for one in self.statements if one.kind in (Kind.LINK, Kind.EVIDENCE))


@dataclass(slots=True)
class Section:
    """A mechanism, with what belongs to it alone, and the clusters that the report says around it."""

    mechanism: Resource
    own: list[Resource]
    """Memberships, claims about them, treaty actions, selectors and passages."""
    passages: list[str]
    """The IRIs of its sentences and paragraphs."""
    clusters: list[list[Resource]]


@dataclass(slots=True)
class State:
    """A state with its treaty actions."""

    resource: Resource
    actions: list[Resource]

    def size(self) -> int:
        """How many statements it takes."""
        return len(self.resource.statements) + sum(len(action.statements) for action in self.actions)


@dataclass(slots=True)
class Shape:
    """The parts of the real graph."""

    fixed: list[str]
    """What does not grow, as lines of N-Quads."""
    sections: list[Section]
    states: list[State]
    hubs: dict[str, Resource]


def measure_shape(sources: Sources) -> Shape:
    """The parts of the graph of ``sources``, in an order that depends on nothing but its files."""
    reading = _Reading()
    for file in sources.graph_files():
        reading.read(file.path, file.graph)
    return reading.divide()


class _Reading:
    def __init__(self) -> None:
        self.fixed: list[str] = []
        self.quads: list[tuple[str, ox.Quad]] = []
        self.homes: dict[str, str] = {}
        """Resource → the name of the file that gives it its class."""
        self.classes: defaultdict[str, set[str]] = defaultdict(set)
        self.targets: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        """Subject and predicate → objects."""

    def read(self, path: Path, graph: str) -> None:
        parsed = ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=path.resolve().as_uri())
        labels: dict[str, str] = {}

        def say(term: _Term | ox.NamedNode) -> str:
            if isinstance(term, ox.BlankNode):
                return "_:" + labels.setdefault(term.value, f"{path.stem}{len(labels)}")
            return str(term)

        for quad in parsed:
            subject = quad.subject
            grows = isinstance(subject, ox.NamedNode) and subject.value.startswith((ID, PASSAGE))
            if graph == GRAPH_ONTOLOGY or not grows:
                self.fixed.append(f"{say(subject)} {quad.predicate} {say(quad.object)} <{graph}> .\n")
                continue
            assert isinstance(subject, ox.NamedNode)
            self.quads.append((graph, quad))
            if isinstance(quad.object, ox.NamedNode):
                self.targets[subject.value, quad.predicate.value].append(quad.object.value)
                if quad.predicate.value == _TYPE:
                    self.classes[subject.value].add(quad.object.value)
                    if graph != f"{GRAPH}identities":
                        self.homes.setdefault(subject.value, path.stem.removesuffix("-note"))

    def divide(self) -> Shape:
        section_of = {
            passage: objects[0] for (passage, predicate), objects in self.targets.items()
            if predicate == f"{TIP}section"
        }  # fmt: skip
        mechanisms = sorted(set(section_of.values()))
        by_file = {self.homes[passage]: mechanism for passage, mechanism in section_of.items()}
        roles = {iri: self._role(iri, mechanisms, section_of, by_file) for iri in self.classes}
        resources: dict[str, Resource] = {}
        growing = {iri for iri, role in roles.items() if role}
        for graph, quad in self.quads:
            assert isinstance(quad.subject, ox.NamedNode)
            iri = quad.subject.value
            if iri in growing:
                resource = resources.setdefault(iri, Resource(iri))
                resource.statements.append(_statement(quad, graph, growing))
            else:
                self.fixed.append(f"{quad.subject} {quad.predicate} {quad.object} <{graph}> .\n")
        for resource in resources.values():
            # A state that the report names and the table of states describes has some statements twice.
            resource.statements = list(dict.fromkeys(resource.statements))
        of_section: defaultdict[str, list[Resource]] = defaultdict(list)
        actions: defaultdict[str, list[Resource]] = defaultdict(list)
        for iri in sorted(resources):
            role = roles[iri]
            if role in mechanisms and iri not in mechanisms:
                of_section[role].append(resources[iri])
            elif role not in mechanisms and role.startswith(ID):
                actions[role].append(resources[iri])
        states = [iri for iri in sorted(resources) if roles[iri] == STATE]
        return Shape(
            sorted(set(self.fixed)),
            [self._section(resources[iri], of_section[iri], section_of) for iri in mechanisms],
            [State(resources[iri], actions[iri]) for iri in states],
            {iri: resources[iri] for iri in sorted(resources) if roles[iri] == _HUB},
        )

    def _role(
        self, iri: str, mechanisms: list[str], section_of: dict[str, str], by_file: dict[str, str]
    ) -> str:
        """The mechanism or state that ``iri`` belongs to, or what it is; nothing for what does not grow."""
        if iri in mechanisms:
            return iri
        if STATE in self.classes[iri]:
            return STATE
        if iri in section_of:
            return section_of[iri]
        if iri.startswith(PASSAGE):
            return section_of[iri.rpartition("-range-")[0]]
        for predicate in (f"{ORG}organization", f"{TIP}actor"):
            for target in self.targets[iri, predicate] if self._is_link(iri) else ():
                if target in mechanisms or STATE in self.classes[target]:
                    return target
                return _HUB
        home = self.homes.get(iri, "")
        if home in _SHARED:
            return _HUB
        return by_file.get(home, "")

    def _is_link(self, iri: str) -> bool:
        return bool(self.classes[iri] & {f"{ORG}Membership", f"{TIP}TreatyAction"})

    def _section(
        self,
        mechanism: Resource,
        parts: list[Resource],
        section_of: dict[str, str],
    ) -> Section:
        own = [part for part in parts if self._is_about_members(part.iri) or part.iri.startswith(PASSAGE)]
        clusters = _clusters([part for part in parts if part not in own])
        passages = [part.iri for part in own if part.iri in section_of]
        for cluster in clusters:
            # What only the mechanism says of its clusters comes and goes with them.
            inside = {part.iri for part in cluster}
            said = [one for one in mechanism.statements if one.kind is Kind.LINK and one.value in inside]
            if said:
                mechanism.statements = [one for one in mechanism.statements if one not in said]
                cluster.append(Resource(mechanism.iri, said))
        return Section(mechanism, own, passages, clusters)

    def _is_about_members(self, iri: str) -> bool:
        """Whether it has to fit the memberships of its own mechanism, as their number does."""
        told = self.classes[iri] & {f"{TIP}Claim", f"{TIP}Discrepancy"}
        return bool(told) or self._is_link(iri) or bool(self.targets[iri, f"{TIP}observedOf"])


def _clusters(parts: list[Resource]) -> list[list[Resource]]:
    """The connected components of ``parts``."""
    parent = {part.iri: part.iri for part in parts}

    def find(iri: str) -> str:
        while parent[iri] != iri:
            iri = parent[iri]
        return iri

    for part in parts:
        for link in part.links():
            if link in parent:
                first, second = sorted((find(part.iri), find(link)))
                parent[second] = first
    found: defaultdict[str, list[Resource]] = defaultdict(list)
    for part in parts:
        found[find(part.iri)].append(part)
    return [found[root] for root in sorted(found)]


def _statement(quad: ox.Quad, graph: str, growing: set[str]) -> Statement:
    predicate, value = quad.predicate.value, quad.object

    def said(kind: Kind, text: str, language: str = "") -> Statement:
        return Statement(str(quad.predicate), kind, text, f"<{graph}>", language)

    if isinstance(value, ox.Literal):
        if predicate in _CODES:
            return said(Kind.CODE, value.value)
        if predicate == f"{TIP}sha256":
            return said(Kind.DIGEST, value.value)
        if value.language:
            return said(Kind.TEXT, value.value, value.language)
    elif isinstance(value, ox.NamedNode):
        if predicate in _MATCHES and not value.value.startswith((ID, "https://w3id.org/")):
            return said(Kind.MATCH, value.value)
        if predicate == f"{TIP}evidence":
            return said(Kind.EVIDENCE, value.value)
        if value.value in growing:
            return said(Kind.LINK, value.value)
    return said(Kind.SAME, str(value))
