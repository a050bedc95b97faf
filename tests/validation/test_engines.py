"""What the engines know of SHACL, that both find the same, and what happens where one knows less."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from tipgraph.errors import SourceError
from tipgraph.store import Dataset
from tipgraph.validation import validate_dataset
from tipgraph.validation.engines import Engine, run_engine
from tipgraph.validation.shapes import read_shapes, require_support
from tipgraph.validation.wording import word_violation
from tipgraph.vocabulary import SH

PREFIXES = """
@prefix ex: <http://example.org/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
"""
DATA = """
@prefix ex: <http://example.org/> .
ex:x a ex:C ; ex:p 1 , "a"@en , "b"@en ; ex:q ex:y , ex:z ; ex:lt 5 ; ex:gt 3 .
ex:y a ex:D ; ex:p 2 .
ex:z a ex:D ; ex:p 3 ; ex:extra 1 .
"""
OF_C = "ex:S a sh:NodeShape ; sh:targetClass ex:C ; "

KNOWN = {
    "closed": (
        "ex:S a sh:NodeShape ; sh:targetClass ex:D ; sh:closed true ; "
        "sh:ignoredProperties (rdf:type) ; sh:property [ sh:path ex:p ] .",
        1,
    ),
    "less than": (OF_C + "sh:property [ sh:path ex:lt ; sh:lessThan ex:gt ] .", 1),
    "equals": (OF_C + "sh:property [ sh:path ex:lt ; sh:equals ex:gt ] .", 2),
    "disjoint": (OF_C + "sh:property [ sh:path ex:p ; sh:disjoint ex:p ] .", 3),
    "unique languages": (OF_C + "sh:property [ sh:path ex:p ; sh:uniqueLang true ] .", 1),
    "languages": (OF_C + 'sh:property [ sh:path ex:p ; sh:languageIn ("fr") ] .', 3),
    "qualified": (
        OF_C + "sh:property [ sh:path ex:q ; sh:qualifiedValueShape [ sh:class ex:D ] ; "
        "sh:qualifiedMaxCount 1 ] .",
        1,
    ),
    "exactly one": (
        OF_C + "sh:xone ( [ sh:class ex:C ] [ sh:property [ sh:path ex:p ; sh:minCount 1 ] ] ) .",
        1,
    ),
    "not": (OF_C + "sh:not [ sh:class ex:C ] .", 1),
    "pattern": (OF_C + 'sh:property [ sh:path ex:p ; sh:pattern "^B" ; sh:flags "i" ] .', 2),
    "any number of steps": (
        OF_C + "sh:property [ sh:path ( [ sh:zeroOrMorePath ex:q ] ex:extra ) ; sh:maxCount 0 ] .",
        1,
    ),
    "backwards": (
        "ex:S a sh:NodeShape ; sh:targetClass ex:D ; "
        "sh:property [ sh:path [ sh:inversePath ex:q ] ; sh:maxCount 0 ] .",
        2,
    ),
    "a shape that is a class": (
        "ex:C a sh:NodeShape , rdfs:Class ; sh:property [ sh:path ex:nope ; sh:minCount 1 ] .",
        1,
    ),
    "deactivated": (
        OF_C + "sh:deactivated true ; sh:property [ sh:path ex:nope ; sh:minCount 1 ] .",
        0,
    ),
    "SPARQL": (
        OF_C + 'sh:sparql [ sh:select "SELECT $this WHERE { $this <http://example.org/lt> 5 }" ] .',
        1,
    ),
    "SPARQL with the path": (
        OF_C + 'sh:property [ sh:path ex:p ; sh:sparql [ sh:select "SELECT $this ?value '
        'WHERE { $this $PATH ?value }" ] ] .',
        3,
    ),
}
"""Shapes that both engines know → how many results the data gives."""

BEYOND = {
    "sh:validator": "ex:Max a sh:ConstraintComponent ; sh:parameter [ sh:path ex:max ] ; "
    'sh:validator [ a sh:SPARQLAskValidator ; sh:ask "ASK { FILTER ($value < $max) }" ] . '
    + OF_C
    + "sh:property [ sh:path ex:lt ; ex:max 5 ] .",
    "sh:target": "ex:S a sh:NodeShape ; sh:target [ a sh:SPARQLTarget ; "
    'sh:select "SELECT ?this WHERE { ?this <http://example.org/lt> 5 }" ] ; '
    "sh:property [ sh:path ex:nope ; sh:minCount 1 ] .",
    "sh:expression": OF_C + "sh:expression [ sh:path ex:nope ] .",
}
"""Shapes that only pyshacl knows; each breaks on the data."""

NOWHERE = {
    "sh:js": OF_C + 'sh:js [ a sh:JSConstraint ; sh:jsFunctionName "f" ] .',
    "sh:values": OF_C + "sh:property [ sh:path ex:p ; sh:values [ sh:path ex:q ] ] .",
    "$shapesGraph": OF_C
    + 'sh:sparql [ sh:select "SELECT $this WHERE { GRAPH $shapesGraph { $this ?p ?o } }" ] .',
}
"""Shapes that neither knows."""

ENGINES: tuple[Engine, ...] = ("rudof", "pyshacl")


def data() -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(DATA, format=ox.RdfFormat.TURTLE)]


def write(folder: Path, shapes: str) -> Path:
    path = folder / "shapes.ttl"
    path.write_text(PREFIXES + shapes)
    return path


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", KNOWN)
def test_both_know_the_core_and_sparql(engine: Engine, case: str, tmp_path: Path) -> None:
    text, expected = KNOWN[case]
    shapes = read_shapes(write(tmp_path, text), {})
    require_support(shapes, tmp_path, engine)
    found = run_engine(engine, data(), shapes)
    assert len({(finding.focus_node, finding.value, finding.component) for finding in found}) == expected


@pytest.mark.parametrize("case", BEYOND)
def test_what_only_the_reference_knows_is_refused_by_the_other(case: str, tmp_path: Path) -> None:
    path = write(tmp_path, BEYOND[case])
    shapes = read_shapes(path, {})
    with pytest.raises(SourceError, match=rf"uses {case}, .* the engine rudof does not know") as caught:
        require_support(shapes, path, "rudof")
    assert "--engine pyshacl" in str(caught.value.hint)
    require_support(shapes, path, "pyshacl")
    assert {str(finding.focus_node) for finding in run_engine("pyshacl", data(), shapes)} == {
        "<http://example.org/x>"
    }


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", NOWHERE)
def test_what_neither_knows_is_refused_by_both(engine: Engine, case: str, tmp_path: Path) -> None:
    path = write(tmp_path, NOWHERE[case])
    shapes = read_shapes(path, {})
    with pytest.raises(SourceError) as caught:
        require_support(shapes, path, engine)
    assert case in caught.value.message
    assert f"the engine {engine} does not know" in caught.value.message
    assert "no engine here does" in str(caught.value.hint)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", KNOWN)
def test_a_focus_gives_what_the_whole_gives_of_it(engine: Engine, case: str, tmp_path: Path) -> None:
    shapes = read_shapes(write(tmp_path, KNOWN[case][0]), {})
    node = ox.NamedNode("http://example.org/y")
    whole = {found for found in run_engine(engine, data(), shapes) if found.focus_node == node}
    assert run_engine(engine, data(), shapes, focus=[node]) == whole


def test_a_named_target_is_kept_to_the_focus(tmp_path: Path) -> None:
    shapes = read_shapes(
        write(
            tmp_path,
            "ex:S a sh:NodeShape ; sh:targetNode ex:x , ex:y ; sh:targetSubjectsOf ex:extra ; "
            "sh:targetObjectsOf ex:q ; sh:property [ sh:path ex:nope ; sh:minCount 1 ] .",
        ),
        {},
    )
    every = {str(found.focus_node)[-2] for found in run_engine("rudof", data(), shapes)}
    assert every == {"x", "y", "z"}
    for name in every:
        focus = [ox.NamedNode(f"http://example.org/{name}")]
        assert {str(f.focus_node)[-2] for f in run_engine("rudof", data(), shapes, focus=focus)} == {name}


def test_a_shape_without_message_is_told_in_plain_words(tmp_path: Path) -> None:
    shapes = write(
        tmp_path,
        OF_C + "sh:property [ sh:path ( ex:q ex:p ) ; sh:minCount 3 ] , "
        '[ sh:path ex:p ; sh:in ( 1 "a"@en ) ] , [ sh:path ex:lt ; sh:class ex:D ] .',
    )
    store = ox.Store()
    store.load(DATA, format=ox.RdfFormat.TURTLE)
    reports = [
        validate_dataset(Dataset(store, {"ex": "http://example.org/"}), shapes, engine=engine)
        for engine in ENGINES
    ]
    told = [sorted((str(result.path), result.message) for result in report.results) for report in reports]
    assert told[0] == told[1]
    assert told[0] == [
        ("ex:lt", "The value is not known as an instance of ex:D: describe it as one, or take another."),
        ("ex:p", "The value is none of 1, a."),
        ("ex:q/ex:p", "Too few values: give at least 3."),
    ]


def test_every_component_of_the_core_has_its_words() -> None:
    core = pyshacl_core_components()
    assert len(core) >= 25
    for component in core:
        assert word_violation(component, {}), component


def pyshacl_core_components() -> set[str]:
    from pyshacl.constraints import ALL_CONSTRAINT_COMPONENTS

    found = (kind for kind in ALL_CONSTRAINT_COMPONENTS if ".constraints.core." in kind.__module__)
    iris = {str(kind.shacl_constraint_component) for kind in found}
    # These two are told by the results of the shapes that they refer to, or as one of a pair.
    return {
        iri
        for iri in iris
        if iri.startswith(SH)
        and not iri.endswith(("#PropertyConstraintComponent", "#QualifiedValueConstraintComponent"))
    }
