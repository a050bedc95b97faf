"""The query operation of the SPARQL 1.1 Protocol, section 2.1, and how its errors are told."""

from __future__ import annotations

import logging

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tipgraph.errors import BusyError, QueryMemoryError, QueryTimeoutError, ResultTooLargeError
from tipgraph.graph import KnowledgeGraph
from tipgraph.web import create_app
from tipgraph.web.answers import SiteAnswer, SiteRequest
from tipgraph.web.workers import InProcess

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
SELECT = "SELECT ?m ?name { ?m a tip:RegionalMechanism ; skos:prefLabel ?name } ORDER BY ?m"
ASK = "ASK { id:ecowas a tip:Mechanism }"
CONSTRUCT = "CONSTRUCT { ?m skos:prefLabel ?name } WHERE { ?m a tip:Mechanism ; skos:prefLabel ?name }"
DESCRIBE = "DESCRIBE id:ecowas"

RESULTS = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
GRAPHS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/trig": ox.RdfFormat.TRIG,
    "application/n-quads": ox.RdfFormat.N_QUADS,
}


def ask(client: FlaskClient, query: str, accept: str | None = None, **parameters: str) -> TestResponse:
    headers = {"Accept": accept} if accept else {}
    return client.get("/sparql", query_string={"query": query, **parameters}, headers=headers)


def triples_of(response: TestResponse) -> set[ox.Triple]:
    parsed = ox.parse(response.data, format=GRAPHS[str(response.mimetype)])
    return {quad.triple for quad in parsed}


# How a query is sent.


def test_every_way_to_send_a_query_gives_the_same_answer(client: FlaskClient) -> None:
    by_get = ask(client, SELECT)
    by_form = client.post("/sparql", data={"query": SELECT})
    directly = client.post("/sparql", data=SELECT, content_type="application/sparql-query")
    with_charset = client.post("/sparql", data=SELECT, content_type="application/sparql-query; charset=UTF-8")
    answers = [by_get, by_form, directly, with_charset]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.data for answer in answers}) == 1
    assert [row["m"]["value"].rpartition("/")[2] for row in by_get.get_json()["results"]["bindings"]][:2] == [
        "asean",
        "au",
    ]


def test_text_beyond_ascii_arrives_whole(client: FlaskClient) -> None:
    query = 'SELECT ("Côte d\u2019Ivoire 🌍" AS ?name) {}'
    by_get = ask(client, query, "text/csv")
    directly = client.post(
        "/sparql",
        data=query.encode(),
        content_type="application/sparql-query",
        headers={"Accept": "text/csv"},
    )
    assert by_get.text == directly.text == "name\r\nCôte d\u2019Ivoire 🌍\r\n"


def test_head_has_the_headers_of_get_and_no_body(client: FlaskClient) -> None:
    get, head = ask(client, ASK), client.head("/sparql", query_string={"query": ASK})
    assert head.status_code == 200
    assert head.data == b""
    assert head.content_type == get.content_type
    assert head.content_length == get.content_length


