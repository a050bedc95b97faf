"""The shipped graph, held against its shapes by both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tipgraph.sources import Sources
from tipgraph.store import load_dataset
from tipgraph.validation import Severity, validate_dataset

SOURCES = Sources(Path(__file__).parents[2])


@pytest.mark.integration
def test_both_engines_find_the_same_in_the_shipped_graph() -> None:
    dataset = load_dataset(SOURCES)
    rudof = validate_dataset(dataset, SOURCES.shapes)
    assert rudof == validate_dataset(dataset, SOURCES.shapes, engine="pyshacl")
    # What is known and told: see docs/graphs.md.
    assert rudof.count(Severity.WARNING) >= 10


def test_the_shipped_graph_breaks_nothing() -> None:
    assert not validate_dataset(load_dataset(SOURCES), SOURCES.shapes).has_violations
