from __future__ import annotations

import inspect
import re
from pathlib import Path

import pyoxigraph as ox
import pytest

from tipgraph import errors
from tipgraph.errors import TipgraphError, UsageError, parse_error

CLASSES: list[type[TipgraphError]] = [
    value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, TipgraphError)
]


def test_the_drawing_shows_the_whole_tree() -> None:
    drawing = inspect.getdoc(errors) or ""
    drawn = re.findall(r"[A-Z]\w+Error\b", drawing)
    assert sorted(drawn) == sorted(error.__name__ for error in CLASSES)
    children = {error.__name__ for error in CLASSES if error.__base__ is TipgraphError}
    assert set(re.findall(r"^    [├└]── (\w+)", drawing, re.MULTILINE)) == children


def test_every_error_is_bad_input_but_a_wrong_call() -> None:
    assert {error.exit_code for error in CLASSES if not issubclass(error, UsageError)} == {3}
    assert UsageError.exit_code == 2


def test_an_error_keeps_its_hint_out_of_its_message() -> None:
    error = TipgraphError("no such thing", "look elsewhere")
    assert str(error) == error.message == "no such thing"
    assert error.hint == "look elsewhere"


@pytest.mark.parametrize(
    ("content", "syntax", "message"),
    [
        ("<http://e/a> e:b 1 .", ox.RdfFormat.TURTLE, "x.ttl:1:14: the prefix e: has not been declared"),
        ("\n<http://e/a> ", ox.RdfFormat.TURTLE, "x.ttl:2:14: unexpected end"),
        ('<http://e/a> <http://e/b> "c\n', ox.RdfFormat.TURTLE, "x.ttl:1:27: unexpected end of file"),
        ("<rdf>", ox.RdfFormat.RDF_XML, "x.ttl: XML namespaces are required in RDF/XML"),
        (
            '{"@context": "http://example.org/context"}',
            ox.RdfFormat.JSON_LD,
            "x.ttl: its JSON-LD context lies at another address, and nothing is fetched from the network",
        ),
    ],
)
def test_what_a_parser_says_is_one_sentence_with_its_place(
    content: str, syntax: ox.RdfFormat, message: str
) -> None:
    with pytest.raises(SyntaxError) as caught:
        list(ox.parse(content, format=syntax))
    assert parse_error(Path("x.ttl"), caught.value).message == message
