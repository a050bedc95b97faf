"""One resource as the graph knows it: its name, its kinds, the facts from and to it, and its evidence."""

from __future__ import annotations

import difflib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import AmbiguousNameError, UnknownNameError
from tipgraph.store import Dataset
from tipgraph.terms import Term
from tipgraph.vocabulary import (
    BASE,
    CONCEPT,
    DATASET,
    DCTERMS,
    GRAPH,
    GRAPH_INFERRED,
    ID,
    OWL,
    PASSAGE,
    RDF,
    RDFS,
    SKOS,
    TIP,
    expand,
    shorten,
)

_TYPE: Final = ox.NamedNode(f"{RDF}type")
_EVIDENCE: Final = ox.NamedNode(f"{TIP}evidence")
_SUB_PROPERTY: Final = ox.NamedNode(f"{RDFS}subPropertyOf")
_SUB_CLASS: Final = ox.NamedNode(f"{RDFS}subClassOf")
_INVERSE: Final = ox.NamedNode(f"{OWL}inverseOf")
_PREFERRED: Final = tuple(
    ox.NamedNode(iri) for iri in (f"{SKOS}prefLabel", f"{RDFS}label", f"{DCTERMS}title")
)
_ALTERNATIVE: Final = ox.NamedNode(f"{SKOS}altLabel")
_DESCRIPTIONS: Final = tuple(
    ox.NamedNode(iri) for iri in (f"{DCTERMS}description", f"{SKOS}definition", f"{RDFS}comment")
)
_SPACES: Final = (ID, CONCEPT, TIP, GRAPH, PASSAGE)
"""The namespaces in which a bare name is looked for, the one that goes first in front."""
_MOST_CANDIDATES: Final = 6
_SIMILAR: Final = 0.78
"""How similar a word is that may have been meant though it begins with another letter."""


@dataclass(frozen=True)
class Named:
    """A term with the names that a person reads: ``name`` is short and exact, ``label`` is plain."""

    term: Term
    name: str
    label: str


@dataclass(frozen=True)
class Fact:
    """What one property says: the term at its other end, and the graphs in which that stands."""

    value: Named
    graphs: tuple[str, ...]
    is_inferred: bool
    """Whether it stands among the inferred triples only."""


@dataclass(frozen=True)
class FactGroup:
    """The facts of one property, the asserted ones first, then by label."""

    predicate: Named
    facts: tuple[Fact, ...]

    @property
    def is_inferred(self) -> bool:
        """Whether all of them are."""
        return all(fact.is_inferred for fact in self.facts)


@dataclass(frozen=True)
class Evidence:
    """A passage that carries what is said: where it stands in the source."""

    passage: Named
    section: Named
    paragraph: int
    sentence: int | None


@dataclass(frozen=True)
class Description:
    """A resource as a person reads it."""

    resource: Named
    kinds: tuple[Named, ...]
    """Its most specific classes."""
    wider_kinds: tuple[Named, ...]
    """The other classes that it belongs to."""
    alternative_labels: tuple[str, ...]
    text: str
    """Its description or definition."""
    outgoing: tuple[FactGroup, ...]
    incoming: tuple[FactGroup, ...]
    evidence: tuple[Evidence, ...]


Names = Mapping[str, Mapping[str, tuple[int, int]]]
"""Normalized name → IRI → its rank: what kind of thing it is, then what kind of name."""


def find_resource(
    dataset: Dataset,
    name: str,
    namespace: str | None = None,
    *,
    names: Callable[[], Names] | None = None,
) -> str:
    """The IRI of the resource that a person calls ``name``, whatever the case of its letters.

    A name is an IRI, a prefixed name, the last part of an IRI of the project, a label or an alternative
    label; ``namespace`` keeps to the resources whose IRI begins with it. ``names``
    returns what ``read_names`` does, where that is at hand. Raises ``UnknownNameError``, with the nearest
    names, and ``AmbiguousNameError``, with the candidates.
    """
    iri = expand(name.strip(), dataset.prefixes)
    if iri is not None and _is_known(dataset, iri):
        return iri
    known = _keep_to(namespace, read_names(dataset) if names is None else names())
    wanted = _normalize(name)
    found = known.get(wanted, {})
    if not found:
        raise UnknownNameError(f"no resource is called {name!r}", _suggest(dataset, known, wanted))
    best = min(found.values())
    candidates = sorted(iri for iri, rank in found.items() if rank == best)
    if len(candidates) > 1:
        shown = ", ".join(_called(dataset, candidate) for candidate in candidates)
        raise AmbiguousNameError(
            f"{name!r} may be any of {len(candidates)} resources", f"choose one of {shown}"
        )
    return candidates[0]


