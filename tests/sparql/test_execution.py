"""Queries over the union of named graphs: what is found, how often, and what a parameter reaches."""

from __future__ import annotations

import json
import pickle

import pyoxigraph as ox
import pytest

from tipgraph.errors import ParameterError, QueryError, ServiceRefusedError
from tipgraph.sparql.execution import (
    QueryableDataset,
    QueryRequest,
    admit_parameters,
    run_query,
    serialize_query,
)
from tipgraph.sparql.results import RESULT_FORMATS, AskResult, GraphResult, SelectResult, write_result
from tipgraph.store import Dataset
from tipgraph.terms import Term
from tipgraph.vocabulary import GRAPH_INFERRED

EX = "http://example.org/"
PREFIXES = {"ex": EX, "graph": "https://w3id.org/tipgraph/graph/"}
DATA = f"""
@prefix ex: <{EX}> .
ex:outside ex:p ex:default .
ex:g1 {{
  ex:a ex:knows ex:b ; ex:size 1 .
  ex:b ex:knows ex:c ; ex:size 2 .
  [] ex:nameless ex:a .
}}
ex:g2 {{
  ex:a ex:knows ex:b .
  ex:c ex:knows ex:d ; ex:size 3 .
}}
<{GRAPH_INFERRED}> {{ ex:a ex:reaches ex:d . }}
"""


@pytest.fixture(scope="module")
def dataset() -> QueryableDataset:
    store = ox.Store()
    store.load(DATA, format=ox.RdfFormat.TRIG)
    return QueryableDataset(Dataset(store, PREFIXES))


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(EX + name)


def rows(dataset: QueryableDataset, text: str, **parameters: Term) -> list[tuple[str, ...]]:
    """The rows with IRIs without their namespace."""
    result = run_query(dataset, QueryRequest(text, parameters))
    assert isinstance(result, SelectResult)
    return [tuple(short(term) for term in row) for row in result.rows]


def short(term: Term | None) -> str:
    if term is None:
        return ""
    return str(term) if isinstance(term, ox.BlankNode | ox.Triple) else term.value.removeprefix(EX)


def test_the_default_graph_is_the_union_of_all(dataset: QueryableDataset) -> None:
    found = rows(dataset, "SELECT ?s ?o { ?s ex:knows|ex:p|ex:reaches ?o } ORDER BY ?s ?o")
    assert found == [("a", "b"), ("a", "d"), ("b", "c"), ("c", "d"), ("outside", "default")]


def test_a_triple_of_two_graphs_counts_once(dataset: QueryableDataset) -> None:
    assert rows(dataset, "SELECT (COUNT(*) AS ?n) { ex:a ex:knows ?o }") == [("1",)]
    found = run_query(dataset, QueryRequest("CONSTRUCT WHERE { ex:a ex:knows ?o }"))
    assert isinstance(found, GraphResult)
    assert len(found.triples) == 1


def test_named_graphs_stay_apart(dataset: QueryableDataset) -> None:
    assert rows(dataset, "SELECT ?g { GRAPH ?g { ex:a ex:knows ex:b } } ORDER BY ?g") == [("g1",), ("g2",)]


def test_paths_cross_graphs(dataset: QueryableDataset) -> None:
    assert rows(dataset, "SELECT ?o { ex:a ex:knows+ ?o } ORDER BY ?o") == [("b",), ("c",), ("d",)]


def test_asserted_only_leaves_out_what_is_inferred(dataset: QueryableDataset) -> None:
    asked = {
        "default": "ASK { ex:a ex:reaches ex:d }",
        "named": "ASK { GRAPH ?g { ex:a ex:reaches ex:d } }",
        "kept": "ASK { ex:outside ex:p ex:default . GRAPH ex:g2 { ex:c ex:knows ex:d } }",
    }
    for asserted, expected in ((False, (True, True, True)), (True, (False, False, True))):
        answers = tuple(
            bool(run_query(dataset, QueryRequest(text, asserted_only=asserted))) for text in asked.values()
        )
        assert answers == expected


def test_from_makes_the_default_graph(dataset: QueryableDataset) -> None:
    assert rows(dataset, "SELECT ?o FROM ex:g2 { ?s ex:knows ?o } ORDER BY ?o") == [("b",), ("d",)]
    assert rows(dataset, "SELECT ?g FROM ex:g2 { GRAPH ?g { ?s ?p ?o } }") == []


