"""Reads a store on disk: look-ups in the union and in the graphs as the files had them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.describe import Names, decode_names
from tipgraph.errors import SourceError
from tipgraph.ondisk.layout import DATABASE, NAMES, SEARCH, State, hold_state
from tipgraph.search import SearchIndex
from tipgraph.sizes import Sizes
from tipgraph.store import Dataset, GraphName, Object, Reader, Subject, note_cut

_MOST_FOUND: Final = 2_000
"""Triples that a look-up finds; there may be millions, of a class or with a property."""


@dataclass(frozen=True)
class DiskStore:
    """A state of a store. The default graph of the dataset's store is the union."""

    dataset: Dataset
    sizes: Sizes
    names: Callable[[], Names] | None
    """Returns what ``describe.read_names`` does; ``None`` where the store is too large for it."""
    search_index: SearchIndex | None


def open_on_disk(folder: Path, prefixes: Mapping[str, str]) -> DiskStore:
    """The store in ``folder``, read-only.

    A fork of the process must not use what was opened before it: the database has threads of its own. Raises
    ``SourceError`` where the folder holds no such store.
    """
    state = hold_state(folder)
    try:
        database = ox.Store.read_only(str(state.path / DATABASE))
        names = (state.path / NAMES).read_bytes() if (state.path / NAMES).exists() else None
    except OSError as error:
        raise SourceError(f"{folder} is damaged: {error}", "load the files again") from error
    return DiskStore(
        Dataset(database, dict(prefixes), reader=DiskReader(database, state=state)),
        state.sizes,
        (lambda: decode_names(names)) if names is not None else None,
        SearchIndex.open(state.path / SEARCH) if names is not None else None,
    )


class DiskReader(Reader):
    """Looks things up in a database whose default graph is the union, each quad as it was in the files.

    A look-up finds so many triples; ``read_graph`` and ``read_all`` give everything.
    """

    is_whole = False

    def __init__(self, database: ox.Store, most: int = _MOST_FOUND, *, state: State | None = None) -> None:
        super().__init__(database)
        self._most: Final = most
        # Nobody removes it while it is read.
        self._state: Final = state

    def quads_for_pattern(
        self,
        subject: Subject | None,
        predicate: ox.NamedNode | None,
        object: Object | None,
        graph_name: GraphName | None = None,
    ) -> Iterator[ox.Quad]:
        """The quads of the first triples that have these parts; a cut is noted."""
        union = ox.DefaultGraph()
        is_of_union = graph_name is None or graph_name == union
        found = self._store.quads_for_pattern(
            subject, predicate, object, union if is_of_union else graph_name
        )
        for quad in islice(found, self._most):
            if not is_of_union:
                yield quad
                continue
            yield from (
                told
                for told in self._as_loaded(quad.triple)
                if graph_name is None or told.graph_name == union
            )
        if next(found, None) is not None:
            parts = [part if part is None else str(part) for part in (subject, predicate, object, graph_name)]
            note_cut(f"more than {self._most:,} triples of {' '.join(part or '?' for part in parts[:3])}")

    def read_graph(self, graph: ox.NamedNode) -> Iterator[ox.Quad]:
        """All quads of a named graph."""
        found: Iterator[ox.Quad] = self._store.quads_for_pattern(None, None, None, graph)
        return found

    def read_all(self) -> Iterator[ox.Quad]:
        """All quads, as the files had them."""
        return (told for triple in self.read_triples() for told in self._as_loaded(triple))

    def read_triples(self) -> Iterator[ox.Triple]:
        """All triples, each once."""
        union = self._store.quads_for_pattern(None, None, None, ox.DefaultGraph())
        return (quad.triple for quad in union)

    def _as_loaded(self, triple: ox.Triple) -> Iterator[ox.Quad]:
        found = list(self._store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None))
        named = [quad for quad in found if quad.graph_name != ox.DefaultGraph()]
        # A triple of no named graph was outside any; of one that was in both, that can no longer be told.
        return iter(named or found)
