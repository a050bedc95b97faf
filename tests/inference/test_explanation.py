"""Every inferred triple is explained by the shortest derivation, down to what is asserted and where."""

from __future__ import annotations

import random
from pathlib import Path

import pyoxigraph as ox
import pytest
from closure import PREFIXES, dataset_of, inferred, triples_of
from test_rules_of_owl import EXAMPLES

from tipgraph.errors import OntologyError, UnknownNameError
from tipgraph.inference import Derivation, explain, infer
from tipgraph.inference.facts import INFERRED, is_asserted
from tipgraph.sources import Sources
from tipgraph.store import Dataset, load_dataset, load_files
from tipgraph.vocabulary import ID, PASSAGE, RDF, TIP

SOURCES = Sources(Path(__file__).parents[2])


def triple_of(turtle: str) -> ox.Triple:
    (triple,) = triples_of(turtle)
    return triple


def explained(said: str, goal: str, rules: Path | None = None) -> Derivation:
    dataset = dataset_of(said)
    infer(dataset, rules)
    return explain(dataset, rules, triple_of(goal))


def steps_of(derivation: Derivation) -> list[Derivation]:
    return [derivation, *(step for premise in derivation.premises for step in steps_of(premise))]


def rules_of(derivation: Derivation) -> list[str | None]:
    return [step.rule for step in steps_of(derivation)]


@pytest.mark.parametrize("said", [said for said, _ in EXAMPLES.values()], ids=EXAMPLES)
def test_every_example_is_explained(said: str) -> None:
    dataset = dataset_of(said)
    infer(dataset, None)
    for triple in inferred(dataset):
        derivation = explain(dataset, None, triple)
        assert derivation.triple == triple
        assert derivation.rule
        assert not derivation.places
        assert all(step.is_asserted or step.axioms or step.premises for step in steps_of(derivation))
        for leaf in derivation.leaves():
            assert is_asserted(dataset.store, leaf.triple)
            assert leaf.places


def test_an_asserted_triple_needs_no_derivation() -> None:
    derivation = explained(":a :p :b . :q rdfs:subPropertyOf :p . :a :q :b .", ":a :p :b .")
    assert derivation.is_asserted
    assert derivation.rule is None
    assert derivation.premises == ()


def test_an_axiom_is_told_in_functional_syntax() -> None:
    derivation = explained(
        ":C owl:equivalentClass [ owl:intersectionOf (:A [ owl:onProperty :p ; owl:hasValue :v ]) ] ."
        " :x a :A ; :p :v .",
        ":x a :C .",
    )
    assert derivation.rule == "cls-int1"
    assert [axiom.text for axiom in derivation.axioms] == [
        "EquivalentClasses(:C ObjectIntersectionOf(:A ObjectHasValue(:p :v)))"
    ]
    assert {premise.triple for premise in derivation.premises} == triples_of(":x a :A ; :p :v .")


def test_the_shortest_derivation_is_taken() -> None:
    derivation = explained(
        ":p1 rdfs:subPropertyOf :p2 . :p2 rdfs:subPropertyOf :p3 . :p3 rdfs:domain :C ."
        " :q rdfs:domain :C . :x :p1 1 ; :q 1 .",
        ":x a :C .",
    )
    assert rules_of(derivation) == ["prp-dom", None]
    assert len(steps_of(derivation)) == 2


def test_a_chain_is_halved_or_followed_but_never_longer_than_it_is() -> None:
    derivation = explained(
        ":p a owl:TransitiveProperty . :a :p :b . :b :p :c . :c :p :d . :d :p :e .", ":a :p :e ."
    )
    assert {leaf.triple for leaf in derivation.leaves()} == triples_of(
        ":a :p :b . :b :p :c . :c :p :d . :d :p :e ."
    )
    assert len(steps_of(derivation)) == 7


def test_what_holds_by_itself_is_not_explained_by_itself() -> None:
    derivation = explained(":p a owl:SymmetricProperty . :a :q :b . :q rdfs:subPropertyOf :p .", ":b :p :a .")
    assert rules_of(derivation) == ["prp-symp", "prp-spo1", None]


def test_an_inferred_axiom_is_a_premise() -> None:
    derivation = explained(
        ":meta rdfs:range owl:TransitiveProperty . :x :meta :p . :a :p :b . :b :p :c .", ":a :p :c ."
    )
    assert derivation.rule == "prp-trp"
    assert derivation.axioms == ()
    assert triple_of(":p a owl:TransitiveProperty .") in [step.triple for step in derivation.premises]
    assert triple_of(":x :meta :p .") in [leaf.triple for leaf in derivation.leaves()]


def test_a_rule_of_a_file_gives_its_reason_and_the_way_it_went(tmp_path: Path) -> None:
    (tmp_path / "reaches.rq").write_text(
        "# A reaches B where a way leads there.\n"
        "CONSTRUCT { ?a :reaches ?b } WHERE { ?a a :Start ; :road/(:path|^:back)* ?b . ?b a :Goal"
        " FILTER NOT EXISTS { ?b a :Closed } OPTIONAL { ?a :name ?n } }"
    )
    said = (
        ":a a :Start ; :road :b . :b :path :c . :d :back :c . :d a :Goal ."
        " :b :path :x . :x :path :y . :y :path :d ."
    )
    derivation = explained(said, ":a :reaches :d .", tmp_path)
    assert derivation.rule == "reaches"
    assert derivation.reason == "A reaches B where a way leads there."
    assert {premise.triple for premise in derivation.premises} == triples_of(
        ":a a :Start ; :road :b . :b :path :c . :d :back :c . :d a :Goal ."
    )