def test_scripts_of_other_sites_may_ask(client: FlaskClient) -> None:
    preflight = client.options(
        "/sparql", headers={"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    )
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in preflight.headers["Access-Control-Allow-Headers"]
    assert {"GET", "HEAD", "POST", "OPTIONS"} == set(preflight.headers["Allow"].split(", "))
    for response in (ask(client, ASK), ask(client, "nonsense")):
        assert response.headers["Access-Control-Allow-Origin"] == "*"


# In which format it is answered.


@pytest.mark.parametrize("media_type", [*RESULTS, "text/csv"])
@pytest.mark.parametrize("query", [SELECT, ASK])
def test_results_come_in_every_format(
    client: FlaskClient, graph: KnowledgeGraph, media_type: str, query: str
) -> None:
    response = ask(client, query, media_type)
    assert response.status_code == 200
    assert response.mimetype == media_type
    assert ("charset=utf-8" in response.content_type) == media_type.startswith("text/")
    if media_type == "text/csv":
        rows = graph.select(SELECT)
        assert query == ASK or response.text == "m,name\r\n" + "".join(
            f"{row['m']},{row['name']}\r\n" for row in rows
        )
        return
    parsed = ox.parse_query_results(response.data, format=RESULTS[media_type])
    if isinstance(parsed, ox.QueryBoolean):
        assert bool(parsed) is True
    else:
        assert isinstance(parsed, ox.QuerySolutions)
        found = [(str(row["m"].value), str(row["name"].value)) for row in parsed]
        assert found == [(row["m"], row["name"]) for row in graph.select(SELECT)]
        assert len(found) > 3


@pytest.mark.parametrize("media_type", GRAPHS)
@pytest.mark.parametrize("query", [CONSTRUCT, DESCRIBE])
def test_graphs_come_in_every_syntax(
    client: FlaskClient, graph: KnowledgeGraph, media_type: str, query: str
) -> None:
    response = ask(client, query, media_type)
    assert response.status_code == 200
    assert response.mimetype == media_type
    assert triples_of(response) == set(graph.construct(query))


@pytest.mark.parametrize(
    ("accept", "query", "media_type"),
    [
        (None, SELECT, "application/sparql-results+json"),
        ("*/*", SELECT, "application/sparql-results+json"),
        ("application/json", SELECT, "application/json"),
        ("application/xml", SELECT, "application/xml"),
        ("text/*", SELECT, "text/csv"),
        ("text/csv;q=0.5, application/sparql-results+xml", SELECT, "application/sparql-results+xml"),
        ("text/turtle, application/sparql-results+json;q=0.1", SELECT, "application/sparql-results+json"),
        (None, CONSTRUCT, "text/turtle"),
        ("*/*", DESCRIBE, "text/turtle"),
        ("text/plain", CONSTRUCT, "text/plain"),
        ("application/json", CONSTRUCT, "application/json"),
        ("application/sparql-results+json, application/rdf+xml;q=0.1", CONSTRUCT, "application/rdf+xml"),
        (BROWSER, SELECT, "text/html"),
        (BROWSER, CONSTRUCT, "text/html"),
    ],
)
def test_format_is_negotiated(client: FlaskClient, accept: str | None, query: str, media_type: str) -> None:
    response = ask(client, query, accept)
    assert (response.status_code, response.mimetype) == (200, media_type)
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize(
    ("name", "query", "media_type"),
    [
        ("json", SELECT, "application/sparql-results+json"),
        ("xml", SELECT, "application/sparql-results+xml"),
        ("csv", SELECT, "text/csv"),
        ("tsv", ASK, "text/tab-separated-values"),
        ("text/csv", SELECT, "text/csv"),
        ("turtle", CONSTRUCT, "text/turtle"),
        ("ttl", CONSTRUCT, "text/turtle"),
        ("n-triples", CONSTRUCT, "application/n-triples"),
        ("nt", CONSTRUCT, "application/n-triples"),
        ("json-ld", CONSTRUCT, "application/ld+json"),
        ("rdf-xml", CONSTRUCT, "application/rdf+xml"),
        ("html", SELECT, "text/html"),
    ],
)
def test_format_parameter_goes_before_the_header(
    client: FlaskClient, name: str, query: str, media_type: str
) -> None:
    response = ask(client, query, "application/sparql-results+json, text/turtle", format=name)
    assert (response.status_code, response.mimetype) == (200, media_type)


@pytest.mark.parametrize(
    ("accept", "name", "query", "status"),
    [
        ("image/png", None, SELECT, 406),
        ("text/turtle", None, SELECT, 406),
        ("text/csv", None, CONSTRUCT, 406),
        ("application/sparql-results+json;q=0", None, SELECT, 406),
        ("*/*;q=0", None, SELECT, 406),
        (None, "turtle", SELECT, 406),
        (None, "csv", CONSTRUCT, 406),
        (None, "image/png", SELECT, 406),
        (None, "nonsense", SELECT, 400),
    ],
)
def test_what_cannot_be_written_is_refused_with_what_can(
    client: FlaskClient, accept: str | None, name: str | None, query: str, status: int
) -> None:
    response = ask(client, query, accept, **({"format": name} if name else {}))
    assert response.status_code == status
    assert ("turtle" if query == CONSTRUCT else "csv") in response.get_json()["hint"]


# The dataset of a query (section 2.1.4).


COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
COUNT_NAMED = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"


def count(client: FlaskClient, query: str, **graphs: list[str]) -> int:
    pairs = {name.replace("_", "-"): values for name, values in graphs.items()}
    response = client.get("/sparql", query_string={"query": query, **pairs})
    assert response.status_code == 200, response.text
    return int(response.get_json()["results"]["bindings"][0]["n"]["value"])


def test_default_graph_is_the_union_and_can_be_chosen(own_client: FlaskClient) -> None:
    one, two = "http://example.org/one", "http://example.org/two"
    assert count(own_client, COUNT) == 11
    assert count(own_client, COUNT, default_graph_uri=[one]) == 6
    assert count(own_client, COUNT, default_graph_uri=[one, two]) == 8
    assert count(own_client, COUNT, named_graph_uri=[two]) == 0
    assert count(own_client, COUNT_NAMED, named_graph_uri=[two]) == 2
    assert count(own_client, COUNT_NAMED, default_graph_uri=[two]) == 0
    # They go before FROM.
    assert (
        count(own_client, f"SELECT (COUNT(*) AS ?n) FROM <{one}> {{ ?s ?p ?o }}", default_graph_uri=[two])
        == 2
    )


def test_graphs_are_read_from_a_form_too(own_client: FlaskClient) -> None:
    response = own_client.post(
        "/sparql", data={"query": COUNT, "default-graph-uri": "http://example.org/two"}
    )
    assert response.get_json()["results"]["bindings"][0]["n"]["value"] == "2"


def test_graphs_that_the_dataset_lacks_are_never_fetched(client: FlaskClient) -> None:
    response = client.get(
        "/sparql", query_string={"query": COUNT, "default-graph-uri": "http://example.org/elsewhere"}
    )
    assert response.status_code == 403
    assert "none is fetched" in response.get_json()["detail"]


# What is refused.


def problem_of(response: TestResponse, status: int, name: str) -> dict[str, str | int]:
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    problem = response.get_json()
    assert problem["status"] == status
    assert problem["type"] == f"https://w3id.org/tipgraph/problem/{name}"
    assert problem["title"]
    assert problem["detail"]
    return dict(problem)


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ("SELECT * { ?s ?p", 1, 10),
        ("SELECT *\nWHERE { ?s nope:this ?o }", 2, 12),
        ("SELEKT * { ?s ?p ?o }", 1, 1),
    ],
)
def test_malformed_query_is_told_with_its_place(
    client: FlaskClient, query: str, line: int, column: int
) -> None:
    problem = problem_of(ask(client, query), 400, "malformed-query")
    assert (problem["line"], problem["column"]) == (line, column)
    assert problem["hint"]


