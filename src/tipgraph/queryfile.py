"""Query files: SPARQL with a header of comments that says what it asks and what may be filled in.

::

    # title: Which instruments has an actor adopted?
    # about: The texts that an organization or one of its bodies adopted, with the date where the report
    #   gives one.
    # keywords: instruments, adoption
    # param: actor resource = id:ecowas — the organization
    # param: since year — the year from which on
    # param: asOf date = 2010-12-31 until 2014-01-31 — the day, up to the last of which the source tells
    SELECT ...

A line that is indented further continues the one above it. The type of a parameter is one of
``terms.PARAMETER_TYPES``; one without a default has to be given. Other comments are only comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tipgraph.errors import QueryError, SourceError
from tipgraph.sources import read_text
from tipgraph.terms import PARAMETER_TYPES

SUFFIX: Final = ".rq"

_HEADER_LINE: Final = re.compile(r"#\s*(title|about|keywords|param):\s*(.*?)\s*", re.IGNORECASE)
_CONTINUATION: Final = re.compile(r"#(?:\t|\s{2,})(\S.*?)\s*")
_PARAMETER: Final = re.compile(
    r"(?P<name>\w+)\s+(?P<type>[a-z]+)(?:\s*=\s*(?P<default>.+?))?(?:\s+until\s+(?P<until>\S+))?"
    r"(?:\s+(?:—|--)\s+(?P<about>.+))?"
)


@dataclass(frozen=True)
class Parameter:
    """A variable of a query that whoever runs it gives a value."""

    name: str
    type: str
    default: str | None = None
    about: str = ""
    until: str | None = None
    """The last day that it may be, of a date."""


@dataclass(frozen=True)
class QueryFile:
    """A query with what its header says; a text without header has no title and no parameters."""

    name: str
    text: str
    title: str = ""
    about: str = ""
    keywords: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    path: Path | None = field(default=None, compare=False)


def read_query_file(path: Path) -> QueryFile:
    """The query of the file ``path``.

    Raises ``SourceError`` where it cannot be read, ``ParseError`` where it is not UTF-8 and ``QueryError``,
    with file and line, where its header is wrong.
    """
    return parse_query_file(read_text(path), path.stem, path)


def read_query_folder(folder: Path) -> dict[str, QueryFile]:
    """Name → query for every ``.rq`` file of ``folder``, sorted by name.

    Raises ``SourceError`` where the folder cannot be listed, and what ``read_query_file`` raises.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise SourceError(f"the queries of {folder} cannot be read: {reason}", "check --root") from error
    return {path.stem: read_query_file(path) for path in paths if path.suffix == SUFFIX}


def parse_query_file(text: str, name: str, path: Path | None = None) -> QueryFile:
    """The query that ``text`` holds; ``name`` stands for it in messages where there is no ``path``."""
    where = str(path) if path else name
    header: dict[str, str] = {}
    parameters: dict[str, Parameter] = {}
    for line, key, value in _read_header(text):
        if key == "param":
            parameter = _parse_parameter(value, f"{where}:{line}")
            if parameter.name in parameters:
                raise QueryError(
                    f"{where}:{line}: the parameter {parameter.name} is declared twice", "declare it once"
                )
            if not re.search(rf"[?$]{parameter.name}\b", text):
                raise QueryError(
                    f"{where}:{line}: the query has no variable ?{parameter.name} for this parameter",
                    "use the variable, or take the line out",
                )
            parameters[parameter.name] = parameter
        elif key in header:
            raise QueryError(f"{where}:{line}: {key} is given twice", "give it once")
        else:
            header[key] = value
    return QueryFile(
        name=name,
        text=text,
        title=header.get("title", ""),
        about=header.get("about", ""),
        keywords=tuple(word.strip() for word in header.get("keywords", "").split(",") if word.strip()),
        parameters=tuple(parameters.values()),
        path=path,
    )


def _read_header(text: str) -> Iterator[tuple[int, str, str]]:
    """Line number, key and value of each header line, with the lines that continue it."""
    current: tuple[int, str, str] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            break
        begins = _HEADER_LINE.fullmatch(line)
        continues = _CONTINUATION.fullmatch(line)
        if begins is None and continues is not None and current is not None:
            current = (current[0], current[1], f"{current[2]} {continues[1]}".strip())
            continue
        if current is not None:
            yield current
        current = (number, begins[1].lower(), begins[2]) if begins else None
    if current is not None:
        yield current


def _parse_parameter(declaration: str, where: str) -> Parameter:
    found = _PARAMETER.fullmatch(declaration)
    if found is None:
        raise QueryError(
            f"{where}: {declaration!r} declares no parameter",
            "write # param: name type = default — what it is, as in # param: since year = 2000 — from when",
        )
    if found["type"] not in PARAMETER_TYPES:
        raise QueryError(
            f"{where}: {found['type']!r} is no type of a parameter",
            f"use one of {', '.join(PARAMETER_TYPES)}",
        )
    until = found["until"]
    if until is not None and (found["type"] != "date" or not re.fullmatch(r"\d{4}-\d\d-\d\d", until)):
        raise QueryError(
            f"{where}: only a date goes until a day, such as 2014-01-31", "mend it, or take it out"
        )
    return Parameter(found["name"], found["type"], found["default"], found["about"] or "", until)
