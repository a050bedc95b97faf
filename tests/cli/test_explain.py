"""``tipgraph explain``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Call = Callable[..., Result]


def test_an_inferred_fact_is_traced_to_file_and_line(call: Call, small_root: Path) -> None:
    result = call("explain", "PA", "a", "instrument")
    assert result.exit_code == 0
    assert result.stdout == (
        "id:alpha a tip:Instrument\n"
        f"│  by SubClassOf(tip:Plan tip:Instrument)  {small_root / 'ontology/actors.ttl'}:5\n"
        f"└─ id:alpha a tip:Plan  {small_root / 'data/example/plans.ttl'}:7\n"
    )


@pytest.mark.parametrize(
    ("predicate", "value", "line"),
    [("adopted by", "The Union", 9), ("tip:adoptedBy", "id:union", 9), ("tip:adoptedOn", "2009-05-01", 9)],
)
def test_an_asserted_fact_needs_no_reason(
    call: Call, small_root: Path, predicate: str, value: str, line: int
) -> None:
    (shown,) = call("explain", "id:alpha", predicate, value).stdout.splitlines()
    assert shown.endswith(f"  {small_root / 'data/example/plans.ttl'}:{line}")


def test_a_text_is_called_by_its_words(call: Call) -> None:
    result = call("explain", "PA", "skos:prefLabel", "Plan Alpha")
    assert result.stdout.startswith('id:alpha skos:prefLabel "Plan Alpha"@en  ')


def test_as_json_it_is_the_same_tree(call: Call, small_root: Path) -> None:
    tree = json.loads(call("explain", "id:alpha", "a", "tip:Instrument", "--format", "json").stdout)
    graph = "https://w3id.org/tipgraph/graph/"
    assert tree == {
        "subject": "id:alpha",
        "predicate": "a",
        "object": "tip:Instrument",
        "rule": "cax-sco",
        "reason": None,
        "axioms": [
            {
                "text": "SubClassOf(tip:Plan tip:Instrument)",
                "places": [
                    {"graph": f"{graph}ontology", "file": str(small_root / "ontology/actors.ttl"), "line": 5}
                ],
            }
        ],
        "premises": [
            {
                "subject": "id:alpha",
                "predicate": "a",
                "object": "tip:Plan",
                "places": [
                    {
                        "graph": f"{graph}example",
                        "file": str(small_root / "data/example/plans.ttl"),
                        "line": 7,
                    }
                ],
                "evidence": [],
                "sources": [],
            }
        ],
    }


@pytest.fixture
def ruled_root(small_root: Path, tmp_path: Path) -> Path:
    """The small graph with a rule and evidence."""
    for name in ("shapes", "queries"):
        (tmp_path / name).symlink_to(small_root / name)
    rules = tmp_path / "ontology" / "rules"
    rules.mkdir(parents=True)
    for name in ("actors.ttl", "prefixes.ttl"):
        (tmp_path / "ontology" / name).symlink_to(small_root / "ontology" / name)
    (rules / "hand.rq").write_text(
        "# An actor has a hand in a plan that it adopted. Long ago it was not so.\n"
        "CONSTRUCT { ?actor tip:handIn ?plan }\n"
        "WHERE { ?plan tip:adoptedBy ?actor . ?plan a tip:Instrument }\n"
    )
    facts = tmp_path / "data" / "example" / "facts.ttl"
    facts.parent.mkdir(parents=True)
    facts.write_text(
        "@prefix id: <https://w3id.org/tipgraph/id/> .\n"
        "@prefix passage: <https://w3id.org/tipgraph/passage/> .\n"
        "@prefix tip: <https://w3id.org/tipgraph/ontology#> .\n"
        "id:gamma\n    a tip:Plan ;\n    tip:adoptedBy id:union ;\n"
        "    tip:evidence passage:xx-01-s1 ;\n    .\n"
    )
    return tmp_path


def test_a_rule_says_why_and_facts_name_their_evidence(call: Call, ruled_root: Path) -> None:
    lines = call("explain", "id:union", "tip:handIn", "id:gamma", root=ruled_root).stdout.splitlines()
    facts = ruled_root / "data/example/facts.ttl"
    assert lines[0] == "id:union tip:handIn id:gamma"
    assert lines[1] == "│  by the rule hand: An actor has a hand in a plan that it adopted"
    assert lines[2] == f"├─ id:gamma tip:adoptedBy id:union  {facts}:6, passage:xx-01-s1"
    assert lines[3] == "└─ id:gamma a tip:Instrument"
    assert lines[4].startswith("   │  by SubClassOf(tip:Plan tip:Instrument)  ")
    assert lines[5] == f"   └─ id:gamma a tip:Plan  {facts}:5, passage:xx-01-s1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["PA", "a", "id:union"], "id:alpha a id:union is neither asserted nor inferred"),
        (
            ["PA", "adopted by", "Plan Beta"],
            "id:alpha tip:adoptedBy id:beta is neither asserted",
        ),
        (["PA", "tip:adoptedOn", "7"], "is neither asserted nor inferred"),
        (["Plan Gama", "a", "plan"], "no resource is called 'Plan Gama'"),
        (["PA", "adoptd by", "TU"], "no resource is called 'adoptd by'"),
        (["PA", "adopted by", "The Onion"], "no resource is called 'The Onion'"),
    ],
)
def test_what_is_not_known_is_bad_input(call: Call, arguments: list[str], message: str) -> None:
    result = call("explain", *arguments)
    assert result.exit_code == 3
    assert message in result.stderr
    assert "hint: " in result.stderr


def test_a_missing_part_is_wrong_usage(call: Call) -> None:
    assert call("explain", "PA", "a").exit_code == 2
