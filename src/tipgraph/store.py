"""Folders or files of RDF loaded into one Oxigraph dataset with named graphs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from pathlib import Path
from typing import Final, TypeAlias

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

Subject: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Triple
Object: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
GraphName: TypeAlias = ox.NamedNode | ox.BlankNode | ox.DefaultGraph

_CUTS: Final[ContextVar[list[str] | None]] = ContextVar("cuts", default=None)


class Reader:
    """Looks things up in a dataset, each quad as the files have it; this one, in a store in memory.

    Where a dataset may be too large to be read as a whole, a look-up may be cut: see ``noting_cuts``.
    """

    is_whole: bool = True
    """Whether the dataset is small enough to be read from end to end."""

    def __init__(self, store: ox.Store) -> None:
        self._store: Final = store

    def forget(self) -> None:
        """Give up what is kept of earlier look-ups, since the dataset has changed."""

    def prepare(self, nodes: Iterable[object]) -> None:
        """Tell that the statements of these terms will be looked up; for where asking once is faster."""

    def quads_for_pattern(
        self,
        subject: Subject | None,
        predicate: ox.NamedNode | None,
        object: Object | None,
        graph_name: GraphName | None = None,
    ) -> Iterator[ox.Quad]:
        """The quads that have these parts, where they are given."""
        found: Iterator[ox.Quad] = self._store.quads_for_pattern(subject, predicate, object, graph_name)
        return found

    def named_graphs(self) -> Iterator[ox.NamedNode | ox.BlankNode]:
        """The names of the named graphs."""
        return self._store.named_graphs()

    def contains_named_graph(self, graph: ox.NamedNode) -> bool:
        """Whether there is a graph of that name."""
        return self._store.contains_named_graph(graph)

    def read_graph(self, graph: ox.NamedNode) -> Iterator[ox.Quad]:
        """All quads of a named graph."""
        return self.quads_for_pattern(None, None, None, graph)

    def read_all(self) -> Iterator[ox.Quad]:
        """All quads."""
        return iter(self._store)

    def read_triples(self) -> Iterator[ox.Triple]:
        """All triples; one of several graphs may come several times."""
        return (quad.triple for quad in self.read_all())


@contextmanager
def noting_cuts() -> Iterator[list[str]]:
    """A list that gets an entry, in words, for each look-up in the block that did not find all there is."""
    noted: list[str] = []
    before = _CUTS.set(noted)
    try:
        yield noted
    finally:
        _CUTS.reset(before)


def note_cut(what: str) -> None:
    """Tell ``noting_cuts`` that a look-up, of ``what``, is cut."""
    noted = _CUTS.get()
    if noted is not None:
        noted.append(what)


class Dataset:
    """An RDF dataset whose default graph, to a query, is the union of its named graphs.

    ``store`` may be a function that loads it, which is called when the store is first asked for. ``files``
    says which file each named graph was read from, for messages that name file and line. ``reader`` is for a
    dataset that its store alone does not give as the files have it.
    """

    def __init__(
        self,
        store: ox.Store | Callable[[], ox.Store],
        prefixes: dict[str, str] | None = None,
        files: tuple[SourceFile, ...] = (),
        reader: Reader | None = None,
    ) -> None:
        self._reader: Final = reader
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

    @cached_property
    def reader(self) -> Reader:
        """Looks things up in it."""
        return self._reader or Reader(self.store)

    def graph_names(self) -> list[str]:
        """The IRIs of the named graphs, sorted."""
        return sorted(name.value for name in self.reader.named_graphs() if isinstance(name, ox.NamedNode))

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