def test_empty_query_is_malformed(client: FlaskClient) -> None:
    problem = problem_of(ask(client, ""), 400, "malformed-query")
    assert "empty" in str(problem["detail"])


@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA { <a:a> <a:b> <a:c> }",
        "PREFIX a: <a:> DELETE WHERE { ?s ?p ?o }",
        "DROP ALL",
        "LOAD <http://a/>",
    ],
)
def test_updates_are_refused_however_they_come(
    client: FlaskClient, graph: KnowledgeGraph, update: str
) -> None:
    before = len(graph.dataset.store)
    for response in (
        client.post("/sparql", data={"update": update}),
        client.post("/sparql", data=update, content_type="application/sparql-update"),
        client.get("/sparql", query_string={"update": update}),
        client.post("/sparql", data={"query": update}),
        client.post("/sparql", data=update, content_type="application/sparql-query"),
        ask(client, update),
    ):
        problem_of(response, 403, "update-refused")
    assert len(graph.dataset.store) == before


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://127.0.0.1:9/sparql> { ?s ?p ?o } }",
        "SELECT * { ?s ?p ?o OPTIONAL { service silent <http://127.0.0.1:9/> { ?s ?p ?x } } }",
        "SELECT * { BIND(<http://127.0.0.1:9/> AS ?where) SERVICE ?where { ?s ?p ?o } }",
    ],
)
def test_other_hosts_are_never_asked(client: FlaskClient, query: str) -> None:
    problem_of(ask(client, query), 403, "service-refused")


def test_missing_query(client: FlaskClient) -> None:
    for response in (
        client.get("/sparql?quarry=1"),
        client.post("/sparql", data={}),
        client.post("/sparql", data={"quarry": SELECT}),
        client.get("/sparql", headers={"Accept": "application/sparql-results+json"}),
    ):
        assert response.status_code in (400, 415)
    problem = problem_of(client.get("/sparql?quarry=1"), 400, "bad-request")
    assert "no query" in str(problem["detail"])


def test_query_given_twice(client: FlaskClient) -> None:
    for response in (
        client.get("/sparql", query_string={"query": [SELECT, ASK]}),
        client.post("/sparql", data={"query": [SELECT, ASK]}),
        client.post(
            "/sparql", query_string={"query": SELECT}, data=ASK, content_type="application/sparql-query"
        ),
    ):
        problem = problem_of(response, 400, "bad-request")
        assert problem["detail"] == "the request has 2 parameters 'query'"


