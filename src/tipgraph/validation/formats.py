"""A report for other tools: as the graph that SHACL defines, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyoxigraph as ox

from tipgraph.terms import Term
from tipgraph.validation.report import Report, Result, Severity
from tipgraph.validation.shapes import PropertyPath
from tipgraph.vocabulary import RDF, SH, XSD, shorten

_TYPE: Final = ox.NamedNode(f"{RDF}type")


def report_triples(report: Report) -> Iterator[ox.Triple]:
    """The validation report as RDF (SHACL, section 3.6)."""
    root = ox.BlankNode()
    conforms = ox.Literal(str(report.conforms).lower(), datatype=ox.NamedNode(f"{XSD}boolean"))
    yield ox.Triple(root, _TYPE, _sh("ValidationReport"))
    yield ox.Triple(root, _sh("conforms"), conforms)
    for result in report.results:
        node = ox.BlankNode()
        yield ox.Triple(root, _sh("result"), node)
        yield from _result_triples(node, result)


def _result_triples(node: ox.BlankNode, result: Result) -> Iterator[ox.Triple]:
    yield ox.Triple(node, _TYPE, _sh("ValidationResult"))
    yield ox.Triple(node, _sh("focusNode"), result.focus_node)
    yield ox.Triple(node, _sh("resultSeverity"), _sh(result.severity.label.title()))
    yield ox.Triple(node, _sh("sourceConstraintComponent"), result.component)
    yield ox.Triple(node, _sh("resultMessage"), ox.Literal(result.message, language="en"))
    if result.shape is not None:
        yield ox.Triple(node, _sh("sourceShape"), result.shape)
    if result.value is not None:
        yield ox.Triple(node, _sh("value"), result.value)
    if result.path is not None:
        path, triples = _copy(result.path)
        yield ox.Triple(node, _sh("resultPath"), path)
        yield from triples


def _copy(path: PropertyPath) -> tuple[Term, list[ox.Triple]]:
    """The path with blank nodes of its own, since two results may not share them."""
    names: dict[Term, ox.BlankNode] = {}

    def own(term: Any) -> Any:
        return names.setdefault(term, ox.BlankNode()) if isinstance(term, ox.BlankNode) else term

    triples = [ox.Triple(own(t.subject), t.predicate, own(t.object)) for t in path.triples]
    return own(path.node), triples


def report_json(report: Report, prefixes: Mapping[str, str]) -> str:
    """The report as JSON: counts, then one object for each result with its names in full and its place."""
    document = {
        "conforms": report.conforms,
        "resources": report.resources,
        "counts": {severity.label: report.count(severity) for severity in sorted(Severity, reverse=True)},
        "results": [_result_object(result, prefixes) for result in report.results],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _result_object(result: Result, prefixes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "severity": result.severity.label,
        "message": result.message,
        "file": str(result.file) if result.file else None,
        "line": result.line,
        "focusNode": _text(result.focus_node),
        "path": str(result.path) if result.path else None,
        "value": None if result.value is None else _text(result.value),
        "shape": result.shape.value if result.shape else None,
        "name": shorten(result.shape.value, prefixes) if result.shape else None,
        "constraint": result.component.value,
    }


def _text(term: Term) -> str:
    """The IRI of a resource as it is, anything else as N-Triples writes it."""
    return term.value if isinstance(term, ox.NamedNode) else str(term)


def _sh(name: str) -> ox.NamedNode:
    return ox.NamedNode(SH + name)
