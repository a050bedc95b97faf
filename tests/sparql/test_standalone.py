"""Queries with their parameters written in: the same answers as when the parameters are told."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from tipgraph.errors import ParameterError
from tipgraph.sparql.execution import QueryableDataset, QueryRequest, run_query
from tipgraph.sparql.standalone import write_standalone
from tipgraph.store import Dataset
from tipgraph.terms import Term

EX = "http://example.org/"
PREFIXES = {"ex": EX}
DATA = f"""
@prefix ex: <{EX}> .
ex:a ex:knows ex:b, ex:c ; ex:size 1 .
ex:b ex:knows ex:c ; ex:size 2 .
ex:c ex:knows ex:a ; ex:size 3 .
"""
A = ox.NamedNode(f"{EX}a")
TWO = ox.Literal(2)


@pytest.fixture(scope="module")
def dataset() -> QueryableDataset:
    store = ox.Store()
    store.load(DATA, format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode(f"{EX}g"))
    return QueryableDataset(Dataset(store, PREFIXES))


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("SELECT ?y { ?x ex:knows ?y } ORDER BY ?y", A),
        ("SELECT * { ?x ex:knows ?y } ORDER BY ?y", A),
        ("SELECT (COUNT(*) AS ?n) { ?x ex:knows ?y }", A),
        ("SELECT (COUNT(*) AS ?n) { ?x ex:unheard ?y }", A),
        ("SELECT ?x (COUNT(*) AS ?n) { ?x ex:knows ?y } GROUP BY ?x", A),
        ("SELECT ?n { { SELECT ?y (COUNT(*) AS ?n) { ?x ex:knows ?y } GROUP BY ?y } } ORDER BY ?n", A),
        ("SELECT ?y ?z { { ?y ex:size ?z FILTER(?z >= ?x) } UNION { ?y ex:size ?x } } ORDER BY ?y ?z", TWO),
        ("SELECT ?y { ?y ex:size ?z OPTIONAL { ?y ex:size ?s FILTER(?s = ?x) } FILTER(!BOUND(?s)) }", TWO),
        ("SELECT ?y { ?y ex:size ?z FILTER NOT EXISTS { ?y ex:size ?x } } ORDER BY ?y", TWO),
        ("SELECT ?y ?v { ?y ex:size ?z { BIND(?x + 1 AS ?v) } } ORDER BY ?y", TWO),
        ("SELECT ?y { ?y ex:size ?z MINUS { ?y ex:size ?x } } ORDER BY ?y", TWO),
        ("SELECT ?y { # a comment with {\n  ?y ex:size ?x }", TWO),
        ("ASK { ?y ex:size ?x }", TWO),
        ("CONSTRUCT { ?y ex:is ?x } WHERE { ?y ex:size ?x }", TWO),
        ("CONSTRUCT WHERE { ?y ex:size ?x }", TWO),
        ("DESCRIBE ?x # nothing else", A),
        ("SELECT ?y { ?y ex:label ?x }", ox.Literal('a "quoted" }\n# name', language="en")),
    ],
)
def test_the_answer_is_the_same(dataset: QueryableDataset, text: str, term: Term) -> None:
    request = QueryRequest(text, {"x": term})
    written = write_standalone(dataset, request)
    assert f"VALUES ?x {{ {term} }}" in written
    assert run_query(dataset, QueryRequest(written)) == run_query(dataset, request)


def test_values_stand_on_lines_of_their_own_where_the_pattern_does(dataset: QueryableDataset) -> None:
    text = "SELECT ?y WHERE {\n  ?x ex:knows ?y .\n  ?y ex:size ?z .\n}\n"
    assert write_standalone(dataset, QueryRequest(text, {"x": A, "z": ox.Literal(3)})) == (
        "SELECT ?y WHERE {\n"
        "  VALUES ?x { <http://example.org/a> }\n"
        '  VALUES ?z { "3"^^<http://www.w3.org/2001/XMLSchema#integer> }\n'
        "  ?x ex:knows ?y .\n"
        "  ?y ex:size ?z .\n}\n"
    )


def test_without_parameters_it_is_the_text(dataset: QueryableDataset) -> None:
    text = "SELECT ?y { ?y ex:size ?x FILTER(?x > 1) } # end"
    assert write_standalone(dataset, QueryRequest(text)) == text


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("SELECT ?y { ?y ex:size 1 }", A),
        ("DESCRIBE ?y { ?y ex:size ?x }", TWO),
        ("SELECT ?x { ?y ex:size ?z BIND(?z + 1 AS ?x) }", TWO),
        ("SELECT ?y { ?x ex:size ?y }", ox.BlankNode("b")),
    ],
    ids=["unknown", "describe", "computed", "blank node"],
)
def test_what_cannot_be_written_is_told(dataset: QueryableDataset, text: str, term: Term) -> None:
    with pytest.raises(ParameterError):
        write_standalone(dataset, QueryRequest(text, {"x": term}))