@pytest.mark.parametrize("media_type", ["text/plain", "application/json", "multipart/form-data", ""])
def test_other_media_types_are_not_read(client: FlaskClient, media_type: str) -> None:
    response = client.post("/sparql", data=SELECT.encode(), content_type=media_type)
    problem = problem_of(response, 415, "unsupported-media-type")
    assert "application/sparql-query" in str(problem["hint"])


@pytest.mark.parametrize(
    ("body", "charset"), [(b"SELECT \xff", "utf-8"), (b"SELECT", "no-such-charset"), (b"\x80abc", "ascii")]
)
def test_a_body_that_is_no_text(client: FlaskClient, body: bytes, charset: str) -> None:
    media_type = f"application/sparql-query; charset={charset}"
    response = client.post("/sparql", data=body, content_type=media_type)
    assert charset in str(problem_of(response, 400, "bad-request")["detail"])


@pytest.mark.parametrize("media_type", ["application/sparql-query", "application/x-www-form-urlencoded"])
def test_a_huge_request_is_not_read(client: FlaskClient, media_type: str) -> None:
    body = b"query=" + b" " * (2 << 20)
    response = client.post("/sparql", data=body, content_type=media_type)
    problem_of(response, 413, "too-large")
    page = client.post("/sparql", data=body, content_type=media_type, headers={"Accept": BROWSER})
    assert (page.status_code, page.mimetype) == (413, "text/html")


@pytest.mark.parametrize("accept", ["*/*", BROWSER])
@pytest.mark.parametrize(
    "path",
    ["/sparql?query=%FF%FE", "/sparql?query=%00", "/id/%FF", "/id/%00", "/describe?iri=http://a/%22%3E"],
)
def test_bytes_that_are_no_text_are_a_fault_of_the_request(
    client: FlaskClient, path: str, accept: str
) -> None:
    assert 400 <= client.get(path, headers={"Accept": accept}).status_code < 500


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_allowed(client: FlaskClient, method: str) -> None:
    response = client.open("/sparql", method=method)
    problem_of(response, 405, "method-not-allowed")
    assert {"GET", "HEAD", "POST", "OPTIONS"} == set(response.headers["Allow"].split(", "))


def failing_client(graph: KnowledgeGraph, error: Exception) -> FlaskClient:
    def fail(request: SiteRequest) -> SiteAnswer:
        raise error

    return create_app(graph, InProcess(fail)).test_client()


@pytest.mark.parametrize(
    ("error", "status", "name", "retry_after"),
    [
        (QueryTimeoutError("the query was ended", "narrow it"), 503, "query-timeout", "30"),
        (QueryMemoryError("too much memory", "narrow it"), 503, "query-too-costly", "30"),
        (BusyError("the server is busy", "ask again"), 503, "busy", "5"),
        (ResultTooLargeError("the answer is too large", "add LIMIT"), 422, "result-too-large", None),
    ],
)
def test_a_query_that_was_ended(
    graph: KnowledgeGraph, error: Exception, status: int, name: str, retry_after: str | None
) -> None:
    response = ask(failing_client(graph, error), SELECT)
    problem = problem_of(response, status, name)
    assert problem["hint"]
    assert response.headers.get("Retry-After") == retry_after


@pytest.mark.parametrize("accept", ["application/json", BROWSER])
def test_a_bug_is_logged_and_not_shown(
    graph: KnowledgeGraph, caplog: pytest.LogCaptureFixture, accept: str
) -> None:
    client = failing_client(graph, ZeroDivisionError("a secret of the house"))
    with caplog.at_level(logging.ERROR):
        response = ask(client, SELECT, accept)
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "ZeroDivisionError" not in response.text
    assert "Traceback" not in response.text
    assert "a secret of the house" in caplog.text
    number, _, _ = caplog.records[-1].getMessage().partition(", request ")
    assert number.startswith("urn:uuid:")
    assert number in response.text


# Pages for a person.


def test_the_form_stands_where_a_browser_looks(client: FlaskClient, graph: KnowledgeGraph) -> None:
    response = client.get("/sparql", headers={"Accept": BROWSER})
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert '<textarea id="query" name="query"' in response.text
    for query in graph.queries():
        assert query.title in response.text.replace("&#39;", "'")
        assert f'href="/queries/{query.name}"' in response.text
    assert client.get("/sparql?format=html").mimetype == "text/html"
    assert client.get("/sparql?query=&format=html").mimetype == "text/html"


