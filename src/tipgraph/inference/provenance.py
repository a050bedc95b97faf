"""Where an asserted triple stands: its graph, its file and its line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.inference.facts import INFERRED, graphs_of
from tipgraph.store import Dataset
from tipgraph.terms import Term
from tipgraph.turtle import LineIndex, index_lines

_LINE_SYNTAXES: Final = frozenset({".ttl", ".nt"})
"""Suffixes of files whose triples stand on lines of their own."""


@dataclass(frozen=True)
class Place:
    """A place at which a triple is asserted; ``graph`` is ``None`` for the default graph."""

    graph: str | None
    path: Path | None = None
    line: int | None = None

    def __str__(self) -> str:
        if self.path is None:
            return f"<{self.graph}>" if self.graph else "the default graph"
        return f"{_shown(self.path)}:{self.line}" if self.line else _shown(self.path)


class PlaceFinder:
    """Finds places in the files of a dataset; each file is read once, when it is first asked for."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._texts: dict[Path, str] = {}
        self._lines: dict[Path, LineIndex] = {}

    def read_files(self) -> None:
        """Read every file now, for a process that may open none later."""
        for file in self._dataset.files:
            self._text(file.path)

    def find(self, triple: ox.Triple) -> list[Place]:
        """Every place at which ``triple`` is asserted, sorted; none for a triple that is not asserted."""
        graphs = graphs_of(self._dataset.store, triple) - {INFERRED}
        names = {graph.value if isinstance(graph, ox.NamedNode) else None for graph in graphs}
        places = [place for name in names for place in self._in_graph(triple, name)]
        return sorted(places, key=lambda place: (str(place.path), place.line or 0, place.graph or ""))

    def _in_graph(self, triple: ox.Triple, graph: str | None) -> list[Place]:
        files = [file.path for file in self._dataset.files if file.graph in (graph, "")]
        lines = ((path, self._line(path, triple)) for path in files)
        places = [Place(graph, path, line) for path, line in lines if line is not None]
        return places or [Place(graph, files[0] if len(files) == 1 else None)]

    def _line(self, path: Path, triple: ox.Triple) -> int | None:
        """The line of ``triple`` in that file; only Turtle, and what is written like it, has lines."""
        text = self._text(path)
        names = self._names(triple)
        if not all(name in text for name in names):
            return None
        if not isinstance(triple.subject, ox.NamedNode):
            return _narrowest(text.splitlines(), names)
        if path not in self._lines:
            self._lines[path] = index_lines(text)
        return self._lines[path].line_of(triple.subject, triple.predicate, triple.object)

    def _text(self, path: Path) -> str:
        if path not in self._texts:
            self._texts[path] = path.read_text(encoding="utf-8") if path.suffix in _LINE_SYNTAXES else ""
        return self._texts[path]

    def _names(self, triple: ox.Triple) -> set[str]:
        """Words without which a file cannot state ``triple``: the local names in it, blank nodes followed."""
        names: set[str] = set()
        seen: set[Term] = set()
        waiting: list[Term] = [triple.subject, triple.object]
        while waiting:
            term = waiting.pop()
            if term in seen:
                continue
            seen.add(term)
            if isinstance(term, ox.BlankNode):
                waiting += [
                    quad.object for quad in self._dataset.store.quads_for_pattern(term, None, None, None)
                ]
            elif isinstance(term, ox.NamedNode):
                names.add(re.split("[/#]", term.value)[-1])
        return names - {"", "nil"}


def _narrowest(lines: list[str], names: set[str]) -> int | None:
    """The first line of the shortest run of lines that holds every one of ``names``."""
    best: tuple[int, int] | None = None
    last_seen: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        last_seen |= {name: number for name in names if name in line}
        if len(last_seen) == len(names) and names:
            start = min(last_seen.values())
            if best is None or number - start < best[0]:
                best = (number - start, start)
    return best and best[1]


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
