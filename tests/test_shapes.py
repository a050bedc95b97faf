"""Every fixture under ``shapes/invalid`` breaks the shape that its name begins with and no other, those under
``shapes/valid`` break none, and every shape has an invalid one.

A fixture is named ``<shape>--<case>.ttl``. It may refer to ``shapes/context.ttl``, to the ontology and to the
regions of the world, and describes things of its own only: so all are validated at once, and a result
belongs to the fixture that describes its focus node.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyoxigraph as ox
import pytest

from tipgraph.sources import Sources
from tipgraph.terms import Term
from tipgraph.turtle import format_turtle
from tipgraph.validation.engines import Engine, Finding, run_engine
from tipgraph.validation.shapes import ShapesGraph, read_shapes
from tipgraph.vocabulary import SH, SHAPE

ROOT = Path(__file__).parents[1]
SOURCES = Sources(ROOT)
FIXTURES = Path(__file__).with_name("shapes")
INVALID = sorted((FIXTURES / "invalid").glob("*.ttl"))
VALID = sorted((FIXTURES / "valid").glob("*.ttl"))
ENGINES: tuple[Engine, ...] = ("rudof", "pyshacl")

NOTICE = "Discrepancy-known"
"""Tells every discrepancy as a warning, also one that is as it should be."""
ONLY_IN_OTHERS = {"Date"}
"""Shapes that other shapes refer to and that have no target: the fixtures of those shapes break them."""
NO_CONSTRAINTS = ("path", "message", "severity", "description", "property")
TARGETS = ("targetClass", "targetSubjectsOf", "targetObjectsOf", "targetNode")
NOT_CONSTRAINTS = {f"{SH}{name}" for name in (*NO_CONSTRAINTS, *TARGETS)}

Broken = Mapping[str, set[str]]
"""Name of a fixture → names of the shapes that it breaks."""


def triples_of(*paths: Path) -> list[ox.Triple]:
    return [
        quad.triple
        for path in paths
        for quad in ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE, base_iri=path.resolve().as_uri())
    ]


def shape_of(path: Path) -> str:
    return path.stem.partition("--")[0]


@pytest.fixture(scope="module")
def shapes() -> ShapesGraph:
    return read_shapes(SOURCES.shapes, SOURCES.prefixes())


@pytest.fixture(scope="module")
def context() -> list[ox.Triple]:
    regions = SOURCES.data / "states" / "regions.ttl"
    return triples_of(*SOURCES.ontology.glob("*.ttl"), regions, FIXTURES / "context.ttl")


@pytest.fixture(scope="module")
def described(context: list[ox.Triple]) -> dict[Term, str]:
    """What is described → the name of the fixture that describes it."""
    found: dict[Term, str] = {triple.subject: "context" for triple in context}
    for path in [*INVALID, *VALID]:
        for subject in {triple.subject for triple in triples_of(path)}:
            assert subject not in found, f"{path.stem} describes {subject} as {found[subject]} does"
            found[subject] = path.stem
    return found


def break_shapes(
    engine: Engine,
    paths: Iterable[Path],
    context: list[ox.Triple],
    shapes: ShapesGraph,
    described: Mapping[Term, str],
) -> tuple[Broken, set[Finding]]:
    findings = run_engine(engine, [*context, *triples_of(*paths)], shapes)
    broken: defaultdict[str, set[str]] = defaultdict(set)
    for finding in findings:
        assert isinstance(finding.shape, ox.NamedNode), finding
        broken[described[finding.focus_node]].add(finding.shape.value.removeprefix(SHAPE))
    for path, names in broken.items():
        if not path.startswith(NOTICE):
            names.discard(NOTICE)
    return broken, findings


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.param
    return found


@pytest.fixture(scope="module")
def broken_by_invalid(
    engine: Engine, context: list[ox.Triple], shapes: ShapesGraph, described: dict[Term, str]
) -> Broken:
    return break_shapes(engine, INVALID, context, shapes, described)[0]


@pytest.fixture(scope="module")
def broken_by_valid(
    engine: Engine, context: list[ox.Triple], shapes: ShapesGraph, described: dict[Term, str]
) -> Broken:
    return break_shapes(engine, VALID, context, shapes, described)[0]


def test_there_are_fixtures_enough() -> None:
    assert len(INVALID) >= 330
    assert len(VALID) >= 70


@pytest.mark.parametrize("path", [*INVALID, *VALID, FIXTURES / "context.ttl"], ids=lambda path: path.stem)
def test_a_fixture_is_canonical(path: Path) -> None:
    assert format_turtle(path.read_text(), path=path, prefixes=SOURCES.prefixes()) == path.read_text()


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_fixture_breaks_its_shape_alone(path: Path, broken_by_invalid: Broken) -> None:
    assert broken_by_invalid.get(path.stem) == {shape_of(path)}


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_fixture_breaks_nothing(path: Path, broken_by_valid: Broken) -> None:
    assert broken_by_valid.get(path.stem, set()) == set()


def test_the_context_breaks_nothing(broken_by_invalid: Broken, broken_by_valid: Broken) -> None:
    assert broken_by_invalid.get("context", set()) | broken_by_valid.get("context", set()) == set()


def test_both_engines_find_the_same(
    context: list[ox.Triple], shapes: ShapesGraph, described: dict[Term, str]
) -> None:
    rudof, pyshacl = (
        {
            (finding.focus_node, finding.path, finding.value, finding.shape, finding.component)
            for finding in break_shapes(engine, [*INVALID, *VALID], context, shapes, described)[1]
        }
        for engine in ENGINES
    )
    assert len(rudof) >= len(INVALID)
    assert rudof == pyshacl


def test_every_shape_has_an_invalid_fixture(shapes: ShapesGraph) -> None:
    constrained = {
        triple.subject.value.removeprefix(SHAPE)
        for triple in shapes.triples
        if isinstance(triple.subject, ox.NamedNode)
        and triple.subject.value.startswith(SHAPE)
        and triple.predicate.value.startswith(SH)
        and triple.predicate.value not in NOT_CONSTRAINTS
    }
    assert len(constrained) >= 290
    assert constrained - ONLY_IN_OTHERS == {shape_of(path) for path in INVALID}
    targeted = {
        triple.subject.value.removeprefix(SHAPE)
        for triple in shapes.triples
        if isinstance(triple.subject, ox.NamedNode) and triple.predicate.value.startswith(f"{SH}target")
    }
    assert not ONLY_IN_OTHERS & targeted


def test_every_class_with_a_shape_has_a_valid_fixture(shapes: ShapesGraph) -> None:
    described_classes = {
        triple.object
        for path in VALID
        for triple in triples_of(path)
        if triple.predicate.value.endswith("#type")
    }
    targets = {t.object for t in shapes.triples if t.predicate.value == f"{SH}targetClass"}
    abstract = {"Actor", "Organization", "Mechanism", "Instrument", "Treaty"}
    derived = {"BindingInstrument", "NonBindingInstrument"}
    missing = {str(found).strip("<>").split("#")[-1] for found in targets - described_classes}
    # Of these there is always a more specific class to name, or they follow from what is stated.
    assert missing <= abstract | derived


def test_a_valid_fixture_is_named_after_a_shape(shapes: ShapesGraph) -> None:
    subjects = [triple.subject for triple in shapes.triples]
    names = {term.value.removeprefix(SHAPE) for term in subjects if isinstance(term, ox.NamedNode)}
    assert {shape_of(path) for path in VALID} <= names
