"""Folders or files of RDF loaded into one Oxigraph dataset with named graphs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import SourceError, parse_error
from tipgraph.sources import SourceFile, Sources, read_file
from tipgraph.vocabulary import GRAPH_INFERRED

RDF_SUFFIXES: Final[Mapping[str, ox.RdfFormat]] = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".trig": ox.RdfFormat.TRIG,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".json": ox.RdfFormat.JSON_LD,
    ".n3": ox.RdfFormat.N3,
}
"""File name suffix → RDF syntax."""


class Dataset:
    """An RDF dataset whose default graph, to a query, is the union of its named graphs.

    ``store`` may be a function that loads it, which is called when the store is first asked for. ``files``
    says which file each named graph was read from, for messages that name file and line.
    """

    def __init__(
        self,
        store: ox.Store | Callable[[], ox.Store],
        prefixes: dict[str, str] | None = None,
        files: tuple[SourceFile, ...] = (),
    ) -> None:
        self._given: Final = store
        self._lock: Final = threading.Lock()
        self._store: ox.Store | None = store if isinstance(store, ox.Store) else None
        self.prefixes: Final[dict[str, str]] = prefixes or {}
        self.files: Final = files

    @property
    def store(self) -> ox.Store:
        """The Oxigraph store of its quads."""
        with self._lock:
            if self._store is None:
                assert not isinstance(self._given, ox.Store)
                self._store = self._given()
            return self._store

    def graph_names(self) -> list[str]:
        """The IRIs of the named graphs, sorted."""
        return sorted(name.value for name in self.store.named_graphs() if isinstance(name, ox.NamedNode))

    def asserted_graph_names(self) -> list[str]:
        """The IRIs of the named graphs without the inferred one, sorted."""
        return [name for name in self.graph_names() if name != GRAPH_INFERRED]


def load_dataset(sources: Sources) -> Dataset:
    """The asserted dataset of ``sources``: every Turtle file in its named graph, nothing inferred.

    Raises ``ParseError`` with file, line and column on malformed Turtle, and ``SourceError`` on a file that
    cannot be read.
    """
    files = sources.graph_files()
    store = ox.Store()
    for file in files:
        _load_file(store, file.path, ox.NamedNode(file.graph))
    return Dataset(store, sources.prefixes(), tuple(files))


def load_files(paths: Iterable[Path], prefixes: Mapping[str, str] | None = None) -> Dataset:
    """A dataset of the user's own files in any RDF syntax; named graphs are kept.

    Triples outside any named graph go to the default graph. Raises ``SourceError`` on a path that is missing,
    a folder, unreadable or of unknown syntax, and ``ParseError`` on malformed content.
    """
    store = ox.Store()
    files = []
    for path in paths:
        _load_file(store, path, None)
        files.append(SourceFile(path, ""))
    return Dataset(store, dict(prefixes or {}), tuple(files))


def syntax_of(path: Path) -> ox.RdfFormat:
    """The RDF syntax that the suffix of ``path`` stands for.

    Raises ``SourceError`` when it stands for none.
    """
    syntax = RDF_SUFFIXES.get(path.suffix.lower())
    if syntax is None:
        known = ", ".join(sorted(RDF_SUFFIXES))
        raise SourceError(f"{path} has a suffix that stands for no RDF syntax", f"use one of {known}")
    return syntax


def _load_file(store: ox.Store, path: Path, graph: ox.NamedNode | None) -> None:
    content = read_file(path)
    syntax = syntax_of(path)
    try:
        # Blank node labels are per file; pyoxigraph renames them on load, so files never share one.
        store.load(content, format=syntax, base_iri=path.resolve().as_uri(), to_graph=graph)
    except SyntaxError as error:
        raise parse_error(path, error) from error