def test_two_from_are_merged_without_repetition(dataset: QueryableDataset) -> None:
    text = "SELECT (COUNT(*) AS ?n) FROM ex:g1 FROM ex:g2 { ?s ex:knows ?o }"
    assert rows(dataset, text) == [("3",)]
    named = "SELECT ?g FROM ex:g1 FROM ex:g2 FROM NAMED ex:g2 { GRAPH ?g { ?s ex:size ?o } }"
    assert rows(dataset, named) == [("g2",)]


def test_from_named_alone_leaves_the_default_graph_empty(dataset: QueryableDataset) -> None:
    assert rows(dataset, "SELECT ?s FROM NAMED ex:g1 { ?s ?p ?o }") == []
    text = "SELECT DISTINCT ?g FROM NAMED ex:g1 { GRAPH ?g { ?s ?p ?o } }"
    assert rows(dataset, text) == [("g1",)]


@pytest.mark.parametrize("clause", ["FROM <http://remote.example/>", "FROM NAMED <http://remote.example/>"])
def test_a_graph_that_is_not_held_is_not_fetched(dataset: QueryableDataset, clause: str) -> None:
    with pytest.raises(ServiceRefusedError, match=r"no graph <http://remote.example/>") as caught:
        run_query(dataset, QueryRequest(f"SELECT * {clause} {{ ?s ?p ?o }}"))
    assert "ex:g1, ex:g2" in str(caught.value.hint)


def test_the_inferred_graph_is_not_held_when_only_asserted_ones_are(dataset: QueryableDataset) -> None:
    text = "ASK FROM graph:inferred { ex:a ex:reaches ex:d }"
    assert run_query(dataset, QueryRequest(text)) == AskResult(True)
    with pytest.raises(ServiceRefusedError):
        run_query(dataset, QueryRequest(text, asserted_only=True))


def test_the_graphs_of_the_request_go_before_those_of_the_query(dataset: QueryableDataset) -> None:
    text = "SELECT (COUNT(*) AS ?n) FROM ex:g1 { ?s ex:size ?o }"
    for default, expected in (((f"{EX}g2",), "1"), ((f"{EX}g1", f"{EX}g2"), "3"), (None, "2")):
        result = run_query(dataset, QueryRequest(text, default_graphs=default))
        assert isinstance(result, SelectResult)
        assert short(result.rows[0][0]) == expected
    request = QueryRequest("ASK { GRAPH ?g { ex:b ?p ?o } }", named_graphs=(f"{EX}g2",))
    assert run_query(dataset, request) == AskResult(False)


def test_columns_and_blank_nodes_do_not_depend_on_the_run(dataset: QueryableDataset) -> None:
    result = run_query(dataset, QueryRequest("SELECT * { ?z ex:nameless ?a } ORDER BY ?z"))
    assert result == SelectResult(("z", "a"), ((ox.BlankNode("b0"), node("a")),))


def test_describe_gives_what_is_said_in_any_graph(dataset: QueryableDataset) -> None:
    result = run_query(dataset, QueryRequest("DESCRIBE ex:a"))
    assert isinstance(result, GraphResult)
    assert {triple.predicate for triple in result.triples} == {node("knows"), node("size"), node("reaches")}


