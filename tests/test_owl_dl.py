"""The ontology and the data are OWL 2 DL: what is used is declared, and the global restrictions hold.

Section numbers are those of the OWL 2 Structural Specification. That the axioms are in OWL 2 RL is tested
where things are inferred from them.
"""

from __future__ import annotations

from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import pyoxigraph as ox
import pytest

from tipgraph.inference.axioms import Axioms, owl
from tipgraph.sources import Sources
from tipgraph.store import Dataset, load_dataset
from tipgraph.terms import Term
from tipgraph.vocabulary import OWL, RDF, RDFS, XSD

PROPERTY_KINDS = ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")
KINDS = ("Class", *PROPERTY_KINDS)
TYPE, DOMAIN, RANGE = (ox.NamedNode(iri) for iri in (f"{RDF}type", f"{RDFS}domain", f"{RDFS}range"))
SUB_CLASS, SUB_PROPERTY = (ox.NamedNode(f"{RDFS}{name}") for name in ("subClassOf", "subPropertyOf"))
BUILT_IN = (OWL, RDF, RDFS, XSD)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset(Sources(Path(__file__).parents[1]))


@pytest.fixture(scope="module")
def axioms(dataset: Dataset) -> Axioms:
    return Axioms(dataset.store, dataset.prefixes)


@pytest.fixture(scope="module")
def kinds(axioms: Axioms) -> dict[str, set[str]]:
    """Term → the kinds of entity that it is declared to be."""
    found: dict[str, set[str]] = defaultdict(set)
    for kind in KINDS:
        for axiom in axioms.statements(TYPE, owl(kind)):
            if isinstance(axiom.subject, ox.NamedNode):
                found[axiom.subject.value].add(kind)
    assert len(found) > 150
    return found


def is_outside(iri: str) -> bool:
    return not iri.startswith(BUILT_IN)


def test_every_property_in_use_is_declared_as_one_kind_and_used_as_it(
    dataset: Dataset, kinds: dict[str, set[str]]
) -> None:
    """Sections 5.8.1 and 5.8.2."""
    uses: dict[str, set[str]] = defaultdict(set)
    for quad in dataset.store:
        if is_outside(quad.predicate.value):
            uses[quad.predicate.value].add("literal" if isinstance(quad.object, ox.Literal) else "resource")
    assert len(uses) > 100
    fitting = {
        "ObjectProperty": {"resource"},
        "DatatypeProperty": {"literal"},
        "AnnotationProperty": {"literal", "resource"},
    }
    wrong = {
        iri: (declared, used)
        for iri, used in uses.items()
        if len(declared := kinds.get(iri, set())) != 1 or not used <= fitting.get(next(iter(declared)), set())
    }
    assert wrong == {}


def test_every_class_in_use_is_declared(dataset: Dataset, kinds: dict[str, set[str]]) -> None:
    used = {
        quad.object.value
        for predicate in (TYPE, SUB_CLASS, DOMAIN, RANGE)
        for quad in dataset.store.quads_for_pattern(None, predicate, None, None)
        if isinstance(quad.object, ox.NamedNode)
    }
    outside = {iri for iri in used if is_outside(iri)}
    assert len(outside) > 60
    assert {iri for iri in outside if kinds.get(iri) != {"Class"}} == set()


def test_a_sub_property_is_of_the_kind_of_the_property_over_it(
    axioms: Axioms, kinds: dict[str, set[str]]
) -> None:
    pairs = axioms.statements(SUB_PROPERTY)
    assert len(pairs) > 40
    for axiom in pairs:
        assert isinstance(axiom.subject, ox.NamedNode)
        assert isinstance(axiom.object, ox.NamedNode)
        assert kinds[axiom.subject.value] == kinds[axiom.object.value] != set(), axiom


def composite_properties(axioms: Axioms) -> set[str]:
    """The properties that a transitive property or a chain implies (section 11.1)."""
    found: set[Term] = {axiom.subject for axiom in axioms.statements(TYPE, owl("TransitiveProperty"))}
    found |= {axiom.subject for axiom in axioms.statements(owl("propertyChainAxiom"))}
    while True:
        wider: set[Term] = {
            axiom.object for axiom in axioms.statements(SUB_PROPERTY) if axiom.subject in found
        }
        for axiom in axioms.statements(owl("inverseOf")):
            wider |= {axiom.object} if axiom.subject in found else set()
            wider |= {axiom.subject} if axiom.object in found else set()
        if wider <= found:
            return {str(prop) for prop in found}
        found |= wider


def test_no_composite_property_is_where_only_a_simple_one_may_be(axioms: Axioms) -> None:
    """Section 11.2, restriction on simple roles."""
    simple_only = {
        str(axiom.subject)
        for kind in ("Functional", "InverseFunctional", "Irreflexive", "Asymmetric")
        for axiom in axioms.statements(TYPE, owl(f"{kind}Property"))
    }
    for predicate in ("propertyDisjointWith",):
        simple_only |= {str(axiom.subject) for axiom in axioms.statements(owl(predicate))}
    for mark in ("maxCardinality", "maxQualifiedCardinality"):
        for axiom in axioms.statements(owl(mark)):
            simple_only |= {str(prop) for prop in axioms.objects(axiom.subject, owl("onProperty"))}
    composite = composite_properties(axioms)
    assert len(composite) > 5
    assert simple_only & composite == set()


def test_the_chains_are_regular(axioms: Axioms) -> None:
    """Section 11.2, restriction on the property hierarchy: links come before what their chain implies."""
    before: dict[object, set[object]] = defaultdict(set)
    chains = axioms.statements(owl("propertyChainAxiom"))
    assert len(chains) >= 6
    for axiom in chains:
        links = axioms.items(axiom.object)
        inside = links[1:-1] if len(links) > 2 else []
        assert axiom.subject not in inside
        before[axiom.subject] |= set(links) - {axiom.subject}
    for axiom in axioms.statements(SUB_PROPERTY):
        before[axiom.object].add(axiom.subject)
    for axiom in axioms.statements(owl("inverseOf")):
        # An inverse is as high in the order as the property itself.
        merged = before[axiom.subject] | before[axiom.object]
        before[axiom.subject] = before[axiom.object] = merged - {axiom.subject, axiom.object}
    TopologicalSorter(before).prepare()
