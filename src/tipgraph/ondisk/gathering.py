"""What is kept beside a database: its sizes, and where it is small enough its names and texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.describe import encode_names, read_names
from tipgraph.ondisk.layout import NAMES, SEARCH
from tipgraph.ondisk.reading import DiskReader
from tipgraph.search import SearchIndex
from tipgraph.sizes import Sizes
from tipgraph.store import Dataset
from tipgraph.vocabulary import RDF

_MOST_INDEXED: Final = 1_000_000
"""Quads of a store up to which its names and texts are gathered, which takes memory."""
_MOST_CLASSES: Final = 1_000
_CLASSES: Final = f"""
SELECT ?class (COUNT(*) AS ?resources) {{ ?resource <{RDF}type> ?class FILTER(isIRI(?class)) }}
GROUP BY ?class ORDER BY DESC(?resources) ?class
"""


def gather(database: ox.Store, state: Path, graphs: Mapping[str, int]) -> Sizes:
    """The sizes of ``database``, and its names and texts in the folder ``state``.

    ``graphs`` are those of ``Sizes``: how many triples each graph has, and how many lie outside any.
    """
    quads = sum(graphs.values())
    named = quads - graphs.get("", 0)
    sizes = Sizes(len(database) - named, dict(sorted(graphs.items())), *_count_classes(database))
    if quads <= _MOST_INDEXED:
        dataset = Dataset(database, reader=DiskReader(database, most=_MOST_INDEXED))
        (state / NAMES).write_text(encode_names(read_names(dataset)), encoding="utf-8")
        SearchIndex.build(dataset, state / SEARCH).close()
    return sizes


def _count_classes(database: ox.Store) -> tuple[dict[str, int], int]:
    """The largest classes, and how many there are; each triple is in the default graph once."""
    classes: dict[str, int] = {}
    count = 0
    solutions = database.query(_CLASSES)
    assert isinstance(solutions, ox.QuerySolutions)
    for solution in solutions:
        count += 1
        if count <= _MOST_CLASSES:
            classes[solution["class"].value] = int(solution["resources"].value)
    return classes, count
