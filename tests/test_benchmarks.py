"""The benchmarks measure what they say: a graph like the real one, and equal answers before times."""

from __future__ import annotations

import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from benchmarks.command import SIZES, TOPICS, find_topic, main
from benchmarks.generator import generate, write_folder, write_quads
from benchmarks.measuring import Contestant, MismatchError, Run, Standing, Work, compete
from benchmarks.queries import generate_queries
from benchmarks.reasoning import check_closures
from benchmarks.results import section_text, write_section
from benchmarks.topic import Topic, exponent, standings_table
from click.testing import CliRunner

from tipgraph import KnowledgeGraph
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


# -- measuring


def give(lines: list[str], parts: dict[str, float | None] | None = None) -> Work:
    """A job whose answer is ``lines``."""
    return Work(lambda: lines, list, parts or {})


def fail() -> Work:
    raise ValueError("no luck")


def linger() -> Work:
    return Work(lambda: time.sleep(60), lambda _: [])


HERE = f"tests.{Path(__file__).stem}"


def contestant_of(name: str, function: str, **arguments: Any) -> Contestant:
    return Contestant(name, f"{HERE}:{function}", arguments)


def test_contestants_with_equal_answers_are_measured() -> None:
    told: list[str] = []
    standings = compete(
        [contestant_of("one", "give", lines=["a", "b"]), contestant_of("other", "give", lines=["b", "a"])],
        rounds=2,
        limit=30,
        tell=told.append,
    )
    assert [line.split(":")[0] for line in told] == ["one", "other", "other", "one"]
    for standing in standings:
        assert len(standing.times) == 2
        assert min(standing.times) <= standing.median <= max(standing.times)
        assert 2**20 < standing.peak < 2**33
    table = standings_table(standings)
    assert [row.split("|")[1].strip() for row in table.splitlines()] == ["", "---", "one", "other"]


@pytest.mark.parametrize("lines", [["a"], ["a", "b", "c"], ["a", "c"], []])
def test_a_wrong_answer_ends_the_measuring(lines: list[str]) -> None:
    told: list[str] = []
    with pytest.raises(MismatchError, match="other does not answer as one"):
        compete(
            [contestant_of("one", "give", lines=["a", "b"]), contestant_of("other", "give", lines=lines)],
            rounds=5,
            limit=30,
            tell=told.append,
        )
    assert len(told) == 2


def test_only_parts_that_both_finish_are_held_against_each_other() -> None:
    def parts_of(lines: list[str], slow: float | None) -> Contestant:
        return contestant_of("some", "give", lines=lines, parts={"q": 0.1, "slow": slow})

    compete([parts_of(["q\t1", "slow\t1"], 0.1), parts_of(["q\t1"], None)], rounds=1, limit=30)
    with pytest.raises(MismatchError):
        compete([parts_of(["q\t1", "slow\t1"], 0.1), parts_of(["q\t2"], None)], rounds=1, limit=30)


def test_a_contestant_that_fails_or_lingers_is_told_and_not_measured() -> None:
    standings = compete(
        [
            contestant_of("one", "give", lines=["a"]),
            contestant_of("failing", "fail"),
            contestant_of("lingering", "linger"),
        ],
        rounds=2,
        limit=3,
    )
    assert [len(standing.runs) for standing in standings] == [2, 0, 0]
    assert [standing.failure for standing in standings] == [
        "",
        "failed: ValueError: no luck",
        "not finished in 3 s",
    ]
    assert "not finished in 3 s" in standings_table(standings)


def standing_of(name: str, *lines: str) -> Standing:
    return Standing(Contestant(name, ""), [Run(1.0, 1, frozenset(lines), {})])


DOMAIN = "<p> <http://www.w3.org/2000/01/rdf-schema#domain> <C>"


@pytest.mark.parametrize(
    ("owlrl", "reasonable"),
    [
        (["a", "b", "chain", DOMAIN, "more"], ["a", "b"]),
        (["a", "b", "chain"], ["a", "b"]),
        (["a", "b", "chain", DOMAIN], ["a", "b", "more"]),
        (["a", "b", "chain", DOMAIN], ["a"]),
    ],
)
def test_a_reasoner_with_another_closure_is_found_out(owlrl: list[str], reasonable: list[str]) -> None:
    native = standing_of("tipgraph", "a", "b", "chain", DOMAIN)
    without = standing_of("tipgraph without chains", "a", "b", DOMAIN)
    check_closures(
        [
            native,
            standing_of("owlrl", "a", "b", "chain", DOMAIN),
            standing_of("reasonable", "a", "b"),
            without,
        ]
    )
    with pytest.raises(MismatchError):
        check_closures(
            [native, standing_of("owlrl", *owlrl), standing_of("reasonable", *reasonable), without]
        )


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_an_exponent_is_that_of_the_growth(power: float) -> None:
    assert exponent([(n, 7 * n**power) for n in (10.0, 100.0, 1000.0)]) == pytest.approx(power)


def test_a_measured_topic_takes_the_place_of_its_section_alone(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    order = ["first", "second"]

    def section(name: str, measured: str) -> str:
        return section_text(Topic(name, name.title(), "About it.", lambda plan: ""), measured, "command")

    for name, measured in (("second", "Two."), ("first", "One."), ("second", "Three.")):
        write_section(section(name, measured), order, path)
    text = path.read_text()
    assert text.startswith("# Results\n")
    assert text.index("## First") < text.index("One.") < text.index("## Second") < text.index("Three.")
    assert "Two." not in text
    assert text.count("Measured on ") == 2


def test_every_topic_can_be_found_and_says_what_it_is() -> None:
    assert set(SIZES) == set(TOPICS)
    for name in TOPICS:
        topic = find_topic(name)
        assert topic.name == name
        assert topic.about.endswith(".")


def test_the_same_load_of_both_libraries_is_measured_and_written() -> None:
    result = CliRunner().invoke(main, ["run", "--only", "load", "--sizes", "10000", "--rounds", "1"])
    assert result.exit_code == 0, result.output
    assert "Equal answers, 9," in result.output
    assert "| rdflib | " in result.output


def test_generated_queries_are_seeded_and_find_something(generated: Dataset) -> None:
    graph = KnowledgeGraph(generated, SOURCES)
    texts = generate_queries(graph, 12, seed=1)
    assert texts == generate_queries(graph, 12, seed=1)
    assert texts != generate_queries(graph, 12, seed=2)
    assert sum(bool(graph.select(text)) for text in texts.values()) > 6
