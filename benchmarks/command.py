"""The command line: ``generate`` a graph, ``run`` the measurements."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final

import click

from benchmarks.generator import write_folder, write_quads
from benchmarks.measuring import ROOT, MismatchError
from benchmarks.results import PATH, section_text, write_section
from benchmarks.topic import Plan, Topic
from benchmarks.workspace import Workspace
from tipgraph.sources import Sources

_LEAST: Final = 10_000
_MOST: Final = 10_000_000
TOPICS: Final = {
    "reasoning": "benchmarks.reasoning",
    "validation": "benchmarks.validation",
    "queries": "benchmarks.queries",
    "load": "benchmarks.loading",
    "start": "benchmarks.start",
    "http": "benchmarks.serving",
    "growth": "benchmarks.growth",
    "scale": "benchmarks.scale",
}
"""Topic → the module that has it as ``make_topic()``, in the order of the results."""
SIZES: Final = {
    "reasoning": (10_000, 30_000),
    "validation": (10_000,),
    "queries": (30_000,),
    "load": (100_000,),
    "start": (),
    "http": (),
    "growth": (10_000, 30_000, 100_000, 300_000, 1_000_000),
    "scale": (300_000, 1_000_000, 10_000_000),
}
"""Topic → the sizes of the graphs that it measures, unless others are asked for."""
APART: Final = frozenset({"http", "scale"})
"""The topics that run only when they are named, as they take long."""


@click.group()
def main() -> None:
    """Measure tipgraph side by side with its peers."""


@main.command()
@click.option("--triples", type=click.IntRange(_LEAST, _MOST), default=100_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="A file that ends in .nq, or a new folder, which tipgraph --root takes.",
)
def generate(triples: int, seed: int, output: Path) -> None:
    """Write a graph like the real one of another size; the same seed gives the same bytes."""
    if output.suffix == ".nq":
        written = write_quads(output, Sources(ROOT), triples, seed)
    else:
        try:
            output.mkdir(parents=True)
        except FileExistsError as error:
            raise click.UsageError(f"{output} exists already; name a new folder, or a file.nq") from error
        written = write_folder(output, Sources(ROOT), triples, seed)
    click.echo(f"{written} triples in {output}", err=True)


@main.command()
@click.option("--only", type=click.Choice(list(TOPICS)), multiple=True, help="Measure this topic; repeat.")
@click.option("--sizes", metavar="N,N…", help="How many triples, instead of those of each topic.")
@click.option("--rounds", type=click.IntRange(1, 100), default=5, show_default=True)
@click.option(
    "--limit",
    type=click.FloatRange(min=1),
    default=300,
    show_default=True,
    help="Seconds that a run may take.",
)
@click.option("--write", is_flag=True, help="Write the sections of the topics in RESULTS.md anew.")
@click.option("--work", type=click.Path(path_type=Path), help="Keep generated graphs in this folder.")
def run(
    only: tuple[str, ...], sizes: str | None, rounds: int, limit: float, write: bool, work: Path | None
) -> None:
    """Measure, and print the results in Markdown; http and scale only if they are named."""
    chosen = only or tuple(name for name in TOPICS if name not in APART)
    with tempfile.TemporaryDirectory(prefix="tipgraph-benchmarks-") as folder:
        workspace = Workspace(work or Path(folder))
        workspace.folder.mkdir(parents=True, exist_ok=True)
        for name in chosen:
            plan = Plan(workspace, _read_sizes(sizes) or SIZES[name], rounds, limit, _tell)
            topic = find_topic(name)
            try:
                measured = topic.measure(plan)
            except MismatchError as error:
                click.echo(f"error: {name}: {error}", err=True)
                sys.exit(1)
            command = f"python -m benchmarks run --only {name} --rounds {rounds} --limit {limit:g}"
            section = section_text(topic, measured, command + (f" --sizes {sizes}" if sizes else ""))
            click.echo(section)
            if write:
                write_section(section, list(TOPICS))
                _tell(f"written to {PATH}")


def find_topic(name: str) -> Topic:
    """The topic of that name, loaded now."""
    make: Callable[[], Topic] = import_module(TOPICS[name]).make_topic
    return make()


def _read_sizes(text: str | None) -> tuple[int, ...]:
    try:
        sizes = tuple(int(word) for word in text.split(",")) if text else ()
    except ValueError as error:
        raise click.UsageError(f"{text!r} is no list of numbers") from error
    if any(not _LEAST <= size <= _MOST for size in sizes):
        raise click.UsageError(f"a size is from {_LEAST} to {_MOST}")
    return sizes


def _tell(line: str) -> None:
    click.echo(line, err=True)
