"""The operation itself: facts and ontology to an engine, its findings to results that point at lines."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.store import Dataset, load_files
from tipgraph.terms import Term
from tipgraph.validation.engines import Engine, Finding, run_engine
from tipgraph.validation.places import PlaceFinder
from tipgraph.validation.report import Report, Result, Severity
from tipgraph.validation.shapes import PropertyPath, ShapesGraph, read_shapes, require_support
from tipgraph.validation.wording import word_violation
from tipgraph.vocabulary import GRAPH_INFERRED, GRAPH_ONTOLOGY, RDF, SH

_SEVERITIES: Final = {f"{SH}Info": Severity.INFO, f"{SH}Warning": Severity.WARNING}
_TYPE: Final = ox.NamedNode(f"{RDF}type")


def validate_dataset(
    dataset: Dataset, shapes: Path, *, engine: Engine = "rudof", focus: Collection[Term] | None = None
) -> Report:
    """What of ``dataset`` breaks the shapes of ``shapes``, a folder or a file.

    With ``focus``, only what of these resources does. The ontology is part of the data, for its class
    hierarchy. What is inferred is not: a wrong value of a property would be given the class that the range
    demands, and the error would hide itself.

    Raises ``SourceError`` and ``ParseError`` when the shapes cannot be read, or need what the engine lacks.
    """
    paths = [file.path for file in dataset.files]
    return _validate(dataset, shapes, engine, paths=paths, focus=None if focus is None else set(focus))


def validate_files(
    paths: Iterable[Path],
    dataset: Dataset,
    shapes: Path,
    *,
    engine: Engine = "rudof",
    focus: Collection[Term] | None = None,
) -> Report:
    """What breaks the shapes of all that the RDF files ``paths`` describe, added to ``dataset``.

    So a file may refer to what the graph already knows, and only what the file itself describes is reported;
    with ``focus``, only these resources of it. Raises as ``validate_dataset`` and ``load_files`` do.
    """
    paths = list(paths)
    own = load_files(paths, dataset.prefixes)
    described: set[Term] = {quad.subject for quad in own.store}
    both = Dataset(ox.Store(), dataset.prefixes)
    both.store.bulk_extend(dataset.store)
    both.store.bulk_extend(own.store)
    wanted = described if focus is None else described & set(focus)
    return _validate(both, shapes, engine, paths=paths, focus=wanted)


def _validate(
    dataset: Dataset, folder: Path, engine: Engine, *, paths: list[Path], focus: set[Term] | None
) -> Report:
    shapes = read_shapes(folder, dataset.prefixes)
    require_support(shapes, folder, engine)
    data = asserted_triples(dataset)
    findings = run_engine(engine, data, shapes, focus=focus)
    return make_report(findings, shapes, PlaceFinder(paths), _count_resources(dataset, focus))


def make_report(
    findings: Iterable[Finding], shapes: ShapesGraph, places: PlaceFinder, resources: int
) -> Report:
    """The report of what an engine found, each result with its place."""
    results = {_result(finding, shapes, places) for finding in findings}
    return Report(tuple(sorted(results, key=_sort_key)), resources)


def asserted_triples(dataset: Dataset) -> list[ox.Triple]:
    """Every triple that is not merely inferred, once."""
    inferred = ox.NamedNode(GRAPH_INFERRED)
    return list(dict.fromkeys(quad.triple for quad in dataset.store if quad.graph_name != inferred))


def _count_resources(dataset: Dataset, focus: set[Term] | None) -> int:
    """How many resources were looked at: those with a class, outside the ontology unless ``focus`` has it."""
    ontology = ox.NamedNode(GRAPH_ONTOLOGY)
    typed = (quad for quad in dataset.store.quads_for_pattern(None, _TYPE, None, None))
    if focus is None:
        return len({quad.subject for quad in typed if quad.graph_name != ontology})
    return len(focus & {quad.subject for quad in typed})


def _result(finding: Finding, shapes: ShapesGraph, places: PlaceFinder) -> Result:
    focus = finding.focus_node
    assert isinstance(focus, ox.NamedNode | ox.BlankNode)
    path = shapes.path_at(finding.path) if finding.path else shapes.path(finding.shape)
    # Of a rule about the focus node itself the engines give that node as the value, or none.
    value = None if finding.value == focus and path is None else finding.value
    place = places.find(focus, path.properties if path else (), value)
    return Result(
        focus_node=focus,
        path=path,
        value=value,
        shape=finding.shape if isinstance(finding.shape, ox.NamedNode) else None,
        component=finding.component,
        severity=_SEVERITIES.get(finding.severity.value, Severity.VIOLATION),
        message=shapes.message(finding.shape)
        or word_violation(finding.component.value, shapes.parameters(finding.shape))
        or finding.message,
        file=place[0] if place else None,
        line=place[1] if place else None,
    )


def _sort_key(result: Result) -> tuple[str, int, str, str, str, str]:
    path: PropertyPath | str = result.path or ""
    return (
        str(result.file or ""),
        result.line or 0,
        str(result.focus_node),
        str(result.shape),
        str(path),
        str(result.value),
    )
