"""A place of a query or rule that names an IRI, for the checks of an ontology to ask."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.vocabulary import BASE, XSD

_GRAPH: Final = ox.NamedNode(f"{BASE}graph/queries")
_NAMES: Final = ox.NamedNode("http://purl.org/dc/terms/references")
_TEXT: Final = ox.NamedNode(f"{XSD}anyURI")


@dataclass(frozen=True)
class Use:
    """A line of a query that names an IRI."""

    iri: str
    file: Path
    line: int

    @property
    def node(self) -> ox.NamedNode:
        """What stands for the place in a graph."""
        return ox.NamedNode(f"{self.file.resolve().as_uri()}#line={self.line}")

    @property
    def quad(self) -> ox.Quad:
        """The place names the IRI: as text, so that to be named in a query is not taken for a statement."""
        return ox.Quad(self.node, _NAMES, ox.Literal(self.iri, datatype=_TEXT), _GRAPH)
