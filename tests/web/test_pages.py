"""The start page, the look-up by name, the query library, and what problems mean."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from tipgraph.graph import KnowledgeGraph
from tipgraph.vocabulary import BASE, TIP
from tipgraph.web.pages import QUESTIONS_AT_THE_START
from tipgraph.web.problems import KINDS

HTML = {"Accept": "text/html"}


def test_start_page_says_what_there_is(client: FlaskClient, graph: KnowledgeGraph) -> None:
    page = client.get("/").text
    sizes = {count.name: count.all for count in graph.statistics().classes}
    for name, shown in (
        ("tip:Mechanism", "mechanisms"),
        ("tip:Instrument", "instruments"),
        ("tip:Event", "events"),
    ):
        found = re.search(rf"<dt>{shown}</dt><dd><a href=\"([^\"]+)\">([\d\u202f]+)</a>", page)
        assert found is not None
        assert int(found[2].replace("\u202f", "")) == sizes[name]
        rows = client.get(found[1].replace("&amp;", "&")).get_json()["results"]["bindings"]
        assert len(rows) == sizes[name]


def test_start_page_leads_to_every_mechanism_and_graph(client: FlaskClient, graph: KnowledgeGraph) -> None:
    page = client.get("/").text
    mechanisms = graph.select("SELECT ?m ?name { ?m a tip:Mechanism ; skos:prefLabel ?name }")
    assert len(mechanisms) == 19
    for row in mechanisms:
        assert f'<a href="/id/{row["m"].rpartition("/")[2]}">{row["name"]}</a>' in page
    for name in graph.dataset.graph_names():
        assert f'href="/graph/{name.rpartition("/")[2]}"' in page


def test_start_page_as_rdf_is_the_catalog(client: FlaskClient) -> None:
    for accept in ("text/turtle", "application/ld+json, text/html;q=0.5"):
        response = client.get("/", headers={"Accept": accept})
        assert (response.status_code, response.location) == (303, "/graph/catalog")
    assert client.get("/?format=turtle").location == "/graph/catalog?format=turtle"
    for accept in ("*/*", "text/html", "application/json", "text/html,application/xml;q=0.9,*/*;q=0.8"):
        assert client.get("/", headers={"Accept": accept}).mimetype == "text/html"


def test_start_page_shows_commands_that_work(client: FlaskClient) -> None:
    page = client.get("/").text.replace("&#39;", "'")
    query = re.search(r"'query=([^']+)'", page)
    assert query is not None
    answer = client.post("/sparql", data={"query": query[1]}, headers={"Accept": "text/csv"})
    assert answer.status_code == 200
    assert answer.text.count("\n") > 3
    resource = re.search(r"curl http://localhost(/id/\S+)", page)
    assert resource is not None
    assert client.get(resource[1], headers={"Accept": "text/turtle"}).status_code == 200


def test_start_page_of_a_dataset_of_ones_own(own_client: FlaskClient) -> None:
    page = own_client.get("/").text
    assert "trafficking" not in page
    assert re.search(r"<dt>triples</dt><dd>11</dd>", page)
    assert "triples outside any named graph" in page
    found = re.search(r'<a href="(/sparql\?query=[^"]+)">http://example.org/Thing</a>', page)
    assert found is not None
    assert len(own_client.get(found[1].replace("&amp;", "&")).get_json()["results"]["bindings"]) == 3
    assert '<a href="/describe?iri=http://example.org/one">' in page
    graph_page = own_client.get("/describe?iri=http://example.org/one", headers=HTML)
    assert graph_page.status_code == 200
    assert "instances of" in graph_page.text


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("ECOWAS", "/id/ecowas"),
        ("ecowas", "/id/ecowas"),
        (" African Union ", "/id/au"),
        ("id:au", "/id/au"),
        (f"{BASE}concept/prevention", "/concept/prevention"),
        ("tip:Mechanism", "/ontology#Mechanism"),
    ],
)
def test_a_name_leads_to_its_resource(client: FlaskClient, name: str, path: str) -> None:
    response = client.get("/find", query_string={"name": name})
    assert (response.status_code, response.location) == (303, path)


def test_an_unknown_name_gives_the_nearest(client: FlaskClient) -> None:
    response = client.get("/find?name=ECOWASS")
    assert response.status_code == 404
    assert "ecowas" in response.get_json()["hint"]
    assert client.get("/find?name=").status_code == 400
    assert client.get("/find", headers=HTML).status_code == 400


def test_the_header_leads_to_the_questions_and_says_where_one_is(client: FlaskClient) -> None:
    assert '<a href="/queries">Questions</a>' in client.get("/").text
    assert '<a href="/queries" aria-current="page">' in client.get("/queries", headers=HTML).text
    assert '<a href="/queries" aria-current="true">' in client.get("/queries/by-theme", headers=HTML).text


def test_the_start_page_shows_the_questions_that_most_begin_with(client: FlaskClient) -> None:
    page = client.get("/").text
    for name in QUESTIONS_AT_THE_START:
        assert f'href="/queries/{name}"' in page
    assert 'href="/queries">All ' in page


def test_numbers_stand_under_their_head_and_dates_on_one_line(client: FlaskClient) -> None:
    query = 'SELECT * { VALUES (?n ?m ?d ?u) { (1 2 "2010-12-31"^^xsd:date UNDEF) (2 "x" UNDEF UNDEF) } }'
    page = client.get("/sparql", query_string={"query": query}, headers=HTML).text
    assert '<th scope="col" class="number">n</th><th scope="col">m</th><th scope="col">d</th>' in page
    assert '<th scope="col">u</th>' in page
    assert '<td class="date"><span>2010-12-31</span></td>' in page


def test_a_mistyped_question_gives_the_nearest(client: FlaskClient) -> None:
    assert client.get("/queries/by-them").get_json()["hint"] == "did you mean /queries/by-theme?"
    assert client.get("/queries/" + 8000 * "x").get_json()["hint"] == "/queries lists them"


def test_a_question_of_the_library_is_answered(client: FlaskClient, graph: KnowledgeGraph) -> None:
    page = client.get("/queries/by-theme", headers=HTML)
    query = graph.library_query("by-theme")
    assert f"<h1>{query.title}</h1>" in page.text
    assert query.about in page.text
    assert 'value="concept:compensation"' in page.text
    rows = client.get("/queries/by-theme").get_json()["results"]["bindings"]
    assert [row["thing"]["value"] for row in rows] == [row["thing"] for row in graph.select(query)]


def test_a_question_takes_parameters_as_people_write_them(client: FlaskClient, graph: KnowledgeGraph) -> None:
    query = graph.library_query("by-theme")
    expected = [row["thing"] for row in graph.select(query, theme="concept:repatriation")]
    assert expected
    for theme in ("concept:repatriation", "repatriation", f"{BASE}concept/repatriation"):
        response = client.get("/queries/by-theme", query_string={"theme": theme, "format": "json"})
        assert [row["thing"]["value"] for row in response.get_json()["results"]["bindings"]] == expected
    page = client.get("/queries/by-theme?theme=repatriation", headers=HTML).text
    assert 'value="repatriation"' in page
    assert 'href="/queries/by-theme?theme=repatriation&amp;format=csv"' in page


def test_what_is_wrong_with_a_parameter_is_said(client: FlaskClient) -> None:
    unknown = client.get("/queries/by-theme?theme=no-such-theme")
    assert unknown.status_code in (400, 404)
    undeclared = client.get("/queries/by-theme?colour=red")
    assert undeclared.status_code == 400
    assert "colour" in undeclared.get_json()["detail"]
    assert client.get("/queries/no-such-query").status_code == 404


@pytest.mark.parametrize(
    ("name", "choice", "other"),
    [
        ("by-theme", '<option value="concept:compensation">compensation</option>', "concept:prevention"),
        ("states-by-region", '<option value="concept:western-africa">Western Africa</option>', "id:benin"),
        ("bodies-of-a-mechanism", '<option value="id:asean">', "id:benin"),
        ("memberships-of-a-state", '<option value="id:benin">Benin</option>', "id:asean"),
        ("what-an-instrument-asks", '<option value="id:palermo-protocol">', "id:asean"),
    ],
)
def test_a_form_suggests_what_a_parameter_may_be(
    client: FlaskClient, name: str, choice: str, other: str
) -> None:
    page = client.get(f"/queries/{name}", headers=HTML).text
    assert choice in page
    assert f'<option value="{other}">' not in page


def test_a_page_of_an_error_asks_the_question_again(client: FlaskClient) -> None:
    page = client.get("/queries/palermo-protocol-parties?asOf=yesterday", headers=HTML)
    assert page.status_code == 400
    assert '<label for="parameter-asOf">As of</label>' in page.text
    assert 'value="yesterday"' in page.text
    page = client.get("/queries/by-theme?theme=concept:compensatio", headers=HTML)
    assert re.search(r'Did you mean <a href="/concept/compensation">', page.text)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/sparql/", "did you mean /sparql?"),
        ("/queries/", "did you mean /queries?"),
        ("/id/ecowas/", "did you mean id:ecowas?"),
        ("/id/c\u00f4te-d-ivoire", "look for it at /search?q=c%C3%B4te+d+ivoire"),
        ("/ontology/Treaty", "the terms of the ontology are parts of one document, as in /ontology#Treaty"),
        ("/no/such/page", "begin at the start page"),
    ],
)
def test_what_is_not_there_leads_to_what_is(client: FlaskClient, path: str, hint: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.get_json()["hint"] == hint


def test_every_question_of_the_library_is_answered_on_a_page(
    client: FlaskClient, graph: KnowledgeGraph
) -> None:
    names = [query.name for query in graph.queries()]
    assert len(names) > 20
    for name in names:
        page = client.get(f"/queries/{name}", headers=HTML)
        assert page.status_code == 200, name
        assert '<div class="table"' in page.text, f"{name} finds nothing"


@pytest.mark.parametrize("name", KINDS)
def test_the_iri_of_a_problem_says_what_it_means(client: FlaskClient, name: str) -> None:
    response = client.get(f"/problem/{name}")
    assert response.status_code == 200
    assert KINDS[name].meaning in response.text.replace("&#39;", "'")


def test_an_unknown_problem_and_an_unknown_path(client: FlaskClient) -> None:
    assert client.get("/problem/none").status_code == 404
    response = client.get("/no/such/page")
    assert response.get_json()["detail"] == "there is nothing at /no/such/page"
    page = client.get("/no/such/page", headers=HTML)
    assert (page.status_code, page.mimetype) == (404, "text/html")


def test_crawlers_and_browsers_find_what_they_look_for(client: FlaskClient) -> None:
    rules = client.get("/robots.txt")
    assert rules.mimetype == "text/plain"
    assert "Disallow: /explain\n" in rules.text
    assert "Disallow: /id" not in rules.text
    icon = client.get("/favicon.ico", follow_redirects=True)
    assert (icon.status_code, icon.mimetype) == (200, "image/svg+xml")


def test_the_home_page_is_the_same_each_time(client: FlaskClient) -> None:
    assert client.get("/").headers["ETag"] == client.get("/").headers["ETag"]
    assert TIP.startswith(BASE)
