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

_BEYOND_CORE: Final[Mapping[str, str]] = {
    f"{SH}validator": "a SPARQL-based constraint component",
    f"{SH}nodeValidator": "a SPARQL-based constraint component",
    f"{SH}propertyValidator": "a SPARQL-based constraint component",
    f"{SH}target": "a custom target",
    f"{SH}js": "a JavaScript constraint",
    f"{SH}expression": "an expression constraint",
    f"{SH}values": "a property value rule",
    f"{SH}rule": "a rule",
}
"""Properties that take a shape beyond SHACL Core and SPARQL constraints → what they introduce."""

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

    def path(self, shape: Term) -> PropertyPath | None:
        """The path of a property shape; ``None`` for a node shape."""
        found = self._objects.get((shape, f"{SH}path"), [])
        if not found or not isinstance(found[0], ox.NamedNode | ox.BlankNode):
            return None
        return self.path_at(found[0])

    def path_at(self, node: ox.NamedNode | ox.BlankNode) -> PropertyPath:
        """The path that ``node`` of this graph, or a property, stands for."""
        return PropertyPath(node, tuple(self._tree(node)), self._path_text(node))

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
    """The shapes of every Turtle file of ``folder``, with ``prefixes`` declared for their SPARQL.

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
    paths = sorted(folder.glob("*.ttl"))
    if not paths:
        raise SourceError(f"{folder} holds no shapes", "give --root a folder that has shapes/*.ttl")
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


def require_core(shapes: ShapesGraph, folder: Path, other_engine: str) -> None:
    """Nothing when the shapes keep to SHACL Core and to SPARQL constraints.

    Raises ``SourceError`` that names the first shape that goes beyond, the construct, and the engine that
    knows it: an engine that skips a constraint in silence would call wrong data right.
    """
    for predicate, construct in _BEYOND_CORE.items():
        for subject in shapes.subjects_of(predicate):
            shape = shapes.owner(subject)
            name = re.sub(r"^.*[/#]", "sh:", predicate)
            raise SourceError(
                f"{_place(folder, shape)}{_name(shape)} uses {name}, {construct}, "
                "which the engine rudof does not know",
                f"validate with --engine {other_engine}, or write the rule with SHACL Core or sh:sparql",
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
