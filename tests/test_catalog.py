"""The catalog describes every named graph, and only those."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pyoxigraph as ox
import pytest

from tipgraph.sources import locate_sources
from tipgraph.store import load_dataset
from tipgraph.vocabulary import DCTERMS, GRAPH, GRAPH_CATALOG, GRAPH_INFERRED, RDF, SKOS

SOURCES = locate_sources(Path(__file__).parent.parent)
DCAT = "http://www.w3.org/ns/dcat#"
LICENCE = "https://creativecommons.org/licenses/by/4.0/"

Description = dict[str, list[str]]


@pytest.fixture(scope="module")
def described() -> dict[str, Description]:
    found: dict[str, Description] = defaultdict(lambda: defaultdict(list))
    for quad in ox.parse(path=str(SOURCES.data / "catalog.ttl"), format=ox.RdfFormat.TURTLE):
        assert isinstance(quad.subject, ox.NamedNode)
        assert isinstance(quad.object, ox.NamedNode | ox.Literal)
        found[quad.subject.value][quad.predicate.value].append(quad.object.value)
    return found


def test_every_graph_is_described_and_every_description_has_its_graph(
    described: dict[str, Description],
) -> None:
    graphs = {file.graph for file in SOURCES.graph_files()} | {GRAPH_INFERRED}
    assert len(graphs) >= 5
    assert set(described) == graphs
    datasets = {name for name, values in described.items() if values[f"{RDF}type"] == [f"{DCAT}Dataset"]}
    assert datasets == graphs - {GRAPH_CATALOG}
    assert set(described[GRAPH_CATALOG][f"{DCAT}dataset"]) == datasets


def test_every_data_folder_is_described(described: dict[str, Description]) -> None:
    folders = [path.name for path in SOURCES.data.iterdir() if path.is_dir()]
    assert len(folders) >= 2
    assert [name for name in folders if GRAPH + name not in described] == []


def test_every_description_says_what_a_user_must_know(described: dict[str, Description]) -> None:
    for name, values in described.items():
        for property in ("title", "description", "created", "language"):
            assert len(values[DCTERMS + property]) == 1, (name, property)
        assert values[f"{DCTERMS}license"] == [LICENCE], name
        assert values[f"{SKOS}note"], f"{name} states no limits"


def test_sources_are_described_too(described: dict[str, Description]) -> None:
    store = load_dataset(SOURCES).store
    sources = {source for values in described.values() for source in values[f"{DCTERMS}source"]}
    assert len(sources) >= 4
    for source in sources:
        assert any(store.quads_for_pattern(ox.NamedNode(source), ox.NamedNode(f"{RDF}type"), None)), source


def test_inferred_graph_names_every_graph_it_follows_from(described: dict[str, Description]) -> None:
    asserted = {name for name in described if name not in (GRAPH_INFERRED, GRAPH_CATALOG)}
    assert set(described[GRAPH_INFERRED][f"{DCTERMS}source"]) == asserted
