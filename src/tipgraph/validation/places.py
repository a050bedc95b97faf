"""Where the statement at fault stands: the file, and the line in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.sources import read_file
from tipgraph.store import syntax_of
from tipgraph.terms import Term
from tipgraph.turtle import LineIndex, index_lines
from tipgraph.vocabulary import RDF

_TYPE: Final = ox.NamedNode(f"{RDF}type")


class PlaceFinder:
    """Finds statements in files; each file is read once, and indexed when a result first points into it."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._files = [_File(path) for path in dict.fromkeys(paths)]

    @classmethod
    def of_content(cls, path: Path, content: bytes, base_iri: str) -> PlaceFinder:
        """A finder in ``content``, which need not be in a file; its suffix says the syntax."""
        finder = cls([])
        finder._files = [_File(path, content, base_iri)]
        return finder

    def find(
        self, subject: Term, predicates: Iterable[ox.NamedNode], value: Term | None
    ) -> tuple[Path, int | None] | None:
        """Where ``subject`` has ``value`` for one of ``predicates``; else where it is described at all.

        The inverse statement counts too, since a path may lead against the arrow. Without a value it is the
        place that says what ``subject`` is.
        """
        files = [file for file in self._files if file.mentions(subject)]
        if value is not None:
            for statement in _statements(subject, list(predicates), value):
                for file in files:
                    if (line := file.line_of(*statement)) is not None:
                        return file.path, line
        for predicate in (_TYPE, None):
            for file in files:
                if (line := file.line_of(subject, predicate, None)) is not None:
                    return file.path, line
        return (files[0].path, None) if len(files) == 1 else None


def _statements(
    subject: Term, predicates: list[ox.NamedNode], value: Term
) -> Iterator[tuple[Term, ox.NamedNode, Term | None]]:
    for predicate in predicates:
        yield subject, predicate, value
    for predicate in predicates:
        if not isinstance(value, ox.Literal):
            yield value, predicate, subject
    if isinstance(value, ox.NamedNode):
        # Of a rule about the properties that a resource has, the value is the property.
        yield subject, value, None


class _File:
    def __init__(self, path: Path, content: bytes | None = None, base_iri: str | None = None) -> None:
        self.path = path
        self._given = content
        self._base_iri = base_iri

    def mentions(self, subject: Term) -> bool:
        """Whether the file may describe ``subject``; a quick look before the file is indexed."""
        if not isinstance(subject, ox.NamedNode):
            return True
        return re.split("[/#:]", subject.value)[-1].encode() in self._content

    def line_of(self, subject: Term, predicate: ox.NamedNode | None, value: Term | None) -> int | None:
        if not isinstance(subject, ox.NamedNode):
            return None
        return self._index.line_of(subject, predicate, value)

    @cached_property
    def _content(self) -> bytes:
        return read_file(self.path) if self._given is None else self._given

    @cached_property
    def _index(self) -> LineIndex:
        text = self._content.decode()
        base_iri = self._base_iri or self.path.resolve().as_uri()
        return index_lines(text, base_iri=base_iri, syntax=syntax_of(self.path))
