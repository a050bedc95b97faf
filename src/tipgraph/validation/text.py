"""A report as a person reads it on a terminal: grouped by resource, or one line for each result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.terms import Term
from tipgraph.validation.report import Report, Result, Severity
from tipgraph.vocabulary import XSD, shorten

_LONGEST_PATH: Final = 60
"""Characters of a property path that help a reader; a longer one only hides the value."""

COLUMNS: Final = ("place", "level", "resource", "path", "value", "shape", "what to do")
"""The columns of ``table_rows``."""


def report_text(report: Report, prefixes: Mapping[str, str]) -> str:
    """The results by resource: place, level and statement, then what to do about it; a line of counts."""
    lines: list[str] = []
    for focus, results in groupby(_by_resource(report), key=lambda result: result.focus_node):
        lines.append(name_term(focus, prefixes))
        for result in results:
            lines += _result_lines(result, prefixes)
        lines.append("")
    lines.append(summarize(report))
    return "\n".join([*lines, ""])


def table_rows(report: Report, prefixes: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """The results in the columns of ``COLUMNS``, in their order."""
    for result in report.results:
        yield (
            place_of(result),
            result.severity.label,
            name_term(result.focus_node, prefixes),
            str(result.path or ""),
            "" if result.value is None else name_term(result.value, prefixes),
            shorten(result.shape.value, prefixes) if result.shape else "",
            result.message,
        )


def summarize(report: Report) -> str:
    """How many resources were checked, and how many results of each level there are."""
    checked = f"{report.resources} resource{'' if report.resources == 1 else 's'} checked"
    if not report.resources:
        return f"{checked}: no shape is about anything in it"
    if report.conforms:
        return f"{checked}: all as it should be"
    counts = (
        f"{count} {severity.label}{'' if count == 1 else 's'}"
        for severity in sorted(Severity, reverse=True)
        if (count := report.count(severity))
    )
    return f"{checked}: {', '.join(counts)}"


def name_term(term: Term, prefixes: Mapping[str, str]) -> str:
    """The term as Turtle writes it."""
    match term:
        case ox.NamedNode():
            return shorten(term.value, prefixes)
        case ox.Literal(language=None):
            if term.datatype.value == f"{XSD}string":
                return str(term)
            return f"{ox.Literal(term.value)}^^{shorten(term.datatype.value, prefixes)}"
    return str(term)


def place_of(result: Result) -> str:
    """File and line of the result: see ``place_text``."""
    return place_text(result.file, result.line)


def place_text(path: Path | None, line: int | None) -> str:
    """File and line, the file as seen from here; empty where it is not known."""
    if path is None:
        return ""
    here = Path.cwd()
    shown = path.relative_to(here) if path.is_relative_to(here) else path
    return f"{shown}:{line}" if line else str(shown)


def _by_resource(report: Report) -> list[Result]:
    """The results, those of one resource together, where the first one of it stands."""
    order: dict[Term, int] = {}
    for result in report.results:
        order.setdefault(result.focus_node, len(order))
    return sorted(report.results, key=lambda result: order[result.focus_node])


def _result_lines(result: Result, prefixes: Mapping[str, str]) -> list[str]:
    place = place_of(result)
    said = " ".join(
        part
        for part in (
            str(result.path) if result.path and len(str(result.path)) < _LONGEST_PATH else "",
            name_term(result.value, prefixes) if result.value is not None else "",
        )
        if part
    )
    shape = f" [{shorten(result.shape.value, prefixes)}]" if result.shape else ""
    return [
        f"  {f'{place}: ' if place else ''}{result.severity.label}{f': {said}' if said else ''}{shape}",
        f"    {result.message}",
    ]
