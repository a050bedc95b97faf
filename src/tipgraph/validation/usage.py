"""Which IRIs the queries and rules of a project name, and where, for the checks of its ontology to ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.sources import read_text
from tipgraph.sparql.analysis import read_prologue
from tipgraph.tokens import locate, read_tokens
from tipgraph.vocabulary import BASE, XSD

_GRAPH: Final = ox.NamedNode(f"{BASE}graph/queries")
_NAMES: Final = ox.NamedNode("http://purl.org/dc/terms/references")
_TEXT: Final = ox.NamedNode(f"{XSD}anyURI")


@dataclass(frozen=True)
class Use:
    """A place of a query that names an IRI."""

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


def find_uses(files: Iterable[Path], prefixes: Mapping[str, str]) -> Iterator[Use]:
    """Every IRI that the queries of ``files`` name, beside those that they declare as prefixes."""
    for file in files:
        text = read_text(file)
        tokens = read_tokens(text)
        prologue = read_prologue(tokens, prefixes, None)
        for token in tokens[prologue.length :]:
            if token.kind in ("iri", "name"):
                iri = prologue.read_iri(token)
                try:
                    ox.NamedNode(iri)
                except ValueError:
                    # Of a prefix that nobody declares; the query cannot be run, which other commands tell.
                    continue
                yield Use(iri, file, locate(text, token.start)[0])
