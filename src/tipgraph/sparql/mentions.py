"""The IRIs that a query names, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyoxigraph as ox

from tipgraph.sparql.analysis import read_prologue
from tipgraph.tokens import locate, read_tokens


def find_iris(text: str, prefixes: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Every IRI that the query ``text`` names, with its line, beside those that it declares as prefixes.

    The query need not be well-formed; ``prefixes`` need no declaration in it.
    """
    tokens = read_tokens(text)
    prologue = read_prologue(tokens, prefixes, None)
    for token in tokens[prologue.length :]:
        if token.kind not in ("iri", "name"):
            continue
        iri = prologue.read_iri(token)
        try:
            ox.NamedNode(iri)
        except ValueError:
            # Of a prefix that nobody declares; the query cannot be run, which is told where it is.
            continue
        yield iri, locate(text, token.start)[0]
