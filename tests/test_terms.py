"""Terms from and to Python values and what people type."""

from __future__ import annotations

import doctest
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyoxigraph as ox
import pytest

from tipgraph import terms
from tipgraph.errors import ParameterError
from tipgraph.terms import IRI, PARAMETER_TYPES, BlankNode, read_term, read_typed, to_python, to_term
from tipgraph.vocabulary import XSD

PREFIXES = {"id": "https://w3id.org/tipgraph/id/", "xsd": XSD}


def literal(text: str, datatype: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(XSD + datatype))


def test_the_examples_hold() -> None:
    results = doctest.testmod(terms)
    assert results.attempted >= 4
    assert results.failed == 0


@pytest.mark.parametrize(
    ("term", "value"),
    [
        (ox.NamedNode("http://example.org/"), IRI("http://example.org/")),
        (ox.BlankNode("b0"), BlankNode("_:b0")),
        (ox.Literal("text"), "text"),
        (ox.Literal("texte", language="fr"), "texte"),
        (literal("007", "integer"), 7),
        (literal("7", "unsignedByte"), 7),
        (literal("2010", "gYear"), 2010),
        (literal("2010-09", "gYearMonth"), "2010-09"),
        (literal("2010-09-13", "date"), date(2010, 9, 13)),
        (literal("2010-09-13T10:00:00Z", "dateTime"), datetime(2010, 9, 13, 10, tzinfo=UTC)),
        (literal("2.50", "decimal"), Decimal("2.50")),
        (literal("1e3", "double"), 1000.0),
        (literal("INF", "double"), float("inf")),
        (literal("1", "boolean"), True),
        (literal("false", "boolean"), False),
        (literal("seven", "integer"), "seven"),
        (literal("2010-09-13Z", "date"), "2010-09-13Z"),
        (literal("x", "decimal"), "x"),
        (literal("maybe", "boolean"), "maybe"),
        (ox.Triple(ox.NamedNode("http://s"), ox.NamedNode("http://p"), ox.Literal(1)),
         (IRI("http://s"), IRI("http://p"), 1)),
        (None, None),
    ],
)  # fmt: skip
def test_each_term_has_its_python_value(term: Any, value: Any) -> None:
    found = to_python(term)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("value", "term"),
    [
        ("id:ecowas", ox.NamedNode("https://w3id.org/tipgraph/id/ecowas")),
        ("https://example.org/a", ox.NamedNode("https://example.org/a")),
        (IRI("urn:isbn:1"), ox.NamedNode("urn:isbn:1")),
        ("other:thing", ox.Literal("other:thing")),
        ("ECOWAS", ox.Literal("ECOWAS")),
        (True, literal("true", "boolean")),
        (7, literal("7", "integer")),
        (2.5, literal("2.5", "double")),
        (Decimal("2.50"), literal("2.50", "decimal")),
        (date(2010, 9, 13), literal("2010-09-13", "date")),
        (datetime(2010, 9, 13, 10, tzinfo=UTC), literal("2010-09-13T10:00:00+00:00", "dateTime")),
        (ox.Literal("as it is"), ox.Literal("as it is")),
    ],
)
def test_each_python_value_has_its_term(value: Any, term: Any) -> None:
    assert to_term(value, PREFIXES) == term


@pytest.mark.parametrize("value", [None, [], {"a": 1}, Decimal("NaN"), object()])
def test_a_value_without_term_is_refused(value: Any) -> None:
    with pytest.raises(ParameterError, match="no RDF term"):
        to_term(value, PREFIXES)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("<http://example.org/>", ox.NamedNode("http://example.org/")),
        ("id:ecowas", ox.NamedNode("https://w3id.org/tipgraph/id/ecowas")),
        ("-12", literal("-12", "integer")),
        ("2.5", literal("2.5", "decimal")),
        ("true", literal("true", "boolean")),
        ('"12"', ox.Literal("12")),
        ('"2010"^^xsd:gYear', literal("2010", "gYear")),
        ('"2010"^^<http://www.w3.org/2001/XMLSchema#gYear>', literal("2010", "gYear")),
        ('"chat"@fr', ox.Literal("chat", language="fr")),
        ("two words", ox.Literal("two words")),
        ("", ox.Literal("")),
    ],
)
def test_what_is_typed_is_read_as_turtle(text: str, term: Any) -> None:
    assert read_term(text, PREFIXES) == term


def test_an_unknown_datatype_is_named() -> None:
    with pytest.raises(ParameterError, match="nope:year"):
        read_term('"2010"^^nope:year', PREFIXES)


@pytest.mark.parametrize(
    ("type_name", "good", "datatype", "bad"),
    [
        ("string", "anything at all", "string", None),
        ("language", "pt-BR", "string", "Portuguese, please"),
        ("integer", "-15", "integer", "1.5"),
        ("decimal", "2.5", "decimal", "1e5"),
        ("boolean", "false", "boolean", "no"),
        ("date", "2010-02-28", "date", "2010-02-30"),
        ("date", "2010-09-13", "date", "13.9.2010"),
        ("date", "2010-09-13", "date", "20100913"),
        ("month", "2010-12", "gYearMonth", "2010-13"),
        ("year", "2010", "gYear", "10"),
    ],
)
def test_a_typed_parameter_is_checked(type_name: str, good: str, datatype: str, bad: str | None) -> None:
    assert read_typed(good, type_name, PREFIXES) == literal(good, datatype)
    if bad is not None:
        with pytest.raises(ParameterError, match=f"is no {type_name}") as caught:
            read_typed(bad, type_name, PREFIXES)
        assert "write it as in" in str(caught.value.hint)


@pytest.mark.parametrize("type_name", ["iri", "resource", "concept"])
def test_a_parameter_that_is_an_iri_is_checked(type_name: str) -> None:
    assert type_name in PARAMETER_TYPES
    assert read_typed("id:ecowas", type_name, PREFIXES) == ox.NamedNode("https://w3id.org/tipgraph/id/ecowas")
    with pytest.raises(ParameterError, match=f"is no {type_name}"):
        read_typed("ECOWAS", type_name, PREFIXES)
    with pytest.raises(ParameterError, match="no valid IRI"):
        read_typed("<not an iri>", type_name, PREFIXES)
