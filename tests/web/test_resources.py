"""Every IRI of the project answers at its path, as a page and as RDF."""

from __future__ import annotations

import re
from html import unescape

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from tipgraph.graph import KnowledgeGraph
from tipgraph.store import Dataset
from tipgraph.vocabulary import BASE, SKOS, TIP
from tipgraph.web.resources import bounded_description, name_backwards

HTML = {"Accept": "text/html"}
SYNTAXES = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
}
PATHS = [
    "/id/ecowas",
    "/id/coe-convention",
    "/id/benin",
    "/concept/prevention",
    "/concept/themes",
    "/passage/au-05",
    "/passage/au-05-s1",
    "/graph/catalog",
    "/ontology",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_resource_is_the_same_in_every_syntax(client: FlaskClient, path: str) -> None:
    graphs = []
    for media_type, syntax in SYNTAXES.items():
        response = client.get(path, headers={"Accept": media_type})
        assert (response.status_code, response.mimetype) == (200, media_type)
        assert "Accept" in response.headers["Vary"]
        graphs.append(ox.Dataset(ox.parse(response.data, format=syntax)))
        graphs[-1].canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    assert all(len(graph) > 3 for graph in graphs)
    assert all(graph == graphs[0] for graph in graphs)


@pytest.mark.parametrize("path", PATHS)
def test_a_browser_gets_a_page_and_a_program_rdf(client: FlaskClient, path: str) -> None:
    browser = client.get(path, headers={"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"})
    assert (browser.status_code, browser.mimetype) == (200, "text/html")
    assert client.get(path).mimetype == "text/turtle"
    assert client.get(f"{path}?format=html").mimetype == "text/html"
    assert client.get(f"{path}?format=nt").mimetype == "application/n-triples"
    assert client.get(path, headers={"Accept": "image/png"}).status_code == 406


def test_rdf_of_a_resource_tells_what_leads_to_it_and_how_its_neighbours_are_called(
    client: FlaskClient,
) -> None:
    response = client.get("/id/coe-convention-article-15", headers={"Accept": "application/n-triples"})
    text = response.text
    here = f"<{BASE}id/coe-convention-article-15>"
    assert f"{here} <{TIP}provisionOf> <{BASE}id/coe-convention>" in text
    assert any(line.split()[2] == here for line in text.splitlines())
    assert f'<{BASE}id/coe-convention> <{SKOS}prefLabel> "Council of Europe Convention' in text


def test_trig_keeps_what_is_said_apart_from_what_follows(client: FlaskClient) -> None:
    response = client.get("/id/ecowas", headers={"Accept": "application/trig"})
    graphs = {quad.graph_name for quad in ox.parse(response.data, format=ox.RdfFormat.TRIG)}
    assert {ox.NamedNode(f"{BASE}graph/report-2010"), ox.NamedNode(f"{BASE}graph/inferred")} <= graphs


def test_a_graph_gives_its_content(client: FlaskClient, graph: KnowledgeGraph) -> None:
    for name in graph.dataset.graph_names():
        response = client.get(
            name.removeprefix(BASE.rstrip("/")), headers={"Accept": "application/n-triples"}
        )
        held = graph.dataset.store.quads_for_pattern(None, None, None, ox.NamedNode(name))
        assert len(set(response.text.splitlines())) == len({quad.triple for quad in held})


def test_description_reaches_into_blank_nodes() -> None:
    store = ox.Store()
    store.load(
        "@prefix : <http://a/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> ."
        ":x :p [ :q [ :r :y ] ] . :z :p :x ; skos:prefLabel 'Zed' ; :other :y . :y :not :here .",
        format=ox.RdfFormat.TURTLE,
    )

    found = list(bounded_description(Dataset(store), ox.NamedNode("http://a/x")))
    assert sorted(quad.predicate.value.rpartition("/")[2] for quad in found) == [
        "core#prefLabel",
        "p",
        "p",
        "q",
        "r",
    ]


@pytest.mark.parametrize(
    "path", ["/id/nobody", "/concept/nothing", "/passage/au-99", "/graph/none", "/id/a/b", "/id/%3Cx%3E"]
)
def test_what_is_unknown_is_not_found(client: FlaskClient, path: str) -> None:
    for accept in ("text/turtle", "application/json", "*/*"):
        response = client.get(path, headers={"Accept": accept})
        assert (response.status_code, response.mimetype) == (404, "application/problem+json")
        assert f"{BASE}{path[1:]}" in response.get_json()["detail"]
    page = client.get(path, headers=HTML)
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "Not found" in page.text


def test_page_of_a_mechanism(client: FlaskClient) -> None:
    page = client.get("/id/ecowas", headers=HTML).text
    assert "<h1>Economic Community of West African States</h1>" in page
    assert '<p class="names">ECOWAS</p>' in page
    assert ">sub-regional mechanism</a>" in page
    assert '<a href="/passage/ecowas-01-s1">Paragraph\xa01, sentence\xa01</a>' in page
    assert "… adopted by it" in page
    assert '<span class="badge inferred"' in page
    assert f"{BASE}id/ecowas" in page


def test_page_of_a_passage_says_where_it_stands_and_what_rests_on_it(client: FlaskClient) -> None:
    page = client.get("/passage/au-05-s1", headers=HTML).text
    assert "<h1>AU, paragraph 5, sentence 1</h1>" in page
    assert "What it is evidence for" in page
    assert 'href="/id/abuja-workshop-2010"' in page
    assert 'rel="next" href="/passage/au-05-s2"' in page
    assert 'rel="prev" href="/passage/au-04-' in page
    assert "characters " in page
    first = client.get("/passage/au-01-s1", headers=HTML).text
    assert 'rel="prev"' not in first


def test_each_fact_of_a_page_leads_to_why_it_holds(client: FlaskClient) -> None:
    for path in ("/id/benin", "/id/ecowas", "/concept/compensation"):
        page = client.get(path, headers=HTML).text
        addresses = [unescape(found) for found in re.findall('class="why" href="([^"]+)"', page)]
        assert len(addresses) > 5
        for address in addresses[:25]:
            assert client.get(address).status_code == 200, address
    assert "/explain?subject=id:ecowas&predicate=tip:member&object=id:benin" in [
        unescape(found)
        for found in re.findall('class="why" href="([^"]+)"', client.get("/id/benin", headers=HTML).text)
    ]


def test_what_is_not_explained_leads_to_no_explanation(client: FlaskClient, own_client: FlaskClient) -> None:
    assert 'class="why"' not in client.get("/shape/Instrument", headers=HTML).text
    assert 'class="why"' not in client.get("/passage/au-05-s1", headers=HTML).text
    assert 'class="why"' not in client.get("/dataset", headers=HTML).text
    assert 'class="why"' not in own_client.get("/describe?iri=http://example.org/alpha", headers=HTML).text


def test_page_of_the_dataset_is_for_people_first(client: FlaskClient) -> None:
    page = client.get("/dataset", headers=HTML).text
    assert page.index(">license<") < page.index(">class partition<")
    assert '<a href="/data?format=trig" title="https://w3id.org/tipgraph/data?format=trig">' in page
    assert re.search(r'<a href="/describe\?iri=[^"]+" title="[^"]+">tip:Treaty</a>', page)


def test_what_is_described_elsewhere_too_leads_there(client: FlaskClient) -> None:
    elsewhere = "http://www.wikidata.org/entity/Q1065"
    assert f'<a href="{elsewhere}">' in client.get(f"/describe?iri={elsewhere}", headers=HTML).text
    assert '<p class="iri">https://w3id.org' in client.get("/id/ecowas", headers=HTML).text


def test_page_of_a_graph_says_what_it_holds(client: FlaskClient, graph: KnowledgeGraph) -> None:
    page = client.get("/graph/report-2010", headers=HTML).text
    count = next(found.triples for found in graph.statistics().graphs if found.name == "graph:report-2010")
    assert f"{count:,}" in page
    assert ">measure</a>" in page


def test_ontology_page_has_an_anchor_for_every_term(client: FlaskClient, graph: KnowledgeGraph) -> None:
    page = client.get("/ontology", headers=HTML).text
    terms = graph.select(
        "SELECT DISTINCT ?term { GRAPH graph:ontology { ?term a ?kind } "
        "VALUES ?kind { owl:Class owl:ObjectProperty owl:DatatypeProperty } "
        "FILTER(STRSTARTS(STR(?term), STR(tip:))) }"
    )
    assert len(terms) > 100
    for row in terms:
        assert f'id="{row["term"].removeprefix(TIP)}"' in page
    assert "A kind of" in page


def test_resources_of_a_dataset_of_ones_own(own_client: FlaskClient) -> None:
    page = own_client.get("/describe?iri=http://example.org/alpha", headers=HTML)
    assert page.status_code == 200
    assert '<a href="/describe?iri=http://example.org/beta"' in page.text
    assert "&lt;script&gt;" in page.text
    assert "<script" not in page.text
    rdf = own_client.get("/describe?iri=http://example.org/alpha")
    assert len(list(ox.parse(rdf.data, format=ox.RdfFormat.TURTLE))) == 7
    in_default_graph = own_client.get("/describe?iri=http://example.org/loose", headers=HTML)
    assert "<h1>loose</h1>" in in_default_graph.text
    assert own_client.get("/describe?iri=http://example.org/gamma").status_code == 404
    assert own_client.get("/ontology").status_code == 404


@pytest.mark.parametrize("accept", ["text/html", "text/turtle"])
@pytest.mark.parametrize(("iri", "status"), [("", 400), ("not an iri", 400), ("<x>", 400), ("urn:x:y", 404)])
def test_describe_takes_an_iri(client: FlaskClient, accept: str, iri: str, status: int) -> None:
    response = client.get("/describe", query_string={"iri": iri}, headers={"Accept": accept})
    assert response.status_code == status


@pytest.mark.parametrize(
    ("label", "backwards"),
    [
        ("adopted by", "… adopted by it"),
        ("calls for", "… calls for it"),
        ("replaces", "… replaces it"),
        ("has part", "… has it as part"),
        ("status", "… has it as status"),
        ("target group", "… has it as target group"),
    ],
)
def test_a_property_is_named_from_its_far_end(label: str, backwards: str) -> None:
    assert name_backwards(label) == backwards
