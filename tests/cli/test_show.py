"""``tipgraph show``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tipgraph.cli.show import _read_backwards

Call = Callable[..., Result]
GOLDEN = """\
Plan Alpha (PA)
id:alpha · plan: instrument

A plan that was adopted.

What is said of it
  adopted by  The Union  id:union  [example]
  adopted on  2009-05-01  [example]
"""


@pytest.mark.parametrize("name", [["Plan Alpha"], ["plan", "alpha"], ["pa"], ["id:alpha"], ["alpha"]])
def test_a_resource_is_shown_by_any_of_its_names(call: Call, name: list[str]) -> None:
    result = call("show", *name)
    assert result.exit_code == 0
    assert result.stdout.startswith("Plan Alpha (PA)\n")


def test_it_reads_well(call: Call) -> None:
    assert call("show", "PA").stdout == GOLDEN


def test_what_refers_to_it_is_read_from_its_side(call: Call) -> None:
    lines = call("show", "TU").stdout.splitlines()
    assert lines[0] == "The Union (TU)"
    assert lines[lines.index("What refers to it") + 1] == "  adopted by it  Plan Alpha  id:alpha  [example]"


@pytest.fixture
def rich_root(small_root: Path, tmp_path: Path) -> Path:
    """The small graph with a resource that has much said of it."""
    (tmp_path / "shapes").mkdir()
    (tmp_path / "ontology").symlink_to(small_root / "ontology")
    facts = tmp_path / "data" / "other" / "facts.ttl"
    facts.parent.mkdir(parents=True)
    many = " , ".join(f"id:part-{number:02}" for number in range(15))
    facts.write_text(
        "@prefix id: <https://w3id.org/tipgraph/id/> .\n"
        "@prefix tip: <https://w3id.org/tipgraph/ontology#> .\n"
        "@prefix passage: <https://w3id.org/tipgraph/passage/> .\n"
        f"id:whole a tip:Plan ; tip:hasPart {many} ; tip:evidence passage:xx-01-s2 , passage:xx-01 .\n"
        "passage:xx-01 tip:section id:section ; tip:paragraphNumber 1 .\n"
        "passage:xx-01-s2 tip:section id:section ; tip:paragraphNumber 1 ; tip:sentenceNumber 2 .\n"
    )
    return tmp_path


def test_a_long_list_is_shortened_unless_all_is_asked_for(call: Call, rich_root: Path) -> None:
    short = call("show", "whole", root=rich_root).stdout
    assert "id:part-11  [other]" in short
    assert "id:part-12" not in short
    assert "and 3 more (--all)" in short
    assert "id:part-14" in call("show", "whole", "--all", root=rich_root).stdout


def test_evidence_and_the_graph_of_a_fact_are_named(call: Call, rich_root: Path) -> None:
    assert call("show", "whole", root=rich_root).stdout.endswith(
        "\nEvidence\n"
        "  id:section, paragraph 1  passage:xx-01\n"
        "  id:section, paragraph 1, sentence 2  passage:xx-01-s2\n"
    )
    lines = call("show", "section", root=rich_root).stdout.splitlines()
    assert lines[-1] == "  has it as section  2 passages, from passage:xx-01"


def test_what_is_inferred_is_marked(call: Call, small_root: Path) -> None:
    shown = call("show", "tip:Instrument").stdout
    assert "Plan Alpha  id:alpha *\n" in shown
    assert shown.endswith("\n* inferred\n")
    assert "inferred" not in call("show", "tip:Instrument", "--asserted").stdout


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("Plann Alfa", "no resource is called 'Plann Alfa'", "did you mean id:alpha (Plan Alpha)?"),
        ("id:nothing", "no resource is called 'id:nothing'", "search for a word of its name or description"),
    ],
)
def test_an_unknown_name_exits_with_3(call: Call, name: str, message: str, hint: str) -> None:
    result = call("show", name)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr == f"error: {message}\nhint: {hint}\n"


@pytest.mark.parametrize(
    ("label", "read"),
    [
        ("adopted by", "adopted by it"),
        ("part of", "part of it"),
        ("monitors", "monitors it"),
        ("calls for", "calls for it"),
        ("member", "has it as member"),
        ("status", "has it as status"),
        ("bindingness", "has it as bindingness"),
    ],
)
def test_a_property_is_read_backwards(label: str, read: str) -> None:
    assert _read_backwards(label) == read