def read_names(dataset: Dataset) -> Names:
    """Every name of every resource."""
    names: defaultdict[str, dict[str, tuple[int, int]]] = defaultdict(dict)

    def add(iri: str, name: str, how: int) -> None:
        place = next((number for number, space in enumerate(_SPACES) if iri.startswith(space)), len(_SPACES))
        known = names[_normalize(name)]
        known[iri] = min((place, how), known.get(iri, (place, how)))

    for how, predicate in enumerate((*_PREFERRED, _ALTERNATIVE), start=1):
        for quad in dataset.reader.quads_for_pattern(None, predicate, None, None):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
                add(quad.subject.value, quad.object.value, how)
    nodes = {term for triple in dataset.reader.read_triples() for term in (triple.subject, triple.object)}
    for node in nodes:
        if not isinstance(node, ox.NamedNode) or not node.value.startswith(BASE):
            continue
        # Nobody calls a part of the catalog by a name.
        if not is_part_of_catalog(node):
            add(node.value, re.split("[/#]", node.value)[-1], 0)
    return dict(names)


def encode_names(names: Names) -> str:
    """``names`` as JSON, the same for the same names."""
    return json.dumps(names, separators=(",", ":"), sort_keys=True)


def decode_names(content: bytes) -> Names:
    """The names that ``encode_names`` wrote; raises ``ValueError`` and its kin on anything else."""
    decoded = json.loads(content)
    return {
        name: {iri: (place, how) for iri, (place, how) in ranks.items()} for name, ranks in decoded.items()
    }


def find_to_the_letter(dataset: Dataset, name: str, namespace: str | None = None) -> str:
    """As ``find_resource``, but by a few look-ups: for a dataset too large to gather its names.

    A label is found as it is written, in English or in no language.
    """
    name = name.strip()
    iri = expand(name, dataset.prefixes)
    if iri is not None and _is_known(dataset, iri):
        return iri
    found: list[str] = []
    for space in _SPACES if namespace is None else (namespace,):
        found += [
            iri for iri in dict.fromkeys((space + name, space + name.lower())) if _is_known(dataset, iri)
        ]
        if found:
            return found[0]
    for predicate in (*_PREFERRED, _ALTERNATIVE):
        quads = (
            quad
            for text in (ox.Literal(name, language="en"), ox.Literal(name))
            for quad in dataset.reader.quads_for_pattern(None, predicate, text, None)
        )
        iris = {quad.subject.value for quad in quads if isinstance(quad.subject, ox.NamedNode)}
        found = sorted(iri for iri in iris if namespace is None or iri.startswith(namespace))
        if len(found) == 1:
            return found[0]
        if found:
            shown = ", ".join(_called(dataset, iri) for iri in found[:_MOST_CANDIDATES])
            raise AmbiguousNameError(
                f"{name!r} may be any of {len(found)} resources", f"choose one of {shown}"
            )
    raise UnknownNameError(f"no resource is called {name!r}", "write its name as it stands there, or its IRI")


def is_part_of_catalog(term: Term) -> bool:
    """Whether ``term`` is a part of what the dataset says of itself, such as the partition of a class."""
    return isinstance(term, ox.NamedNode) and term.value.startswith(f"{DATASET}#")


def name_term(dataset: Dataset, term: Term) -> Named:
    """``term`` with its prefixed name and its English label, which is the name where it has none."""
    if not isinstance(term, ox.NamedNode):
        text = term.value if isinstance(term, ox.Literal) else str(term)
        return Named(term, text, text)
    name = shorten(term.value, dataset.prefixes)
    for predicate in _PREFERRED:
        labels = _literals(dataset, term, predicate)
        if labels:
            return Named(term, name, labels[0].value)
    return Named(term, name, name)


