"""``tipgraph check``: what is wrong with the ontology itself."""

from __future__ import annotations

import csv
import difflib
import io
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from tipgraph.cli import Settings
from tipgraph.cli.files import output_option, write_output
from tipgraph.cli.terminal import text_width, wait_for, write_table
from tipgraph.errors import UnknownNameError, UsageError
from tipgraph.sources import locate_sources, read_text
from tipgraph.sparql.mentions import find_iris
from tipgraph.store import load_dataset, load_files
from tipgraph.validation.quality import Check, Fault, Level, check_quality, checks_folder, read_checks
from tipgraph.validation.text import name_term, place_text
from tipgraph.validation.usage import Use

_COLUMNS = ("level", "check", "place", "entity", "property", "value")


@click.command(
    short_help="Look for faults of the ontology itself.",
    epilog="""\b
Examples:
  tipgraph check
  tipgraph check --level warning --format table
  tipgraph check my-ontology.ttl
  tipgraph check --list
""",
)
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.option("--check", "names", multiple=True, metavar="NAME", help="Run this check only. Can be repeated.")
@click.option(
    "--level",
    type=click.Choice([level.label for level in sorted(Level, reverse=True)]),
    default=Level.INFO.label,
    metavar="LEVEL",
    help="Show faults of this level and worse: error, warning or info (the default).",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "table", "json", "csv"]),
    default="text",
    show_default=True,
    help="How to write what is found.",
)
@click.option("--list", "lists", is_flag=True, help="Say what is checked, and stop.")
@output_option
@click.pass_obj
def check(
    settings: Settings,
    files: tuple[Path, ...],
    names: tuple[str, ...],
    level: str,
    format_name: str,
    lists: bool,
    output: Path | None,
) -> int:
    """Look for what is wrong with the ontology itself: its terms, labels, hierarchies and matches.

    Queries and rules that name a term which the ontology lacks are told too.

    With FILE, look at an ontology of your own instead. Exits with 1 when there is an error.
    """
    sources = locate_sources(settings.root)
    checks = _choose(read_checks(checks_folder(sources)), names, Level[level.upper()])
    if lists:
        for found in checks:
            click.echo(f"{found.name} ({found.level.label})\n{_indent(found.title)}")
        return 0
    dataset = load_files(files, sources.prefixes()) if files else load_dataset(sources)
    shapes = () if files else sorted(sources.shapes.glob("*.ttl"))
    folders = () if files else (sources.rules, sources.queries)
    queries = [query for folder in folders for query in sorted(folder.glob("*.rq"))]
    uses = find_uses(queries, dataset.prefixes)
    faults = wait_for(
        lambda: check_quality(dataset, checks, shapes=shapes, uses=uses), "Checking the ontology"
    )
    prefixes = dataset.prefixes
    match format_name:
        case "table" if output is not None:
            raise UsageError("a table is written to the screen", "take --format csv to write a file")
        case "table":
            if faults:
                write_table(_COLUMNS, [_row(fault, prefixes) for fault in faults])
            click.echo(_summary(faults, checks), err=True)
        case "csv":
            write_output(_csv(faults, prefixes).encode(), output)
        case "json":
            document = [_as_values(fault, prefixes) for fault in faults]
            write_output((json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode(), output)
        case _:
            write_output(_text(faults, checks, prefixes).encode(), output)
    return 1 if any(fault.check.level is Level.ERROR for fault in faults) else 0


def find_uses(queries: Iterable[Path], prefixes: Mapping[str, str]) -> list[Use]:
    """Every line of ``queries`` that names an IRI."""
    return [Use(iri, path, line) for path in queries for iri, line in find_iris(read_text(path), prefixes)]


def _choose(checks: Sequence[Check], names: Sequence[str], level: Level) -> list[Check]:
    known = {found.name: found for found in checks}
    for name in names:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=3)
            hint = f"did you mean {' or '.join(nearest)}?" if nearest else "tipgraph check --list names them"
            raise UnknownNameError(f"there is no check {name!r}", hint)
    chosen = [found for found in checks if found.level >= level and (not names or found.name in names)]
    if not chosen:
        raise UsageError(
            f"no check of these names is of level {level.label} or worse", "leave out --level, or --check"
        )
    return chosen


def _text(faults: Sequence[Fault], checks: Sequence[Check], prefixes: Mapping[str, str]) -> str:
    """The faults by check, with the problem and the solution."""
    lines: list[str] = []
    for found, group in groupby(faults, key=lambda fault: fault.check):
        lines += [
            f"{found.name} ({found.level.label})",
            _indent(f"Problem: {found.problem}"),
            _indent(f"Solution: {found.solution}"),
        ]
        for fault in group:
            _, _, place, *said = _row(fault, prefixes)
            lines.append(f"  {f'{place}: ' if place else ''}{' '.join(part for part in said if part)}")
        lines.append("")
    return "\n".join([*lines, _summary(faults, checks), ""])


def _summary(faults: Sequence[Fault], checks: Sequence[Check]) -> str:
    ran = f"{len(checks)} check{'' if len(checks) == 1 else 's'}"
    if not faults:
        return f"{ran}: nothing found"
    counts = [
        f"{count} {level.label}{'' if count == 1 else 's'}"
        for level in sorted(Level, reverse=True)
        if (count := sum(fault.check.level is level for fault in faults))
    ]
    return f"{ran}: {', '.join(counts)}"


def _row(fault: Fault, prefixes: Mapping[str, str]) -> tuple[str, ...]:
    said = ("" if term is None else name_term(term, prefixes) for term in (fault.property, fault.value))
    return (
        fault.check.level.label,
        fault.check.name,
        place_text(fault.file, fault.line),
        name_term(fault.entity, prefixes),
        *said,
    )


def _csv(faults: Sequence[Fault], prefixes: Mapping[str, str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_COLUMNS, *(_row(fault, prefixes) for fault in faults)])
    return text.getvalue()


def _as_values(fault: Fault, prefixes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "check": fault.check.name,
        "level": fault.check.level.label,
        "problem": fault.check.problem,
        "solution": fault.check.solution,
        "entity": name_term(fault.entity, prefixes),
        "property": None if fault.property is None else name_term(fault.property, prefixes),
        "value": None if fault.value is None else name_term(fault.value, prefixes),
        "file": None if fault.file is None else str(fault.file),
        "line": fault.line,
    }


def _indent(text: str) -> str:
    return textwrap.fill(text, text_width(), initial_indent="  ", subsequent_indent="    ")
