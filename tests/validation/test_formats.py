"""Reports in every format."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pyoxigraph as ox
import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from tipgraph.errors import UnknownNameError
from tipgraph.serialization import SYNTAXES
from tipgraph.validation import REPORT_FORMATS, Report, Result, Severity, write_report
from tipgraph.validation.shapes import PropertyPath
from tipgraph.vocabulary import SH

EX = "http://example.org/"
PREFIXES = {"ex": EX, "sh": SH}
RDF_FORMATS = [name for name in REPORT_FORMATS if name in SYNTAXES]


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(EX + name)


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    monkeypatch.chdir(tmp_path)
    path = node("p")
    return Report(
        (
            Result(
                node("a"),
                PropertyPath(path, (), "ex:p"),
                ox.Literal("<b>&"),
                node("Shape-p"),
                ox.NamedNode(f"{SH}PatternConstraintComponent"),
                Severity.VIOLATION,
                'Write "x", not <y> & z.',
                tmp_path / "a file#1.ttl",
                7,
            ),
            Result(
                node("b"),
                None,
                None,
                None,
                ox.NamedNode(f"{SH}ClassConstraintComponent"),
                Severity.INFO,
                "Think of another class.",
                Path("/elsewhere/b.ttl"),
            ),
            Result(
                ox.BlankNode("n"),
                None,
                None,
                node("Shape-q"),
                ox.NamedNode(f"{SH}ClassConstraintComponent"),
                Severity.WARNING,
                "Nobody knows where this is.",
            ),
        ),
        12,
    )


def test_the_text_groups_by_resource(report: Report) -> None:
    assert write_report(report, "text", PREFIXES).decode() == (
        "ex:a\n"
        '  a file#1.ttl:7: violation: ex:p "<b>&" [ex:Shape-p]\n'
        '    Write "x", not <y> & z.\n'
        "\n"
        "ex:b\n"
        "  /elsewhere/b.ttl: info\n"
        "    Think of another class.\n"
        "\n"
        "_:n\n"
        "  warning [ex:Shape-q]\n"
        "    Nobody knows where this is.\n"
        "\n"
        "12 resources checked: 1 violation, 1 warning, 1 info\n"
    )


def test_the_json_has_counts_and_places(report: Report) -> None:
    document = json.loads(write_report(report, "json", PREFIXES))
    assert document["counts"] == {"violation": 1, "warning": 1, "info": 1}
    assert [(row["focusNode"], row["line"], row["name"]) for row in document["results"]] == [
        (f"{EX}a", 7, "ex:Shape-p"),
        (f"{EX}b", None, None),
        ("_:n", None, "ex:Shape-q"),
    ]


def test_the_sarif_is_valid_and_points_at_lines(report: Report, tmp_path: Path) -> None:
    log = json.loads(write_report(report, "sarif", PREFIXES))
    SarifLog.model_validate(log)
    (run,) = log["runs"]
    first, second, third = run["results"]
    assert [found["level"] for found in run["results"]] == ["error", "note", "warning"]
    place = first["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "a%20file%231.ttl", "uriBaseId": "ROOT"},
        "region": {"startLine": 7},
    }
    assert run["originalUriBaseIds"]["ROOT"]["uri"] == f"{tmp_path.as_uri()}/"
    assert second["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "file:///elsewhere/b.ttl"}
    }
    assert "physicalLocation" not in third["locations"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[found["ruleIndex"]]["id"] for found in run["results"]] == [
        "ex:Shape-p",
        "sh:ClassConstraintComponent",
        "ex:Shape-q",
    ]
    fingerprints = {found["partialFingerprints"]["tipgraph/v1"] for found in run["results"]}
    assert len(fingerprints) == 3


def test_a_sarif_that_breaks_the_schema_is_seen(report: Report) -> None:
    log = json.loads(write_report(report, "sarif", PREFIXES))
    log["runs"][0]["results"][0]["colour"] = "red"
    with pytest.raises(ValueError, match="colour"):
        SarifLog.model_validate(log)


def test_the_page_is_whole_and_escapes_what_it_shows(report: Report) -> None:
    page = write_report(report, "html", PREFIXES).decode()
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append(tag)
            assert not {"src", "href"} & {name for name, _ in attrs}, "it needs no other file"

    Reader().feed(page)
    assert found.count("li") == 3
    assert "b" not in found
    assert "&lt;b&gt;&amp;" in page


@pytest.mark.parametrize("name", RDF_FORMATS)
def test_the_graph_is_the_same_in_every_syntax(name: str, report: Report) -> None:
    written = write_report(report, name, PREFIXES)
    assert written == write_report(report, name, PREFIXES)
    triples = {quad.triple for quad in ox.parse(written, format=SYNTAXES[name].format)}
    predicates = sorted(t.predicate.value.removeprefix(SH) for t in triples if SH in t.predicate.value)
    assert predicates.count("result") == predicates.count("focusNode") == 3
    assert predicates.count("resultPath") == 1
    conforms = [t.object for t in triples if t.predicate.value == f"{SH}conforms"]
    assert [term.value for term in conforms if isinstance(term, ox.Literal)] == ["false"]


def test_there_are_enough_formats_and_an_unknown_one_is_named(report: Report) -> None:
    assert {"text", "json", "sarif", "html"} | SYNTAXES.keys() == REPORT_FORMATS.keys()
    with pytest.raises(UnknownNameError, match="there is no report format 'pdf'"):
        write_report(report, "pdf", PREFIXES)
