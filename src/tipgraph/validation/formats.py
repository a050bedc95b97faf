"""The formats of a report: for a person, for other tools, and as the graph that SHACL defines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyoxigraph as ox

from tipgraph.errors import UnknownNameError
from tipgraph.serialization import SYNTAXES, Syntax, serialize_quads
from tipgraph.terms import Term
from tipgraph.turtle import serialize_graph
from tipgraph.validation.html import report_html
from tipgraph.validation.report import Report, Result, Severity
from tipgraph.validation.sarif import report_sarif
from tipgraph.validation.shapes import PropertyPath
from tipgraph.validation.text import report_text
from tipgraph.vocabulary import RDF, SH, XSD, shorten

_TYPE: Final = ox.NamedNode(f"{RDF}type")


@dataclass(frozen=True)
class ReportFormat:
    """A format of a report: the name that users give it, its media type, and what writes it."""

    name: str
    media_type: str
    write: Callable[[Report, Mapping[str, str]], str | bytes]


def write_report(report: Report, format_name: str, prefixes: Mapping[str, str]) -> bytes:
    """The report in the format of that name; the same report gives the same bytes.

    Raises ``UnknownNameError`` where there is no such format.
    """
    found = REPORT_FORMATS.get(format_name)
    if found is None:
        raise UnknownNameError(
            f"there is no report format {format_name!r}", f"use one of {', '.join(REPORT_FORMATS)}"
        )
    written = found.write(report, prefixes)
    return written.encode() if isinstance(written, str) else written


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


def _turtle(report: Report, prefixes: Mapping[str, str]) -> str:
    return serialize_graph(report_triples(report), prefixes)


def _rdf_writer(syntax: Syntax) -> Callable[[Report, Mapping[str, str]], bytes]:
    def write(report: Report, prefixes: Mapping[str, str]) -> bytes:
        quads = (ox.Quad(t.subject, t.predicate, t.object) for t in report_triples(report))
        return serialize_quads(quads, syntax, prefixes)

    return write


REPORT_FORMATS: Final[Mapping[str, ReportFormat]] = {
    found.name: found
    for found in (
        ReportFormat("text", "text/plain", report_text),
        ReportFormat("json", "application/json", report_json),
        ReportFormat("sarif", "application/sarif+json", report_sarif),
        ReportFormat("html", "text/html", report_html),
        ReportFormat("turtle", "text/turtle", _turtle),
        *(
            ReportFormat(syntax.name, syntax.media_type, _rdf_writer(syntax))
            for syntax in SYNTAXES.values()
            if syntax.name != "turtle"
        ),
    )
}
"""Name → format, those for people in front."""
