"""The Graph Store Protocol to read, the service description, and the IRIs of what describes the dataset."""

from __future__ import annotations

from urllib.parse import quote

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tipgraph.catalog import SD, VOID
from tipgraph.graph import KnowledgeGraph
from tipgraph.serialization import SYNTAXES
from tipgraph.sparql.results import RESULT_FORMATS
from tipgraph.vocabulary import BASE, DATASET, FUNCTION, GRAPH, GRAPH_CATALOG, QUERY, SH, SHAPE

STATES = f"{GRAPH}states"
TURTLE = {"Accept": "text/turtle"}
HTML = {"Accept": "text/html"}


def triples(answer: TestResponse) -> set[ox.Triple]:
    assert answer.status_code == 200, answer.text
    return {quad.triple for quad in ox.parse(answer.data, format=ox.RdfFormat.TURTLE)}


def objects(found: set[ox.Triple], subject: str, predicate: str) -> set[str]:
    return {
        triple.object.value
        for triple in found
        if triple.subject == ox.NamedNode(subject)
        and triple.predicate == ox.NamedNode(predicate)
        and isinstance(triple.object, ox.NamedNode | ox.Literal)
    }


def size(graph: KnowledgeGraph, name: str) -> int:
    return sum(1 for _ in graph.dataset.store.quads_for_pattern(None, None, None, ox.NamedNode(name)))


@pytest.mark.parametrize("name", list(SYNTAXES))
def test_a_graph_by_its_name_in_each_syntax(client: FlaskClient, graph: KnowledgeGraph, name: str) -> None:
    syntax = SYNTAXES[name]
    answer = client.get(f"/data?graph={quote(STATES)}", headers={"Accept": syntax.media_type})
    assert answer.mimetype == syntax.media_type
    assert len(list(ox.parse(answer.data, format=syntax.format))) == size(graph, STATES)


def test_the_default_graph_is_the_union(client: FlaskClient, graph: KnowledgeGraph) -> None:
    answer = client.get("/data?default", headers={"Accept": "application/n-triples"})
    assert len(answer.data.splitlines()) == len({quad.triple for quad in graph.dataset.store})


@pytest.mark.parametrize("media_type", ["application/trig", "application/n-quads", "application/ld+json"])
def test_the_whole_dataset_keeps_its_graphs(
    client: FlaskClient, graph: KnowledgeGraph, media_type: str
) -> None:
    answer = client.get("/data", headers={"Accept": media_type})
    assert answer.mimetype == media_type
    syntax = ox.RdfFormat.from_media_type(media_type)
    assert syntax is not None
    found = {quad.graph_name.value for quad in ox.parse(answer.data, format=syntax)}
    assert found == set(graph.dataset.graph_names())


def test_a_syntax_without_graphs_holds_no_dataset(client: FlaskClient) -> None:
    assert client.get("/data", headers=TURTLE).status_code == 406
    assert client.get("/data").mimetype == "application/trig"


def test_head_has_the_headers_and_no_body(client: FlaskClient) -> None:
    got = client.get(f"/data?graph={STATES}", headers=TURTLE)
    head = client.head(f"/data?graph={STATES}", headers=TURTLE)
    assert head.data == b""
    for name in ("Content-Type", "Content-Length", "ETag"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("graph=http://example.org/none", 404),
        ("graph=states", 404),
        (f"graph={STATES}&default", 400),
        (f"graph={STATES}&graph={GRAPH_CATALOG}", 400),
        (f"graph={STATES}&format=csv", 406),
    ],
)
def test_what_is_no_graph_is_told(client: FlaskClient, query: str, status: int) -> None:
    answer = client.get(f"/data?{query}")
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("report-2010", "did you mean <https://w3id.org/tipgraph/graph/report-2010>?"),
        (
            "https://w3id.org/tipgraph/graph/reports-2010",
            "did you mean <https://w3id.org/tipgraph/graph/report-2010>?",
        ),
        ("urn:nothing:of:the:kind", "GET /data has all of them"),
    ],
)
def test_a_mistyped_graph_gives_the_nearest(client: FlaskClient, name: str, hint: str) -> None:
    response = client.get("/data", query_string={"graph": name})
    assert (response.status_code, response.get_json()["hint"]) == (404, hint)


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_nothing_is_written(client: FlaskClient, method: str) -> None:
    answer = client.open(f"/data?graph={STATES}", method=method, data=b"", headers=TURTLE)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert answer.get_json()["type"].endswith("/problem/method-not-allowed")


def test_a_browser_is_led_to_the_page_of_the_graph(client: FlaskClient) -> None:
    answer = client.get(f"/data?graph={STATES}", headers=HTML)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/graph/states")