def test_the_query_that_the_form_begins_with_is_answered(client: FlaskClient) -> None:
    site = client.application.extensions["tipgraph"]
    assert len(ask(client, site.first_query).get_json()["results"]["bindings"]) == 19


def test_a_browser_reads_a_table_with_links(client: FlaskClient) -> None:
    response = ask(client, SELECT, BROWSER)
    assert '<a href="/id/au" title="https://w3id.org/tipgraph/id/au">id:au</a>' in response.text
    assert '<span lang="en">African Union</span>' in response.text
    assert 'format=csv"' in response.text
    assert SELECT in response.text


@pytest.mark.parametrize(("query", "word"), [(ASK, "Yes"), ("ASK { id:ecowas a tip:State }", "No")])
def test_a_browser_reads_yes_or_no(client: FlaskClient, query: str, word: str) -> None:
    assert f'<p class="answer">{word}</p>' in ask(client, query, BROWSER).text


def test_a_browser_reads_a_graph_as_triples(client: FlaskClient) -> None:
    response = ask(client, CONSTRUCT, BROWSER)
    assert '<th scope="col">predicate</th>' in response.text
    assert "19 triples" in response.text
    assert 'format=turtle"' in response.text


def test_nothing_found_is_said(client: FlaskClient) -> None:
    assert "nothing in the graph answers it" in ask(client, "SELECT * { ?s a id:ecowas }", BROWSER).text


def test_a_page_says_when_it_does_not_show_all(client: FlaskClient) -> None:
    everything = ask(client, "SELECT * { ?s ?p ?o } LIMIT 1234", BROWSER).text
    assert "1\u202f234 rows; the first 500 are shown" in everything
    assert everything.count("<tr>") == 501
    assert "are shown" not in ask(client, "SELECT * { ?s ?p ?o } LIMIT 500", BROWSER).text


def test_downloads_of_a_page_give_the_same_answer(client: FlaskClient) -> None:
    page = ask(client, SELECT, BROWSER).text
    start = page.index('href="/sparql?') + 6
    address = page[start : page.index('"', start)].replace("&amp;", "&")
    assert address.endswith("&format=json")
    assert client.get(address).data == ask(client, SELECT).data


def test_what_the_data_says_is_never_markup(own_client: FlaskClient) -> None:
    page = ask(own_client, "SELECT ?o { ?s <http://example.org/note> ?o }", BROWSER).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    wild = 'SELECT ("<b>x</b>" AS ?y) { } # </textarea><img src=x onerror=alert(1)>'
    page = ask(own_client, wild, BROWSER).text
    assert "<img src=x" not in page
    assert "<b>x" not in page


def test_an_iri_that_would_run_a_script_is_no_link(own_client: FlaskClient) -> None:
    page = ask(own_client, "SELECT (<javascript:alert(1)> AS ?x) {}", BROWSER).text
    assert 'href="javascript' not in page
    assert "javascript:alert(1)" in page


def test_a_browser_reads_what_is_wrong_and_keeps_its_query(client: FlaskClient) -> None:
    response = ask(client, "SELECT *\nWHERE { ?s nope:this ?o }", BROWSER)
    assert (response.status_code, response.mimetype) == (400, "text/html")
    assert "The query is malformed" in response.text
    assert "<mark>n</mark>ope:this" in response.text
    assert "SELECT *\nWHERE { ?s nope:this ?o }</textarea>" in response.text
    posted = client.post("/sparql", data={"query": "SELECT * {"}, headers={"Accept": BROWSER})
    assert "SELECT * {</textarea>" in posted.text


# What every response bears.


def test_an_unchanged_answer_is_not_sent_again(client: FlaskClient) -> None:
    first = ask(client, SELECT)
    etag = first.headers["ETag"]
    assert not etag.startswith("W/")
    again = client.get("/sparql", query_string={"query": SELECT}, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert "Accept" in again.headers["Vary"]
    other = client.get(
        "/sparql", query_string={"query": SELECT}, headers={"If-None-Match": etag, "Accept": "text/csv"}
    )
    assert other.status_code == 200


@pytest.mark.parametrize("path", ["/", "/sparql?query=ASK{}", "/id/ecowas", "/nowhere", "/static/style.css"])
def test_security_headers(client: FlaskClient, path: str) -> None:
    with client.get(path) as response:
        headers = response.headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
