"""``tipgraph stats``."""

from __future__ import annotations

import json
from collections.abc import Callable

from click.testing import Result

Call = Callable[..., Result]


def test_everything_is_counted(call: Call) -> None:
    lines = call("stats").stdout.splitlines()
    assert lines[0].startswith("2 resources, ")
    headings = [line for line in lines if line in ("Graphs", "Sections of the report", "Pillars", "Classes")]
    assert headings == ["Graphs", "Sections of the report", "Pillars", "Classes"]
    assert "tip:Plan        plan             2                 2" in lines


def test_inferred_triples_can_be_left_out(call: Call) -> None:
    assert "graph:inferred" in call("stats").stdout
    assert "graph:inferred" not in call("stats", "--asserted").stdout


def test_the_counts_are_data_too(call: Call) -> None:
    counts = json.loads(call("stats", "--format", "json").stdout)
    assert list(counts) == ["triples", "resources", "classes", "sections", "pillars", "graphs"]
    assert counts["resources"] == 2
    assert counts["classes"][0] == {
        "iri": "https://w3id.org/tipgraph/ontology#Instrument",
        "name": "tip:Instrument",
        "label": "instrument",
        "direct": 0,
        "all": 2,
    }
