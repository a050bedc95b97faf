"""How large a dataset is: what its pages tell of it without reading all of it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from tipgraph.store import Dataset
from tipgraph.vocabulary import RDF

_TYPE: Final = ox.NamedNode(f"{RDF}type")


@dataclass(frozen=True)
class Sizes:
    """How much a dataset holds."""

    triples: int
    """In the union of its graphs."""
    graphs: Mapping[str, int]
    """Named graph → its triples, sorted; the empty name is that of the triples outside any."""
    classes: Mapping[str, int] = field(default_factory=dict)
    """Class → how many resources are of it, the largest first; of very many, only these."""
    class_count: int = 0
    """How many classes there are."""

    @property
    def quads(self) -> int:
        """The triples of all graphs, one of two graphs counted twice."""
        return sum(self.graphs.values())


def measure_dataset(dataset: Dataset) -> Sizes:
    """The sizes of ``dataset``, all of which is read."""
    graphs: Counter[str] = Counter()
    triples: set[ox.Triple] = set()
    instances: set[tuple[object, str]] = set()
    for quad in dataset.reader.read_all():
        graphs[quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else ""] += 1
        triples.add(quad.triple)
        if quad.predicate == _TYPE and isinstance(quad.object, ox.NamedNode):
            instances.add((quad.subject, quad.object.value))
    classes = Counter(name for _, name in instances)
    return Sizes(len(triples), dict(sorted(graphs.items())), sort_classes(classes), len(classes))


def sort_classes(classes: Mapping[str, int]) -> dict[str, int]:
    """``classes`` with the largest first, and by name where they are equal."""
    return dict(sorted(classes.items(), key=lambda item: (-item[1], item[0])))
