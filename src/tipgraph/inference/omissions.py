"""What OWL 2 RL entails and this project deliberately leaves out of ``graph:inferred``, with the reasons.

Both reasoners leave out the same: the native one does not derive these triples, and what ``owlrl`` derives is
filtered by this list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from tipgraph.inference.axioms import (
    DOMAIN,
    EQUIVALENT_CLASS,
    EQUIVALENT_PROPERTY,
    NOTHING,
    RANGE,
    SAME_AS,
    SCHEMA_PREDICATES,
    SUB_CLASS,
    SUB_PROPERTY,
    THING,
    owl,
    rdfs,
)
from tipgraph.inference.rules import RDF_TYPE
from tipgraph.vocabulary import OWL, RDF, RDFS, XSD

_REFLEXIVE: Final = frozenset({SAME_AS, SUB_CLASS, SUB_PROPERTY, EQUIVALENT_CLASS, EQUIVALENT_PROPERTY})
_UNIVERSAL: Final = frozenset({THING, rdfs("Resource")})
_SYNTAX: Final = SCHEMA_PREDICATES - {SAME_AS, owl("differentFrom")} | {
    ox.NamedNode(f"{RDF}first"),
    ox.NamedNode(f"{RDF}rest"),
}
_VOCABULARIES: Final = (OWL, RDF, RDFS, XSD)


@dataclass(frozen=True)
class Omission:
    """A kind of triple that is left out, why, and the test for it."""

    triples: str
    reason: str
    rules: tuple[str, ...]
    matches: Callable[[ox.Triple], bool]


def _is_built_in(term: object) -> bool:
    return isinstance(term, ox.NamedNode) and term.value.startswith(_VOCABULARIES)


def _is_written_form(triple: ox.Triple) -> bool:
    if triple.predicate == RDF_TYPE:
        return isinstance(triple.object, ox.BlankNode)
    blank = isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode)
    return blank and triple.predicate in _SYNTAX


OMISSIONS: Final = (
    Omission(
        "x owl:sameAs x, and each class or property as its own sub-class, sub-property and equivalent",
        "true of everything there is, so it tells nothing; it would be several triples for each term",
        ("eq-ref", "scm-cls", "scm-op", "scm-dp"),
        lambda triple: triple.predicate in _REFLEXIVE and triple.subject == triple.object,
    ),
    Omission(
        "x a owl:Thing or rdfs:Resource, and every class, domain and range under them",
        "true of everything there is",
        ("scm-cls", "cax-sco", "scm-dom1", "scm-rng1"),
        lambda triple: (
            triple.predicate in (RDF_TYPE, SUB_CLASS, DOMAIN, RANGE) and triple.object in _UNIVERSAL
        ),
    ),
    Omission(
        "owl:Nothing rdfs:subClassOf each class",
        "true of every class",
        ("scm-cls",),
        lambda triple: triple.predicate == SUB_CLASS and triple.subject == NOTHING,
    ),
    Omission(
        "statements about the terms of OWL, RDF, RDF Schema and XML Schema themselves",
        "they are the same in every graph: which datatypes there are, which properties are annotations",
        ("prp-ap", "cls-thing", "cls-nothing1", "dt-type1"),
        lambda triple: _is_built_in(triple.subject) and _is_built_in(triple.object),
    ),
    Omission(
        "x a datatype",
        "a literal shows its datatype and cannot be a subject; a value outside its range is an error instead",
        ("dt-type2", "dt-eq", "dt-diff", "prp-rng", "cls-avf"),
        lambda triple: (
            triple.predicate == RDF_TYPE
            and isinstance(triple.object, ox.NamedNode)
            and (triple.object.value.startswith(XSD) or triple.object == rdfs("Literal"))
        ),
    ),
    Omission(
        "x owl:sameAs a literal",
        "it relates individuals; two different literals where one is allowed are an error instead",
        ("prp-fp", "cls-maxc2", "cls-maxqc3"),
        lambda triple: triple.predicate == SAME_AS and isinstance(triple.object, ox.Literal),
    ),
    Omission(
        "statements about the blank nodes that stand for class expressions and lists",
        "such a node has no name outside its file; what follows for things and named classes is inferred",
        ("cls-int1", "cls-svf1", "cls-hv2", "scm-int", "scm-uni", "scm-hv", "scm-svf1", "scm-avf1"),
        _is_written_form,
    ),
)
"""Every kind of entailed triple that ``graph:inferred`` does not hold."""


def is_omitted(triple: ox.Triple) -> bool:
    """Whether ``triple`` is of a kind that is left out."""
    return any(omission.matches(triple) for omission in OMISSIONS)
