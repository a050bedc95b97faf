"""``/search``, ``/explain`` and ``/validate``, over the graph that is shipped."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from tests.web.running_server import serving

from tipgraph.graph import KnowledgeGraph
from tipgraph.validation import REPORT_FORMATS
from tipgraph.web import create_app

ROOT = Path(__file__).parents[2]
BAD = (
    "@prefix id: <https://w3id.org/tipgraph/id/> . @prefix tip: <https://w3id.org/tipgraph/ontology#> .\n"
    "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n\n"
    'id:my-plan a tip:ActionPlan ;\n skos:prefLabel "x" .'
)


@pytest.fixture(scope="module")
def client(cache_folder: Path) -> FlaskClient:
    """A client of the site without workers: a fork of a process that has validated before would hang."""
    return create_app(KnowledgeGraph.open(ROOT, cache=cache_folder)).test_client()


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A client of a site with a dataset of the user's own."""
    path = tmp_path_factory.mktemp("own") / "own.ttl"
    path.write_text('<http://e/a> <http://www.w3.org/2000/01/rdf-schema#label> "Something of mine" .')
    return create_app(KnowledgeGraph.from_files([path])).test_client()


def test_a_search_gives_hits_with_scores(client: FlaskClient) -> None:
    found = client.get("/search?q=child+soldier&limit=1")
    values = found.get_json()
    assert found.content_type == "application/json"
    assert values["hits"][0]["name"] == "concept:child-soldiers"
    assert (values["total"], values["matchesAll"], len(values["hits"])) == (2, True, 1)
    following = client.get(values["next"]).get_json()
    assert [hit["name"] for hit in following["hits"]] == ["id:ouagadougou-action-plan-child-soldiers"]
    assert following["next"] is None
    assert 'rel="next"' in found.headers["Link"]


def test_a_search_is_a_page_for_a_browser(client: FlaskClient) -> None:
    page = client.get("/search?q=cote+ivoire", headers={"Accept": "text/html"}).text
    assert '<a href="/id/cote-divoire">' in page
    assert client.get("/search?format=html").status_code == 200
    assert "Nothing matches" in client.get("/search?q=zebra&format=html").text


def test_a_name_that_is_none_is_searched_for(client: FlaskClient) -> None:
    found = client.get("/find?name=child+soldier", headers={"Accept": "text/html"})
    assert (found.status_code, found.headers["Location"]) == (303, "/search?q=child+soldier")
    assert client.get("/find?name=child+soldier").status_code == 404
    assert client.get("/find?name=ECOWAS").headers["Location"] == "/id/ecowas"


def test_own_data_can_be_searched_too(other: FlaskClient) -> None:
    assert other.get("/search?q=something").get_json()["hits"][0]["iri"] == "http://e/a"


def test_a_fact_is_explained_down_to_file_and_passage(client: FlaskClient) -> None:
    values = client.get("/explain?subject=Palermo+Protocol&predicate=covers&object=Benin").get_json()
    assert values["predicate"] == "tip:covers"
    assert values["rule"] == "covers"
    leaves = [values]
    files = set()
    while leaves:
        step = leaves.pop()
        leaves += step.get("premises", [])
        files |= {place["file"] for place in step.get("places", ()) if place["line"]}
    assert files
    assert all(name.startswith(("data/", "ontology/")) for name in files)


def test_an_explanation_is_a_page_for_a_browser(client: FlaskClient) -> None:
    page = client.get("/explain?subject=id:ecowas&predicate=a&object=tip:Mechanism&format=html").text
    assert "SubClassOf" in page
    assert "data/report-2010/ecowas.ttl:" in page
    assert client.get("/explain", headers={"Accept": "text/html"}).status_code == 200


@pytest.mark.parametrize("name", REPORT_FORMATS)
def test_an_upload_is_validated_in_every_format(client: FlaskClient, name: str) -> None:
    if name == "html":
        pytest.skip("that is the page of the site")
    found = client.post(f"/validate?format={name}", data=BAD, content_type="text/turtle")
    assert found.status_code == 200
    assert found.mimetype == REPORT_FORMATS[name].media_type
    assert "Resource-evidence" in found.text


def test_a_report_has_the_line_and_is_json_by_default(client: FlaskClient) -> None:
    report = client.post("/validate", data=BAD, content_type="text/turtle").get_json()
    assert {(row["file"], row["line"]) for row in report["results"]} == {("upload.ttl", 4), ("upload.ttl", 5)}
    assert report["resources"] == 1
    assert client.post("/validate?severity=warning", data=BAD, content_type="text/turtle").status_code == 200


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/n-triples", "<http://e/a> <https://w3id.org/tipgraph/ontology#nope> <http://e/b> ."),
        ("application/ld+json", '{"@id": "http://e/a", "https://w3id.org/tipgraph/ontology#nope": 1}'),
    ],
)
def test_other_syntaxes_are_read(client: FlaskClient, content_type: str, content: str) -> None:
    assert client.post("/validate", data=content, content_type=content_type).status_code == 200


