"""``tipgraph infer``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Call = Callable[..., Result]

PROLOGUE = "@prefix : <http://example.org/> .\n@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
FACTS = PROLOGUE + ":p a owl:SymmetricProperty .\n:a :p :b .\n"


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    file = tmp_path / "facts.ttl"
    file.write_text(FACTS)
    return file


def test_it_writes_what_the_graph_entails_and_does_not_say(call: Call) -> None:
    result = call("infer")
    assert result.exit_code == 0
    assert "a tip:Instrument ;" in result.stdout
    assert "tip:adoptedBy" not in result.stdout
    assert result.stderr.endswith(" rules\n")


@pytest.mark.parametrize("reasoner", ["native", "owlrl"])
def test_files_of_ones_own_are_closed_alone(call: Call, facts: Path, reasoner: str) -> None:
    result = call("infer", str(facts), "--format", "n-triples", "--reasoner", reasoner)
    assert result.stdout == "<http://example.org/b> <http://example.org/p> <http://example.org/a> .\n"
    assert result.stderr.startswith("1 triples inferred from 2, by ")


def test_rules_of_ones_own_apply(call: Call, facts: Path, tmp_path: Path) -> None:
    (tmp_path / "rule.rq").write_text(
        "PREFIX : <http://example.org/> CONSTRUCT { ?a :q ?b } WHERE { ?a :p ?b }"
    )
    result = call("infer", str(facts), "--rules", str(tmp_path), "--format", "n-triples")
    assert len(result.stdout.splitlines()) == 3


def test_it_writes_to_a_file(call: Call, facts: Path, tmp_path: Path) -> None:
    output = tmp_path / "inferred.ttl"
    assert call("infer", str(facts), "-o", str(output)).stdout == ""
    assert "<http://example.org/b>" in output.read_text()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (":p a owl:ReflexiveProperty .", ":3: ReflexiveProperty(<http://example.org/p>) is outside OWL 2 RL"),
        (
            ":C owl:disjointWith :D .\n:x a :C .\n:x a :D .",
            "error: <http://example.org/x> a <http://example.org/C>",
        ),
    ],
)
def test_what_cannot_be_is_bad_input(call: Call, tmp_path: Path, said: str, message: str) -> None:
    file = tmp_path / "wrong.ttl"
    file.write_text(f"{PROLOGUE}{said}\n")
    result = call("infer", str(file))
    assert result.exit_code == 3
    assert result.stdout == ""
    assert message in result.stderr
    assert "hint: " in result.stderr


def test_a_rule_that_is_wrong_is_bad_input(call: Call, facts: Path, tmp_path: Path) -> None:
    (tmp_path / "rule.rq").write_text("ASK { ?a ?b ?c }")
    result = call("infer", str(facts), "--rules", str(tmp_path))
    assert result.exit_code == 3
    assert f"error: {tmp_path / 'rule.rq'}:1: a rule is a CONSTRUCT query" in result.stderr


def test_a_folder_of_rules_that_is_missing_is_wrong_usage(call: Call, facts: Path) -> None:
    assert call("infer", str(facts), "--rules", "nowhere").exit_code == 2
