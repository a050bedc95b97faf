"""An axiom outside OWL 2 RL is an error that names it."""

from __future__ import annotations

import pytest
from closure import closure_of, dataset_of, triples_of

from tipgraph.errors import OntologyError
from tipgraph.inference import REASONERS, Reasoner, infer

OUTSIDE = {
    "SubClassOf(:C ObjectUnionOf(:A :B))": ":C rdfs:subClassOf [ owl:unionOf (:A :B) ] .",
    "SubClassOf(:C ObjectOneOf(:a :b))": ":C rdfs:subClassOf [ owl:oneOf (:a :b) ] .",
    "SubClassOf(:C ObjectSomeValuesFrom(:p :D))": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:someValuesFrom :D ] ."
    ),
    "SubClassOf(:C ObjectMinCardinality(1 :p))": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:minCardinality 1 ] ."
    ),
    "SubClassOf(:C ObjectExactCardinality(1 :p :D))": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:qualifiedCardinality 1 ; owl:onClass :D ] ."
    ),
    "SubClassOf(:C ObjectMaxCardinality(2 :p))": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:maxCardinality 2 ] ."
    ),
    "SubClassOf(:C ObjectHasSelf(:p))": ":C rdfs:subClassOf [ owl:onProperty :p ; owl:hasSelf true ] .",
    "SubClassOf(ObjectAllValuesFrom(:p :D) :C)": (
        "[ owl:onProperty :p ; owl:allValuesFrom :D ] rdfs:subClassOf :C ."
    ),
    "SubClassOf(ObjectComplementOf(:D) :C)": "[ owl:complementOf :D ] rdfs:subClassOf :C .",
    "SubClassOf(owl:Thing :C)": "owl:Thing rdfs:subClassOf :C .",
    "EquivalentClasses(:C ObjectUnionOf(:A :B))": ":C owl:equivalentClass [ owl:unionOf (:A :B) ] .",
    "EquivalentClasses(:C ObjectSomeValuesFrom(:p :D))": (
        ":C owl:equivalentClass [ owl:onProperty :p ; owl:someValuesFrom :D ] ."
    ),
    "EquivalentClasses(:C ObjectIntersectionOf(:A ObjectUnionOf(:B :D)))": (
        ":C owl:equivalentClass [ owl:intersectionOf (:A [ owl:unionOf (:B :D) ]) ] ."
    ),
    "DisjointUnion(": ":C owl:disjointUnionOf (:A :B) .",
    "DisjointClasses(:C ObjectComplementOf(:D))": ":C owl:disjointWith [ owl:complementOf :D ] .",
    "PropertyDomain(:p ObjectUnionOf(:A :B))": ":p rdfs:domain [ owl:unionOf (:A :B) ] .",
    "PropertyRange(:p DatatypeRestriction(xsd:integer))": (
        ":p rdfs:range [ a rdfs:Datatype ; owl:onDatatype xsd:integer ;"
        " owl:withRestrictions ([ xsd:minInclusive 1 ]) ] ."
    ),
    "PropertyRange(:p owl:rational)": ":p rdfs:range owl:rational . owl:rational a rdfs:Datatype .",
    "ReflexiveProperty(:p)": ":p a owl:ReflexiveProperty .",
    "SubPropertyOf(ObjectPropertyChain(:q) :p)": ":p owl:propertyChainAxiom (:q) .",
    "HasKey(:C)": ":C owl:hasKey () .",
    "ClassAssertion(ObjectMinCardinality(1 :p) :x)": ":x a [ owl:onProperty :p ; owl:minCardinality 1 ] .",
}
"""How the message names the axiom → the axiom."""


@pytest.mark.parametrize("reasoner", REASONERS)
@pytest.mark.parametrize(("named", "said"), OUTSIDE.items(), ids=OUTSIDE)
def test_an_axiom_outside_the_profile_is_named(named: str, said: str, reasoner: Reasoner) -> None:
    dataset = dataset_of(said)
    with pytest.raises(OntologyError, match="is outside OWL 2 RL: ") as caught:
        infer(dataset, None, reasoner=reasoner)
    assert caught.value.message.startswith(f"<http://example.org/asserted>: {named}")
    assert caught.value.hint


MALFORMED = {
    "a list without an end": ":p owl:propertyChainAxiom _:l . _:l rdf:first :q .",
    "a list in a circle": ":p owl:propertyChainAxiom _:l . _:l rdf:first :q ; rdf:rest _:l .",
    "a restriction on nothing": ":C rdfs:subClassOf [ owl:hasValue 1 ] .",
    "a restriction on two": ":C rdfs:subClassOf [ owl:onProperty :p, :q ; owl:hasValue 1 ] .",
    "two expressions in one": ":C rdfs:subClassOf [ owl:intersectionOf (:A :B) ; owl:complementOf :D ] .",
    "no expression at all": ":C rdfs:subClassOf [ rdfs:label 'a class' ] .",
    "no property at all": ":p rdfs:subPropertyOf [ rdfs:label 'a property' ] .",
}


@pytest.mark.parametrize("said", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_axiom_is_an_error(said: str) -> None:
    with pytest.raises(OntologyError) as caught:
        closure_of(said)
    assert caught.value.hint


@pytest.mark.parametrize(
    "said",
    [
        ":C rdfs:subClassOf owl:Thing .",
        ":C rdfs:subClassOf rdfs:Resource .",
        ":p rdfs:domain owl:Thing ; rdfs:range owl:Thing .",
        ":x a owl:Thing .",
        ":C rdfs:subClassOf :C .",
        ":x owl:sameAs :x .",
    ],
)
def test_what_says_nothing_is_let_pass(said: str) -> None:
    assert closure_of(f"{said} :x a :C ; :p :y .") == set()


def test_axioms_that_are_inferred_count() -> None:
    said = ":meta rdfs:range owl:TransitiveProperty . :x :meta :p . :a :p :b . :b :p :c ."
    assert closure_of(said) == triples_of(":p a owl:TransitiveProperty . :a :p :c .")
    assert closure_of(said, reasoner="owlrl") == closure_of(said)


def test_an_inferred_sub_property_counts() -> None:
    said = ":under rdfs:subPropertyOf rdfs:subPropertyOf . :p :under :q . :x :p :y ."
    assert closure_of(said) == triples_of(":p rdfs:subPropertyOf :q . :x :q :y .")
    assert closure_of(said, reasoner="owlrl") == closure_of(said)
