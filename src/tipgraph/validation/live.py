"""Validation that is kept up while files are edited: after a save only what the save can touch is looked at.

That is what the file describes or described, and what refers to it. A rule that looks further, such as the
three steps to a mechanism or a name that nobody else bears, can change its mind about another resource too;
``LiveValidation.start`` looks at everything again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import parse_error
from tipgraph.sources import Sources, read_file
from tipgraph.store import syntax_of
from tipgraph.terms import Term
from tipgraph.validation.checking import make_report
from tipgraph.validation.engines import Engine, Finding, run_engine
from tipgraph.validation.places import PlaceFinder
from tipgraph.validation.report import Report
from tipgraph.validation.shapes import ShapesGraph, read_shapes, require_support
from tipgraph.vocabulary import GRAPH_ONTOLOGY, RDF


class LiveValidation:
    """The graph of ``sources``, and the files ``own`` added to it, held against shapes again and again.

    With ``own`` files only what they describe is reported.
    """

    def __init__(
        self, sources: Sources, shapes: Path, *, own: Iterable[Path] = (), engine: Engine = "rudof"
    ) -> None:
        self._sources: Final = sources
        self._shapes_path: Final = shapes
        self._own: Final = [path.resolve() for path in own]
        self._engine: Final[Engine] = engine
        self._triples: dict[Path, list[ox.Triple]] = {}
        self._ontology: set[Path] = set()
        self._shapes: ShapesGraph | None = None
        self._findings: set[Finding] = set()

    @property
    def folders(self) -> list[Path]:
        """The folders and files to watch."""
        inside = [self._sources.ontology, self._sources.data, self._shapes_path]
        return [path for path in (*self._own, *inside) if path.exists()]

    def start(self) -> Report:
        """The report on everything, all files read anew.

        Raises ``SourceError`` and ``ParseError`` on a file that cannot be read.
        """
        prefixes = self._sources.prefixes()
        shapes = read_shapes(self._shapes_path, prefixes)
        require_support(shapes, self._shapes_path, self._engine)
        files = self._sources.graph_files()
        triples = {path: _read(path) for path in (*(file.path.resolve() for file in files), *self._own)}
        self._ontology = {file.path.resolve() for file in files if file.graph == GRAPH_ONTOLOGY}
        self._shapes, self._triples = shapes, triples
        focus = self._described(self._own) if self._own else None
        self._findings = run_engine(self._engine, self._data(), shapes, focus=focus)
        return self._report()

    def update(self, changed: Collection[Path]) -> Report:
        """The report after the files ``changed`` were saved or removed; all that matters of the rest is kept.

        Raises as ``start`` does, and then still has what it had.
        """
        changed = {path.resolve() for path in changed}
        known = {file.path.resolve() for file in self._sources.graph_files()} | set(self._own)
        if self._shapes is None or changed & self._ontology or not changed <= known | self._triples.keys():
            return self.start()
        before = self._described(changed)
        fresh = {path: _read(path) for path in changed if path.is_file()}
        self._triples = {path: old for path, old in self._triples.items() if path not in changed} | fresh
        touched = before | self._described(changed)
        data = self._data()
        focus = touched | {triple.subject for triple in data if triple.object in touched}
        if self._own:
            focus &= self._described(self._own)
        kept = {finding for finding in self._findings if finding.focus_node not in focus}
        self._findings = kept | run_engine(self._engine, data, self._shapes, focus=focus)
        return self._report()

    def _described(self, paths: Iterable[Path]) -> set[Term]:
        return {triple.subject for path in paths for triple in self._triples.get(path, ())}

    def _data(self) -> list[ox.Triple]:
        return list(dict.fromkeys(triple for triples in self._triples.values() for triple in triples))

    def _report(self) -> Report:
        assert self._shapes is not None
        counted = self._own or [path for path in self._triples if path not in self._ontology]
        resources = {
            triple.subject
            for path in counted
            for triple in self._triples.get(path, ())
            if triple.predicate.value == f"{RDF}type"
        }
        places = PlaceFinder(self._own or list(self._triples))
        return make_report(self._findings, self._shapes, places, len(resources))


def _read(path: Path) -> list[ox.Triple]:
    try:
        # Blank nodes of two files may have the same label.
        quads = ox.parse(
            read_file(path), format=syntax_of(path), base_iri=path.as_uri(), rename_blank_nodes=True
        )
        return [quad.triple for quad in quads]
    except SyntaxError as error:
        raise parse_error(path, error) from error
