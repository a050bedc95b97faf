"""A dataset in every RDF syntax, the same bytes from run to run."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from tipgraph.errors import UnknownNameError
from tipgraph.serialization import find_syntax, serialize_quads
from tipgraph.store import Dataset
from tipgraph.vocabulary import GRAPH, expand, shorten


def export_dataset(dataset: Dataset, syntax_name: str, graphs: Iterable[str] | None = None) -> bytes:
    """The dataset, or its named graphs ``graphs`` (IRIs), in the RDF syntax called ``syntax_name``.

    TriG, N-Quads and JSON-LD keep the named graphs; the other syntaxes hold their union. Raises
    ``UnknownNameError`` on a syntax or graph that there is none of, and ``SourceError`` on what the syntax
    cannot hold.
    """
    syntax = find_syntax(syntax_name)
    if graphs is None:
        return serialize_quads(dataset.store, syntax, dataset.prefixes)
    wanted = set(graphs)
    quads = (quad for quad in dataset.store if getattr(quad.graph_name, "value", None) in wanted)
    return serialize_quads(quads, syntax, dataset.prefixes)


def find_graphs(dataset: Dataset, names: Iterable[str]) -> list[str]:
    """The IRIs of the named graphs called ``names``, as in ``report-2010``, ``graph:report-2010`` or an IRI.

    Raises ``UnknownNameError`` where the dataset holds no such graph.
    """
    known = dataset.graph_names()
    found = []
    for name in names:
        iri = expand(name, dataset.prefixes) or GRAPH + name
        if iri not in known:
            shown = [shorten(graph, dataset.prefixes).removeprefix("graph:") for graph in known]
            nearest = difflib.get_close_matches(name.removeprefix("graph:"), shown, n=1)
            guess = f"did you mean {nearest[0]}? " if nearest else ""
            raise UnknownNameError(
                f"there is no graph {name!r}", f"{guess}the graphs are {', '.join(shown) or 'none'}"
            )
        found.append(iri)
    return found
