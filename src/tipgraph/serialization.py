"""Quads written in every RDF syntax, the same bytes for the same dataset.

Blank nodes get canonical labels and statements are sorted, so that neither the order of loading nor the
labels of a parser show. A syntax without named graphs holds the union of the graphs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final, TypeAlias

import pyoxigraph as ox

from tipgraph.canonical import Term, label_blank_nodes
from tipgraph.errors import SourceError, UnknownNameError
from tipgraph.turtle import serialize_graph
from tipgraph.vocabulary import RDF, XSD, shorten

_Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Syntax:
    """An RDF syntax: the name that users give it, its media type and whether it holds named graphs."""

    name: str
    media_type: str
    suffix: str
    holds_graphs: bool
    format: ox.RdfFormat


SYNTAXES: Final[Mapping[str, Syntax]] = {
    syntax.name: syntax
    for syntax in (
        Syntax("turtle", "text/turtle", ".ttl", False, ox.RdfFormat.TURTLE),
        Syntax("n-triples", "application/n-triples", ".nt", False, ox.RdfFormat.N_TRIPLES),
        Syntax("json-ld", "application/ld+json", ".jsonld", True, ox.RdfFormat.JSON_LD),
        Syntax("rdf-xml", "application/rdf+xml", ".rdf", False, ox.RdfFormat.RDF_XML),
        Syntax("trig", "application/trig", ".trig", True, ox.RdfFormat.TRIG),
        Syntax("n-quads", "application/n-quads", ".nq", True, ox.RdfFormat.N_QUADS),
        Syntax("n3", "text/n3", ".n3", False, ox.RdfFormat.N3),
    )
}
"""Name → syntax, the one to prefer first."""

_ENDS_IN_XML_NAME: Final = re.compile(r"[^\W\d][\w.-]*\Z")
_NOT_IN_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def find_syntax(name: str) -> Syntax:
    """The syntax called ``name``; raises ``UnknownNameError`` when there is none."""
    syntax = SYNTAXES.get(name)
    if syntax is None:
        raise UnknownNameError(f"there is no RDF syntax {name!r}", f"use one of {', '.join(SYNTAXES)}")
    return syntax


def serialize_quads(quads: Iterable[ox.Quad], syntax: Syntax, prefixes: Mapping[str, str]) -> bytes:
    """The dataset in ``syntax``; equal datasets give equal bytes, which end in a line break unless empty.

    Raises ``SourceError`` on what the syntax cannot say.
    """
    labelled = label_blank_nodes(quads)
    if not syntax.holds_graphs:
        labelled = list(dict.fromkeys(ox.Quad(q.subject, q.predicate, q.object) for q in labelled))
    ordered = sorted(labelled, key=_sort_key)
    match syntax.name:
        case "turtle" | "n3":
            return serialize_graph((quad.triple for quad in ordered), prefixes).encode()
        case "json-ld":
            return _serialize_json_ld(ordered, prefixes).encode()
        case "trig":
            text = ox.serialize(ordered, format=syntax.format, prefixes=_used(ordered, prefixes)) or b""
            return _sort_prefix_lines(text)
        case "rdf-xml":
            for quad in ordered:
                _check_xml(quad)
            triples = (quad.triple for quad in ordered)
            return (
                ox.serialize(triples, format=syntax.format, prefixes=_used(ordered, prefixes)) or b""
            ) + b"\n"
    return (
        ox.serialize(ordered if syntax.holds_graphs else [q.triple for q in ordered], format=syntax.format)
        or b""
    )


def _sort_key(quad: ox.Quad) -> tuple[str, bool, str, str, str]:
    """By graph, then resources before blank nodes, then as text."""
    graph = "" if isinstance(quad.graph_name, ox.DefaultGraph) else str(quad.graph_name)
    unnamed = isinstance(quad.subject, ox.BlankNode)
    return graph, unnamed, str(quad.subject), str(quad.predicate), str(quad.object)


def _used(quads: Iterable[ox.Quad], prefixes: Mapping[str, str]) -> dict[str, str]:
    """The prefixes that some IRI of ``quads`` begins with, so that a small graph has a small header."""
    iris = {
        iri.value
        for quad in quads
        for term in (quad.subject, quad.predicate, quad.object, quad.graph_name)
        for iri in (term, term.datatype if isinstance(term, ox.Literal) else None)
        if isinstance(iri, ox.NamedNode)
    }
    return {prefix: space for prefix, space in prefixes.items() if any(iri.startswith(space) for iri in iris)}


def _sort_prefix_lines(text: bytes) -> bytes:
    """TriG with its prefixes in alphabetical order; the serialiser has them in that of a hash table."""
    lines = text.splitlines(keepends=True)
    count = sum(1 for _ in takewhile(lambda line: line.startswith(b"@prefix"), lines))
    return b"".join(sorted(lines[:count]) + lines[count:])


def _check_xml(quad: ox.Quad) -> None:
    """Refuse what RDF/XML 1.1 cannot express: the serialiser would write what no parser reads."""
    if not _ENDS_IN_XML_NAME.search(quad.predicate.value):
        raise SourceError(
            f"RDF/XML cannot hold the predicate {quad.predicate}: it does not end in an XML name",
            "use another format, such as turtle",
        )
    if isinstance(quad.object, ox.Literal) and _NOT_IN_XML.search(quad.object.value):
        raise SourceError(
            f"RDF/XML cannot hold a value of {quad.subject}: it has a control character",
            "use another format, such as turtle",
        )


def _serialize_json_ld(quads: Iterable[ox.Quad], prefixes: Mapping[str, str]) -> str:
    """JSON-LD 1.1 with the prefixes as its context, one node object for each subject of each graph."""
    quads = list(quads)
    # Only a term whose IRI ends in a delimiter may stand before a colon (JSON-LD 1.1, section 4.1.5).
    context = {
        prefix: space for prefix, space in _used(quads, prefixes).items() if prefix and space[-1] in "/#:"
    }
    graphs: dict[str | None, dict[str, _Json]] = {}
    for quad in quads:
        graph = None if isinstance(quad.graph_name, ox.DefaultGraph) else _json_id(quad.graph_name, context)
        subject = _json_id(quad.subject, context)
        node = graphs.setdefault(graph, {}).setdefault(subject, {"@id": subject})
        if quad.predicate.value == f"{RDF}type" and not isinstance(quad.object, ox.Literal):
            node.setdefault("@type", []).append(_json_id(quad.object, context))
        else:
            node.setdefault(_json_id(quad.predicate, context), []).append(_json_value(quad.object, context))
    document: list[_Json] = list(graphs.pop(None, {}).values())
    document += [{"@id": graph, "@graph": list(nodes.values())} for graph, nodes in graphs.items()]
    return json.dumps({"@context": context, "@graph": document}, ensure_ascii=False, indent=2) + "\n"


def _json_id(term: ox.NamedNode | ox.BlankNode | ox.Triple, context: Mapping[str, str]) -> str:
    if isinstance(term, ox.Triple):
        raise SourceError(
            "JSON-LD cannot hold a triple term of RDF 1.2", "use another format, such as n-quads"
        )
    return str(term) if isinstance(term, ox.BlankNode) else shorten(term.value, context).strip("<>")


def _json_value(term: Term, context: Mapping[str, str]) -> _Json | str:
    if not isinstance(term, ox.Literal):
        return {"@id": _json_id(term, context)}
    if term.language:
        direction = {"@direction": term.direction.value} if term.direction else {}
        return {"@value": term.value, "@language": term.language, **direction}
    if term.datatype.value == f"{XSD}string":
        return term.value
    return {"@value": term.value, "@type": _json_id(term.datatype, context)}
