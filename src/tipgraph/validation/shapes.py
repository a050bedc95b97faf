"""The shapes graph: what it says of each shape, and which parts of SHACL it needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import SourceError, parse_error
from tipgraph.sources import read_file
from tipgraph.terms import Term
from tipgraph.turtle import index_lines
from tipgraph.vocabulary import ONTOLOGY, RDF, SH, XSD, shorten


@dataclass(frozen=True)
class _Extension:
    """A construct beyond SHACL Core and SPARQL constraints, and whether the reference engine knows it."""

    name: str
    known_to_pyshacl: bool = True


_EXTENSIONS: Final[Mapping[str, _Extension]] = {
    f"{SH}validator": _Extension("a SPARQL-based constraint component"),
    f"{SH}nodeValidator": _Extension("a SPARQL-based constraint component"),
    f"{SH}propertyValidator": _Extension("a SPARQL-based constraint component"),
    f"{SH}target": _Extension("a custom target"),
    f"{SH}expression": _Extension("an expression constraint"),
    f"{SH}rule": _Extension("a rule"),
    f"{SH}js": _Extension("a JavaScript constraint", known_to_pyshacl=False),
    f"{SH}values": _Extension("a property value rule", known_to_pyshacl=False),
}
"""Properties that take a shape beyond what both engines know → what they introduce."""

_SHAPES_GRAPH: Final = re.compile(r"[$?]shapesGraph\b")
"""A variable for SPARQL in shapes that an engine need not support (SHACL, section 5.3.1)."""

_PATH_MARKS: Final[Mapping[str, str]] = {
    f"{SH}zeroOrMorePath": "*",
    f"{SH}oneOrMorePath": "+",
    f"{SH}zeroOrOnePath": "?",
}


@dataclass(frozen=True)
class PropertyPath:
    """A SHACL property path: its node, the triples that describe it, and itself as SPARQL writes it."""

    node: ox.NamedNode | ox.BlankNode
    triples: tuple[ox.Triple, ...] = field(repr=False)
    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def properties(self) -> tuple[ox.NamedNode, ...]:
        """The properties that the path begins with, each of which may lead away from the focus node."""
        if isinstance(self.node, ox.NamedNode):
            return (self.node,)
        return tuple(
            dict.fromkeys(
                triple.object
                for triple in self.triples
                if isinstance(triple.object, ox.NamedNode) and triple.object.value != f"{RDF}nil"
            )
        )


class ShapesGraph:
    """The triples of some shapes, with quick answers about a shape."""

    def __init__(self, triples: Iterable[ox.Triple], prefixes: Mapping[str, str]) -> None:
        self.triples: Final = tuple(dict.fromkeys(triples))
        self._prefixes = prefixes
        self._objects: dict[tuple[Term, str], list[Term]] = {}
        for triple in self.triples:
            self._objects.setdefault((triple.subject, triple.predicate.value), []).append(triple.object)

    def message(self, shape: Term) -> str | None:
        """What the shape says to do: its ``sh:message``, the English one where there are several."""
        messages = [m for m in self._objects.get((shape, f"{SH}message"), []) if isinstance(m, ox.Literal)]
        messages.sort(key=lambda m: (m.language != "en", m.language or "", m.value))
        return messages[0].value if messages else None

    def parameters(self, shape: Term) -> dict[str, str]:
        """What the shape gives each parameter, by its local name: a term or a list of them, in short."""
        return {
            predicate.removeprefix(SH): ", ".join(self._text(value) for value in values)
            for (subject, predicate), values in self._objects.items()
            if subject == shape and predicate.startswith(SH)
        }

    def _text(self, term: Term) -> str:
        if items := self._items(term):
            return ", ".join(map(self._text, items))
        if isinstance(term, ox.NamedNode):
            return shorten(term.value, self._prefixes)
        return term.value if isinstance(term, ox.Literal) else "that it describes"

    def path(self, shape: Term) -> PropertyPath | None:
        """The path of a property shape; ``None`` for a node shape."""
        found = self._objects.get((shape, f"{SH}path"), [])
        if not found or not isinstance(found[0], ox.NamedNode | ox.BlankNode):
            return None
        return self.path_at(found[0])

    def path_at(self, node: ox.NamedNode | ox.BlankNode) -> PropertyPath:
        """The path that ``node`` of this graph, or a property, stands for."""
        return PropertyPath(node, tuple(self._tree(node)), self._path_text(node))

    def names(self) -> list[str]:
        """The IRIs of the shapes that have one, sorted."""
        kinds = (f"{SH}NodeShape", f"{SH}PropertyShape")
        return sorted(
            triple.subject.value
            for triple in self.triples
            if triple.predicate.value == f"{RDF}type"
            and isinstance(triple.subject, ox.NamedNode)
            and isinstance(triple.object, ox.NamedNode)
            and triple.object.value in kinds
        )

    def with_properties(self, shape: str) -> list[str]:
        """The IRIs of the shape and of the property shapes that it has."""
        found = self._objects.get((ox.NamedNode(shape), f"{SH}property"), [])
        return [shape, *(term.value for term in found if isinstance(term, ox.NamedNode))]

    def subjects_of(self, predicate: str) -> list[Term]:
        """What bears ``predicate``."""
        return [subject for subject, name in self._objects if name == predicate]

    def owner(self, node: Term) -> Term:
        """The named shape that the blank ``node`` is a part of, or ``node`` itself when it has a name."""
        parents = {triple.object: triple.subject for triple in self.triples}
        while isinstance(node, ox.BlankNode) and node in parents:
            node = parents[node]
        return node

    def _tree(self, node: Term) -> Iterable[ox.Triple]:
        if not isinstance(node, ox.BlankNode):
            return
        for triple in self.triples:
            if triple.subject == node:
                yield triple
                yield from self._tree(triple.object)

    def _path_text(self, node: Term, *, nested: bool = False) -> str:
        """The path as a SPARQL property path (SPARQL 1.1, section 9.1)."""
        if isinstance(node, ox.NamedNode):
            return shorten(node.value, self._prefixes)
        if self._objects.get((node, f"{RDF}first")):
            text = "/".join(self._path_text(item, nested=True) for item in self._items(node))
        elif inverse := self._objects.get((node, f"{SH}inversePath")):
            return f"^{self._path_text(inverse[0], nested=True)}"
        elif choices := self._objects.get((node, f"{SH}alternativePath")):
            text = "|".join(self._path_text(item, nested=True) for item in self._items(choices[0]))
        else:
            for predicate, mark in _PATH_MARKS.items():
                if inner := self._objects.get((node, predicate)):
                    return self._path_text(inner[0], nested=True) + mark
            return str(node)
        return f"({text})" if nested else text

    def _items(self, node: Term) -> list[Term]:
        items: list[Term] = []
        while first := self._objects.get((node, f"{RDF}first")):
            items.append(first[0])
            node = self._objects[node, f"{RDF}rest"][0]
        return items


def read_shapes(folder: Path, prefixes: Mapping[str, str]) -> ShapesGraph:
    """The shapes of a Turtle file, or of each in a folder, with ``prefixes`` declared for their SPARQL.

    The shapes name the ontology as the place of the prefixes (SHACL, section 5.2.1), so that the prefix
    table is written in one file only. Raises ``SourceError`` when there are none, and ``ParseError`` on
    malformed Turtle.
    """
    triples: list[ox.Triple] = []
    for path in _files(folder):
        try:
            parsed = ox.parse(read_file(path), format=ox.RdfFormat.TURTLE, base_iri=path.resolve().as_uri())
            triples += (quad.triple for quad in parsed)
        except SyntaxError as error:
            raise parse_error(path, error) from error
    return ShapesGraph([*triples, *_declare(prefixes)], prefixes)


def _files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    if not folder.exists():
        raise SourceError(f"{folder} does not exist", "check the path")
    paths = sorted(folder.glob("*.ttl"))
    if not paths:
        raise SourceError(
            f"{folder} holds no shapes", "name a Turtle file, or a folder that has *.ttl, with shapes"
        )
    return paths


def _declare(prefixes: Mapping[str, str]) -> Iterable[ox.Triple]:
    for prefix, namespace in prefixes.items():
        node = ox.BlankNode()
        yield ox.Triple(ox.NamedNode(ONTOLOGY), ox.NamedNode(f"{SH}declare"), node)
        yield ox.Triple(node, ox.NamedNode(f"{SH}prefix"), ox.Literal(prefix))
        yield ox.Triple(
            node,
            ox.NamedNode(f"{SH}namespace"),
            ox.Literal(namespace, datatype=ox.NamedNode(f"{XSD}anyURI")),
        )


def require_support(shapes: ShapesGraph, folder: Path, engine: str) -> None:
    """Nothing when the engine called ``engine`` knows all that the shapes use.

    Both know SHACL Core and SPARQL constraints. Raises ``SourceError`` that names the first shape that goes
    beyond, the construct and what to do: an engine that skips a constraint in silence would call wrong data
    right.
    """
    for predicate, extension in _EXTENSIONS.items():
        if engine == "pyshacl" and extension.known_to_pyshacl:
            continue
        for subject in shapes.subjects_of(predicate):
            raise _unsupported(
                shapes,
                folder,
                subject,
                f"uses {re.sub(r'^.*[/#]', 'sh:', predicate)}, {extension.name}",
                engine,
                "pyshacl" if extension.known_to_pyshacl else None,
            )
    for triple in shapes.triples:
        is_query = triple.predicate.value in (f"{SH}select", f"{SH}ask")
        if is_query and isinstance(triple.object, ox.Literal) and _SHAPES_GRAPH.search(triple.object.value):
            reads = "reads the shapes graph in SPARQL, with $shapesGraph"
            raise _unsupported(shapes, folder, triple.subject, reads, engine, None)


def needs_extensions(shapes: ShapesGraph) -> bool:
    """Whether the shapes go beyond SHACL Core and SPARQL constraints."""
    return any(shapes.subjects_of(predicate) for predicate in _EXTENSIONS)


def _unsupported(
    shapes: ShapesGraph, folder: Path, subject: Term, uses: str, engine: str, other: str | None
) -> SourceError:
    shape = shapes.owner(subject)
    rewrite = "write the rule with SHACL Core or sh:sparql"
    return SourceError(
        f"{_place(folder, shape)}{_name(shape)} {uses}, which the engine {engine} does not know",
        f"validate with --engine {other}, or {rewrite}" if other else f"no engine here does: {rewrite}",
    )


def _name(shape: Term) -> str:
    return f"the shape <{shape.value}>" if isinstance(shape, ox.NamedNode) else "a shape without a name"


def _place(folder: Path, shape: Term) -> str:
    for path in _files(folder):
        if isinstance(shape, ox.NamedNode):
            index = index_lines(read_file(path).decode(), base_iri=path.resolve().as_uri())
            if (line := index.line_of(shape)) is not None:
                return f"{path}:{line}: "
    return ""
