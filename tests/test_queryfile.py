"""Query files: what their header says, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tipgraph.errors import ParseError, QueryError, SourceError
from tipgraph.queryfile import Parameter, parse_query_file, read_query_file, read_query_folder

FILE = """\
# title: Which texts did an actor adopt?
# about: The texts that an organization adopted,
#   newest first.
# Keywords: instruments , adoption,
# param: actor resource = id:ecowas — the organization
# param: since year -- from when on
# param: kind iri = tip:ActionPlan
# Just a comment.

SELECT ?text { ?text tip:adoptedBy ?actor ; tip:adoptedOn ?since ; a ?kind }
# title: not of the header
"""


def test_the_header_is_read(tmp_path: Path) -> None:
    path = tmp_path / "texts-by-actor.rq"
    path.write_text(FILE, encoding="utf-8")
    found = read_query_file(path)
    assert found.name == "texts-by-actor"
    assert found.title == "Which texts did an actor adopt?"
    assert found.about == "The texts that an organization adopted, newest first."
    assert found.keywords == ("instruments", "adoption")
    assert found.parameters == (
        Parameter("actor", "resource", "id:ecowas", "the organization"),
        Parameter("since", "year", None, "from when on"),
        Parameter("kind", "iri", "tip:ActionPlan", ""),
    )
    assert found.text == FILE
    assert found.path == path


def test_a_query_without_header_is_a_query_file_too() -> None:
    found = parse_query_file("SELECT * { ?s ?p ?o } # param: s iri", "the query")
    assert (found.name, found.title, found.parameters) == ("the query", "", ())


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("# param: x", r":2: 'x' declares no parameter"),
        ("# param: x number", r":2: 'number' is no type"),
        ("# param: y iri", r":2: the query has no variable \?y"),
        ("# param: x iri\n# param: x year", r":3: the parameter x is declared twice"),
        ("# title: Another?", r":2: title is given twice"),
    ],
)
def test_what_is_wrong_with_a_header_is_said_with_file_and_line(
    tmp_path: Path, header: str, says: str
) -> None:
    path = tmp_path / "wrong.rq"
    path.write_text(f"# title: A question?\n{header}\nASK {{ ?x ?p ?o }}\n")
    with pytest.raises(QueryError, match=rf"{path}{says}") as caught:
        read_query_file(path)
    assert caught.value.hint


def test_a_folder_is_read_by_name(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.rq").write_text("ASK {}")
    (tmp_path / "notes.txt").write_text("not a query")
    assert list(read_query_folder(tmp_path)) == ["a", "b"]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        read_query_file(tmp_path / "missing.rq")
    with pytest.raises(SourceError, match="is a folder"):
        read_query_file(tmp_path)
    with pytest.raises(SourceError, match="cannot be read: no such file"):
        read_query_folder(tmp_path / "missing")
    (tmp_path / "latin.rq").write_bytes("# title: caf\xe9?\nASK {}".encode("latin-1"))
    with pytest.raises(ParseError, match=r"latin\.rq:1"):
        read_query_file(tmp_path / "latin.rq")


def test_a_date_may_have_a_last_day() -> None:
    text = "# param: asOf date = 2010-12-31 until 2014-01-31 — the day\n# param: to date until 2011-12-31\n"
    first, second = parse_query_file(text + "ASK { ?asOf ?to 1 }", "x").parameters
    assert first == Parameter("asOf", "date", "2010-12-31", "the day", "2014-01-31")
    assert second == Parameter("to", "date", None, "", "2011-12-31")
    for wrong in ("year until 2014", "date until 2014", "resource = id:x until 2014-01-31"):
        with pytest.raises(QueryError, match="only a date goes until a day"):
            parse_query_file(f"# param: asOf {wrong}\nASK {{ ?asOf ?p 1 }}", "x")
