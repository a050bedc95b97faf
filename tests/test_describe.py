"""A resource found by its names, and what is told of it."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from tipgraph.describe import Description, describe, find_resource, name_property
from tipgraph.errors import AmbiguousNameError, UnknownNameError
from tipgraph.store import Dataset
from tipgraph.vocabulary import BASE, CONCEPT, GRAPH, ID, ORG, PASSAGE, TIP

PREFIXES = {
    "id": ID,
    "tip": TIP,
    "concept": CONCEPT,
    "passage": PASSAGE,
    "graph": GRAPH,
    "org": ORG,
    "ex": "http://example.org/",
}
DATA = f"""
@prefix id: <{ID}> .
@prefix tip: <{TIP}> .
@prefix concept: <{CONCEPT}> .
@prefix passage: <{PASSAGE}> .
@prefix graph: <{GRAPH}> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix org: <{ORG}> .
@prefix ex: <http://example.org/> .

graph:ontology {{
  tip:Plan a owl:Class ; rdfs:label "plan"@en ; rdfs:subClassOf tip:Instrument .
  tip:Instrument a owl:Class ; rdfs:label "instrument"@en .
  tip:adoptedBy rdfs:label "adopted by"@en ; rdfs:subPropertyOf tip:involves .
  tip:involves rdfs:label "involves"@en ; owl:inverseOf tip:involvedIn .
  tip:partOf rdfs:label "part of"@en ; owl:inverseOf tip:hasPart .
  tip:hasPart rdfs:subPropertyOf dcterms:hasPart .
  tip:theme rdfs:label "theme"@en .
  concept:demand skos:prefLabel "demand"@en .
}}
graph:report-2010 {{
  id:alpha a tip:Plan ; skos:altLabel "PA"@en ;
    skos:prefLabel "Plan Alpha of the “Region”"@en , "Plan alpha"@fr ;
    dcterms:description "What alpha is."@en ; tip:adoptedBy id:beta ; tip:theme concept:demand ;
    org:unitOf id:beta ; tip:evidence passage:xx-02-s1 , passage:xx-01 .
  id:beta skos:prefLabel "Beta Union"@en ; skos:altLabel "BU"@en , "UB"@fr .
  id:gamma a tip:Plan ; skos:prefLabel "Plan Gamma"@en ; tip:partOf id:alpha .
  id:twin-1 skos:prefLabel "The Twins"@en . id:twin-2 skos:prefLabel "The Twins"@en .
  id:delta skos:altLabel "Delta"@es .
  id:demand skos:prefLabel "Study of demand"@en .
}}
graph:other {{ id:alpha tip:adoptedBy id:delta . }}
graph:source {{
  passage:xx-01 a tip:Passage ; tip:section id:beta ; tip:paragraphNumber 1 .
  passage:xx-02-s1 a tip:Passage ; tip:section id:beta ; tip:paragraphNumber 2 ; tip:sentenceNumber 1 .
}}
graph:inferred {{
  id:alpha a tip:Instrument , owl:Thing ; tip:involves id:beta , id:delta ; tip:hasPart id:gamma ;
    dcterms:hasPart id:gamma ; tip:theme concept:other .
  id:beta tip:involvedIn id:alpha .
}}
"""


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    store = ox.Store()
    store.load(DATA, format=ox.RdfFormat.TRIG)
    return Dataset(store, PREFIXES)


@pytest.fixture(scope="module")
def alpha(dataset: Dataset) -> Description:
    return describe(dataset, f"{ID}alpha")


@pytest.mark.parametrize(
    ("name", "iri"),
    [
        ("id:alpha", f"{ID}alpha"),
        (f"{ID}alpha", f"{ID}alpha"),
        (f"<{ID}alpha>", f"{ID}alpha"),
        ("alpha", f"{ID}alpha"),
        ("ALPHA", f"{ID}alpha"),
        (' plan  alpha of the "region" ', f"{ID}alpha"),
        ("pa", f"{ID}alpha"),
        ("Plan alpha", f"{ID}alpha"),
        ("bu", f"{ID}beta"),
        ("plan", f"{TIP}Plan"),
        ("adopted by", f"{TIP}adoptedBy"),
        ("graph:other", f"{GRAPH}other"),
        ("xx-01", f"{PASSAGE}xx-01"),
        # A resource goes before a concept of the same name.
        ("demand", f"{ID}demand"),
        ("concept:demand", f"{CONCEPT}demand"),
    ],
)
def test_a_resource_is_found_by_any_of_its_names(dataset: Dataset, name: str, iri: str) -> None:
    assert find_resource(dataset, name) == iri


def test_a_namespace_narrows_the_search(dataset: Dataset) -> None:
    assert find_resource(dataset, "demand", CONCEPT) == f"{CONCEPT}demand"
    with pytest.raises(UnknownNameError):
        find_resource(dataset, "alpha", CONCEPT)


def test_an_ambiguous_name_lists_the_candidates(dataset: Dataset) -> None:
    with pytest.raises(AmbiguousNameError, match="2 resources") as caught:
        find_resource(dataset, "the twins")
    assert "id:twin-1 (The Twins), id:twin-2 (The Twins)" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("gama", "id:gamma (Plan Gamma)"),
        ("beta", "id:beta"),
        ("betta unoin", "id:beta (Beta Union)"),
        ("id:alpa", "id:alpha"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(dataset: Dataset, name: str, suggestion: str) -> None:
    if name == "beta":
        assert find_resource(dataset, name) == f"{ID}beta"
        return
    with pytest.raises(UnknownNameError, match=name) as caught:
        find_resource(dataset, name)
    assert suggestion in str(caught.value.hint)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("concept:deman", "concept:demand (demand)"), ("id:deman", "id:demand (Study of demand)")],
)
def test_a_prefix_keeps_a_guess_to_its_namespace(dataset: Dataset, name: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        find_resource(dataset, name)
    assert caught.value.hint == f"did you mean {hint}?"


def test_a_name_that_is_like_no_other_gets_no_guess(dataset: Dataset) -> None:
    with pytest.raises(UnknownNameError) as caught:
        find_resource(dataset, "qqqq")
    assert caught.value.hint == "search for a word of its name or description"


def test_the_head_says_what_it_is(alpha: Description) -> None:
    assert (alpha.resource.name, alpha.resource.label) == ("id:alpha", "Plan Alpha of the “Region”")
    assert alpha.alternative_labels == ("PA",)
    assert alpha.text == "What alpha is."
    assert [kind.label for kind in alpha.kinds] == ["plan"]
    assert [kind.label for kind in alpha.wider_kinds] == ["instrument"]


def told(groups: object) -> dict[str, list[tuple[str, bool]]]:
    assert isinstance(groups, tuple)
    return {
        group.predicate.name: [(fact.value.name, fact.is_inferred) for fact in group.facts]
        for group in groups
    }


def test_facts_are_grouped_and_what_follows_from_another_is_left_out(alpha: Description) -> None:
    assert told(alpha.outgoing) == {
        "tip:adoptedBy": [("id:beta", False), ("id:delta", False)],
        "tip:theme": [("concept:demand", False), ("concept:other", True)],
        "org:unitOf": [("id:beta", False)],
    }
    assert told(alpha.incoming) == {"tip:partOf": [("id:gamma", False)]}


def test_everything_is_everything(dataset: Dataset) -> None:
    everything = describe(dataset, f"{ID}alpha", everything=True)
    assert told(everything.outgoing).keys() >= {
        "tip:involves",
        "tip:hasPart",
        "<http://purl.org/dc/terms/hasPart>",
    }
    assert told(everything.incoming).keys() == {"tip:partOf", "tip:involvedIn"}


def test_a_fact_names_the_graphs_in_which_it_stands(alpha: Description) -> None:
    adopters = next(group for group in alpha.outgoing if group.predicate.name == "tip:adoptedBy")
    assert {fact.value.name: fact.graphs for fact in adopters.facts} == {
        "id:beta": ("report-2010",),
        "id:delta": ("other",),
    }


def test_evidence_is_told_by_its_place(alpha: Description) -> None:
    places = [
        (place.passage.name, place.section.label, place.paragraph, place.sentence) for place in alpha.evidence
    ]
    assert places == [("passage:xx-01", "Beta Union", 1, None), ("passage:xx-02-s1", "Beta Union", 2, 1)]


def test_a_property_without_label_is_read_by_its_name(dataset: Dataset) -> None:
    assert name_property(dataset, ox.NamedNode(f"{ORG}unitOf")).label == "unit of"
    assert name_property(dataset, ox.NamedNode(f"{TIP}adoptedBy")).label == "adopted by"


def test_what_is_only_referred_to_can_be_described(dataset: Dataset) -> None:
    delta = describe(dataset, f"{ID}delta")
    assert (delta.resource.label, delta.text, delta.kinds, delta.evidence) == ("id:delta", "", (), ())
    assert told(delta.incoming) == {"tip:adoptedBy": [("id:alpha", False)]}


def test_alternative_labels_are_english_where_there_are_any(dataset: Dataset) -> None:
    assert describe(dataset, f"{ID}beta").alternative_labels == ("BU",)
    assert describe(dataset, f"{ID}delta").alternative_labels == ("Delta",)


@pytest.mark.parametrize("iri", [f"{BASE}id/nothing", "not an iri"])
def test_what_the_graph_does_not_hold_is_unknown(dataset: Dataset, iri: str) -> None:
    with pytest.raises(UnknownNameError, match="says nothing"):
        describe(dataset, iri)
