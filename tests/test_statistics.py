"""Counts by graph, section, pillar and class."""

from __future__ import annotations

import pyoxigraph as ox

from tipgraph.statistics import (
    ClassCount,
    GraphCount,
    PillarCount,
    SectionCount,
    Statistics,
    count_resources,
)
from tipgraph.store import Dataset
from tipgraph.vocabulary import CONCEPT, GRAPH, ID, PASSAGE, TIP

PREFIXES = {"id": ID, "tip": TIP, "concept": CONCEPT, "passage": PASSAGE, "graph": GRAPH}
DATA = f"""
@prefix id: <{ID}> .
@prefix tip: <{TIP}> .
@prefix concept: <{CONCEPT}> .
@prefix passage: <{PASSAGE}> .
@prefix graph: <{GRAPH}> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix dcterms: <http://purl.org/dc/terms/> .

id:loose a tip:Plan .
graph:ontology {{
  tip:Plan rdfs:subClassOf tip:Instrument ; rdfs:label "plan"@en .
  tip:Instrument rdfs:label "instrument"@en .
  concept:prevention skos:inScheme concept:pillars ; skos:prefLabel "prévention"@fr , "prevention"@en .
  concept:protection skos:inScheme concept:pillars .
  graph:report-2010 dcterms:title "The report"@en .
}}
graph:report-2010 {{
  id:one a tip:Plan ; tip:pillar concept:prevention ; tip:evidence passage:xx-01-s1 , passage:xx-01-s2 .
  id:two a tip:Instrument ; tip:evidence passage:xx-01-s1 .
}}
graph:other {{ id:one a tip:Plan . }}
graph:source {{
  passage:xx-01 tip:section id:two .
  passage:xx-01-s1 tip:section id:two ; tip:sentenceNumber 1 .
  passage:xx-01-s2 tip:section id:two ; tip:sentenceNumber 2 .
}}
graph:inferred {{ id:one a tip:Instrument . id:two tip:pillar concept:prevention . }}
"""


def count() -> Statistics:
    store = ox.Store()
    store.load(DATA, format=ox.RdfFormat.TRIG)
    return count_resources(Dataset(store, PREFIXES))


def test_triples_count_once_in_the_union() -> None:
    found = count()
    assert found.triples == sum(graph.triples for graph in found.graphs) - 1
    assert found.resources == 3


def test_classes_count_directly_and_with_their_sub_classes() -> None:
    assert count().classes == (
        ClassCount(f"{TIP}Instrument", "tip:Instrument", "instrument", 1, 3),
        ClassCount(f"{TIP}Plan", "tip:Plan", "plan", 2, 2),
    )


def test_sections_count_their_passages_and_who_cites_them() -> None:
    assert count().sections == (SectionCount(f"{ID}two", "id:two", "id:two", 1, 2, 2),)


def test_pillars_count_what_is_asserted_and_what_is_inferred() -> None:
    assert count().pillars == (
        PillarCount(f"{CONCEPT}prevention", "concept:prevention", "prevention", 1, 2),
        PillarCount(f"{CONCEPT}protection", "concept:protection", "concept:protection", 0, 0),
    )


def test_graphs_count_their_triples() -> None:
    graphs = {graph.name: graph for graph in count().graphs}
    assert graphs["graph:report-2010"] == GraphCount(
        f"{GRAPH}report-2010", "graph:report-2010", "The report", 6
    )
    assert graphs["default graph"].triples == 1
    assert graphs["graph:inferred"].triples == 2
