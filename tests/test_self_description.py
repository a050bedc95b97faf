"""What the dataset says of itself is true, and the same each time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest

from tipgraph.catalog import DCAT, SCHEMA, SD, VOID, catalog_quads
from tipgraph.graph import KnowledgeGraph
from tipgraph.queryfile import Parameter, QueryFile, parse_query_file
from tipgraph.store import Dataset
from tipgraph.vocabulary import DATASET, ENDPOINT, GRAPH, GRAPH_CATALOG, QUERY, RDF, SH

ROOT = Path(__file__).parents[1]
EXAMPLE = "http://example.org/"


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.open(ROOT)


@pytest.fixture(scope="module")
def small() -> Dataset:
    """Two graphs that share a triple."""
    store = ox.Store()
    trig = (
        "@prefix : <http://example.org/> . @prefix graph: <https://w3id.org/tipgraph/graph/> ."
        "graph:one { :a a :Plan ; :p 1, 2 . :b a :Plan . _:x :p 1 }"
        "graph:two { :a a :Plan, :Text ; :q 3 . }"
    )
    store.load(trig.encode(), format=ox.RdfFormat.TRIG)
    return Dataset(store, {"ex": EXAMPLE})


def described(dataset: Dataset, *queries: QueryFile) -> ox.Store:
    store = ox.Store()
    store.extend(catalog_quads(dataset, queries))
    return store


def number(store: ox.Store, subject: str, predicate: str) -> int:
    (quad,) = store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), None, None)
    assert isinstance(quad.object, ox.Literal)
    return int(quad.object.value)


def values(store: ox.Store, subject: str, predicate: str) -> set[str]:
    found = store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), None, None)
    return {quad.object.value for quad in found if not isinstance(quad.object, ox.BlankNode | ox.Triple)}


def test_everything_stands_in_the_catalog_and_is_said_once(small: Dataset) -> None:
    quads = list(catalog_quads(small, ()))
    assert {quad.graph_name for quad in quads} == {ox.NamedNode(GRAPH_CATALOG)}
    assert len(quads) == len(set(quads)) > 50
    assert quads == list(catalog_quads(small, ()))
    assert not any(isinstance(quad.subject, ox.BlankNode) for quad in quads)


def test_a_triple_of_two_graphs_counts_once_in_their_union(small: Dataset) -> None:
    store = described(small)
    assert number(store, f"{GRAPH}one", f"{VOID}triples") == 5
    assert number(store, f"{GRAPH}two", f"{VOID}triples") == 3
    assert number(store, DATASET, f"{VOID}triples") == 7 + len(store)
    assert number(store, GRAPH_CATALOG, f"{VOID}triples") == len(store)


def test_classes_and_properties_are_counted(small: Dataset) -> None:
    store = described(small)
    one, two, union = f"{DATASET}#graph/one", f"{DATASET}#graph/two", f"{DATASET}#default"
    assert number(store, f"{GRAPH}one", f"{VOID}entities") == 2
    assert number(store, f"{GRAPH}one", f"{VOID}distinctSubjects") == 3
    assert number(store, f"{GRAPH}one", f"{VOID}properties") == 2
    assert number(store, f"{GRAPH}two", f"{VOID}classes") == 2
    assert number(store, f"{one}/ex:p", f"{VOID}triples") == 3
    assert number(store, f"{one}/ex:Plan", f"{VOID}entities") == 2
    assert number(store, f"{one}/ex:Plan/ex:p", f"{VOID}triples") == 2
    assert number(store, f"{two}/ex:Text/ex:q", f"{VOID}triples") == 1
    assert number(store, f"{union}/ex:Text/ex:p", f"{VOID}triples") == 2
    assert values(store, f"{one}/ex:Plan/ex:p", f"{VOID}property") == {f"{EXAMPLE}p"}
    assert values(store, f"{two}/ex:Text", f"{VOID}class") == {f"{EXAMPLE}Text"}


def test_a_dataset_that_describes_itself_already_is_told_nothing_twice(small: Dataset) -> None:
    store = ox.Store()
    store.extend(small.store)
    known = ox.Quad(
        ox.NamedNode(GRAPH_CATALOG),
        ox.NamedNode(f"{DCAT}dataset"),
        ox.NamedNode(DATASET),
        ox.NamedNode(GRAPH_CATALOG),
    )
    store.add(known)
    quads = list(catalog_quads(Dataset(store), ()))
    assert known not in quads
    catalog = ox.Store()
    catalog.extend(quads)
    assert number(catalog, GRAPH_CATALOG, f"{VOID}triples") == len(quads) + 1


@pytest.mark.parametrize(
    ("text", "kind", "predicate"),
    [
        (
            "PREFIX ask: <http://example.org/> SELECT * { ?s ask:p ?o }",
            "SPARQLSelectExecutable",
            f"{SH}select",
        ),
        ("# SELECT\nask { ?s ?p ?o }", "SPARQLAskExecutable", f"{SH}ask"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", "SPARQLConstructExecutable", f"{SH}construct"),
        ("DESCRIBE <http://example.org/a>", "SPARQLExecutable", f"{SCHEMA}text"),
    ],
)
def test_each_form_of_query_is_an_executable(small: Dataset, text: str, kind: str, predicate: str) -> None:
    store = described(small, QueryFile("q", text))
    assert values(store, f"{QUERY}q", predicate) == {text}
    assert values(store, f"{QUERY}q", f"{RDF}type") == {f"{SH}SPARQLExecutable", f"{SH}{kind}"}


def test_a_query_says_what_it_asks_and_what_it_needs(small: Dataset) -> None:
    query = parse_query_file(
        "# title: What?\n# about: Things.\n# keywords: a, b\n# param: since year = 2000 — from when\n"
        "# param: who resource\nSELECT * { ?who ?p ?since }",
        "what",
    )
    assert query.parameters[1] == Parameter("who", "resource")
    store = described(small, query)
    iri = f"{QUERY}what"
    assert values(store, iri, "http://www.w3.org/2000/01/rdf-schema#comment") == {"What?"}
    assert values(store, iri, f"{SCHEMA}keywords") == {"a", "b"}
    assert values(store, iri, f"{SCHEMA}target") == {ENDPOINT}
    assert values(store, iri, f"{SH}prefixes") == {DATASET}
    assert values(store, f"{iri}#since", f"{SH}defaultValue") == {"2000"}
    assert values(store, f"{iri}#since", f"{SH}datatype") == {"http://www.w3.org/2001/XMLSchema#gYear"}
    assert values(store, f"{iri}#who", f"{SH}nodeKind") == {f"{SH}IRI"}


def test_the_sizes_of_the_shipped_graph_are_what_a_query_counts(graph: KnowledgeGraph) -> None:
    told = graph.select(
        "SELECT ?graph ?told (COUNT(*) AS ?counted) {"
        " ?graph a sd:Graph, void:Dataset ; void:triples ?told . GRAPH ?graph { ?s ?p ?o }"
        "} GROUP BY ?graph ?told"
    )
    assert len(told) == 9
    assert [row for row in told if row["told"] != row["counted"]] == []
    (union,) = graph.select("SELECT (COUNT(*) AS ?counted) { ?s ?p ?o }")
    (whole,) = graph.select(f"SELECT ?told {{ <{DATASET}> void:triples ?told }}")
    assert union["counted"] == whole["told"]


def test_the_partitions_of_the_shipped_graph_are_what_a_query_counts(graph: KnowledgeGraph) -> None:
    # In the form in which the editor of the Swiss Institute of Bioinformatics asks for them.
    partitions = graph.select(
        "SELECT ?class ?property ?triples {"
        f" <{DATASET}> void:classPartition ?part . ?part void:class ?class ; void:propertyPartition ?of ."
        " ?of void:property ?property ; void:triples ?triples"
        "} ORDER BY ?class ?property"
    )
    assert len(partitions) > 1000
    treaties = {row["property"]: row["triples"] for row in partitions if row["class"].endswith("#Treaty")}
    counted = graph.select("SELECT ?p (COUNT(*) AS ?n) { ?s a tip:Treaty ; ?p ?o } GROUP BY ?p")
    assert treaties == {row["p"]: row["n"] for row in counted}


def test_an_editor_finds_every_question_and_prefix(graph: KnowledgeGraph) -> None:
    rows = graph.select(
        "SELECT ?comment ?query { ?sq a sh:SPARQLExecutable ; rdfs:comment ?comment ; sh:select ?query }"
    )
    assert {row["comment"] for row in rows} == {query.title for query in graph.queries()}
    declared = graph.select(
        f"SELECT ?prefix ?namespace {{ <{DATASET}> sh:declare ?d . ?d sh:prefix ?prefix ;"
        " sh:namespace ?namespace }"
    )
    assert {row["prefix"]: row["namespace"] for row in declared} == graph.prefixes


def test_the_service_and_the_downloads_are_described(graph: KnowledgeGraph) -> None:
    store = graph.dataset.store
    assert values(store, ENDPOINT, f"{SD}defaultDataset") == {DATASET}
    assert values(store, GRAPH_CATALOG, f"{DCAT}service") == {ENDPOINT}
    assert values(store, DATASET, f"{VOID}subset") == set(graph.dataset.graph_names())
    assert len(values(store, DATASET, f"{DCAT}distribution")) == 2


def test_a_query_file_that_is_wrong_does_not_keep_the_graph_from_opening(
    small_root: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(small_root, tmp_path / "root")
    (root / "queries" / "wrong.rq").write_text("# param: nonsense\nASK { ?s ?p ?o }\n")
    store = KnowledgeGraph.open(root).dataset.store
    assert values(store, f"{QUERY}plans-since", f"{SH}select")
    assert not values(store, f"{QUERY}wrong", f"{SH}ask")


def test_names_and_searches_find_no_part_of_the_catalog(graph: KnowledgeGraph) -> None:
    assert graph.find("report-2010") == "https://w3id.org/tipgraph/id/report-2010"
    found = [hit.iri for hit in graph.search("mechanism", limit=500).hits]
    assert len(found) > 20
    assert [iri for iri in found if iri.startswith((QUERY, f"{DATASET}#"))] == []
    assert not any(
        group.predicate.name.startswith("void:") for group in graph.describe("tip:Treaty").incoming
    )