def test_the_well_known_place_has_the_catalog(client: FlaskClient, graph: KnowledgeGraph) -> None:
    found = triples(client.get("/.well-known/void", headers=TURTLE))
    assert len(found) == size(graph, GRAPH_CATALOG)
    assert objects(found, DATASET, f"{VOID}triples") == {str(len({q.triple for q in graph.dataset.store}))}
    page = client.get("/.well-known/void", headers=HTML)
    assert (page.status_code, page.headers["Location"]) == (303, "/dataset")
    assert client.get("/dataset", headers=HTML).status_code == 200


def test_the_endpoint_describes_itself(client: FlaskClient, graph: KnowledgeGraph) -> None:
    found = triples(client.get("/sparql", headers=TURTLE))
    service = "http://localhost/sparql"
    assert objects(found, service, f"{SD}endpoint") == {service}
    assert objects(found, service, f"{SD}feature") == {f"{SD}UnionDefaultGraph"}
    assert len(objects(found, service, f"{SD}resultFormat")) == len(SYNTAXES) + len(RESULT_FORMATS)
    assert objects(found, service, f"{SD}extensionFunction") == {f"{FUNCTION}matches", f"{FUNCTION}score"}
    assert objects(found, service, f"{SD}defaultSupportedEntailmentProfile")
    (dataset,) = objects(found, service, f"{SD}defaultDataset")
    nodes = objects(found, dataset, f"{SD}namedGraph")
    names = {name for node in nodes for name in objects(found, node, f"{SD}name")}
    assert names == set(graph.dataset.graph_names())
    for name in names:
        assert objects(found, name, f"{VOID}triples") == {str(size(graph, name))}


def test_a_program_that_takes_anything_gets_the_description(client: FlaskClient) -> None:
    assert client.get("/sparql").mimetype == "text/turtle"
    assert client.head("/sparql").status_code == 200
    assert client.get("/sparql?format=n-triples").mimetype == "application/n-triples"
    assert client.get("/sparql", headers={"Accept": "text/csv"}).status_code == 400
    assert client.get("/sparql", headers=HTML).mimetype == "text/html"


def test_a_dataset_of_ones_own_is_described_too(own_client: FlaskClient) -> None:
    found = triples(own_client.get("/sparql", headers=TURTLE))
    (dataset,) = objects(found, "http://localhost/sparql", f"{SD}defaultDataset")
    assert len(objects(found, dataset, f"{SD}namedGraph")) == 2
    assert objects(found, "http://localhost/sparql", f"{SD}defaultEntailmentRegime") == {
        "http://www.w3.org/ns/entailment/Simple"
    }
    for path in ("/.well-known/void", "/dataset", "/shape/ActorShape", "/query/by-theme"):
        assert own_client.get(path, headers=TURTLE).status_code == 404, path


def test_a_query_is_described_at_its_iri(client: FlaskClient) -> None:
    found = triples(client.get("/query/by-theme", headers=TURTLE))
    (text,) = objects(found, f"{QUERY}by-theme", f"{SH}select")
    assert "?theme" in text
    assert objects(found, f"{QUERY}by-theme#theme", f"{SH}defaultValue") == {"concept:compensation"}
    page = client.get("/query/by-theme", headers=HTML)
    assert (page.status_code, page.headers["Location"]) == (303, "/queries/by-theme")
    assert client.get("/query/none", headers=TURTLE).status_code == 404


def test_every_shape_and_function_answers_at_its_iri(client: FlaskClient, graph: KnowledgeGraph) -> None:
    shapes = {
        quad.subject.value
        for path in graph.sources.shapes.glob("*.ttl")
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(SHAPE)
    }
    assert len(shapes) > 10
    for iri in (*shapes, f"{FUNCTION}matches", f"{FUNCTION}score"):
        path = f"/{iri.removeprefix(BASE)}"
        assert any(
            triple.subject == ox.NamedNode(iri) for triple in triples(client.get(path, headers=TURTLE))
        )
        assert client.get(path, headers=HTML).status_code == 200
    assert client.get("/shape/none", headers=TURTLE).status_code == 404


def test_every_iri_of_the_catalog_leads_somewhere(client: FlaskClient, graph: KnowledgeGraph) -> None:
    store = graph.dataset.store
    found = {
        quad.subject.value.partition("#")[0]
        for quad in store.quads_for_pattern(None, None, None, ox.NamedNode(GRAPH_CATALOG))
        if isinstance(quad.subject, ox.NamedNode)
    }
    assert len(found) > 60
    for iri in sorted(found):
        path = f"/{iri.removeprefix(BASE)}"
        assert client.get(path, headers=TURTLE).status_code == 200, iri
