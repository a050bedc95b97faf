"""SERVICE patterns taken out of a query, and what was found put in their place."""

from __future__ import annotations

import json

import pyoxigraph as ox
import pytest

from tipgraph.errors import QueryError, QuerySyntaxError, ServiceFailedError, ServiceRefusedError
from tipgraph.sparql.execution import QueryableDataset, QueryRequest, run_query
from tipgraph.sparql.federation import find_service_calls, insert_answers
from tipgraph.sparql.results import SelectResult
from tipgraph.store import Dataset

THERE = "http://there.example/sparql"
PREFIXES = {"ex": "http://example.org/", "there": "http://there.example/"}


@pytest.fixture(scope="module")
def dataset() -> QueryableDataset:
    store = ox.Store()
    store.load(
        "@prefix ex: <http://example.org/> . ex:a ex:size 1 . ex:b ex:size 2 .", format=ox.RdfFormat.TURTLE
    )
    return QueryableDataset(Dataset(store, PREFIXES))


def answer(names: list[str], *rows: dict[str, dict[str, str]]) -> bytes:
    return json.dumps({"head": {"vars": names}, "results": {"bindings": rows}}).encode()


def rows(dataset: QueryableDataset, text: str, *answers: bytes | None) -> list[tuple[str | None, ...]]:
    calls = find_service_calls(text, PREFIXES, {THERE}, check=lambda query: dataset.check(query, None))
    result = run_query(dataset, QueryRequest(insert_answers(text, calls, answers)))
    assert isinstance(result, SelectResult)
    return sorted(tuple(None if term is None else str(term) for term in row) for row in result.rows)


A = {"type": "uri", "value": "http://example.org/a"}
NASTY = {"type": "literal", "value": '"} SERVICE <http://127.0.0.1/> { ?s ?p "\\\n', "xml:lang": "en"}


@pytest.mark.parametrize("endpoint", [f"<{THERE}>", "there:sparql", "SILENT there:sparql"])
def test_what_is_found_elsewhere_is_joined(dataset: QueryableDataset, endpoint: str) -> None:
    text = f"SELECT ?x ?size ?name {{ ?x ex:size ?size SERVICE {endpoint} {{ ?x ex:name ?name }} }}"
    (call,) = find_service_calls(text, PREFIXES, {THERE})
    assert call.endpoint == THERE
    assert call.is_silent == ("SILENT" in endpoint)
    assert "PREFIX ex: <http://example.org/>" in call.query
    assert "SELECT * { ?x ex:name ?name }" in call.query
    found = rows(dataset, text, answer(["x", "name"], {"x": A, "name": NASTY}, {"name": NASTY}))
    assert [row[0] for row in found] == ["<http://example.org/a>"] * 2 + ["<http://example.org/b>"]
    assert {row[2] for row in found} == {str(ox.Literal(NASTY["value"], language="en"))}


def test_nothing_found_and_a_silent_failure_differ(dataset: QueryableDataset) -> None:
    text = f"SELECT ?x {{ ?x ex:size 1 SERVICE SILENT <{THERE}> {{ ?x ex:name ?name }} }}"
    assert rows(dataset, text, answer(["x", "name"])) == []
    for failed in (None, b"<html>", b'{"head":{}}', b"[" * 100_000):
        assert rows(dataset, text, failed) == [("<http://example.org/a>",)]


def test_several_calls_in_their_places(dataset: QueryableDataset) -> None:
    text = (
        f"SELECT ?x ?n {{ {{ SERVICE <{THERE}> {{ ?x ex:p ?n {{ }} }} }} UNION "
        f"{{ ?x ex:size ?s OPTIONAL {{ SERVICE <{THERE}> {{ ?x ex:q ?n }} }} }} }}"
    )
    one, two = ({"type": "literal", "value": value} for value in ("1", "2"))
    found = rows(
        dataset, text, answer(["x", "n"], {"x": A, "n": one}), answer(["x", "n"], {"x": A, "n": two})
    )
    assert found == [
        ("<http://example.org/a>", '"1"'),
        ("<http://example.org/a>", '"2"'),
        ("<http://example.org/b>", None),
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("SELECT * { SERVICE <http://other.example/> { ?s ?p ?o } }", ServiceRefusedError),
        ("SELECT * { SERVICE ?anyone { ?s ?p ?o } }", ServiceRefusedError),
        ("SELECT * { SERVICE SILENT $anyone { ?s ?p ?o } }", ServiceRefusedError),
        (f"SELECT * {{ SERVICE <{THERE}> {{ SERVICE <{THERE}> {{ ?s ?p ?o }} }} }}", ServiceRefusedError),
        (f"SELECT * {{ SERVICE <{THERE}> {{ ?s ?p }} }}", QuerySyntaxError),
        (f"SELECT * {{ SERVICE <{THERE}> {{ ?s ?p ?o }} ", QuerySyntaxError),
        (f"SELECT * {{ SERVICE <{THERE}> {{ }} }} DROP ALL", QuerySyntaxError),
    ],
)
def test_any_other_is_refused_before_anyone_is_called(text: str, error: type[QueryError]) -> None:
    with pytest.raises(error):
        find_service_calls(text, PREFIXES, {THERE})


def test_the_word_elsewhere_is_no_call() -> None:
    text = f'SELECT * {{ ?s ex:service "SERVICE <{THERE}> {{}}" }} # SERVICE <{THERE}> {{ }}'
    assert find_service_calls(text, PREFIXES, {THERE}) == ()


@pytest.mark.parametrize(
    ("found", "error"),
    [
        (b"nonsense", ServiceFailedError),
        (answer(["x } DROP ALL"]), ServiceFailedError),
        (answer(["x"], {"x": {"type": "uri", "value": "not an iri> ."}}), ServiceFailedError),
        (answer(["x"], {"x": {"type": "what", "value": "1"}}), ServiceFailedError),
        (answer(["x"], {"x": {"type": "bnode", "value": "b"}}), QueryError),
    ],
)
def test_an_answer_that_cannot_be_used(
    dataset: QueryableDataset, found: bytes, error: type[QueryError]
) -> None:
    with pytest.raises(error):
        rows(dataset, f"SELECT ?x {{ SERVICE <{THERE}> {{ ?x ?y ?z }} }}", found)