def name_property(dataset: Dataset, predicate: ox.NamedNode) -> Named:
    """``predicate`` as ``name_term`` has it; where it has no label, the words of its name are one."""
    named = name_term(dataset, predicate)
    if named.label != named.name:
        return named
    local = re.split("[/#:]", predicate.value)[-1]
    return Named(predicate, named.name, re.sub(r"(?<=[a-z])(?=[A-Z])", " ", local).lower() or named.name)


def describe(dataset: Dataset, iri: str, *, everything: bool = False) -> Description:
    """The resource ``iri`` with all that is said of it.

    Unless ``everything`` is asked for, an inferred fact is left out where another fact about the same two
    things says it more exactly: its property is a sub-property or the inverse; and so is what the catalog
    counts. Raises ``UnknownNameError``
    when the dataset holds nothing of that IRI.
    """
    if not _is_known(dataset, iri):
        raise UnknownNameError(f"the graph says nothing of <{iri}>", "check the IRI")
    resource = ox.NamedNode(iri)
    store = dataset.reader
    outgoing = _read_statements(store.quads_for_pattern(resource, None, None, None), forward=True)
    incoming = _read_statements(store.quads_for_pattern(None, None, resource, None), forward=False)
    store.prepare(term for key in (*outgoing, *incoming) for term in (key.property, key.other))
    types = [statement.other for statement in outgoing if statement.property == _TYPE]
    evidence = [statement.other for statement in outgoing if statement.property == _EVIDENCE]
    if not everything:
        incoming = {key: graphs for key, graphs in incoming.items() if not is_part_of_catalog(key.other)}
        outgoing, incoming = _without_implied(dataset, outgoing, incoming)
    told_apart = {_TYPE, _EVIDENCE, _ALTERNATIVE, *_PREFERRED, *_DESCRIPTIONS}
    outgoing = {key: graphs for key, graphs in outgoing.items() if key.property not in told_apart}
    kinds, wider_kinds = _sort_kinds(dataset, types)
    texts = [text for predicate in _DESCRIPTIONS for text in _literals(dataset, resource, predicate)]
    return Description(
        resource=name_term(dataset, resource),
        kinds=kinds,
        wider_kinds=wider_kinds,
        alternative_labels=_read_alternative_labels(dataset, resource),
        text=texts[0].value if texts else "",
        outgoing=_group(dataset, outgoing),
        incoming=_group(dataset, incoming),
        evidence=_read_evidence(dataset, evidence),
    )


@dataclass(frozen=True)
class _Statement:
    """A triple as seen from the resource described: its property, its other end, and its direction."""

    property: ox.NamedNode
    other: Term
    forward: bool


_Statements = dict[_Statement, tuple[str, ...]]
"""Statement → the IRIs of the graphs in which it stands."""


def _read_statements(quads: Iterable[ox.Quad], *, forward: bool) -> _Statements:
    found: defaultdict[_Statement, list[str]] = defaultdict(list)
    for quad in quads:
        graph = quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else ""
        other = quad.object if forward else quad.subject
        found[_Statement(quad.predicate, other, forward)].append(graph)
    return {statement: tuple(sorted(graphs)) for statement, graphs in found.items()}


def _without_implied(
    dataset: Dataset, outgoing: _Statements, incoming: _Statements
) -> tuple[_Statements, _Statements]:
    """The statements without the inferred ones that follow from another by sub-property or inverse alone."""
    hierarchy = _PropertyHierarchy(dataset)
    statements = {**outgoing, **incoming}
    # The asserted ones speak first; then the outgoing; then those of the narrower property.
    order = sorted(
        statements,
        key=lambda statement: (
            _is_inferred(statements[statement]),
            not statement.forward,
            -len(hierarchy.implied_by(statement.property)),
            statement.property.value,
        ),
    )
    implied: set[_Statement] = set()
    for statement in order:
        if _is_inferred(statements[statement]) and statement in implied:
            continue
        for predicate, is_inverse in hierarchy.implied_by(statement.property):
            if (predicate, is_inverse) != (statement.property, False):
                implied.add(_Statement(predicate, statement.other, statement.forward != is_inverse))
    untold = {key for key, graphs in statements.items() if _is_inferred(graphs) and key in implied}
    return (
        {key: graphs for key, graphs in outgoing.items() if key not in untold},
        {key: graphs for key, graphs in incoming.items() if key not in untold},
    )