def test_a_request_and_its_result_can_be_sent_to_another_process(dataset: QueryableDataset) -> None:
    request = QueryRequest("SELECT ?s ?o { ?s ex:knows ?o } ORDER BY ?s ?o", {"s": node("a")}, True, (), ())
    assert pickle.loads(pickle.dumps(request)) == request
    for text in ("SELECT * { ?s ?p ?o }", "ASK {}", "CONSTRUCT WHERE { ?s ?p ?o }"):
        result = run_query(dataset, QueryRequest(text))
        assert pickle.loads(pickle.dumps(result)) == result


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT ?o { ?x ex:knows ?o }", [("c",)]),
        ("SELECT ?x ?o { ?x ex:knows ?o }", [("b", "c")]),
        ("SELECT * { ?x ex:knows ?o }", [("b", "c")]),
        ("SELECT ?s { ?s ex:knows ?o FILTER(?o = ?x) }", [("a",)]),
        ("SELECT * { ?s ex:knows ?o FILTER(?o = ?x) }", [("a", "b")]),
        ("SELECT ?s { ?s ex:knows ?o FILTER(?o != ?x) } ORDER BY ?s", [("b",), ("c",)]),
        ("SELECT ?s { { ?s ex:knows ?o FILTER(?o = ?x) } UNION { ?s ex:none ?x } }", [("a",)]),
        ("SELECT * { { ?s ex:knows ?o FILTER(?o = ?x) } UNION { ?s ex:none ?o } }", [("a", "b")]),
        ("SELECT ?s { ?s ex:knows ?o FILTER EXISTS { ?x ex:knows ?s } }", [("c",)]),
        ("SELECT ?s { ?s ex:knows ?o FILTER NOT EXISTS { ?s ex:knows ?x } } ORDER BY ?s", [("b",), ("c",)]),
        ("SELECT ?s { ?s ex:knows ?o MINUS { ?s ex:knows ?x } } ORDER BY ?s", [("b",), ("c",)]),
        ("SELECT ?s ?w { ?s ex:knows ?o OPTIONAL { ?o ex:size ?w FILTER(?o = ?x) } } ORDER BY ?s",
         [("a", "2"), ("b", ""), ("c", "")]),
        ("SELECT ?o { ?x ex:knows+ ?o } ORDER BY ?o", [("c",), ("d",)]),
        ("SELECT ?s { ?s ex:knows+ ?x }", [("a",)]),
        ("SELECT ?n { BIND(STRAFTER(STR(?x), 'org/') AS ?n) }", [("b",)]),
        ("SELECT DISTINCT ?s { ?s ex:knows ?x } ORDER BY ?s LIMIT 1", [("a",)]),
        ("SELECT ?s { { SELECT ?s { ?s ex:knows ?x } } }", [("a",)]),
        ("SELECT ?s { { SELECT ?s { ?s ex:knows ?o FILTER(?o = ?x) } ORDER BY ?s LIMIT 1 } }", [("a",)]),
        ("SELECT ?s { { SELECT * { ?s ex:knows ?o FILTER(?o = ?x) } ORDER BY ?s LIMIT 1 } }", [("a",)]),
        ("SELECT ?s ?n { { SELECT ?s (COUNT(*) AS ?n) { ?s ex:knows ?x } GROUP BY ?s } }", [("a", "1")]),
        ("SELECT (COUNT(*) AS ?n) { ?s ex:knows ?x }", [("1",)]),
        ("SELECT (COUNT(*) AS ?n) { ?s ex:none ?x }", [("0",)]),
        ("SELECT (COUNT(*) AS ?n) (MAX(?w) AS ?m) { ?s ex:none ?x ; ex:size ?w }", [("0", "")]),
        ("SELECT ?s (COUNT(*) AS ?n) { ?s ex:knows ?x } GROUP BY ?s HAVING(COUNT(*) > 0)", [("a", "1")]),
        ("SELECT ?s { ?s ex:knows ?o } ORDER BY DESC(?o = ?x) ?s LIMIT 1", [("a",)]),
        ("SELECT ?g { GRAPH ?g { ?x ex:size ?n } }", [("g1",)]),
        ("SELECT ?s { VALUES ?x { ex:b ex:c } ?s ex:knows ?x }", [("a",)]),
        ("select\n# ?x\n?s {?s ex:knows ?x}", [("a",)]),
    ],
)  # fmt: skip
def test_a_parameter_is_as_if_its_value_were_written(
    dataset: QueryableDataset, text: str, expected: list[tuple[str, ...]]
) -> None:
    assert rows(dataset, text, x=node("b")) == expected


def test_a_parameter_can_be_a_property_or_a_graph(dataset: QueryableDataset) -> None:
    assert rows(dataset, "SELECT ?s { ?s ?x 3 }", x=node("size")) == [("c",)]
    assert rows(dataset, "SELECT ?s { GRAPH ?x { ?s ex:size ?n } }", x=node("g2")) == [("c",)]


def test_two_parameters_reach_one_scope(dataset: QueryableDataset) -> None:
    text = "SELECT (COUNT(*) AS ?n) { ?x ex:knows ?o FILTER(?o = ?y) }"
    assert rows(dataset, text, x=node("a"), y=node("b")) == [("1",)]
    assert rows(dataset, text, x=node("a"), y=node("c")) == [("0",)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ASK { ?s ex:knows ?x }", True),
        ("ASK { ?s ex:knows ?o FILTER(?s = ?x && ?o = ex:c) }", True),
        ("ASK { ?s ex:knows ?o FILTER(?s = ?x && ?o = ex:d) }", False),
    ],
)
def test_a_parameter_reaches_an_ask(dataset: QueryableDataset, text: str, expected: bool) -> None:
    assert run_query(dataset, QueryRequest(text, {"x": node("b")})) == AskResult(expected)


