"""The SHACL engines: a data graph and a shapes graph in, the results out.

``rudof`` is the fast one, written in Rust; ``pyshacl`` is the reference. Neither reports results in quite the
way of the other, so here both come down to what SHACL defines of a result: focus node, value, path, shape,
component and severity.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import pyoxigraph as ox

from tipgraph.errors import SourceError, UsageError
from tipgraph.terms import Term
from tipgraph.validation.focus import narrow_targets
from tipgraph.validation.shapes import ShapesGraph, needs_extensions
from tipgraph.vocabulary import SH, XSD

if TYPE_CHECKING:
    import rdflib

Engine: TypeAlias = Literal["rudof", "pyshacl"]

_BLANK: Final = "urn:x-tipgraph:blank:"
"""Stands for the blank nodes of the data, which rudof cannot put into the query of a SPARQL constraint."""


@dataclass(frozen=True)
class Finding:
    """A validation result as an engine reports it; ``path`` is ``None`` unless it is one property."""

    focus_node: Term
    path: ox.NamedNode | None
    value: Term | None
    shape: Term
    component: ox.NamedNode
    severity: ox.NamedNode
    message: str


def run_engine(
    engine: Engine,
    data: Collection[ox.Triple],
    shapes: ShapesGraph,
    *,
    focus: Collection[Term] | None = None,
) -> set[Finding]:
    """The results of validating ``data`` against ``shapes``; with ``focus``, of these focus nodes alone.

    Raises ``UsageError`` when there is no such engine, and ``SourceError`` when it cannot use the shapes.
    """
    named = [_name_blank_nodes(triple) for triple in data]
    wanted = _name_property_shapes(shapes.triples)
    if focus is not None:
        wanted = narrow_targets(wanted, named, [_name_blank_node(node) for node in focus])
    match engine:
        case "rudof":
            report = _run_rudof(named, wanted)
        case "pyshacl":
            report = _run_pyshacl(named, wanted, extended=needs_extensions(shapes))
        case _:
            raise UsageError(f"there is no engine {engine!r}", f"use one of {', '.join(get_args(Engine))}")
    return set(_read_report(report))


def _run_rudof(data: list[ox.Triple], shapes: Iterable[ox.Triple]) -> list[ox.Triple]:
    import pyrudof

    rudof = pyrudof.Rudof(pyrudof.RudofConfig())
    rudof.read_data(_n_triples(data), pyrudof.RDFFormat.NTriples, reader_mode=pyrudof.ReaderMode.Strict)
    try:
        rudof.read_shacl(
            _n_triples(shapes), pyrudof.ShaclFormat.NTriples, reader_mode=pyrudof.ReaderMode.Strict
        )
        rudof.validate_shacl()
        written = rudof.serialize_shacl_validation_results(pyrudof.ResultShaclValidationFormat.NTriples)
    except pyrudof.RudofError as error:
        raise SourceError(
            f"the engine rudof cannot use the shapes: {' '.join(str(error).split())}",
            "correct the shape, or validate with --engine pyshacl",
        ) from error
    return [quad.triple for quad in ox.parse(written, format=ox.RdfFormat.N_TRIPLES, lenient=True)]


def _run_pyshacl(data: list[ox.Triple], shapes: Iterable[ox.Triple], *, extended: bool) -> list[ox.Triple]:
    import rdflib

    with _silent("rdflib.term", "pyshacl"):
        import pyshacl
        from pyshacl.errors import ReportableRuntimeError, ShapeLoadError

        try:
            _, report, text = pyshacl.validate(
                _rdflib_graph(data), shacl_graph=_rdflib_graph(shapes), advanced=extended
            )
        except (ReportableRuntimeError, ShapeLoadError) as error:
            raise SourceError(
                f"the engine pyshacl cannot use the shapes: {' '.join(str(error).split())}",
                "correct the shape",
            ) from error
    if not isinstance(report, rdflib.Graph):
        raise SourceError(
            f"the engine pyshacl cannot use the shapes: {' '.join(text.split())}", "correct the shape"
        )
    return [_ox_triple(*triple) for triple in report]


@contextmanager
def _silent(*names: str) -> Iterator[None]:
    """Without the log of literals that rdflib cannot convert, which the report names better."""
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


def _n_triples(triples: Iterable[ox.Triple]) -> str:
    return (ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b"").decode()


def _name_blank_nodes(triple: ox.Triple) -> ox.Triple:
    subject, predicate, obj = triple
    if not isinstance(subject, ox.BlankNode) and not isinstance(obj, ox.BlankNode):
        return triple
    named = _name_blank_node(subject)
    assert isinstance(named, ox.NamedNode)
    return ox.Triple(named, predicate, _name_blank_node(obj))


def _name_blank_node(term: Term) -> Term:
    return ox.NamedNode(_BLANK + term.value) if isinstance(term, ox.BlankNode) else term


def _name_property_shapes(shapes: Collection[ox.Triple]) -> list[ox.Triple]:
    """``shapes`` with a name for each property shape, by which its results find back to it."""
    unnamed = {
        triple.object
        for triple in shapes
        if triple.predicate.value == f"{SH}property" and isinstance(triple.object, ox.BlankNode)
    }

    def name(term: Term) -> Any:
        return _name_blank_node(term) if term in unnamed else term

    return [ox.Triple(name(t.subject), t.predicate, name(t.object)) for t in shapes]


def _restore_blank_node(term: Term) -> Term:
    if isinstance(term, ox.NamedNode) and term.value.startswith(_BLANK):
        return ox.BlankNode(term.value.removeprefix(_BLANK))
    return term


def _read_report(triples: Iterable[ox.Triple]) -> Iterator[Finding]:
    """The results that the validation report itself lists, without the details nested in them."""
    described: dict[Term, dict[str, list[Term]]] = {}
    results: list[Term] = []
    for triple in triples:
        described.setdefault(triple.subject, {}).setdefault(triple.predicate.value, []).append(triple.object)
        if triple.predicate.value == f"{SH}result":
            results.append(triple.object)
    for result in results:
        row = described[result]
        value = row.get(f"{SH}value", [None])[0]
        path = row.get(f"{SH}resultPath", [None])[0]
        component = row[f"{SH}sourceConstraintComponent"][0]
        severity = row.get(f"{SH}resultSeverity", [ox.NamedNode(f"{SH}Violation")])[0]
        assert isinstance(component, ox.NamedNode)
        assert isinstance(severity, ox.NamedNode)
        messages = (m.value for m in row.get(f"{SH}resultMessage", []) if isinstance(m, ox.Literal))
        yield Finding(
            focus_node=_restore_blank_node(row[f"{SH}focusNode"][0]),
            path=path if isinstance(path, ox.NamedNode) else None,
            value=None if value is None else _restore_blank_node(value),
            shape=_restore_blank_node(row[f"{SH}sourceShape"][0]),
            component=component,
            severity=severity,
            message=" ".join(sorted(messages)),
        )


def _rdflib_graph(triples: Iterable[ox.Triple]) -> rdflib.Graph:
    import rdflib
    from rdflib.plugins.sparql import prepareQuery
    from rdflib.plugins.sparql.sparql import Query

    class PreparingGraph(rdflib.Graph):
        """A graph that parses the query of a constraint once, not again for each focus node."""

        def query(self, query_object: Any, *args: Any, **options: Any) -> rdflib.query.Result:
            if isinstance(query_object, str):
                if query_object not in prepared:
                    prepared[query_object] = prepareQuery(query_object, initNs=dict(self.namespaces()))
                query_object = prepared[query_object]
            return super().query(query_object, *args, **options)

    prepared: dict[str, Query] = {}
    graph = PreparingGraph()
    for triple in triples:
        graph.add((_rdflib_node(triple.subject), _rdflib_node(triple.predicate), _rdflib_node(triple.object)))
    return graph


def _rdflib_node(term: Term) -> rdflib.term.IdentifiedNode | rdflib.Literal:
    import rdflib

    match term:
        case ox.NamedNode():
            return rdflib.URIRef(term.value)
        case ox.BlankNode():
            return rdflib.BNode(term.value)
        case ox.Triple():
            raise SourceError("pyshacl cannot hold a triple term of RDF 1.2", "leave it out of the files")
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    datatype = None if term.datatype.value == f"{XSD}string" else rdflib.URIRef(term.datatype.value)
    # Lexical forms stay as they are, so that a result shows what the file says.
    return rdflib.Literal(term.value, datatype=datatype, normalize=False)


def _ox_triple(subject: object, predicate: object, obj: object) -> ox.Triple:
    return ox.Triple(_ox_node(subject), ox.NamedNode(str(predicate)), _ox_node(obj))  # type: ignore[arg-type]


def _ox_node(term: object) -> Term:
    import rdflib

    if isinstance(term, rdflib.Literal):
        if term.language:
            return ox.Literal(str(term), language=term.language)
        return ox.Literal(str(term), datatype=ox.NamedNode(str(term.datatype)) if term.datatype else None)
    return ox.BlankNode(str(term)) if isinstance(term, rdflib.BNode) else ox.NamedNode(str(term))
