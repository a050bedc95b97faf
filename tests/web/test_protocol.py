"""The cases of the W3C test suite of the SPARQL 1.1 Protocol, by the names that they have there.

Theirs write the graphs that they ask for; these ask a dataset that has two. Of the update operation there is
but one thing to test: it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

ASK = "ASK {}"
ONE, TWO = "http://example.org/one", "http://example.org/two"
IN_ONE, IN_TWO = "<http://example.org/alpha> a ?class", "<http://example.org/beta> a ?class"
FORM, DIRECT = "application/x-www-form-urlencoded", "application/sparql-query"
UPDATE = "CLEAR ALL"
JSON = {"Accept": "application/sparql-results+json"}

Pairs = list[tuple[str, str]]
Send = Callable[[FlaskClient, Pairs], TestResponse]


def post(client: FlaskClient, pairs: Pairs, content_type: str | None = FORM) -> TestResponse:
    return client.post("/sparql", data=urlencode(pairs), content_type=content_type, headers=JSON)


def get(client: FlaskClient, pairs: Pairs, accept: str = JSON["Accept"]) -> TestResponse:
    return client.get(f"/sparql?{urlencode(pairs)}", headers={"Accept": accept})


def is_true(answer: TestResponse) -> bool:
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/sparql-results+json"
    found = answer.get_json()["boolean"]
    assert isinstance(found, bool)
    return found


def assert_problem(answer: TestResponse, *statuses: int) -> None:
    assert answer.status_code in statuses, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["detail"]


def test_query_get(own_client: FlaskClient) -> None:
    assert is_true(get(own_client, [("query", ASK)]))


def test_query_post_form(own_client: FlaskClient) -> None:
    assert is_true(post(own_client, [("query", ASK)]))


def test_query_post_direct(own_client: FlaskClient) -> None:
    assert is_true(own_client.post("/sparql", data=ASK, content_type=DIRECT, headers=JSON))


def test_query_dataset_default_graph(own_client: FlaskClient) -> None:
    for send in (get, post):
        assert is_true(send(own_client, [("query", f"ASK {{ {IN_ONE} }}"), ("default-graph-uri", ONE)]))
        assert not is_true(send(own_client, [("query", f"ASK {{ {IN_TWO} }}"), ("default-graph-uri", ONE)]))


@pytest.mark.parametrize("send", [get, post])
def test_query_dataset_default_graphs(own_client: FlaskClient, send: Send) -> None:
    both = [("query", f"ASK {{ {IN_ONE} . {IN_TWO.replace('?class', '?other')} }}")]
    assert is_true(send(own_client, [*both, ("default-graph-uri", ONE), ("default-graph-uri", TWO)]))


@pytest.mark.parametrize("send", [get, post])
def test_query_dataset_named_graphs(own_client: FlaskClient, send: Send) -> None:
    query = ("query", f"ASK {{ GRAPH ?g {{ {IN_TWO} }} }}")
    assert is_true(send(own_client, [query, ("named-graph-uri", ONE), ("named-graph-uri", TWO)]))
    assert not is_true(send(own_client, [query, ("named-graph-uri", ONE)]))
    # The default graph is then empty (section 2.1.4).
    empty = ("query", "ASK { ?s ?p ?o }")
    assert not is_true(send(own_client, [empty, ("named-graph-uri", ONE)]))


@pytest.mark.parametrize("send", [get, post])
def test_query_dataset_full(own_client: FlaskClient, send: Send) -> None:
    query = f"ASK {{ {IN_ONE} . GRAPH ?g {{ {IN_TWO.replace('?class', '?other')} }} }}"
    pairs = [("query", query), ("default-graph-uri", ONE), ("named-graph-uri", TWO)]
    assert is_true(send(own_client, pairs))


@pytest.mark.parametrize("send", [get, post])
def test_query_multiple_dataset(own_client: FlaskClient, send: Send) -> None:
    """What the protocol names goes before what the query names."""
    query = f"ASK FROM <{ONE}> {{ {IN_TWO} }}"
    assert not is_true(send(own_client, [("query", query)]))
    assert is_true(send(own_client, [("query", query), ("default-graph-uri", TWO)]))


def test_query_dataset_direct(own_client: FlaskClient) -> None:
    address = f"/sparql?{urlencode([('default-graph-uri', TWO)])}"
    for pattern, holds in ((IN_TWO, True), (IN_ONE, False)):
        answer = own_client.post(address, data=f"ASK {{ {pattern} }}", content_type=DIRECT, headers=JSON)
        assert is_true(answer) is holds


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("SELECT (1 AS ?value) {}", "application/sparql-results+xml"),
        (ASK, "application/sparql-results+json"),
        ("DESCRIBE <http://example.org/alpha>", "application/rdf+xml"),
        ("CONSTRUCT { <http://example.org/a> <http://example.org/b> 1 } WHERE {}", "text/turtle"),
    ],
    ids=["select", "ask", "describe", "construct"],
)
def test_query_content_type(own_client: FlaskClient, query: str, accept: str) -> None:
    answer = get(own_client, [("query", query)], accept)
    assert (answer.status_code, answer.mimetype) == (200, accept)


def test_query_base(own_client: FlaskClient) -> None:
    query = "BASE <http://example.org/> ASK { <alpha> a <Thing> }"
    assert is_true(get(own_client, [("query", query)]))


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_bad_query_method(own_client: FlaskClient, method: str) -> None:
    answer = own_client.open(f"/sparql?{urlencode({'query': ASK})}", method=method)
    assert_problem(answer, 405)
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_bad_multiple_queries(own_client: FlaskClient) -> None:
    twice = [("query", ASK), ("query", "SELECT * {}")]
    assert_problem(get(own_client, twice), 400)
    assert_problem(post(own_client, twice), 400)
    in_both = own_client.post(f"/sparql?{urlencode({'query': ASK})}", data={"query": ASK})
    assert_problem(in_both, 400)


def test_bad_query_wrong_media_type(own_client: FlaskClient) -> None:
    assert_problem(own_client.post("/sparql", data=ASK, content_type="text/plain"), 400, 415)


def test_bad_query_missing_form_type(own_client: FlaskClient) -> None:
    assert_problem(post(own_client, [("query", ASK)], content_type=None), 400, 415)


def test_bad_query_missing_direct_type(own_client: FlaskClient) -> None:
    assert_problem(own_client.post("/sparql", data=ASK), 400, 415)


def test_bad_query_non_utf8(own_client: FlaskClient) -> None:
    query = 'ASK { ?s ?p "é" }'
    direct = own_client.post("/sparql", data=query.encode("utf-16"), content_type=f"{DIRECT}; charset=UTF-8")
    assert_problem(direct, 400)
    form = own_client.post("/sparql", data=b"query=ASK+%7B+%3Fs+%3Fp+%22%E9%22+%7D", content_type=FORM)
    assert_problem(form, 400)
    assert_problem(own_client.get("/sparql?query=ASK+%7B+%3Fs+%3Fp+%22%E9%22+%7D"), 400)


def test_bad_query_syntax(own_client: FlaskClient) -> None:
    for answer in (get(own_client, [("query", "ASK {")]), post(own_client, [("query", "ASK {")])):
        assert_problem(answer, 400)
        assert answer.get_json()["line"] == 1


def test_bad_query_dataset(own_client: FlaskClient) -> None:
    pairs = [("query", ASK), ("default-graph-uri", "http://example.org/none")]
    # Nothing is wrong with the request; it asks for what is never fetched.
    assert_problem(get(own_client, pairs), 403)


@pytest.mark.parametrize(
    ("name", "body", "content_type", "statuses"),
    [
        ("update_post_form", urlencode({"update": UPDATE}), FORM, (403,)),
        ("update_post_direct", UPDATE, "application/sparql-update", (403,)),
        ("bad_multiple_updates", urlencode([("update", UPDATE)] * 2), FORM, (403,)),
        ("bad_update_syntax", "CLEAR", "application/sparql-update", (403,)),
        ("bad_update_non_utf8", UPDATE.encode("utf-16"), "application/sparql-update", (403,)),
        ("bad_update_wrong_media_type", UPDATE, "text/plain", (400, 415)),
        ("bad_update_missing_form_type", urlencode({"update": UPDATE}), None, (400, 415)),
        (
            "bad_update_dataset_conflict",
            urlencode([("using-graph-uri", ONE), ("update", f"DELETE {{}} USING <{ONE}> WHERE {{}}")]),
            FORM,
            (403,),
        ),
    ],
)
def test_update(
    own_client: FlaskClient, name: str, body: str | bytes, content_type: str | None, statuses: tuple[int, ...]
) -> None:
    assert re.match("(bad_)?(multiple_)?update", name)
    assert_problem(own_client.post("/sparql", data=body, content_type=content_type), *statuses)
    assert is_true(get(own_client, [("query", "ASK { ?s ?p ?o }")]))


def test_bad_update_get(own_client: FlaskClient) -> None:
    assert_problem(get(own_client, [("update", UPDATE)]), 400, 403)


@pytest.mark.parametrize("query", [ASK, "ASK {", "SELECT * { ?s ?p ?o }"])
def test_head_is_get_without_a_body(own_client: FlaskClient, query: str) -> None:
    address = f"/sparql?{urlencode({'query': query})}"
    head, got = own_client.head(address), own_client.get(address)
    assert head.data == b""
    for name in ("Content-Type", "Content-Length", "ETag", "Vary"):
        assert head.headers.get(name) == got.headers.get(name), name
    assert head.status_code == got.status_code


def test_options_name_the_methods(own_client: FlaskClient) -> None:
    answer = own_client.options("/sparql")
    assert answer.status_code == 200
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
