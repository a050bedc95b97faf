"""What the axioms rule out is an error that names the axiom and the facts."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from closure import PREFIXES, closure_of, dataset_of, inferred, triples_of

from tipgraph.errors import OntologyError
from tipgraph.inference import REASONERS, Reasoner, infer
from tipgraph.inference.reference import close_with_owlrl
from tipgraph.store import load_files

PLACE = "(<http://example.org/asserted>)"

CONTRADICTIONS = {
    "eq-diff1": (
        ":a owl:sameAs :b . :b owl:differentFrom :a .",
        ":a owl:sameAs :b {} and :a owl:differentFrom :b (inferred from :a owl:sameAs :b {} and"
        " :b owl:differentFrom :a {}) contradict that the same thing is not different",
    ),
    "eq-diff1 of itself": (
        ":a owl:differentFrom :a .",
        ":a owl:differentFrom :a {} contradicts that the same thing is not different",
    ),
    "eq-diff2": (
        ":a owl:sameAs :c . [] a owl:AllDifferent ; owl:members (:a :b :c) .",
        ":a owl:sameAs :c {} contradicts DifferentIndividuals(:a :b :c) {}",
    ),
    "eq-diff3": (
        ":a owl:sameAs :c . [] a owl:AllDifferent ; owl:distinctMembers (:a :b :c) .",
        ":a owl:sameAs :c {} contradicts DifferentIndividuals(:a :b :c) {}",
    ),
    "prp-fp": (
        ":p a owl:FunctionalProperty . :x :p 1, 2 .",
        ':x :p "1"^^<http://www.w3.org/2001/XMLSchema#integer> {} and'
        ' :x :p "2"^^<http://www.w3.org/2001/XMLSchema#integer> {} contradict FunctionalProperty(:p) {}',
    ),
    "prp-fp over years": (
        ":p a owl:FunctionalProperty . :x :p '2005'^^xsd:gYear, '2005-05'^^xsd:gYearMonth .",
        "contradict FunctionalProperty(:p) {}",
    ),
    "prp-fp over languages": (
        ":p a owl:FunctionalProperty . :x :p 'a'@en, 'a'@fr .",
        "contradict FunctionalProperty(:p) {}",
    ),
    "prp-irp": (
        ":p a owl:IrreflexiveProperty . :x :p :x .",
        ":x :p :x {} contradicts IrreflexiveProperty(:p) {}",
    ),
    "prp-asyp": (
        ":p a owl:AsymmetricProperty . :x :p :y . :y :p :x .",
        ":x :p :y {} and :y :p :x {} contradict AsymmetricProperty(:p) {}",
    ),
    "prp-pdw": (
        ":p owl:propertyDisjointWith :q . :x :p :y ; :q :y .",
        ":x :p :y {} and :x :q :y {} contradict DisjointProperties(:p :q) {}",
    ),
    "prp-adp": (
        "[] a owl:AllDisjointProperties ; owl:members (:p :q :r) . :x :p :y ; :r :y .",
        ":x :p :y {} and :x :r :y {} contradict DisjointProperties(:p :q :r) {}",
    ),
    "prp-npa1": (
        "[] owl:sourceIndividual :x ; owl:assertionProperty :p ; owl:targetIndividual :y . :x :p :y .",
        ":x :p :y {} contradicts NegativePropertyAssertion(:p :x :y) {}",
    ),
    "prp-npa2": (
        "[] owl:sourceIndividual :x ; owl:assertionProperty :p ; owl:targetValue 'v' . :x :p 'v' .",
        ':x :p "v" {} contradicts NegativePropertyAssertion(:p :x "v") {}',
    ),
    "cls-nothing2": (":x a owl:Nothing .", ":x a owl:Nothing {} contradicts that nothing is in owl:Nothing"),
    "cls-com": (
        ":C rdfs:subClassOf [ owl:complementOf :D ] . :x a :C, :D .",
        ":x a :C {} and :x a :D {} contradict SubClassOf(:C ObjectComplementOf(:D)) {}",
    ),
    "cls-maxc1": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:maxCardinality 0 ] . :x a :C ; :p :y .",
        ":x a :C {} and :x :p :y {} contradict SubClassOf(:C ObjectMaxCardinality(0 :p)) {}",
    ),
    "cls-maxc2 over literals": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:maxCardinality 1 ] . :x a :C ; :p 'a', 'b' .",
        ':x a :C {} and :x :p "a" {} and :x :p "b" {} contradict'
        " SubClassOf(:C ObjectMaxCardinality(1 :p)) {}",
    ),
    "cls-maxqc1": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:maxQualifiedCardinality 0 ; owl:onClass :D ] ."
        " :x a :C ; :p :y . :y a :D .",
        ":x a :C {} and :x :p :y {} and :y a :D {} contradict"
        " SubClassOf(:C ObjectMaxCardinality(0 :p :D)) {}",
    ),
    "cls-maxqc2": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:maxQualifiedCardinality 0 ; owl:onClass owl:Thing ] ."
        " :x a :C ; :p :y .",
        ":x a :C {} and :x :p :y {} contradict SubClassOf(:C ObjectMaxCardinality(0 :p owl:Thing)) {}",
    ),
    "cls-maxqc of a datatype": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:maxQualifiedCardinality 0 ;"
        " owl:onDataRange xsd:integer ] . :x a :C ; :p 'a', 1 .",
        "contradict SubClassOf(:C ObjectMaxCardinality(0 :p xsd:integer)) {}",
    ),
    "cax-dw": (
        ":C owl:disjointWith :D . :x a :C, :D .",
        ":x a :C {} and :x a :D {} contradict DisjointClasses(:C :D) {}",
    ),
    "cax-dw of an expression": (
        ":C owl:disjointWith [ owl:onProperty :p ; owl:someValuesFrom :D ] . :x a :C ; :p :y . :y a :D .",
        ":x a :C {} and :x :p :y {} and :y a :D {} contradict"
        " DisjointClasses(:C ObjectSomeValuesFrom(:p :D)) {}",
    ),
    "cax-dw of individuals": (
        "[ owl:oneOf (:a) ] owl:disjointWith [ owl:oneOf (:b) ] . :a owl:sameAs :b .",
        ":a owl:sameAs :b {} contradicts DisjointClasses(ObjectOneOf(:a) ObjectOneOf(:b)) {}",
    ),
    "cax-dw without any fact": (
        "[ owl:oneOf (:a :b) ] owl:disjointWith [ owl:oneOf (:a) ] .",
        "DisjointClasses(ObjectOneOf(:a :b) ObjectOneOf(:a)) {} contradicts itself",
    ),
    "cax-adc": (
        "[] a owl:AllDisjointClasses ; owl:members (:C :D :E) . :x a :C, :E .",
        ":x a :C {} and :x a :E {} contradict DisjointClasses(:C :D :E) {}",
    ),
    "cax-adc over what is inferred": (
        "[] a owl:AllDisjointClasses ; owl:members (:C :D) . :x a :C . :p rdfs:range :E ."
        " :E rdfs:subClassOf :D . :y :p :x .",
        ":x a :C {} and :x a :D (inferred from :y :p :x {}) contradict DisjointClasses(:C :D) {}",
    ),
    "dt-not-type by range": (
        ":p rdfs:range xsd:integer . :x :p 'many' .",
        ':x :p "many" {} contradicts PropertyRange(:p xsd:integer) {}',
    ),
    "dt-not-type of an ill-typed literal": (
        ":p rdfs:range xsd:integer . :x :p 'many'^^xsd:integer .",
        "contradicts PropertyRange(:p xsd:integer) {}",
    ),
    "dt-not-type of a resource": (
        ":p rdfs:range xsd:string . :x :p :y .",
        ":x :p :y {} contradicts PropertyRange(:p xsd:string) {}",
    ),
    "dt-not-type out of bounds": (
        ":p rdfs:range xsd:positiveInteger . :x :p 0 .",
        "contradicts PropertyRange(:p xsd:positiveInteger) {}",
    ),
    "dt-not-type by cls-avf": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:allValuesFrom xsd:boolean ] . :x a :C ; :p 1 .",
        "contradict SubClassOf(:C ObjectAllValuesFrom(:p xsd:boolean)) {}",
    ),
    "dt-not-type of a defined datatype": (
        ":Code a rdfs:Datatype ; owl:equivalentClass [ a rdfs:Datatype ;"
        " owl:intersectionOf (xsd:string xsd:token) ] . :p rdfs:range :Code . :x :p 'a  b' .",
        "contradicts PropertyRange(:p :Code) {}",
    ),
}
"""The rule that an example is for → what is said, and the end of the message; {} stands for the place."""


@pytest.mark.parametrize(("said", "message"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_contradiction_names_axiom_and_facts(said: str, message: str) -> None:
    dataset = dataset_of(said)
    with pytest.raises(OntologyError) as caught:
        infer(dataset, None)
    assert caught.value.message.endswith(message.replace("{}", PLACE))
    assert inferred(dataset) == set()


UNSEEN_BY_OWLRL = {
    # It leaves the last member out of these lists.
    *("eq-diff2", "eq-diff3", "prp-adp"),
    # It knows of no values that differ, only of datatypes.
    *(name for name in CONTRADICTIONS if name.startswith(("prp-fp", "dt-", "cls-maxc2", "cls-maxqc of"))),
}


@pytest.mark.parametrize("name", sorted(CONTRADICTIONS.keys() - UNSEEN_BY_OWLRL))
def test_owlrl_sees_it_too(name: str) -> None:
    _, contradictions = close_with_owlrl(dataset_of(CONTRADICTIONS[name][0]).store)
    assert contradictions


@pytest.mark.parametrize("reasoner", REASONERS)
def test_a_contradiction_is_an_error_with_either_reasoner(reasoner: Reasoner) -> None:
    for said, _ in CONTRADICTIONS.values():
        with pytest.raises(OntologyError, match="contradict"):
            closure_of(said, reasoner=reasoner)


CONSISTENT = {
    "an equal value": ":p a owl:FunctionalProperty . :x :p 1, 1.0, '1.00'^^xsd:decimal .",
    "values nobody can compare": ":p a owl:FunctionalProperty . :x :p 'a'^^:dt, 'b'^^:dt .",
    "one class of disjoint ones": ":C owl:disjointWith :D . :x a :C . :y a :D .",
    "no class in itself": "[] a owl:AllDisjointClasses ; owl:members (:C :D) . :x a :C .",
    "a value by its value, not its datatype": ":p rdfs:range xsd:byte . :x :p 5 .",
    "a literal of any datatype": ":p rdfs:range rdfs:Literal . :x :p 5, 'five'@en .",
    "a plain literal": ":p rdfs:range rdf:PlainLiteral . :x :p 'five', 'five'@en .",
    "a datatype outside the map of OWL": ":p rdfs:range xsd:gYear . :x :p '2010'^^xsd:gYear .",
    "a date": ":p rdfs:range xsd:date . :x :p '2010-12-01'^^xsd:date .",
    "a truth value": ":p rdfs:range xsd:boolean . :x :p true .",
    "a float": ":p rdfs:range xsd:double . :x :p 1e0 .",
    "a token": ":p rdfs:range xsd:token . :x :p 'a b' .",
    "different things": ":a owl:differentFrom :b .",
    "a relation to another": ":p a owl:IrreflexiveProperty . :x :p :y .",
    "another value": (
        "[] owl:sourceIndividual :x ; owl:assertionProperty :p ; owl:targetIndividual :y . :x :p :z ."
    ),
}


@pytest.mark.parametrize("said", CONSISTENT.values(), ids=CONSISTENT)
def test_what_is_no_contradiction(said: str) -> None:
    closure_of(said)


def test_the_same_fact_in_two_graphs_is_no_contradiction() -> None:
    dataset = dataset_of("[] a owl:AllDisjointClasses ; owl:members (:C :D) . :x a :C .")
    for triple in triples_of(":x a :C ."):
        dataset.store.add(ox.Quad(triple.subject, triple.predicate, triple.object, ox.NamedNode("x:other")))
    infer(dataset, None)


def test_the_message_names_files_and_lines(tmp_path: Path) -> None:
    prologue = "@prefix : <http://example.org/> .\n@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
    ontology, facts = tmp_path / "ontology.ttl", tmp_path / "facts.ttl"
    ontology.write_text(
        f"{prologue}\n[]\n    a owl:AllDisjointClasses ;\n    owl:members (:City :State) ;\n    .\n"
    )
    facts.write_text(f"{prologue}\n:benin\n    a :State ;\n    .\n\n:benin\n    a :City ;\n    .\n")
    dataset = load_files([ontology, facts], PREFIXES)
    with pytest.raises(OntologyError) as caught:
        infer(dataset, None)
    assert caught.value.message == (
        f":benin a :City ({facts}:9) and :benin a :State ({facts}:5) contradict"
        f" DisjointClasses(:City :State) ({ontology}:5)"
    )
    assert caught.value.hint
