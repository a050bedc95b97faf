"""The quality of an ontology: one SPARQL query for each thing that can be wrong with it.

A check is a file of ``ontology/checks/``. Its header says what is asked, how bad it is, why it is a problem
and what to do; its SELECT gives ``?entity``, and ``?property`` and ``?value`` where a statement is at fault;
``?value`` may be a place of a query too, see ``validation.usage``::

    # title: Which terms have no label?
    # level: error
    # problem: A term without label leaves its reader to guess.
    # solution: Add rdfs:label with the words that a person uses, in English.
    SELECT DISTINCT ?entity ?property WHERE { ... }
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import QueryError, SourceError, parse_error
from tipgraph.sources import Sources, read_file, read_text
from tipgraph.store import Dataset, syntax_of
from tipgraph.terms import Term
from tipgraph.validation.places import PlaceFinder
from tipgraph.validation.usage import Use
from tipgraph.vocabulary import BASE

_KEYS: Final = ("title", "level", "problem", "solution")
_HEADER_LINE: Final = re.compile(rf"# ({'|'.join(_KEYS)}): (.+)")
_CONTINUATION: Final = re.compile(r"#\s{2,}(\S.*)")
_SHAPES: Final = ox.NamedNode(f"{BASE}graph/shapes")
"""The graph in which the shapes stand while the checks run: they use terms too."""


class Level(IntEnum):
    """How bad a finding is; only an error makes an ontology fail."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """The level as people write it: ``warning``."""
        return self.name.lower()


@dataclass(frozen=True)
class Check:
    """A question of which every answer is a fault."""

    name: str
    title: str
    level: Level
    problem: str
    solution: str
    query: str


@dataclass(frozen=True)
class Fault:
    """One answer to a check: what is at fault, with the statement where there is one, and its place."""

    check: Check
    entity: Term
    property: Term | None = None
    value: Term | None = None
    file: Path | None = None
    line: int | None = None


def read_checks(folder: Path) -> list[Check]:
    """The checks of ``folder``, the worst first, then by name.

    Raises ``SourceError`` where there are none, and ``QueryError``, with file and line, on a wrong header.
    """
    checks = [_read_check(path) for path in sorted(folder.glob("*.rq"))]
    if not checks:
        raise SourceError(f"{folder} holds no checks", "give --root a folder that has ontology/checks/*.rq")
    return sorted(checks, key=lambda check: (-check.level, check.name))


def check_quality(
    dataset: Dataset, checks: Iterable[Check], *, shapes: Iterable[Path] = (), uses: Sequence[Use] = ()
) -> list[Fault]:
    """The faults that ``checks`` find in ``dataset``, in their order, then by file and line.

    ``shapes`` are Turtle files whose use of a term counts, ``uses`` what queries name. Raises ``ParseError``
    on malformed shapes, and ``QueryError`` on a check that is no SELECT with the variable ``?entity``.
    """
    store = ox.Store()
    store.bulk_extend(dataset.store)
    files = [file.path for file in dataset.files]
    for path in shapes:
        try:
            store.load(
                read_file(path), format=syntax_of(path), base_iri=path.resolve().as_uri(), to_graph=_SHAPES
            )
        except SyntaxError as error:
            raise parse_error(path, error) from error
        files.append(path)
    places = PlaceFinder(files)
    places_of_uses: dict[Term, Use] = {use.node: use for use in uses}
    store.extend(use.quad for use in uses)
    faults: list[Fault] = []
    for check in checks:
        found = [_place(fault, places, places_of_uses) for fault in _answers(check, store)]
        faults += sorted(
            found,
            key=lambda fault: (str(fault.file or ""), fault.line or 0, str(fault.entity), str(fault.value)),
        )
    return faults


def checks_folder(sources: Sources) -> Path:
    """Where the checks of ``sources`` are."""
    return sources.ontology / "checks"


def _answers(check: Check, store: ox.Store) -> Iterable[Fault]:
    try:
        rows = store.query(check.query, use_default_graph_as_union=True)
    except SyntaxError as error:
        raise QueryError(f"the check {check.name} is malformed: {error}", "correct its file") from error
    names = [variable.value for variable in rows.variables] if isinstance(rows, ox.QuerySolutions) else []
    if not isinstance(rows, ox.QuerySolutions) or "entity" not in names:
        raise QueryError(
            f"the check {check.name} is no SELECT with the variable ?entity", "let it select what is at fault"
        )
    for row in rows:
        said = [row[name] if name in names else None for name in ("entity", "property", "value")]
        if said[0] is not None:
            yield Fault(check, said[0], said[1], said[2])


def _place(fault: Fault, places: PlaceFinder, uses: Mapping[Term, Use]) -> Fault:
    if fault.value is not None and (use := uses.get(fault.value)):
        return Fault(fault.check, fault.entity, fault.property, None, use.file, use.line)
    predicates = [fault.property] if isinstance(fault.property, ox.NamedNode) else []
    place = places.find(fault.entity, predicates, fault.value)
    if place is None:
        return fault
    return Fault(fault.check, fault.entity, fault.property, fault.value, *place)


def _read_check(path: Path) -> Check:
    text = read_text(path)
    header: dict[str, str] = {}
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith("#"):
            break
        if begins := _HEADER_LINE.fullmatch(line):
            current = begins[1]
            if current in header:
                raise QueryError(f"{path}:{number}: {current} is given twice", "give it once")
            header[current] = begins[2].strip()
        elif current and (continues := _CONTINUATION.fullmatch(line)):
            header[current] = f"{header[current]} {continues[1].strip()}"
    for key in _KEYS:
        if key not in header:
            raise QueryError(f"{path}:1: the check has no {key}", f"begin the file with # {key}: …")
    levels = {level.label: level for level in Level}
    if header["level"] not in levels:
        raise QueryError(f"{path}:1: {header['level']!r} is no level", f"use one of {', '.join(levels)}")
    return Check(
        path.stem, header["title"], levels[header["level"]], header["problem"], header["solution"], text
    )
