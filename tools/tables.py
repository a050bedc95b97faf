"""What the importers of tables share: reading a table, naming a resource, and writing a file of a graph."""

from __future__ import annotations

import csv
import io
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import SourceError, TipgraphError
from tipgraph.sources import Sources, locate_sources, read_text
from tipgraph.turtle import serialize_graph
from tipgraph.vocabulary import CONCEPT, DCTERMS, ID, ORG, RDF, SKOS, TIP, XSD

TYPE: Final = ox.NamedNode(f"{RDF}type")


@dataclass(frozen=True)
class Row:
    """A row of a table; ``where`` is its file and line, for messages."""

    where: str
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


@dataclass(frozen=True)
class LeftOut:
    """A row that does not enter the graph, and why."""

    row: str
    reason: str


@dataclass(frozen=True)
class State:
    """A state of ``graph:states`` by its IRI, codes and English name."""

    iri: ox.NamedNode
    alpha2: str
    name: str

    @property
    def slug(self) -> str:
        """The last part of the IRI."""
        return self.iri.value.removeprefix(ID)


def read_table(path: Path, columns: Sequence[str]) -> list[Row]:
    """The rows of the CSV table ``path``, white space at the ends of a cell removed.

    Raises ``SourceError`` where one of ``columns`` is missing or a row is longer or shorter than the header.
    """
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
    missing = [column for column in columns if column not in (reader.fieldnames or ())]
    if missing:
        raise SourceError(
            f"{path}:1: there is no column {', '.join(missing)}", "give the table it is named after"
        )
    rows = []
    for cells in reader:
        where = f"{path}:{reader.line_num}"
        if None in cells or None in cells.values():
            raise SourceError(f"{where}: the row has not as many cells as the header", "correct the row")
        rows.append(Row(where, {column: value.strip() for column, value in cells.items()}))
    return rows


def make_slug(name: str) -> str:
    """``name`` as the last part of an IRI.

    >>> make_slug("Côte d'Ivoire"), make_slug("Lao People's Democratic Republic")
    ('cote-divoire', 'lao-peoples-democratic-republic')
    """
    plain = unicodedata.normalize("NFKD", re.sub(r"['\u2019]", "", name)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def read_states(sources: Sources) -> dict[str, State]:
    """ISO alpha-2 code → state, as ``data/states/`` has them."""
    store = ox.Store()
    for path in sorted((sources.data / "states").glob("*.ttl")):
        store.load(path=str(path), format=ox.RdfFormat.TURTLE)
    states = {}
    for quad in store.quads_for_pattern(None, tip("isoAlpha2"), None, None):
        assert isinstance(quad.subject, ox.NamedNode)
        assert isinstance(quad.object, ox.Literal)
        (name,) = (
            label.object.value
            for label in store.quads_for_pattern(quad.subject, skos("prefLabel"), None, None)
            if isinstance(label.object, ox.Literal) and label.object.language == "en"
        )
        states[quad.object.value] = State(quad.subject, quad.object.value, name)
    if not states:
        raise SourceError(f"{sources.data / 'states'} holds no states", "run tools/import_states.py first")
    return states


def resource(slug: str) -> ox.NamedNode:
    """The resource ``id:slug``."""
    return ox.NamedNode(ID + slug)


def concept(slug: str) -> ox.NamedNode:
    """The concept ``concept:slug``."""
    return ox.NamedNode(CONCEPT + slug)


def tip(name: str) -> ox.NamedNode:
    """The term ``tip:name``."""
    return ox.NamedNode(TIP + name)


def skos(name: str) -> ox.NamedNode:
    """The term ``skos:name``."""
    return ox.NamedNode(SKOS + name)


def org(name: str) -> ox.NamedNode:
    """The term ``org:name``."""
    return ox.NamedNode(ORG + name)


def dcterms(name: str) -> ox.NamedNode:
    """The term ``dcterms:name``."""
    return ox.NamedNode(DCTERMS + name)


def english(text: str) -> ox.Literal:
    """``text`` in English."""
    return ox.Literal(text, language="en")


def typed(value: str, datatype: str) -> ox.Literal:
    """``value`` as a literal of the XML Schema datatype of that name."""
    return ox.Literal(value, datatype=ox.NamedNode(XSD + datatype))


def facts(
    subject: ox.NamedNode, statements: Iterable[tuple[ox.NamedNode, ox.NamedNode | ox.Literal]]
) -> Iterator[ox.Triple]:
    """One triple for each predicate and object."""
    for predicate, obj in statements:
        yield ox.Triple(subject, predicate, obj)


def write_graph_file(path: Path, triples: Iterable[ox.Triple], sources: Sources, header: str) -> Path:
    """Write canonical Turtle under the comment ``header``; the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        serialize_graph(triples, sources.prefixes(), f"# {header}"), encoding="utf-8", newline="\n"
    )
    return path


def report_rows(left_out: Iterable[LeftOut]) -> None:
    """Print the rows that were left out, grouped by reason in the order in which the reasons first occur."""
    by_reason: dict[str, list[str]] = {}
    for entry in left_out:
        by_reason.setdefault(entry.reason, []).append(entry.row)
    for reason, rows in by_reason.items():
        print(f"left out, {reason} ({len(rows)}): {'; '.join(rows)}")


def run(work: Callable[[Sources], None]) -> int:
    """Call ``work`` with the sources of this checkout; the exit code, its error printed if there is one."""
    try:
        work(locate_sources())
    except TipgraphError as error:
        print(f"error: {error.message}\nhint: {error.hint}", file=sys.stderr)
        return error.exit_code
    return 0
