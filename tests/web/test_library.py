"""The query library over HTTP: as a list, and the SPARQL of each query."""

from __future__ import annotations

from dataclasses import replace

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from tipgraph.graph import KnowledgeGraph
from tipgraph.vocabulary import QUERY, RDF, SH


def test_programs_get_the_list_in_json(client: FlaskClient, graph: KnowledgeGraph) -> None:
    found = client.get("/queries").get_json()["queries"]
    assert [query["name"] for query in found] == [query.name for query in graph.queries()]
    by_theme = next(query for query in found if query["name"] == "by-theme")
    assert by_theme["parameters"] == [
        {"name": "theme", "type": "concept", "default": "concept:compensation", "about": "the subject"}
    ]
    assert client.get(by_theme["href"], headers={"Accept": "text/csv"}).status_code == 200


def test_a_reader_gets_every_question(client: FlaskClient, graph: KnowledgeGraph) -> None:
    page = client.get("/queries", headers={"Accept": "text/html"})
    assert page.mimetype == "text/html"
    assert all(f'href="/queries/{query.name}"' in page.text for query in graph.queries())


def test_the_list_is_rdf_too(client: FlaskClient, graph: KnowledgeGraph) -> None:
    answer = client.get("/queries", headers={"Accept": "application/n-triples"})
    found = list(ox.parse(answer.data, format=ox.RdfFormat.N_TRIPLES))
    executable = ox.NamedNode(f"{SH}SPARQLExecutable")
    named = {
        quad.subject
        for quad in found
        if quad.predicate == ox.NamedNode(f"{RDF}type") and quad.object == executable
    }
    assert named == {ox.NamedNode(QUERY + query.name) for query in graph.queries()}


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "application/sparql-query"),
        ("text/plain", "text/plain"),
        ("text/html,*/*;q=0.8", "text/plain"),
    ],
)
def test_explain_shows_the_sparql(
    client: FlaskClient, graph: KnowledgeGraph, accept: str, content_type: str
) -> None:
    answer = client.get("/queries/by-theme?explain", headers={"Accept": accept})
    assert answer.mimetype == content_type
    assert answer.text == graph.library_query("by-theme").text
    assert client.get("/queries/none?explain").status_code == 404


def test_explain_with_values_shows_what_is_run(client: FlaskClient, graph: KnowledgeGraph) -> None:
    compensation = "https://w3id.org/tipgraph/concept/compensation"
    answer = client.get("/queries/by-theme?explain&theme=concept:compensation")
    assert answer.mimetype == "application/sparql-query"
    assert f"\n  VALUES ?theme {{ <{compensation}> }}\n" in answer.text
    headers = {"Accept": "text/csv"}
    asked = client.get("/queries/by-theme?theme=concept:compensation", headers=headers)
    shown = client.get("/sparql", query_string={"query": answer.text}, headers=headers)
    assert asked.data == shown.data
    assert asked.data.count(b"\n") > 1


@pytest.mark.parametrize("values", ["theme=none%20such", "theem=concept:compensation"])
def test_a_value_that_is_wrong_is_the_same_fault_as_when_it_is_run(client: FlaskClient, values: str) -> None:
    run, shown = (client.get(f"/queries/by-theme?{prefix}{values}") for prefix in ("", "explain&"))
    assert run.status_code == shown.status_code >= 400
    assert run.get_json() == shown.get_json()


def test_every_query_answers_the_same_with_its_values_written_in(graph: KnowledgeGraph) -> None:
    compared = 0
    for query in graph.queries():
        if query.parameters and all(parameter.default is not None for parameter in query.parameters):
            request = graph.request(query)
            assert graph.run(replace(request, text=graph.write_query(request), parameters={})) == graph.run(
                request
            ), query.name
            compared += 1
    assert compared > 10


def test_what_cannot_be_written_is_told(client: FlaskClient) -> None:
    for path in ("/queries", "/queries/by-theme?explain"):
        answer = client.get(path, headers={"Accept": "image/png"})
        assert answer.status_code == 406
        assert answer.mimetype == "application/problem+json"


def test_a_dataset_of_ones_own_has_no_questions(own_client: FlaskClient) -> None:
    assert own_client.get("/queries").get_json() == {"queries": []}
