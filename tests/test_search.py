"""Full-text search: what is found, in which order, and the same from SPARQL."""

from __future__ import annotations

import threading
from pathlib import Path

import pyoxigraph as ox
import pytest

from tipgraph import KnowledgeGraph
from tipgraph.errors import SourceError
from tipgraph.search import SearchIndex, fold, search_functions
from tipgraph.store import Dataset

TURTLE = """
@prefix id: <https://w3id.org/tipgraph/id/> .
@prefix concept: <https://w3id.org/tipgraph/concept/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
id:plan skos:prefLabel "Regional Plan of Action"@en ; skos:altLabel "RPA"@en ;
  dcterms:description "A plan against trafficking, for children above all."@en .
id:plan-review skos:prefLabel "Review of the Regional Plan of Action"@en .
id:cote-divoire skos:prefLabel "Côte d'Ivoire"@en , "Elfenbeinküste"@de .
id:policy skos:prefLabel "Policy on Protection"@en ; dcterms:description "Mentions RPA and a review."@en .
id:policies skos:prefLabel "Other policies on protection"@en .
concept:children skos:prefLabel "children"@en ; dcterms:description "Enfants."@fr .
id:nameless dcterms:description "Something about borders."@en .
<http://www.w3.org/ns/org#Role> rdfs:label "Role" .
"""


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    store = ox.Store()
    store.load(TURTLE, format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode("http://example.org/g"))
    # What stands in two graphs is one thing.
    store.load(TURTLE, format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode("http://example.org/h"))
    return Dataset(store, {"id": "https://w3id.org/tipgraph/id/"})


@pytest.fixture(scope="module")
def index(dataset: Dataset) -> SearchIndex:
    return SearchIndex.build(dataset)


def names(index: SearchIndex, text: str) -> list[str]:
    return [hit.iri.split("/")[-1] for hit in index.search(text).hits]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("regional plan of action", ["plan", "plan-review"]),
        ("REGIONAL plan", ["plan", "plan-review"]),
        ("rpa", ["plan", "policy"]),
        ("cote d'ivoire", ["cote-divoire"]),
        ("CÔTE", ["cote-divoire"]),
        ("elfenbeinkuste", ["cote-divoire"]),
        ("traff", ["plan"]),
        ("child", ["children", "plan"]),
        ("policies", ["policies", "policy"]),
        ("policy", ["policy", "policies"]),
        ("protection policy", ["policy", "policies"]),
        ("borders", ["nameless"]),
        ("role", ["org#Role"]),
        ("enfants", []),
        ("zebra", []),
        ("", []),
        ('"*()^:- ', []),
    ],
)
def test_what_is_found_best_first(index: SearchIndex, text: str, expected: list[str]) -> None:
    assert names(index, text) == expected


def test_without_a_match_of_all_words_any_will_do(index: SearchIndex) -> None:
    found = index.search("review zebra")
    assert [hit.iri.split("/")[-1] for hit in found.hits] == ["plan-review", "policy"]
    assert not found.matches_all
    assert index.search("review plan").matches_all


def test_scores_fall_and_lie_between_nothing_and_one(index: SearchIndex) -> None:
    scores = [hit.score for hit in index.search("plan").hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def test_hits_can_be_paged(index: SearchIndex) -> None:
    every = names(index, "p")
    pages = [index.search("p", limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [hit.iri.split("/")[-1] for page in pages for hit in page.hits] == every
    assert {page.total for page in pages} == {len(every)}


@pytest.mark.parametrize("text", ['a" OR "b', "NEAR(a b)", "label:x", "x*", "AND", "-x", "x" * 5000, "\x00"])
def test_no_text_is_taken_for_a_command(index: SearchIndex, text: str) -> None:
    index.search(text)


def test_an_index_in_a_file_is_the_same(dataset: Dataset, index: SearchIndex, tmp_path: Path) -> None:
    path = tmp_path / "search.sqlite"
    SearchIndex.build(dataset, path).close()
    kept = SearchIndex.open(path)
    assert kept.search("plan") == index.search("plan")
    kept.close()


def test_what_is_no_index_is_told(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"nothing of the kind" * 100)
    for path in (tmp_path / "other", tmp_path / "missing"):
        with pytest.raises(SourceError, match="holds no search index"):
            SearchIndex.open(path)


def test_a_place_that_cannot_be_written_is_an_error(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="unable to open database"):
        SearchIndex.build(dataset, tmp_path / "no" / "folder")


def test_threads_may_share_it(index: SearchIndex) -> None:
    expected = index.search("plan")
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(index.search("plan"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 8


def test_queries_search_too(small_root: Path) -> None:
    kg = KnowledgeGraph.open(small_root)
    rows = kg.select(
        'SELECT ?plan ?score { ?plan a tip:Plan FILTER(function:matches(?plan, "alpha adopted")) '
        'BIND(function:score(?plan, "alpha adopted") AS ?score) }'
    )
    assert [row["plan"].split("/")[-1] for row in rows] == ["alpha"]
    assert rows[0]["score"] == next(iter(kg.search("alpha adopted").hits)).score
    assert not kg.ask('ASK { FILTER(function:matches(id:alpha, "zebra")) }')
    assert kg.select('SELECT ?s { BIND(function:score(id:alpha, "zebra") AS ?s) }') == [{"s": None}]


@pytest.mark.parametrize("call", ["matches(1, 'a')", "matches(id:alpha)", "score(id:alpha, id:beta)"])
def test_a_wrong_call_of_a_function_is_an_error_of_sparql(small_root: Path, call: str) -> None:
    kg = KnowledgeGraph.open(small_root)
    assert kg.select(f"SELECT ?x {{ BIND(function:{call} AS ?x) }}") == [{"x": None}]


def test_the_index_is_asked_for_when_it_is_needed(dataset: Dataset) -> None:
    made = []

    def make() -> SearchIndex:
        made.append(1)
        return SearchIndex.build(dataset)

    functions = search_functions(make)
    assert made == []
    for _ in range(3):
        function = next(iter(functions.values()))
        function(ox.NamedNode("http://example.org/x"), ox.Literal("plan"))
    assert made == [1]


def test_folding() -> None:
    assert fold("ÉCOWAS Čapek") == "ecowas capek"
