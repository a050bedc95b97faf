"""The benchmarks measure what they say: a graph like the real one, and equal answers before times."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import pyoxigraph as ox
import pytest
from benchmarks.generator import generate, write_folder, write_quads

from tipgraph.inference import infer
from tipgraph.sources import Sources
from tipgraph.store import Dataset, load_dataset
from tipgraph.validation import Severity, validate_dataset
from tipgraph.vocabulary import RDF

ROOT = Path(__file__).parents[1]
SOURCES = Sources(ROOT)
KNOWN = {"Discrepancy-known", "Organization-class"}
"""The shapes that the real graph breaks too: where sources disagree, something is to be said."""


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A graph that is a little larger than the real one, so that some of it is copies."""
    folder = tmp_path_factory.mktemp("generated") / "graph"
    folder.mkdir()
    write_folder(folder, SOURCES, 40_000, seed=1)
    return load_dataset(Sources(folder))


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second, other = (tmp_path / name for name in ("first.nq", "second.nq", "other.nq"))
    for path, seed in ((first, 7), (second, 7), (other, 8)):
        assert write_quads(path, SOURCES, 30_000, seed) == len(path.read_text().splitlines())
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes() != other.read_bytes()


@pytest.mark.parametrize("triples", [10_000, 30_000, 100_000])
def test_a_generated_graph_has_the_size_that_is_asked_for(triples: int) -> None:
    lines = list(generate(SOURCES, triples, 1))
    assert 0.97 * triples < len(lines) <= triples
    assert len(set(lines)) == len(lines)


def test_a_large_graph_is_not_held_in_memory() -> None:
    assert len(list(islice(generate(SOURCES, 10**12, 1), 50_000))) == 50_000


def test_a_generated_graph_keeps_to_the_shapes(generated: Dataset) -> None:
    report = validate_dataset(generated, SOURCES.shapes)
    assert report.resources > 3000
    assert {str(result.shape).rpartition("/")[2].rstrip(">") for result in report.results} <= KNOWN
    assert not report.at_least(Severity.VIOLATION).results


def test_a_generated_graph_is_consistent_and_entails_as_much_as_the_real_one(generated: Dataset) -> None:
    copy = Dataset(ox.Store(), generated.prefixes, generated.files)
    copy.store.bulk_extend(generated.store)
    shares = []
    for dataset in (load_dataset(SOURCES), copy):
        report = infer(dataset, SOURCES.rules)
        shares.append(report.inferred / report.asserted)
    assert shares[1] == pytest.approx(shares[0], rel=0.25)


def test_a_generated_graph_has_the_classes_of_the_real_one_in_proportion(generated: Dataset) -> None:
    def classes(dataset: Dataset) -> Counter[str]:
        found = dataset.store.quads_for_pattern(None, ox.NamedNode(f"{RDF}type"), None, None)
        return Counter(str(quad.object) for quad in found if "ontology#" in str(quad.object))

    real, grown = classes(load_dataset(SOURCES)), classes(generated)
    assert set(grown) == set(real)
    often = [name for name, number in real.items() if number > 40]
    assert len(often) > 8
    for name in often:
        assert 1.0 < grown[name] / real[name] < 2.5, name
