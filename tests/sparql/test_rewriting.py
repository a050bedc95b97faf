"""A query written out for another store asks the same when it is run with nothing beside it."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from tipgraph.errors import ParameterError
from tipgraph.graph import KnowledgeGraph
from tipgraph.sparql.analysis import check_query
from tipgraph.sparql.execution import QueryRequest
from tipgraph.sparql.results import SelectResult
from tipgraph.sparql.rewriting import write_out
from tipgraph.terms import Term

ROOT = Path(__file__).parents[2]
EX = "http://example.org/"
PREFIXES = {"ex": EX, "xsd": "http://www.w3.org/2001/XMLSchema#"}
A = ox.NamedNode(f"{EX}a")
ONE = ox.Literal(1)
DATA = f"""
@prefix ex: <{EX}> .
ex:a ex:knows ex:b ; ex:size 1 ; ex:name "A" .
ex:b ex:knows ex:c , ex:a ; ex:size 2 ; ex:name "B" .
ex:c ex:knows ex:a ; ex:size 1 .
"""


def written(text: str, base_iri: str | None = None, **parameters: Term) -> str:
    checked = check_query(text, PREFIXES, base_iri=base_iri)
    return write_out(checked, parameters, PREFIXES, base_iri=base_iri)


@pytest.fixture(scope="module")
def small() -> ox.Store:
    store = ox.Store()
    store.load(DATA, format=ox.RdfFormat.TURTLE)
    return store


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.open(ROOT)


@pytest.mark.parametrize("name", [path.stem for path in sorted((ROOT / "queries").glob("*.rq"))])
def test_every_question_of_the_library_is_the_same_question(graph: KnowledgeGraph, name: str) -> None:
    request = graph.request(graph.library_query(name))
    text = write_out(check_query(request.text, graph.prefixes), request.parameters, graph.prefixes)
    # Without its parameters and the prefixes of the graph, as another store has it.
    ox.Store().query(text)
    assert graph.run(QueryRequest(text)) == graph.run(request)


@pytest.mark.parametrize(
    ("query", "value", "rows"),
    [
        ("SELECT ?y { ?x ex:knows ?y } ORDER BY ?y", A, [["b"]]),
        ("SELECT ?x ?y { ?x ex:knows ?y } ORDER BY ?y", A, [["a", "b"]]),
        ("SELECT * { ?x ex:knows ?y } ORDER BY ?y", A, [["a", "b"]]),
        ("SELECT ?y { ?y ex:size ?size FILTER(?size = ?x) } ORDER BY ?y", ONE, [["a"], ["c"]]),
        ("SELECT ?y { ?y ex:size ?x } ORDER BY ?y", ONE, [["a"], ["c"]]),
        ("SELECT ?y { ?y ex:knows+ ?x OPTIONAL { ?x ex:name ?y } } ORDER BY ?y", A, [["a"], ["b"], ["c"]]),
        ("SELECT ?y { ?y ex:name ?n MINUS { ?y ex:knows ?x } } ORDER BY ?y", A, [["a"]]),
        ("SELECT ?y { ?y ex:name ?n FILTER NOT EXISTS { ?y ex:knows ?x } } ORDER BY ?y", A, [["a"]]),
        ("SELECT (COUNT(*) AS ?n) { ?x ex:knows ?y }", A, [["1"]]),
        ("SELECT (COUNT(*) AS ?n) { ?x ex:none ?y }", A, [["0"]]),
        ("SELECT ?n { { SELECT (COUNT(?x) AS ?n) { ?x ex:knows ?y } } }", A, [["1"]]),
        ("SELECT ?x (COUNT(*) AS ?n) { ?x ex:knows ?y } GROUP BY ?x", A, [["a", "1"]]),
        ("SELECT ?y { ?x ex:knows ?y FILTER(BOUND(?x)) }", A, [["b"]]),
        ("SELECT ?y { VALUES ?x { ex:a ex:c } ?y ex:knows ?x } ORDER BY ?y", A, [["b"], ["c"]]),
        ("SELECT ?y { { ?x ex:knows ?y } UNION { ?y ex:knows ?x } } ORDER BY ?y", A, [["b"], ["b"], ["c"]]),
        ("SELECT ?y { ?y ex:knows ?x } ORDER BY ?x DESC(?y)", A, [["c"], ["b"]]),
        ("SELECT ?y { ?x ex:knows ?y . ?x ex:size ?x }", ONE, []),
        ("SELECT ?y ($x AS ?z) { $x ex:knows ?y }", A, [["b", "a"]]),
    ],
)
def test_a_parameter_has_one_value_throughout(
    small: ox.Store, query: str, value: Term, rows: list[list[str]]
) -> None:
    solutions = small.query(written(query, x=value))
    assert isinstance(solutions, ox.QuerySolutions)
    found = [[getattr(term, "value", "").removeprefix(EX) for term in solution] for solution in solutions]
    assert found == rows


def test_a_construct_and_a_describe_are_told_too(small: ox.Store) -> None:
    triples = small.query(written("CONSTRUCT { ?x ex:friend ?y } WHERE { ?x ex:knows ?y }", x=A))
    assert [str(triple) for triple in triples] == [f"<{EX}a> <{EX}friend> <{EX}b>"]  # type: ignore[union-attr]
    assert "DESCRIBE" in written("DESCRIBE ?y { ?x ex:knows ?y }", x=A)


def test_only_what_is_used_and_not_declared_is_declared() -> None:
    text = written("PREFIX own: <http://o/> ASK { own:a ex:p 'xsd:no' }")
    assert text.startswith(f"PREFIX ex: <{EX}>\nPREFIX own:")
    assert "PREFIX xsd" not in text


def test_relative_iris_keep_their_base() -> None:
    assert written("ASK { <a> <b> <c> }", f"{EX}d/").startswith(f"BASE <{EX}d/>\n")
    own = written("BASE <http://own/> ASK { <a> <b> <c> }", f"{EX}d/")
    assert own.startswith("BASE <http://own/>")


@pytest.mark.parametrize(
    ("query", "value", "said"),
    [
        ("ASK { ?y ex:p 1 }", A, r"no variable \?x"),
        ("SELECT (1 AS ?x) { ?y ex:p 1 }", A, "which it computes"),
        ("ASK { ?x ex:p 1 }", ox.BlankNode(), "cannot be told as _:"),
    ],
)
def test_what_cannot_be_told_is_refused(query: str, value: Term, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        written(query, x=value)


def test_a_value_is_written_so_that_it_ends_where_it_ends(small: ox.Store) -> None:
    evil = ox.Literal('" } INSERT DATA { <a:> <b:> 1 } #')
    text = written("SELECT ?y { ?y ex:name ?x }", x=evil)
    result = KnowledgeGraph.open(ROOT).run(QueryRequest(text))
    assert result == SelectResult(("y",), ())
