"""``tipgraph evidence``: the facts held against the text of the report."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import click

from tipgraph.cli import Settings
from tipgraph.describe import find_resource
from tipgraph.evidence import (
    check_evidence,
    find_passages,
    measure_coverage,
    passages_of,
    read_passages,
)
from tipgraph.sources import locate_sources, read_text
from tipgraph.store import Dataset, load_dataset
from tipgraph.vocabulary import shorten

_SOURCE = click.option(
    "--source",
    "source",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The text of the report: this edition of it or another.",
)


@click.group(
    short_help="Hold the facts against their source.",
    epilog="""\b
Examples:
  tipgraph evidence coverage
  tipgraph evidence show "SAARC Convention"
  tipgraph evidence check --source report-2010.txt
""",
)
def evidence() -> None:
    """Hold the facts against the text that they come from.

    tipgraph keeps where each passage stands and a digest of it, never its words. Whoever has the text gives
    it with --source.
    """


@evidence.command("check", short_help="Hold every fact against the words it cites.")
@click.option(
    "--source",
    "source",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The text of the report: this edition of it or another.",
)
@click.pass_obj
def check(settings: Settings, source: Path) -> int:
    """Recompute every digest, and look for every date, number and name in the passages cited.

    Exits with 1 when a passage cannot be found or does not carry what is said.
    """
    dataset = _load(settings)
    report = check_evidence(dataset, read_passages(dataset), read_text(source))
    for failure in report.failures:
        place = f"{_shown(failure.path)}:{failure.line}: " if failure.path else ""
        subject = shorten(failure.resource, dataset.prefixes)
        predicate = shorten(failure.property, dataset.prefixes)
        cited = f" [{', '.join(failure.passages)}]" if failure.passages else ""
        click.echo(f"{place}{subject} {predicate} {failure.value!r}: {failure.problem}{cited}")
    click.echo(
        f"{report.passages} passages, {report.resources} resources, {report.values} values checked: "
        + ("all carried by their evidence" if report.conforms else f"{len(report.failures)} not carried")
    )
    return 0 if report.conforms else 1


@evidence.command("coverage", short_help="Count the sentences behind the facts.")
@click.pass_obj
def coverage(settings: Settings) -> int:
    """Show for each section how many sentences are the evidence of something, and of how much.

    Exits with 1 when a sentence is the evidence of nothing.
    """
    dataset = _load(settings)
    measured = measure_coverage(dataset, read_passages(dataset))
    click.echo(f"{'section':<14}{'sentences':>10}{'with':>6}{'without':>9}{'resources per sentence':>24}")
    for section in measured.sections:
        click.echo(
            f"{section.section:<14}{section.sentences:>10}{section.covered:>6}"
            f"{len(section.uncovered):>9}{section.citations / section.sentences:>24.1f}"
        )
    click.echo(
        f"{'all':<14}{measured.sentences:>10}{measured.covered:>6}{measured.sentences - measured.covered:>9}"
        f"{measured.citations / max(measured.sentences, 1):>24.1f}"
    )
    for section in measured.sections:
        for name in section.uncovered:
            click.echo(f"{name} is the evidence of nothing")
    return 0 if measured.covered == measured.sentences else 1


@evidence.command("show", short_help="Show the passages behind a resource.")
@click.argument("name")
@_SOURCE
@click.pass_obj
def show(settings: Settings, name: str, source: Path | None) -> int:
    """Show the passages behind the resource NAME, with their words where --source gives the text."""
    dataset = _load(settings)
    resource = find_resource(dataset, name)
    passages = read_passages(dataset)
    cited = passages_of(dataset, resource, passages)
    words = find_passages(read_text(source), cited) if source else {}
    count = "1 passage" if len(cited) == 1 else f"{len(cited)} passages"
    click.echo(f"{shorten(resource, dataset.prefixes)} rests on {count} of the report")
    for (section, paragraph), records in groupby(
        cited, key=lambda record: (record.section, record.paragraph)
    ):
        click.echo(f"\nsection {section}, paragraph {paragraph}")
        for record in records:
            ranges = ", ".join(f"{start}-{end}" for start, end in record.ranges)
            click.echo(f"  {record.name} (characters {ranges})")
            if source:
                click.echo(f"    {words.get(record.iri, '(not found in this text)')}")
    return 0 if cited and len(words) == (len(cited) if source else 0) else 1


def _load(settings: Settings) -> Dataset:
    return load_dataset(locate_sources(settings.root))


def _shown(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
