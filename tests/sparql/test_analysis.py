"""What is refused before it runs, and how that is said."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tipgraph.errors import QueryError, QuerySyntaxError, ServiceRefusedError, UpdateRefusedError
from tipgraph.sparql.analysis import CheckedQuery, QueryForm, check_query
from tipgraph.sparql.rewriting import tell_parameters

PREFIXES = {
    "tip": "http://example.org/tip#",
    "id": "http://example.org/id/",
    "service": "http://example.org/s/",
}


@pytest.mark.parametrize("form", list(QueryForm))
def test_the_form_is_read_after_any_prologue(form: QueryForm) -> None:
    rest = {
        QueryForm.SELECT: "?s { ?s ?p ?o }",
        QueryForm.ASK: "{ ?s ?p ?o }",
        QueryForm.CONSTRUCT: "{ ?s ?p ?o } WHERE { ?s ?p ?o }",
        QueryForm.DESCRIBE: "<http://example.org/>",
    }[form]
    prologue = "# SELECT INSERT\nBASE <http://example.org/>\nPREFIX select: <select#>\n"
    assert check_query(f"{prologue}{form.value.lower()} {rest}").form is form


@pytest.mark.parametrize(
    ("text", "place", "says", "hint"),
    [
        ("", None, "the query is empty", "SELECT"),
        ("  # only a comment\n", None, "the query is empty", "SELECT"),
        ("PREFIX a: <http://a/>", (1, 22), "ends after its prefixes", "add"),
        ("SELCT * { ?s ?p ?o }", (1, 1), "'SELCT' begins no query", "SELECT, ASK, CONSTRUCT, DESCRIBE"),
        ("What is ECOWAS?", (1, 1), "'What' begins no query", "SELECT"),
        ("SELECT * {\n  ?s nope:p ?o }", (2, 6), "prefix nope: is not declared", "PREFIX nope: <...>"),
        ("SELECT * { ?s tpi:p ?o }", (1, 15), "prefix tpi: is not declared", "did you mean tip:?"),
        ("SELECT * {\n ?s ?p ?o", (1, 10), "the { is never closed", "close"),
        ("SELECT * { ?s ?p ?o ) }", (1, 21), "does not close the { of line 1, column 10", "balance"),
        ("SELECT * { ?s ?p ?o }}", (1, 22), "} closes nothing", "take it out"),
        ('SELECT * { ?s ?p "open }', (1, 18), "the string that begins here", 'with "'),
        ("SELECT * { ?s ?p <http://a b> }", (1, 18), "the IRI that begins here", "%20"),
        ("SELECT * { ?s <p> ?o }", (1, 15), "the IRI <p> is relative", "BASE"),
        ("SELECT * { ?s ?p }", (1, 18), "'}' cannot stand here", "after '?p'"),
        ("SELECT ?s WHER { ?s ?p ?o }", (1, 11), "'WHER' cannot stand here", "after '?s'"),
        ("SELECT * {\n ?s ?p ?o\n FILTER ?o > 3 }", (3, 9), "'?o' cannot stand here", "after 'FILTER'"),
        ("SELECT * { ?s ?p ?o FILTER(FOO(?s)) }", (1, 28), "'FOO' cannot stand here", "after '('"),
        ("DESCRIBE", (1, 9), "ends too early", "missing"),
        ("SELECT * { ?s ?p ?o } LIMIT", (1, 28), "ends too early", "missing"),
        ("SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o }", (1, 1), "neither grouped by nor aggregated", "GROUP BY"),
        ("SELECT * { ?s ?p ?o } GROUP BY ?s", (1, 1), "* does not go with GROUP BY", "name"),
        ("SELECT * { VALUES (?a ?b) { (1) } }", (1, 12), "VALUES has a row", "UNDEF"),
        ("SELECT ?s { ?s ?p ?o BIND(1 AS ?s) }", (1, 32), "?s is bound before", "differently"),
    ],
)
def test_a_malformed_query_is_told_where_and_what_to_do(
    text: str, place: tuple[int, int] | None, says: str, hint: str
) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        check_query(text, PREFIXES)
    error = caught.value
    assert says in error.message
    assert hint in str(error.hint)
    assert (error.line, error.column) == (place or (None, None))
    if place:
        assert error.message.startswith(f"line {place[0]}, column {place[1]}: ")


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { tip:a tip:b 3 }",
        "PREFIX a: <http://a/> delete where { ?s ?p ?o }",
        "CLEAR ALL",
        "LOAD <http://example.org/>",
        "WITH <http://example.org/> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    ],
)
def test_an_update_is_refused(text: str) -> None:
    with pytest.raises(UpdateRefusedError, match="read-only"):
        check_query(text, PREFIXES)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }",
        "SELECT * { service silent ?s { ?s ?p ?o } }",
        "ASK { SERVICE id:x { ?s ?p ?o } }",
        "CONSTRUCT { ?s ?p ?o } WHERE { { SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } } } }",
        "ASK { FILTER EXISTS { SERVICE <http://example.org/> { ?s ?p ?o } } }",
        "SELECT * { ?service ?p 'service' . SERVICE <http://example.org/> { ?s ?p ?o } }",
    ],
)
def test_a_query_that_calls_another_endpoint_is_refused(text: str) -> None:
    with pytest.raises(ServiceRefusedError, match="another endpoint"):
        check_query(text, PREFIXES)


@pytest.mark.parametrize(
    "text",
    [
        # A tokenizer that takes the longest match sees a string or a comment where the parser, which reads by
        # context, sees SERVICE.
        "ASK { ?s ?p ?a FILTER(?a<'x>') SERVICE <http://127.0.0.1:9/> {} FILTER(?a<'y>' || ?a != '') }",
        "ASK { ?s ?p ?a FILTER(?a<?b#>'''\n) SERVICE <http://127.0.0.1:9/> {} #'''\n }",
        "ASK { SERVICE:x { ?s ?p ?o } }",
    ],
)
def test_service_cannot_be_hidden_from_the_check(text: str) -> None:
    with pytest.raises((ServiceRefusedError, QuerySyntaxError)):
        check_query(text, {"": "http://127.0.0.1:9/"})


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?service { ?service a tip:Measure }",
        "SELECT ?s { ?s tip:theme 'Service' } # service",
        "SELECT ?s { ?s a service:Victim ; tip:p <http://example.org/SERVICE> }",
        "PREFIX Service: <http://example.org/service> SELECT ?s { ?s a Service:x }",
    ],
)
def test_the_word_service_alone_is_no_offence(text: str) -> None:
    assert check_query(text, PREFIXES).form is QueryForm.SELECT


def test_deep_nesting_is_refused_before_it_can_end_the_process() -> None:
    assert check_query("SELECT * " + "{" * 90 + "}" * 90).variables == ()
    with pytest.raises(QuerySyntaxError, match="nested"):
        check_query("SELECT * " + "{" * 20_000 + "}" * 20_000)


def test_an_unknown_function_is_named() -> None:
    with pytest.raises(QueryError, match=r"tip#shout> is not supported"):
        check_query("SELECT * { ?s ?p ?o FILTER(tip:shout(?o)) }", PREFIXES)


def test_declared_prefixes_go_before_those_that_are_given() -> None:
    query = check_query("PREFIX id: <http://other.example/> ASK FROM id:g FROM NAMED tip:g {}", PREFIXES)
    assert query.from_graphs == ("http://other.example/g",)
    assert query.from_named_graphs == ("http://example.org/tip#g",)


def test_from_is_resolved_against_the_base() -> None:
    text = "BASE <http://example.org/a/> SELECT * FROM <../g> FROM NAMED <n> { ?s ?p ?o }"
    query = check_query(text)
    assert (query.from_graphs, query.from_named_graphs) == (
        ("http://example.org/g",),
        ("http://example.org/a/n",),
    )
    assert check_query("ASK FROM <g> {}", base_iri="http://example.org/").from_graphs == (
        "http://example.org/g",
    )


def test_an_invalid_base_is_named() -> None:
    with pytest.raises(QueryError, match="'not a base'"):
        check_query("ASK {}", base_iri="not a base")


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("SELECT ?z ?a { ?a ?b ?z }", ("z", "a")),
        ("SELECT * { ?z ?b ?a }", ("z", "b", "a")),
        ("SELECT (COUNT(*) AS ?n) ?z { ?z ?b ?a } GROUP BY ?z", ("n", "z")),
        ("ASK { ?a ?b ?c }", ()),
    ],
)
def test_columns_stand_in_the_order_of_the_author(text: str, columns: tuple[str, ...]) -> None:
    assert check_query(text).columns == columns


PIECES = st.sampled_from(
    [
        *(
            "SELECT",
            "ASK",
            "CONSTRUCT",
            "DESCRIBE",
            "WHERE",
            "FROM",
            "NAMED",
            "PREFIX",
            "BASE",
            "GROUP",
            "BY",
            "AS",
        ),
        *(
            "{",
            "}",
            "(",
            ")",
            "[",
            "]",
            ".",
            ";",
            ",",
            "*",
            "<",
            ">",
            "=",
            "'",
            '"',
            "'''",
            "\\",
            "#",
            "\n",
            " ",
        ),
        *(
            "?s",
            "?p",
            "$o",
            "tip:x",
            "nope:x",
            "_:b",
            "<http://a/>",
            "<rel>",
            "'x'",
            '"y"@en',
            "1",
            "SERVICE",
        ),
        *(
            "COUNT",
            "FILTER",
            "OPTIONAL",
            "UNION",
            "VALUES",
            "UNDEF",
            "BIND",
            "INSERT",
            "LIMIT",
            "ORDER",
            "é",
            "\0",
        ),
    ]
)


@given(st.lists(PIECES, max_size=25).map(" ".join) | st.lists(PIECES, max_size=25).map("".join) | st.text())
@settings(max_examples=400, deadline=None)
def test_whatever_is_sent_is_a_query_or_an_error_with_a_hint(text: str) -> None:
    outcome: CheckedQuery | QueryError
    try:
        outcome = check_query(text, PREFIXES)
    except QueryError as error:
        outcome = error
    if isinstance(outcome, CheckedQuery):
        assert outcome.text == text
    else:
        assert outcome.message
        assert "\n" not in outcome.message
        assert outcome.hint


@given(st.sampled_from(["?s", "?o", "?x"]), st.lists(PIECES, max_size=12).map(" ".join))
@settings(max_examples=200, deadline=None)
def test_a_parameter_never_makes_a_good_query_malformed(name: str, middle: str) -> None:
    try:
        query = check_query(f"SELECT * {{ ?s ?p ?o {middle} }}", PREFIXES)
        text = next(tell_parameters(query, {name[1:]: ox.Literal(1)}), None)
    except QueryError:
        return
    if text is not None:
        assert check_query(text, PREFIXES).form is query.form