def test_what_nobody_says_is_unknown() -> None:
    dataset = dataset_of(":a :p :b .")
    infer(dataset, None)
    with pytest.raises(UnknownNameError, match=":a :p :c is neither asserted nor inferred"):
        explain(dataset, None, triple_of(":a :p :c ."))


def test_what_no_rule_derives_any_more_is_an_error() -> None:
    dataset = dataset_of(":a :p :b .")
    left = triple_of(":a :q :b .")
    dataset.store.add(ox.Quad(left.subject, left.predicate, left.object, INFERRED))
    with pytest.raises(OntologyError, match="no rule derives :a :q :b"):
        explain(dataset, None, left)


def test_a_place_is_a_graph_a_file_and_a_line(tmp_path: Path) -> None:
    file = tmp_path / "facts.ttl"
    file.write_text("@prefix : <http://example.org/> .\n\n:a\n    :p :b ;\n    :p :c ;\n    .\n")
    dataset = load_files([file], PREFIXES)
    (place,) = explain(dataset, None, triple_of(":a :p :c .")).places
    assert (place.graph, place.path, place.line) == (None, file, 5)
    assert str(place) == f"{file}:5"


def test_a_file_without_lines_is_named_where_it_is_the_only_one(tmp_path: Path) -> None:
    file = tmp_path / "facts.jsonld"
    file.write_text('{"@id": "http://example.org/a", "http://example.org/p": 1}')
    other = tmp_path / "other.nq"
    other.write_text("<http://example.org/a> <http://example.org/q> <http://example.org/b> <x:graph> .")
    fact = triple_of(":a :p 1 .")
    (place,) = explain(load_files([file], PREFIXES), None, fact).places
    assert (place.path, place.line) == (file, None)
    (place,) = explain(load_files([file, other], PREFIXES), None, fact).places
    assert str(place) == "the default graph"
    (place,) = explain(load_files([file, other], PREFIXES), None, triple_of(":a :q :b .")).places
    assert str(place) == "<x:graph>"


@pytest.fixture(scope="module")
def shipped() -> Dataset:
    dataset = load_dataset(SOURCES)
    infer(dataset, SOURCES.rules)
    return dataset


def test_inferred_triples_of_the_project_are_explained(shipped: Dataset) -> None:
    everything = sorted(inferred(shipped), key=str)
    for triple in random.Random(1).sample(everything, 12):
        for leaf in explain(shipped, SOURCES.rules, triple).leaves():
            assert is_asserted(shipped.store, leaf.triple)
            assert all(place.line for place in leaf.places)


def test_an_asserted_triple_of_the_project_names_file_line_and_evidence(shipped: Dataset) -> None:
    protocol, article = (
        ox.NamedNode(f"{ID}palermo-protocol"),
        ox.NamedNode(f"{ID}palermo-protocol-article-3-a"),
    )
    part = explain(shipped, SOURCES.rules, ox.Triple(protocol, ox.NamedNode(f"{TIP}hasProvision"), article))
    assert part.rule in ("prp-inv1", "prp-inv2")
    (leaf,) = part.leaves()
    (place,) = leaf.places
    assert place.path == SOURCES.data / "report-2010" / "shared.ttl"
    assert place.line
    assert (
        place.path.read_text().splitlines()[place.line - 1].strip() == "tip:provisionOf id:palermo-protocol ;"
    )
    assert f"{PASSAGE}coe-14-s1" in leaf.evidence
    assert leaf.sources == ()


def test_a_kind_is_explained_by_narrower_kinds_before_what_others_say_of_the_thing(shipped: Dataset) -> None:
    kind = ox.Triple(
        ox.NamedNode(f"{ID}palermo-protocol"), ox.NamedNode(f"{RDF}type"), ox.NamedNode(f"{TIP}Instrument")
    )
    found = explain(shipped, SOURCES.rules, kind)
    assert {leaf.triple.subject for leaf in found.leaves()} == {kind.subject}


def test_a_fact_rests_on_what_its_own_graph_names(shipped: Dataset) -> None:
    """The report names Benin, and says nothing of its code."""
    benin = ox.NamedNode(f"{ID}benin")
    code = ox.Triple(benin, ox.NamedNode(f"{TIP}isoAlpha3"), ox.Literal("BEN"))
    (leaf,) = explain(shipped, SOURCES.rules, code).leaves()
    assert (leaf.evidence, leaf.sources) == ((), (f"{ID}country-codes", f"{ID}natural-earth"))
    state = ox.Triple(benin, ox.NamedNode(f"{RDF}type"), ox.NamedNode(f"{TIP}State"))
    (leaf,) = explain(shipped, SOURCES.rules, state).leaves()
    assert leaf.evidence == (f"{PASSAGE}ecowas-07-s2",)
    assert leaf.sources
