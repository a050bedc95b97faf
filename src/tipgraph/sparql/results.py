"""The results of queries, and how they are written: the four W3C formats of SELECT and ASK, and RDF."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import pyoxigraph as ox

from tipgraph.errors import ResultTooLargeError, UnknownNameError
from tipgraph.serialization import SYNTAXES, serialize_quads
from tipgraph.terms import Term
from tipgraph.vocabulary import BASE, XSD

_LABEL: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*")
CUT: Final = f"{BASE}problem/result-cut"
"""The ``link`` in the head of a result that is cut: what that means."""


@dataclass(frozen=True)
class SelectResult:
    """The solutions of a SELECT; a term for each variable in each row, ``None`` where it is unbound."""

    variables: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]
    is_cut: bool = False
    """Whether there are more rows than these."""


@dataclass(frozen=True)
class AskResult:
    """The answer of an ASK."""

    answer: bool

    def __bool__(self) -> bool:
        """The answer."""
        return self.answer


@dataclass(frozen=True)
class GraphResult:
    """The graph of a CONSTRUCT or DESCRIBE, each triple once."""

    triples: tuple[ox.Triple, ...]
    is_cut: bool = False
    """Whether there are more triples than these."""


QueryResult: TypeAlias = SelectResult | AskResult | GraphResult


@dataclass(frozen=True)
class ResultFormat:
    """A format of SELECT and ASK: the name that users give it and its media type."""

    name: str
    media_type: str
    format: ox.QueryResultsFormat


RESULT_FORMATS: Final[Mapping[str, ResultFormat]] = {
    found.name: found
    for found in (
        ResultFormat("json", "application/sparql-results+json", ox.QueryResultsFormat.JSON),
        ResultFormat("xml", "application/sparql-results+xml", ox.QueryResultsFormat.XML),
        ResultFormat("csv", "text/csv", ox.QueryResultsFormat.CSV),
        ResultFormat("tsv", "text/tab-separated-values", ox.QueryResultsFormat.TSV),
    )
}
"""Name → format, the one to prefer first."""


def write_result(result: QueryResult, format_name: str, prefixes: Mapping[str, str]) -> bytes:
    """``result`` in the format called ``format_name``; equal results give equal bytes.

    Raises ``UnknownNameError`` when there is no such format for this kind of result.
    """
    if isinstance(result, GraphResult):
        syntax = SYNTAXES.get(format_name)
        if syntax is None:
            raise _unknown_format(format_name, "a graph, as CONSTRUCT and DESCRIBE give,", SYNTAXES)
        quads = (ox.Quad(triple.subject, triple.predicate, triple.object) for triple in result.triples)
        return serialize_quads(quads, syntax, prefixes)
    found = RESULT_FORMATS.get(format_name)
    if found is None:
        raise _unknown_format(format_name, "the result of SELECT or ASK", RESULT_FORMATS)
    content = _write_json(result)
    if found.name == "json":
        return content
    written = (
        ox.parse_query_results(content, format=ox.QueryResultsFormat.JSON).serialize(format=found.format)
        or b""
    )
    if found.name == "xml" and isinstance(result, SelectResult) and result.is_cut:
        # Oxigraph writes no links; the head comes first, and in it they follow the variables.
        return written.replace(b"</head>", f'<link href="{CUT}"/></head>'.encode(), 1)
    return written


def write_result_within(
    result: QueryResult, format_name: str, prefixes: Mapping[str, str], most_bytes: int
) -> tuple[bytes, bool]:
    """``write_result``, of as many rows as fit into ``most_bytes``, and whether any are missing.

    Raises ``ResultTooLargeError`` when not one fits.
    """
    while len(content := write_result(result, format_name, prefixes)) > most_bytes:
        rows = () if isinstance(result, AskResult) else _rows(result)
        # Rows differ in length, so it may take several turns; each leaves out a tenth at least.
        kept = int(0.9 * len(rows) * most_bytes / len(content))
        if kept == 0:
            raise ResultTooLargeError(
                f"a row of the answer is larger than {most_bytes:,} bytes", "select less of it"
            )
        result = cut_result(result, kept)
    return content, not isinstance(result, AskResult) and result.is_cut


def cut_result(result: QueryResult, most_rows: int) -> QueryResult:
    """``result`` with its first ``most_rows`` rows or triples, marked as cut if there are more."""
    if isinstance(result, AskResult) or len(_rows(result)) <= most_rows:
        return result
    if isinstance(result, GraphResult):
        return GraphResult(result.triples[:most_rows], is_cut=True)
    return SelectResult(result.variables, result.rows[:most_rows], is_cut=True)


def _rows(result: SelectResult | GraphResult) -> tuple[object, ...]:
    return result.triples if isinstance(result, GraphResult) else result.rows


def _unknown_format(name: str, what: str, known: Mapping[str, object]) -> UnknownNameError:
    return UnknownNameError(f"{what} cannot be written as {name!r}", f"use one of {', '.join(known)}")


def _write_json(result: SelectResult | AskResult) -> bytes:
    """SPARQL 1.1 Query Results JSON Format."""
    document: dict[str, Any]
    if isinstance(result, AskResult):
        document = {"head": {}, "boolean": result.answer}
    else:
        bindings = [
            {
                name: _term_object(term)
                for name, term in zip(result.variables, row, strict=True)
                if term is not None
            }
            for row in result.rows
        ]
        head = {"vars": result.variables} | ({"link": [CUT]} if result.is_cut else {})
        document = {"head": head, "results": {"bindings": bindings}}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _term_object(term: Term) -> dict[str, Any]:
    match term:
        case ox.NamedNode():
            return {"type": "uri", "value": term.value}
        case ox.BlankNode():
            return {"type": "bnode", "value": term.value}
        case ox.Triple():
            parts = {"subject": term.subject, "predicate": term.predicate, "object": term.object}
            return {"type": "triple", "value": {name: _term_object(part) for name, part in parts.items()}}
    written = {"type": "literal", "value": term.value}
    if term.language:
        written["xml:lang"] = term.language
        if term.direction:
            written["its:dir"] = term.direction.value
    elif term.datatype.value != f"{XSD}string":
        written["datatype"] = term.datatype.value
    return written


def read_term_object(found: Mapping[str, Any]) -> ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple:
    """The term that an RDF term object stands for (SPARQL 1.1 Query Results JSON Format, section 3.2.2).

    Raises ``ValueError``, ``KeyError`` or ``TypeError`` on what is none.
    """
    value = found["value"]
    match found["type"]:
        case "uri":
            return ox.NamedNode(value)
        case "bnode":
            # Not every store keeps to what a label may be made of.
            return ox.BlankNode(value if _LABEL.fullmatch(value) else f"x{value.encode().hex()}")
        case "literal" | "typed-literal":
            if language := found.get("xml:lang"):
                return ox.Literal(value, language=language)
            datatype = found.get("datatype")
            return ox.Literal(value, datatype=ox.NamedNode(datatype) if datatype else None)
        case "triple":
            subject, predicate = read_term_object(value["subject"]), read_term_object(value["predicate"])
            if isinstance(subject, ox.Literal) or not isinstance(predicate, ox.NamedNode):
                raise TypeError("this is no triple")
            return ox.Triple(subject, predicate, read_term_object(value["object"]))
    raise ValueError(found["type"])