@pytest.mark.parametrize(
    "text",
    [
        "CONSTRUCT { ?x ex:q ?o } WHERE { ?x ex:knows ?o }",
        "CONSTRUCT { ?s ex:q ?o } WHERE { ?s ex:knows ?o FILTER(?s = ?x) }",
        "CONSTRUCT { ex:b ex:q ?o } { { SELECT ?o { ?x ex:knows ?o } } }",
    ],
)
def test_a_parameter_reaches_a_construct(dataset: QueryableDataset, text: str) -> None:
    result = run_query(dataset, QueryRequest(text, {"x": node("b")}))
    assert result == GraphResult((ox.Triple(node("b"), node("q"), node("c")),))


def test_a_parameter_reaches_a_short_construct_and_a_describe(dataset: QueryableDataset) -> None:
    for text in ("CONSTRUCT WHERE { ?x ex:knows ?o }", "DESCRIBE ?x", "DESCRIBE ?x { ?x ex:knows ?o }"):
        result = run_query(dataset, QueryRequest(text, {"x": node("c")}))
        assert isinstance(result, GraphResult)
        assert {triple.subject for triple in result.triples} == {node("c")}


def test_a_value_is_never_read_as_sparql(dataset: QueryableDataset) -> None:
    value = ox.Literal('" } SELECT * { ?s ?p ?o } #')
    assert rows(dataset, "SELECT ?v { BIND(STR(?x) AS ?v) }", x=value) == [(value.value,)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT ?s { ?s ex:knows ?o }", r"no variable \?x"),
        ("ASK {}", r"no variable \?x"),
        ("SELECT ?n { { SELECT (COUNT(*) AS ?n) { ?s ex:knows ?x } } }", "aggregated as a whole"),
        ("SELECT (COUNT(*) AS ?n) { ?s ex:knows ?x } HAVING(COUNT(*) < 3)", "aggregated as a whole"),
        ("DESCRIBE ?s { ?s ex:knows ?x }", "DESCRIBE cannot be told"),
    ],
)
def test_a_parameter_that_cannot_be_told_is_an_error(dataset: QueryableDataset, text: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says) as caught:
        run_query(dataset, QueryRequest(text, {"x": node("b")}))
    assert caught.value.hint


def test_what_fails_while_it_runs_is_a_query_error(dataset: QueryableDataset) -> None:
    with pytest.raises(QueryError, match="base IRI"):
        run_query(dataset, QueryRequest("ASK {}", base_iri="no iri"))


FORMATS = {found.name: found.format for found in RESULT_FORMATS.values()}
SERIALIZED = (
    "SELECT ?s ?o { ?s <http://e/p> ?o } ORDER BY ?o ?s",
    "SELECT ?o (COUNT(*) AS ?n) { ?s <http://e/p> ?o } GROUP BY ?o ORDER BY ?o",
    "SELECT ?s { ?s <http://e/nothing> ?o }",
    "ASK { ?s <http://e/p> ?o }",
    "ASK { ?s <http://e/nothing> ?o }",
    'SELECT ?x { VALUES ?x { "a\\nb" "},{" "<result>" 1 2.5 "x"@en <http://e/x> } }',
)


@pytest.fixture(scope="module")
def plain() -> QueryableDataset:
    store = ox.Store()
    store.load(
        '<http://e/a> <http://e/p> 1 , 2 , "x"@en . <http://e/b> <http://e/p> 2 ; <http://e/q> [] .',
        format=ox.RdfFormat.TURTLE,
        to_graph=ox.NamedNode("http://e/g"),
    )
    return QueryableDataset(Dataset(store))


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("text", SERIALIZED)
def test_what_the_store_writes_is_what_is_written_row_by_row(
    plain: QueryableDataset, text: str, format_name: str
) -> None:
    request = QueryRequest(text)
    written = serialize_query(plain, request, FORMATS[format_name], 1 << 20)
    expected = write_result(run_query(plain, request), format_name, {})
    assert written is not None
    if format_name == "json":
        assert json.loads(written) == json.loads(expected)
    else:
        assert written == expected


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize(
    "request_",
    [
        QueryRequest("SELECT * { ?s <http://e/p> ?o }"),
        QueryRequest("SELECT ?o { ?s <http://e/q> ?o }"),
        QueryRequest("CONSTRUCT WHERE { ?s ?p ?o }"),
        QueryRequest("SELECT ?s ?o { ?s <http://e/p> ?o }", most_rows=3),
        QueryRequest("SELECT ?s { ?s ?p ?o }", {"s": ox.NamedNode("http://e/z")}),
        QueryRequest("SELECT ?o { ?s <http://e/p> ?o }", {"s": ox.NamedNode("http://e/a")}),
    ],
    ids=["all columns", "blank node", "graph", "too many rows", "nothing for a parameter", "no column"],
)
def test_what_the_store_leaves_to_chance_it_does_not_write(
    plain: QueryableDataset, request_: QueryRequest, format_name: str
) -> None:
    assert serialize_query(plain, request_, FORMATS[format_name], 1 << 20) is None


