"""The native reasoner answers as ``owlrl`` does, on generated ontologies and on the project's own."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from closure import dataset_of, inferred
from hypothesis import given, settings
from hypothesis import strategies as st

from tipgraph.errors import OntologyError
from tipgraph.inference import REASONERS, Reasoner, infer
from tipgraph.sources import Sources
from tipgraph.store import Dataset, load_dataset
from tipgraph.vocabulary import GRAPH_ONTOLOGY

ROOT = Path(__file__).parents[2]

CLASSES = (":A", ":B", ":C", ":D")
PROPERTIES = (":p", ":q", ":r")
THINGS = (":a", ":b", ":c", ":d", "_:e")
VALUES = ("1", "2", "'one'", "'one'@en")
DECLARED = "".join(f"{name} a owl:Class . " for name in CLASSES) + "".join(
    f"{name} a owl:ObjectProperty . " for name in PROPERTIES
)
DECLARED += ":v a owl:DatatypeProperty . "

a_class = st.sampled_from(CLASSES)
a_property = st.sampled_from(PROPERTIES)
a_thing = st.sampled_from(THINGS)
a_value = st.sampled_from(VALUES)
a_path = a_property | a_property.map("[ owl:inverseOf {} ]".format)


def members(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(parts, min_size=2, max_size=3).map(" ".join)


def restriction(facet: str, filler: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("[ owl:onProperty {} ; {} {} ]".format, a_path, st.just(facet), filler)


has_value = restriction("owl:hasValue", a_thing) | a_value.map(
    "[ owl:onProperty :v ; owl:hasValue {} ]".format
)
equivalent = a_class | has_value | members(a_class | has_value).map("[ owl:intersectionOf ({}) ]".format)
sub_class = st.recursive(
    a_class
    | has_value
    | st.lists(a_thing, min_size=1, max_size=2).map(" ".join).map("[ owl:oneOf ({}) ]".format),
    lambda inner: (
        members(inner).map("[ owl:intersectionOf ({}) ]".format)
        | members(inner).map("[ owl:unionOf ({}) ]".format)
        | restriction("owl:someValuesFrom", inner | st.just("owl:Thing"))
    ),
    max_leaves=3,
)
super_class = st.recursive(
    a_class
    | has_value
    | sub_class.map("[ owl:complementOf {} ]".format)
    | restriction("owl:maxCardinality", st.sampled_from(("0", "1")))
    | restriction(
        "owl:maxQualifiedCardinality",
        st.builds(
            "{} ; owl:onClass {}".format, st.sampled_from(("0", "1")), sub_class | st.just("owl:Thing")
        ),
    ),
    lambda inner: (
        members(inner).map("[ owl:intersectionOf ({}) ]".format) | restriction("owl:allValuesFrom", inner)
    ),
    max_leaves=3,
)
characteristic = st.sampled_from(
    ("Functional", "InverseFunctional", "Symmetric", "Asymmetric", "Irreflexive", "Transitive")
)
axiom = st.one_of(
    st.builds("{} rdfs:subClassOf {} .".format, sub_class, super_class),
    st.builds("{} owl:equivalentClass {} .".format, equivalent, equivalent),
    st.builds("{} owl:disjointWith {} .".format, sub_class, sub_class),
    members(a_class).map("[] a owl:AllDisjointClasses ; owl:members ({}) .".format),
    st.builds("{} rdfs:subPropertyOf {} .".format, a_path, a_path),
    st.builds("{} owl:equivalentProperty {} .".format, a_property, a_property),
    st.builds("{} owl:inverseOf {} .".format, a_property, a_property),
    st.builds("{} owl:propertyChainAxiom ({}) .".format, a_property, members(a_path)),
    st.builds("{} a owl:{}Property .".format, a_property, characteristic),
    st.builds("{} rdfs:domain {} .".format, a_property, super_class),
    st.builds("{} rdfs:range {} .".format, a_property, super_class),
    st.builds("{} owl:propertyDisjointWith {} .".format, a_property, a_property),
    st.builds(
        "{} owl:hasKey ({}) .".format, a_class, st.lists(a_property, min_size=1, max_size=2).map(" ".join)
    ),
    st.builds("{} owl:sameAs {} .".format, a_class, a_class),
    st.builds("{} owl:sameAs {} .".format, a_property, a_property),
)
fact = st.one_of(
    st.builds("{} a {} .".format, a_thing, a_class),
    st.builds("{} {} {} .".format, a_thing, a_property, a_thing),
    st.builds("{} :v {} .".format, a_thing, a_value),
)
rare_fact = st.one_of(
    st.builds("{} a {} .".format, a_thing, super_class),
    st.builds("{} owl:sameAs {} .".format, a_thing, a_thing),
    st.builds("{} owl:differentFrom {} .".format, a_thing, a_thing),
)
ontology = st.builds(
    lambda axioms, facts, rare: DECLARED + " ".join([*axioms, *facts, *rare]),
    st.lists(axiom, min_size=1, max_size=5),
    st.lists(fact, min_size=2, max_size=10),
    st.lists(rare_fact, max_size=1),
)


def outcome(dataset: Dataset, reasoner: Reasoner, rules: Path | None = None) -> object:
    """What follows, or the message that it is a contradiction."""
    copy = Dataset(ox.Store(), dataset.prefixes, dataset.files)
    copy.store.extend(dataset.store)
    try:
        infer(copy, rules, reasoner=reasoner)
    except OntologyError as error:
        return error.message
    return inferred(copy)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(ontology)
def test_generated_ontologies_have_one_closure(turtle: str) -> None:
    dataset = dataset_of(turtle)
    native, reference = (outcome(dataset, reasoner) for reasoner in REASONERS)
    if isinstance(native, str) or isinstance(reference, str):
        assert "contradict" in str(native)
        assert "contradict" in str(reference)
    else:
        assert native == reference


@pytest.fixture(scope="module")
def shipped() -> Dataset:
    return load_dataset(Sources(ROOT))


def only(dataset: Dataset, *names: str) -> Dataset:
    """The whole ontology of the project, and the files of these names."""
    store = ox.Store()
    files = [file for file in dataset.files if file.graph == GRAPH_ONTOLOGY or file.path.name in names]
    for file in files:
        store.load(path=str(file.path), format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode(file.graph))
    return Dataset(store, dataset.prefixes, tuple(files))


def test_the_ontology_and_a_section_have_one_closure(shipped: Dataset) -> None:
    part = only(shipped, "saarc.ttl")
    native, reference = (outcome(part, reasoner) for reasoner in REASONERS)
    assert isinstance(native, set)
    assert len(native) > 500
    assert native == reference


@pytest.mark.integration
def test_the_whole_graph_has_one_closure(shipped: Dataset) -> None:
    rules = Sources(ROOT).rules
    native, reference = (outcome(shipped, reasoner, rules) for reasoner in REASONERS)
    assert isinstance(native, set)
    assert native == reference