class _PropertyHierarchy:
    """Which properties a property implies."""

    def __init__(self, dataset: Dataset) -> None:
        self._store = dataset.reader
        self._implied: dict[ox.NamedNode, set[tuple[ox.NamedNode, bool]]] = {}

    def implied_by(self, predicate: ox.NamedNode) -> set[tuple[ox.NamedNode, bool]]:
        """Each property that holds where ``predicate`` does, and whether it holds the other way round."""
        if predicate not in self._implied:
            found = {(predicate, False)}
            ahead = [(predicate, False)]
            while ahead:
                current, is_inverse = ahead.pop()
                steps = {(wider, is_inverse) for wider in self._follow(current, _SUB_PROPERTY)}
                steps |= {(other, not is_inverse) for other in self._follow(current, _INVERSE)}
                steps |= {
                    (other, not is_inverse) for other in self._follow(current, _INVERSE, backwards=True)
                }
                ahead += steps - found
                found |= steps
            self._implied[predicate] = found
        return self._implied[predicate]

    def _follow(
        self, start: ox.NamedNode, predicate: ox.NamedNode, *, backwards: bool = False
    ) -> Iterator[ox.NamedNode]:
        ends: Iterable[Term]
        if backwards:
            ends = (quad.subject for quad in self._store.quads_for_pattern(None, predicate, start, None))
        else:
            ends = (quad.object for quad in self._store.quads_for_pattern(start, predicate, None, None))
        return (end for end in ends if isinstance(end, ox.NamedNode))


def _reachable(dataset: Dataset, start: ox.NamedNode, predicate: ox.NamedNode) -> set[ox.NamedNode]:
    """``start`` and whatever ``predicate`` leads to from it."""
    found = {start}
    ahead = [start]
    while ahead:
        for quad in dataset.reader.quads_for_pattern(ahead.pop(), predicate, None, None):
            if isinstance(quad.object, ox.NamedNode) and quad.object not in found:
                found.add(quad.object)
                ahead.append(quad.object)
    return found


def _is_inferred(graphs: tuple[str, ...]) -> bool:
    return graphs == (GRAPH_INFERRED,)


def _sort_kinds(dataset: Dataset, types: Iterable[Term]) -> tuple[tuple[Named, ...], tuple[Named, ...]]:
    """The most specific of the classes ``types``, and the others; those of OWL itself say nothing."""
    classes = [
        term
        for term in types
        if isinstance(term, ox.NamedNode) and term.value not in (f"{OWL}Thing", f"{RDFS}Resource")
    ]
    above = {term: _reachable(dataset, term, _SUB_CLASS) - {term} for term in classes}
    # Equivalent classes lie above each other; neither is the wider one.
    wider = {
        term
        for term in classes
        if any(term in above[other] and other not in above[term] for other in classes)
    }
    named = sorted((name_term(dataset, term) for term in classes), key=lambda kind: kind.label)
    return (
        tuple(kind for kind in named if kind.term not in wider),
        tuple(kind for kind in named if kind.term in wider),
    )


def _group(dataset: Dataset, statements: _Statements) -> tuple[FactGroup, ...]:
    by_property: defaultdict[ox.NamedNode, list[Fact]] = defaultdict(list)
    for statement, graphs in statements.items():
        short = tuple(graph.removeprefix(GRAPH) for graph in graphs)
        fact = Fact(name_term(dataset, statement.other), short, _is_inferred(graphs))
        by_property[statement.property].append(fact)
    groups = (
        FactGroup(
            name_property(dataset, predicate),
            tuple(sorted(facts, key=lambda fact: (fact.is_inferred, fact.value.label, fact.value.name))),
        )
        for predicate, facts in by_property.items()
    )
    return tuple(
        sorted(groups, key=lambda group: (group.is_inferred, group.predicate.label, group.predicate.name))
    )


