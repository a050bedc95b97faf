"""``tipgraph check``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

ROOT = Path(__file__).parents[2]
Call = Callable[..., Result]
BAD = (
    "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix ex: <http://example.org/o#> .\n"
    "<http://example.org/o> a owl:Ontology .\nex:Thing a owl:Class .\n"
)


@pytest.fixture
def own(tmp_path: Path) -> str:
    path = tmp_path / "own.ttl"
    path.write_text(BAD)
    return str(path)


def test_the_shipped_ontology_passes(call: Call) -> None:
    found = call("check", "--level", "warning", root=ROOT)
    assert found.exit_code == 0
    assert found.stdout.endswith("checks: nothing found\n")


def test_own_files_are_checked_with_problem_solution_and_line(call: Call, own: str) -> None:
    found = call("check", own, "--check", "term-without-label", root=ROOT)
    assert found.exit_code == 1
    assert found.stdout.splitlines() == [
        "term-without-label (error)",
        "  Problem: A term without label leaves its reader to guess.",
        "  Solution: Add rdfs:label with the words that a person uses, in English.",
        f"  {own}:3: <http://example.org/o#Thing> rdfs:label",
        "",
        "1 check: 1 error",
    ]


def test_a_query_of_the_library_that_names_no_term_is_told(call: Call, tmp_path: Path) -> None:
    for name in ("ontology", "data", "shapes", "queries"):
        shutil.copytree(ROOT / name, tmp_path / name)
    query = tmp_path / "queries" / "misspelt.rq"
    query.write_text("SELECT ?x {\n  ?x tip:adoptedBi ?y\n}\n", encoding="utf-8")
    found = call("check", "--check", "undeclared-term-in-query", root=tmp_path)
    assert found.exit_code == 1
    assert "queries/misspelt.rq:2: tip:adoptedBi\n" in found.stdout


def test_other_formats(call: Call, own: str, tmp_path: Path) -> None:
    options = (own, "--check", "term-without-label", "--format")
    rows = json.loads(call("check", *options, "json", root=ROOT).stdout)
    assert [(row["level"], row["entity"], row["line"]) for row in rows] == [
        ("error", "<http://example.org/o#Thing>", 3)
    ]
    assert call("check", *options, "csv", root=ROOT).stdout.splitlines()[0].startswith("level,check,place")
    assert "term-without-label" in call("check", *options, "table", root=ROOT).stdout
    target = tmp_path / "faults.csv"
    assert call("check", *options, "csv", "-o", str(target), root=ROOT).exit_code == 1
    assert target.read_text().count("\n") == 2


def test_only_errors_fail(call: Call, own: str) -> None:
    assert call("check", own, "--check", "term-without-example", root=ROOT).exit_code == 0


def test_the_checks_are_listed(call: Call) -> None:
    listed = call("check", "--list", root=ROOT).stdout
    assert "undeclared-term (error)\n  Which terms of the ontology are used and not declared?" in listed


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--check", "term-without-lable"], 3, "there is no check 'term-without-lable'"),
        (["--check", "unused-class", "--level", "error"], 2, "no check of these names is of level error"),
        (["--level", "bad"], 2, "'bad' is not one of"),
        (["--format", "pdf"], 2, "'pdf' is not one of"),
        (["nowhere.ttl"], 3, "nowhere.ttl"),
        (["--format", "table", "-o", "x"], 2, "a table is written to the screen"),
    ],
)
def test_a_wrong_call_is_told(call: Call, options: list[str], code: int, message: str) -> None:
    found = call("check", *options, root=ROOT)
    assert found.exit_code == code
    assert message in found.stderr
    assert "hint: " in found.stderr


def test_a_root_without_checks_is_told(call: Call) -> None:
    found = call("check")
    assert found.exit_code == 3
    assert "holds no checks" in found.stderr
