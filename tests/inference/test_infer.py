"""Inference as a whole: what it adds, to which graph, and what it leaves out."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from closure import ASSERTED, closure_of, dataset_of, inferred, triples_of

from tipgraph.errors import OntologyError
from tipgraph.inference import OMISSIONS, infer
from tipgraph.inference.facts import INFERRED, is_asserted
from tipgraph.inference.omissions import is_omitted
from tipgraph.sources import Sources
from tipgraph.store import Dataset, load_dataset
from tipgraph.vocabulary import ID, RDF, TIP

SOURCES = Sources(Path(__file__).parents[2])


def named(name: str) -> ox.NamedNode:
    return ox.NamedNode((TIP if name[0].isupper() or name in ("covers", "involves") else ID) + name)


@pytest.fixture(scope="module")
def shipped() -> Dataset:
    dataset = load_dataset(SOURCES)
    infer(dataset, SOURCES.rules)
    return dataset


def test_not_one_inferred_triple_is_asserted(shipped: Dataset) -> None:
    added = inferred(shipped)
    assert len(added) > 5000
    assert not [triple for triple in added if is_asserted(shipped.store, triple)]


def test_nothing_that_is_left_out_on_purpose_is_inferred(shipped: Dataset) -> None:
    assert not [triple for triple in inferred(shipped) if is_omitted(triple)]


def test_what_is_left_out_is_told_with_its_reason() -> None:
    page = (SOURCES.root / "docs" / "inference.md").read_text()
    for omission in OMISSIONS:
        assert f"| {omission.triples} | {omission.reason} | {', '.join(omission.rules)} |" in page


def test_no_graph_of_the_work_is_left(shipped: Dataset) -> None:
    asserted = {file.graph for file in shipped.files}
    assert set(shipped.graph_names()) == asserted | {INFERRED.value}


def test_another_run_gives_the_same(shipped: Dataset) -> None:
    again = load_dataset(SOURCES)
    infer(again, SOURCES.rules)
    report = infer(again, SOURCES.rules)

    def without_blank_nodes(dataset: Dataset) -> set[ox.Triple]:
        return {triple for triple in inferred(dataset) if "_:" not in str(triple)}

    assert without_blank_nodes(again) == without_blank_nodes(shipped)
    assert report.inferred == len(inferred(again))


def test_the_report_counts() -> None:
    dataset = dataset_of(":p rdfs:domain :C ; rdfs:range :D . :x :p :y . :z :p :y .")
    report = infer(dataset, None)
    assert (report.reasoner, report.asserted, report.inferred) == ("native", 4, 3)
    assert report.by_rule == {"prp-dom": 2, "prp-rng": 1}
    assert report.rules > 2
    assert infer(dataset, None, reasoner="owlrl").by_rule == {"owlrl": 3}


def test_what_was_inferred_before_is_replaced() -> None:
    dataset = dataset_of(":p rdfs:domain :C . :x :p :y .")
    infer(dataset, None)
    (fact,) = triples_of(":x :p :y .")
    dataset.store.remove(ox.Quad(fact.subject, fact.predicate, fact.object, ASSERTED))
    infer(dataset, None)
    assert inferred(dataset) == set()


def test_facts_of_all_graphs_meet_and_the_default_graph_too() -> None:
    dataset = dataset_of(":p a owl:TransitiveProperty .")
    for triple in triples_of(":a :p :b ."):
        dataset.store.add(ox.Quad(triple.subject, triple.predicate, triple.object, ox.DefaultGraph()))
    for triple in triples_of(":b :p :c ."):
        dataset.store.add(ox.Quad(triple.subject, triple.predicate, triple.object, ox.NamedNode("x:other")))
    infer(dataset, None)
    assert inferred(dataset) == triples_of(":a :p :c .")


@pytest.mark.parametrize("said", [":a :p :b .", ":b :q :a ."])
def test_what_is_asserted_in_any_graph_is_not_inferred(said: str) -> None:
    dataset = dataset_of(":p owl:inverseOf :q . :a :p :b . :b :q :a .")
    for triple in triples_of(said):
        dataset.store.add(ox.Quad(triple.subject, triple.predicate, triple.object, ox.NamedNode("x:other")))
    infer(dataset, None)
    assert inferred(dataset) == set()


def test_a_long_chain_closes() -> None:
    length = 60
    links = " ".join(f":n{number} :p :n{number + 1} ." for number in range(length))
    added = closure_of(f":p a owl:TransitiveProperty . {links}")
    assert len(added) == length * (length + 1) // 2 - length


def test_blank_nodes_keep_their_identity() -> None:
    dataset = dataset_of(
        "_:x :p _:y . :p rdfs:domain :C . :q owl:inverseOf :p ."
        " :D rdfs:subClassOf [ owl:onProperty :r ; owl:hasValue _:y ] . _:y a :D ."
        " [ owl:oneOf (_:x) ] rdfs:subClassOf :E . _:x a [ owl:onProperty :s ; owl:hasValue _:y ] ."
    )
    infer(dataset, None)
    (fact,) = (
        triple for triple in (q.triple for q in dataset.store) if triple.predicate.value.endswith("/p")
    )
    assert isinstance(fact.subject, ox.BlankNode)
    assert isinstance(fact.object, ox.BlankNode)
    example = "http://example.org/"
    a = ox.NamedNode(f"{RDF}type")
    expected = {
        ox.Triple(fact.subject, a, ox.NamedNode(f"{example}C")),
        ox.Triple(fact.subject, a, ox.NamedNode(f"{example}E")),
        ox.Triple(fact.subject, ox.NamedNode(f"{example}s"), fact.object),
        ox.Triple(fact.object, ox.NamedNode(f"{example}q"), fact.subject),
        ox.Triple(fact.object, ox.NamedNode(f"{example}r"), fact.object),
    }
    assert inferred(dataset) == expected


def test_an_error_leaves_nothing_inferred() -> None:
    dataset = dataset_of(":p rdfs:domain :C . :x :p :y . :C owl:disjointWith :D . :x a :D .")
    with pytest.raises(OntologyError):
        infer(dataset, None)
    assert inferred(dataset) == set()


def test_the_shipped_graph_entails_what_its_readers_expect(shipped: Dataset) -> None:
    a = ox.NamedNode(f"{RDF}type")
    for triple in (
        ox.Triple(named("ecowas"), a, named("Actor")),
        ox.Triple(named("palermo-protocol"), a, named("Instrument")),
        ox.Triple(named("palermo-protocol"), named("involves"), named("benin")),
    ):
        assert triple in inferred(shipped)