def test_the_form_gives_a_page(client: FlaskClient) -> None:
    page = client.post("/validate", data={"turtle": BAD, "format": "html"}).text
    assert "add tip:evidence" in page
    assert "id:my-plan" in page
    assert "<textarea" in client.get("/validate", headers={"Accept": "text/html"}).text


def test_turtle_that_cannot_be_read_is_not_lost(client: FlaskClient) -> None:
    written = '@prefix id: <http://example.org/> .\nid:a id:b "x .\n'
    page = client.post(
        "/validate", data={"turtle": written, "format": "html"}, headers={"Accept": "text/html"}
    )
    assert page.status_code == 400
    assert "id:a id:b &#34;x .\n</textarea>" in page.text
    assert '<span class="quiet">2: </span>id:a id:b <mark>&#34;</mark>x .' in page.text


def test_a_fact_that_does_not_hold_leads_on(client: FlaskClient) -> None:
    address = "/explain?subject=ECOWAS&predicate=covers&object=Benin"
    assert client.get(address).get_json()["hint"] == "look up what is known of id:ecowas and id:benin"
    page = client.get(address, headers={"Accept": "text/html"}).text
    assert "<p>id:ecowas tip:covers id:benin is neither asserted nor inferred.</p>" in page
    assert '<a href="/id/ecowas">id:ecowas</a>' in page
    assert 'name="predicate" value="covers"' in page


def test_a_derivation_is_read_as_sentences_with_their_sources(client: FlaskClient) -> None:
    address = "/explain?subject=Palermo+Protocol&predicate=covers&object=Benin"
    page = client.get(address, headers={"Accept": "text/html"}).text
    assert re.search(r'</a> <span>is an</span> <a href="/ontology#Instrument"', page)
    assert "<span>2000-12-13</span>" in page
    assert 'href="/id/un-treaty-collection-xviii-12-a"' in page


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/search", 400, "nothing to search for"),
        ("/search?q=a&limit=0", 400, "limit='0' is no number from 1 to 200"),
        ("/search?q=a&offset=x", 400, "offset='x' is no number"),
        ("/search?q=a&format=pdf", 400, "there is no format 'pdf'"),
        ("/explain?subject=ECOWAS", 400, "not given in full"),
        ("/explain?subject=nobody&predicate=a&object=tip:Plan", 404, "no resource is called 'nobody'"),
        ("/explain?subject=ECOWAS&predicate=a&object=tip:Event", 404, "neither asserted nor inferred"),
        ("/validate", 400, "nothing to validate"),
    ],
)
def test_wrong_requests_are_told(client: FlaskClient, path: str, status: int, detail: str) -> None:
    found = client.get(path)
    assert found.status_code == status
    assert detail in found.get_json()["detail"]
    assert found.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("content", "content_type", "status", "detail"),
    [
        ("broken", "text/turtle", 400, "upload:1:1"),
        ("x", "text/plain", 415, "RDF cannot be read from text/plain"),
        ("(" * 5000, "text/turtle", 400, "nested more than"),
        ("x" * (2 << 20), "text/turtle", 413, "too large"),
        ('{"@context": "http://e/c", "@id": "a"}', "application/ld+json", 400, "nothing is fetched"),
    ],
)
def test_a_wrong_upload_is_told(
    client: FlaskClient, content: str, content_type: str, status: int, detail: str
) -> None:
    found = client.post("/validate", data=content, content_type=content_type)
    assert found.status_code == status, found.text
    assert detail in found.get_json()["detail"]


def test_an_unknown_report_format_is_told(client: FlaskClient) -> None:
    assert client.post("/validate?format=pdf", data=BAD, content_type="text/turtle").status_code == 400
    asked = client.post("/validate", data=BAD, content_type="text/turtle", headers={"Accept": "image/png"})
    assert asked.status_code == 406
    assert client.post("/validate?severity=bad", data=BAD, content_type="text/turtle").status_code == 400


def test_own_data_has_neither_derivations_nor_shapes(other: FlaskClient) -> None:
    assert other.get("/explain?subject=a&predicate=a&object=b").status_code == 404
    assert other.post("/validate", data=BAD, content_type="text/turtle").status_code == 404


def test_nothing_of_an_upload_is_kept(client: FlaskClient) -> None:
    client.post("/validate", data=BAD, content_type="text/turtle")
    answer = client.get("/sparql", query_string={"query": "ASK { id:my-plan ?p ?o }"})
    assert json.loads(answer.text)["boolean"] is False


def test_workers_that_may_open_no_file_explain_and_validate_too() -> None:
    with serving("--root", str(ROOT), "serve", "--port", "0") as server:
        for _ in range(4):
            response, body = server.request("/validate", method="POST", body=BAD, Content_Type="text/turtle")
            assert response.status == 200, body
            assert json.loads(body)["counts"]["violation"] >= 2
            response, body = server.request("/explain?subject=Palermo+Protocol&predicate=covers&object=Benin")
            assert (response.status, json.loads(body)["rule"]) == (200, "covers")
            assert json.loads(server.request("/search?q=ecowas")[1])["total"] > 1