@pytest.mark.parametrize("format_name", FORMATS)
def test_as_many_rows_as_may_be_are_written(plain: QueryableDataset, format_name: str) -> None:
    request = QueryRequest("SELECT ?s ?o { ?s <http://e/p> ?o }", most_rows=4)
    assert serialize_query(plain, request, FORMATS[format_name], 1 << 20) is not None
    assert serialize_query(plain, request, FORMATS[format_name], 20) is None


def test_a_query_that_is_asked_again_is_read_once(plain: QueryableDataset) -> None:
    assert plain.check("ASK {}", None) is plain.check("ASK {}", None)
    assert plain.check("ASK {}", "http://e/") is not plain.check("ASK {}", None)


@pytest.mark.parametrize("query", ["SELECT * { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p ?o }"])
def test_no_more_rows_are_computed_than_are_wanted(query: str) -> None:
    store = ox.Store()
    store.extend(
        ox.Quad(ox.NamedNode(f"http://{n}"), ox.NamedNode("http://p"), ox.Literal(n)) for n in range(9)
    )
    dataset = QueryableDataset(Dataset(store))
    for most, count, is_cut in ((3, 3, True), (9, 9, False), (None, 9, False)):
        result = run_query(dataset, QueryRequest(query, most_rows=most))
        assert not isinstance(result, AskResult)
        rows = result.rows if isinstance(result, SelectResult) else result.triples
        assert (len(rows), result.is_cut) == (count, is_cut)
    # All rows of this would take years.
    product = " ".join(f"?s{n} ?p{n} ?o{n} ." for n in range(40))
    run_query(dataset, QueryRequest(query.replace("?s ?p ?o", product), most_rows=2))


@pytest.mark.parametrize(
    ("text", "term", "expected"),
    [
        ("SELECT ?o { ?s <http://e/p> ?o FILTER(?s = ?which) }", ox.NamedNode("http://e/b"), 1),
        ("SELECT ?s { ?s <http://e/p> ?which }", ox.Literal("x", language="en"), 1),
        ("SELECT ?s { ?s <http://e/p>/^<http://e/p> ?which }", ox.NamedNode("http://e/b"), 2),
        ("SELECT ?s { ?s <http://e/p> ?o OPTIONAL { ?s ?q ?which } }", ox.NamedNode("http://e/z"), 4),
        ("SELECT ?s { ?s <http://e/p> ?o MINUS { ?which <http://e/p> ?o } }", ox.NamedNode("http://e/b"), 2),
        ("SELECT ?s { ?s <http://e/p> 2 MINUS { ?which <http://e/p> 2 } }", ox.NamedNode("http://e/a"), 0),
        ("SELECT ?s { ?s <http://e/p> 1 FILTER NOT EXISTS { ?s ?q ?which } }", ox.Literal(2), 0),
        ("SELECT ?s { ?s <http://e/p> ?o BIND(?o AS ?which) }", ox.Literal(2), 2),
        ("SELECT ?s { { SELECT ?s ?which { ?s <http://e/p> ?which } } }", ox.Literal(1), 1),
        ('SELECT ?s { ?s <http://e/p> "x"@en FILTER(STR(?which) != "") }', ox.Literal('"} LIMIT 0 #\\'), 1),
        ('SELECT ?s { ?s <http://e/p> "x"@en FILTER(STR(?which) != "") }', ox.Literal("a\nb"), 1),
    ],
)
def test_a_parameter_means_the_same_wherever_it_is_told(
    plain: QueryableDataset, text: str, term: Term, expected: int
) -> None:
    request = QueryRequest(text, {"which": term})
    found = run_query(plain, request)
    assert isinstance(found, SelectResult)
    assert len(found.rows) == expected
    # As when it is only substituted.
    query = plain.check(text, None)
    substituted = plain.store(asserted_only=False, with_graphs=True).query(
        admit_parameters(query, ["which"]), substitutions={ox.Variable("which"): term}
    )
    assert isinstance(substituted, ox.QuerySolutions)
    assert len(list(substituted)) == expected


def test_a_graph_can_be_told_a_parameter_in_the_short_form(plain: QueryableDataset) -> None:
    request = QueryRequest("CONSTRUCT WHERE { ?s <http://e/p> ?which }", {"which": ox.Literal(2)})
    found = run_query(plain, request)
    assert isinstance(found, GraphResult)
    assert len(found.triples) == 2