def _read_evidence(dataset: Dataset, passages: Iterable[Term]) -> tuple[Evidence, ...]:
    found = []
    for passage in passages:
        if not isinstance(passage, ox.NamedNode):
            continue
        section = _first_object(dataset, passage, f"{TIP}section")
        paragraph = _first_object(dataset, passage, f"{TIP}paragraphNumber")
        sentence = _first_object(dataset, passage, f"{TIP}sentenceNumber")
        if section is not None and isinstance(paragraph, ox.Literal):
            found.append(
                Evidence(
                    name_term(dataset, passage),
                    name_term(dataset, section),
                    int(paragraph.value),
                    int(sentence.value) if isinstance(sentence, ox.Literal) else None,
                )
            )
    return tuple(sorted(found, key=lambda place: (place.section.name, place.paragraph, place.sentence or 0)))


def _first_object(dataset: Dataset, subject: ox.NamedNode, predicate: str) -> Term | None:
    quads = dataset.reader.quads_for_pattern(subject, ox.NamedNode(predicate), None, None)
    return min((quad.object for quad in quads), key=str, default=None)


def _literals(dataset: Dataset, subject: ox.NamedNode, predicate: ox.NamedNode) -> list[ox.Literal]:
    """The texts of a property: the English ones first, then those without language, then the others."""
    quads = dataset.reader.quads_for_pattern(subject, predicate, None, None)
    found = {quad.object for quad in quads if isinstance(quad.object, ox.Literal)}
    order = {"en": 0, None: 1}
    return sorted(found, key=lambda text: (order.get(text.language, 2), text.language or "", text.value))


def _read_alternative_labels(dataset: Dataset, resource: ox.NamedNode) -> tuple[str, ...]:
    """The English ones and those without language, or all where there is none of these."""
    labels = _literals(dataset, resource, _ALTERNATIVE)
    plain = [label for label in labels if label.language in ("en", None)]
    return tuple(label.value for label in plain or labels)


def _is_known(dataset: Dataset, iri: str) -> bool:
    try:
        node = ox.NamedNode(iri)
    except ValueError:
        return False
    store = dataset.reader
    return any(
        True
        for quads in (
            store.quads_for_pattern(node, None, None, None),
            store.quads_for_pattern(None, None, node, None),
            store.quads_for_pattern(None, node, None, None),
            store.quads_for_pattern(None, None, None, node),
        )
        for _ in quads
    )


def _keep_to(namespace: str | None, names: Names) -> Names:
    if namespace is None:
        return names
    kept = {
        name: {iri: rank for iri, rank in ranks.items() if iri.startswith(namespace)}
        for name, ranks in names.items()
    }
    return {name: ranks for name, ranks in kept.items() if ranks}


def _normalize(name: str) -> str:
    """``name`` without what people leave out or type otherwise: case, runs of spaces, typographic marks."""
    plain = name.translate(str.maketrans("\u2018\u2019\u201c\u201d\u2010\u2011\u2013\u2014", "''\"\"----"))
    return " ".join(plain.casefold().split())


def _suggest(dataset: Dataset, names: Names, wanted: str) -> str:
    prefix, colon, local = wanted.partition(":")
    if colon and local and prefix in dataset.prefixes:
        wanted = local
        names = _keep_to(dataset.prefixes[prefix], names)
    known = {word for name in names for word in name.split()}
    # A word that no name has is taken for the nearest one that some name has.
    words = [
        word if any(word in name for name in names) else _nearest_word(word, known) for word in wanted.split()
    ]
    near = sorted(
        (min(ranks.values()), len(name), name)
        for name, ranks in names.items()
        if words and all(word in name for word in words)
    )
    iris = list(dict.fromkeys(min(names[name], key=lambda iri: names[name][iri]) for _, _, name in near))
    if not iris:
        return "search for a word of its name or description"
    return f"did you mean {', '.join(_called(dataset, iri) for iri in iris[:_MOST_CANDIDATES])}?"


def _nearest_word(word: str, known: Iterable[str]) -> str:
    """The word of ``known`` that may have been meant; ``word`` itself where there is none."""
    near = difflib.get_close_matches(word, known, n=_MOST_CANDIDATES)
    alike = difflib.get_close_matches(word, near, n=_MOST_CANDIDATES, cutoff=_SIMILAR)
    return next((found for found in near if found[0] == word[0] or found in alike), word)


def _called(dataset: Dataset, iri: str) -> str:
    named = name_term(dataset, ox.NamedNode(iri))
    return named.name if named.label == named.name else f"{named.name} ({named.label})"
