"""``tipgraph validate``: what breaks the shapes, where it stands, and what to do."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import get_args

import click
import pyoxigraph as ox

from tipgraph.cli import Settings
from tipgraph.cli.files import output_option, write_output
from tipgraph.cli.terminal import wait_for
from tipgraph.sources import Sources, locate_sources
from tipgraph.store import Dataset, load_dataset
from tipgraph.terms import Term
from tipgraph.turtle import serialize_graph
from tipgraph.validation import (
    Engine,
    Report,
    Result,
    Severity,
    report_json,
    report_triples,
    validate_dataset,
    validate_files,
)
from tipgraph.vocabulary import shorten

_FORMATS = ("text", "json", "turtle")


@click.command(
    epilog="""\b
Examples:
  tipgraph validate
  tipgraph validate my-facts.ttl
  tipgraph validate --severity violation --format turtle -o report.ttl
"""
)
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.option(
    "--engine",
    type=click.Choice(get_args(Engine)),
    default="rudof",
    metavar="ENGINE",
    help="rudof (the default, fast) or pyshacl (the reference; the same results, slowly).",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(_FORMATS),
    default="text",
    metavar="FORMAT",
    help="text (the default), json, or turtle: the validation report that SHACL defines.",
)
@click.option(
    "--severity",
    type=click.Choice([severity.label for severity in sorted(Severity, reverse=True)]),
    default=Severity.INFO.label,
    metavar="LEVEL",
    help="Show results of this level and worse: violation, warning or info (the default).",
)
@output_option
@click.pass_obj
def validate(
    settings: Settings,
    files: tuple[Path, ...],
    engine: Engine,
    format_name: str,
    severity: str,
    output: Path | None,
) -> int:
    """Hold the graph against its shapes, and say what breaks them, where, and what to do.

    With FILE, your own RDF: it may refer to everything in the graph, and only what it describes is reported.

    Exits with 1 when there is a violation; a warning alone does not count.
    """
    sources = locate_sources(settings.root)
    dataset = load_dataset(sources)
    report = wait_for(lambda: _validate(files, dataset, sources, engine), "Validating")
    shown = report.at_least(Severity[severity.upper()])
    match format_name:
        case "json":
            text = report_json(shown, dataset.prefixes)
        case "turtle":
            text = serialize_graph(report_triples(shown), dataset.prefixes)
        case _:
            text = _text(shown, dataset)
    write_output(text.encode(), output)
    return 1 if report.has_violations else 0


def _validate(files: tuple[Path, ...], dataset: Dataset, sources: Sources, engine: Engine) -> Report:
    if files:
        return validate_files(files, dataset, sources.shapes, engine=engine)
    return validate_dataset(dataset, sources.shapes, engine=engine)


def _text(report: Report, dataset: Dataset) -> str:
    """The results by resource: place, level and statement, then what to do about it; a line of counts."""
    lines = []
    for focus, results in groupby(_by_resource(report), key=lambda result: result.focus_node):
        lines.append(_name(focus, dataset))
        for result in results:
            lines += _result_lines(result, dataset)
        lines.append("")
    lines.append(_summary(report))
    return "\n".join([*lines, ""])


def _by_resource(report: Report) -> list[Result]:
    """The results, those of one resource together, where the first one of it stands."""
    order: dict[Term, int] = {}
    for result in report.results:
        order.setdefault(result.focus_node, len(order))
    return sorted(report.results, key=lambda result: order[result.focus_node])


def _result_lines(result: Result, dataset: Dataset) -> list[str]:
    place = f"{_shown(result.file)}{f':{result.line}' if result.line else ''}: " if result.file else ""
    said = " ".join(
        part
        for part in (
            str(result.path) if result.path and len(str(result.path)) < 60 else "",
            _name(result.value, dataset) if result.value is not None else "",
        )
        if part
    )
    shape = f" [{shorten(result.shape.value, dataset.prefixes)}]" if result.shape else ""
    return [
        f"  {place}{result.severity.label}{f': {said}' if said else ''}{shape}",
        f"    {result.message}",
    ]


def _name(term: Term, dataset: Dataset) -> str:
    match term:
        case ox.NamedNode():
            return shorten(term.value, dataset.prefixes)
        case ox.Literal(language=None):
            datatype = shorten(term.datatype.value, dataset.prefixes)
            return str(ox.Literal(term.value)) + ("" if datatype == "xsd:string" else f"^^{datatype}")
    return str(term)


def _summary(report: Report) -> str:
    checked = f"{report.resources} resource{'' if report.resources == 1 else 's'} checked"
    if report.conforms:
        return f"{checked}: all as it should be"
    counts = (
        f"{count} {severity.label}{'' if count == 1 else 's'}"
        for severity in sorted(Severity, reverse=True)
        if (count := report.count(severity))
    )
    return f"{checked}: {', '.join(counts)}"


def _shown(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
