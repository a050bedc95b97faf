"""Results in the W3C formats: what a reader gets back is what was found."""

from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest

from tipgraph.errors import ResultTooLargeError, UnknownNameError
from tipgraph.serialization import SYNTAXES
from tipgraph.sparql.results import (
    CUT,
    RESULT_FORMATS,
    AskResult,
    GraphResult,
    ResultFormat,
    SelectResult,
    cut_result,
    write_result,
    write_result_within,
)
from tipgraph.terms import Term
from tipgraph.vocabulary import XSD

A = ox.NamedNode("http://example.org/a")
P = ox.NamedNode("http://example.org/p")
TERMS: tuple[Term | None, ...] = (
    A,
    ox.BlankNode("b0"),
    ox.Literal("plain"),
    ox.Literal("sept", language="fr"),
    ox.Literal("2010", datatype=ox.NamedNode(f"{XSD}gYear")),
    ox.Literal(7),
    ox.Literal('quote " comma , tab \t line\nend \\ é < & >'),
    ox.Literal("right to left", language="ar", direction=ox.BaseDirection.RTL),
    None,
)
RESULT = SelectResult(("first", "second"), tuple((term, A) for term in TERMS))


def read(content: bytes, found: ResultFormat) -> ox.QuerySolutions:
    solutions = ox.parse_query_results(content, format=found.format)
    assert isinstance(solutions, ox.QuerySolutions)
    return solutions


@pytest.mark.parametrize("name", ["json", "xml", "tsv"])
def test_every_term_is_read_back(name: str) -> None:
    found = RESULT_FORMATS[name]
    solutions = read(write_result(RESULT, name, {}), found)
    assert [variable.value for variable in solutions.variables] == ["first", "second"]
    assert tuple((row["first"], row["second"]) for row in solutions) == RESULT.rows


def test_csv_holds_the_lexical_forms() -> None:
    content = write_result(RESULT, "csv", {}).decode()
    assert content.startswith("first,second\r\n")
    expected = [["_:b0" if isinstance(term, ox.BlankNode) else getattr(term, "value", "")] for term in TERMS]
    assert [row[:1] for row in csv.reader(io.StringIO(content, newline=""))][1:] == expected


def test_json_is_what_oxigraph_writes() -> None:
    store = ox.Store()
    for number, term in enumerate(TERMS):
        if term is not None and not isinstance(term, ox.BlankNode):
            store.add(ox.Quad(ox.NamedNode(f"http://example.org/{number}"), P, term))
    store.add(ox.Quad(A, P, ox.Triple(A, P, ox.Literal("quoted"))))
    text = "SELECT ?o ?none { ?s ?p ?o } ORDER BY ?s"
    solutions = store.query(text)
    assert isinstance(solutions, ox.QuerySolutions)
    rows = tuple((solution["o"], solution["none"]) for solution in solutions)
    again = store.query(text)
    assert isinstance(again, ox.QuerySolutions)
    expected = again.serialize(format=ox.QueryResultsFormat.JSON)
    assert expected is not None
    assert json.loads(write_result(SelectResult(("o", "none"), rows), "json", {})) == json.loads(expected)


@pytest.mark.parametrize("answer", [True, False])
@pytest.mark.parametrize("found", RESULT_FORMATS.values(), ids=list(RESULT_FORMATS))
def test_an_answer_is_written_in_every_format(found: ResultFormat, answer: bool) -> None:
    content = write_result(AskResult(answer), found.name, {})
    if found.name in ("json", "xml"):
        assert bool(ox.parse_query_results(content, format=found.format)) is answer
    else:
        assert content.decode() == str(answer).lower()


@pytest.mark.parametrize("found", RESULT_FORMATS.values(), ids=list(RESULT_FORMATS))
def test_no_rows_still_name_their_variables(found: ResultFormat) -> None:
    solutions = (
        read(write_result(SelectResult(("only",), ()), found.name, {}), found)
        if found.name != "csv"
        else None
    )
    if solutions is None:
        assert write_result(SelectResult(("only",), ()), "csv", {}) == b"only\r\n"
    else:
        assert [variable.value for variable in solutions.variables] == ["only"]


@pytest.mark.parametrize("name", list(SYNTAXES))
def test_a_graph_is_written_in_every_syntax(name: str) -> None:
    triples = (ox.Triple(A, P, ox.Literal("x", language="en")), ox.Triple(A, P, ox.BlankNode()))
    content = write_result(GraphResult(triples), name, {"ex": "http://example.org/"})
    assert len(list(ox.parse(content, format=SYNTAXES[name].format))) == 2


@pytest.mark.parametrize(
    ("result", "name", "offers"),
    [
        (SelectResult((), ()), "turtle", "json, xml, csv, tsv"),
        (AskResult(True), "xls", "json, xml, csv, tsv"),
        (GraphResult(()), "csv", "turtle, n-triples"),
    ],
)
def test_a_format_of_another_kind_of_result_is_refused(
    result: SelectResult | AskResult | GraphResult, name: str, offers: str
) -> None:
    with pytest.raises(UnknownNameError, match=name) as caught:
        write_result(result, name, {})
    assert offers in str(caught.value.hint)


def rows_of(count: int) -> SelectResult:
    return SelectResult(("n",), tuple((ox.Literal(number),) for number in range(count)))


def test_a_cut_result_says_so_in_its_head() -> None:
    cut = cut_result(rows_of(5), 2)
    assert isinstance(cut, SelectResult)
    assert cut.is_cut
    document = json.loads(write_result(cut, "json", {}))
    assert document["head"] == {"vars": ["n"], "link": [CUT]}
    assert len(document["results"]["bindings"]) == 2
    root = ElementTree.fromstring(write_result(cut, "xml", {}))
    names = [child.tag.partition("}")[2] for child in root[0]]
    assert names == ["variable", "link"]
    assert root[0][1].get("href") == CUT
    assert cut_result(rows_of(2), 2) == rows_of(2)


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_a_result_is_cut_after_the_last_row_that_fits(name: str) -> None:
    whole = write_result(rows_of(1000), name, {})
    assert write_result_within(rows_of(1000), name, {}, len(whole)) == (whole, False)
    content, is_cut = write_result_within(rows_of(1000), name, {}, len(whole) // 2)
    assert is_cut
    assert len(whole) // 4 < len(content) <= len(whole) // 2
    if name == "csv":
        assert whole.startswith(content)
    with pytest.raises(ResultTooLargeError):
        write_result_within(rows_of(1000), name, {}, 2)
