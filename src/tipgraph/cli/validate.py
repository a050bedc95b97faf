"""``tipgraph validate``: what breaks the shapes, where it stands, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import get_args

import click
import pyoxigraph as ox

from tipgraph.cli import Settings
from tipgraph.cli.files import output_option, write_output
from tipgraph.cli.terminal import wait_for, write_table
from tipgraph.cli.watching import watch_files
from tipgraph.describe import find_resource
from tipgraph.errors import UnknownNameError, UsageError
from tipgraph.sources import Sources, locate_sources
from tipgraph.store import Dataset, load_dataset
from tipgraph.terms import Term
from tipgraph.validation import (
    REPORT_FORMATS,
    Engine,
    LiveValidation,
    Report,
    Severity,
    validate_dataset,
    validate_files,
    write_report,
)
from tipgraph.validation.shapes import read_shapes
from tipgraph.validation.text import COLUMNS, summarize, table_rows
from tipgraph.vocabulary import SHAPE, expand

_TABLE = "table"
_FORMATS = ("text", _TABLE, *(name for name in REPORT_FORMATS if name != "text"))


@click.command(
    short_help="Hold the graph against its shapes.",
    epilog="""\b
Examples:
  tipgraph validate
  tipgraph validate my-facts.ttl --watch
  tipgraph validate --focus ECOWAS --severity warning
  tipgraph validate --format sarif -o report.sarif
  tipgraph validate my-data.nq --shapes my-shapes.ttl --engine pyshacl
""",
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
    help="text (the default), table, json, sarif (for code review), html (a page), or an RDF syntax for the "
    "validation report that SHACL defines: " + ", ".join(list(REPORT_FORMATS)[4:]) + ".",
)
@click.option(
    "--severity",
    type=click.Choice([severity.label for severity in sorted(Severity, reverse=True)]),
    default=Severity.INFO.label,
    metavar="LEVEL",
    help="Show results of this level and worse: violation, warning or info (the default).",
)
@click.option(
    "--shape",
    "shape_names",
    multiple=True,
    metavar="NAME",
    help="Show what breaks this shape or a property shape of it, as in shape:Instrument. Can be repeated.",
)
@click.option(
    "--focus",
    "focus_names",
    multiple=True,
    metavar="NAME-OR-IRI",
    help="Look at this resource only. Can be repeated.",
)
@click.option(
    "--shapes",
    "shapes_path",
    type=click.Path(path_type=Path),
    metavar="FILE-OR-DIR",
    help="Take these shapes instead of those of the graph.",
)
@click.option("--watch", is_flag=True, help="Validate again whenever a file is saved, until Ctrl-C.")
@output_option
@click.pass_obj
def validate(
    settings: Settings,
    files: tuple[Path, ...],
    engine: Engine,
    format_name: str,
    severity: str,
    shape_names: tuple[str, ...],
    focus_names: tuple[str, ...],
    shapes_path: Path | None,
    watch: bool,
    output: Path | None,
) -> int:
    """Hold the graph against its shapes, and say what breaks them, where, and what to do.

    With FILE, your own RDF: it may refer to everything in the graph, and only what it describes is reported.

    Exits with 1 when there is a violation; a warning alone does not count.
    """
    sources = locate_sources(settings.root)
    call = _Call(sources, files, shapes_path or sources.shapes, engine)
    wanted = _Wanted(Severity[severity.upper()], call.find_shapes(shape_names), call.find_focus(focus_names))

    def show(report: Report) -> None:
        _write(wanted.of(report), format_name, call.prefixes, output)

    if watch:
        if output is not None or format_name not in ("text", _TABLE):
            raise UsageError(
                "--watch shows reports on the screen", "leave out --output, and take --format text or table"
            )
        live = LiveValidation(sources, call.shapes, own=files, engine=engine)
        watch_files(lambda: live.folders, live.start, live.update, show)
        return 0
    report = wait_for(lambda: call.validate(wanted.focus), "Validating")
    show(report)
    return 1 if wanted.of(report).has_violations else 0


@dataclass(frozen=True)
class _Wanted:
    """Which results are shown."""

    severity: Severity
    shapes: Collection[str] | None
    focus: Collection[Term] | None

    def of(self, report: Report) -> Report:
        shown = report.at_least(self.severity)
        if self.shapes is not None:
            shown = shown.of_shapes(self.shapes)
        return shown if self.focus is None else shown.of_resources(self.focus)


@dataclass(frozen=True)
class _Call:
    """What is held against which shapes."""

    sources: Sources
    files: tuple[Path, ...]
    shapes: Path
    engine: Engine

    @cached_property
    def dataset(self) -> Dataset:
        return load_dataset(self.sources)

    @cached_property
    def prefixes(self) -> dict[str, str]:
        return self.sources.prefixes()

    def validate(self, focus: Collection[Term] | None) -> Report:
        if self.files:
            return validate_files(self.files, self.dataset, self.shapes, engine=self.engine, focus=focus)
        return validate_dataset(self.dataset, self.shapes, engine=self.engine, focus=focus)

    def find_focus(self, names: tuple[str, ...]) -> set[Term] | None:
        """The resources of these names; one that only the user's own files describe is named by its IRI."""
        return {self._find_resource(name) for name in names} or None

    def _find_resource(self, name: str) -> Term:
        iri = expand(name, self.prefixes) if self.files else None
        return ox.NamedNode(iri or find_resource(self.dataset, name))

    def find_shapes(self, names: tuple[str, ...]) -> set[str] | None:
        """The IRIs of the shapes of these names, with their property shapes."""
        if not names:
            return None
        shapes = read_shapes(self.shapes, self.prefixes)
        known = shapes.names()
        found = set()
        for name in names:
            iri = expand(name, self.prefixes) or SHAPE + name
            if iri not in known:
                local = [shape.removeprefix(SHAPE) for shape in known]
                nearest = difflib.get_close_matches(iri.removeprefix(SHAPE), local, n=3)
                raise UnknownNameError(
                    f"there is no shape {name!r} in {self.shapes}",
                    f"did you mean {' or '.join(nearest)}?" if nearest else "reports name them in brackets",
                )
            found.update(shapes.with_properties(iri))
        return found


def _write(report: Report, format_name: str, prefixes: dict[str, str], output: Path | None) -> None:
    if format_name == _TABLE and output is None:
        if report.results:
            write_table(COLUMNS, list(table_rows(report, prefixes)))
        click.echo(summarize(report), err=True)
    elif format_name == _TABLE:
        raise UsageError("a table is written to the screen", "take --format json or text to write a file")
    else:
        write_output(write_report(report, format_name, prefixes), output)
