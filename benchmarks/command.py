"""The command line: ``generate`` a graph, ``run`` the measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from benchmarks.generator import write_folder, write_quads
from tipgraph.sources import Sources, locate_sources

_MOST: Final = 10_000_000


@click.group()
def main() -> None:
    """Measure tipgraph side by side with its peers."""


def find_sources() -> Sources:
    """The checkout that this package is part of."""
    return locate_sources(Path(__file__).resolve().parents[1])


@main.command()
@click.option("--triples", type=click.IntRange(10_000, _MOST), default=100_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="A file that ends in .nq, or a folder that tipgraph --root takes.",
)
def generate(triples: int, seed: int, output: Path) -> None:
    """Write a graph like the real one of another size; the same seed gives the same bytes."""
    if output.suffix == ".nq":
        written = write_quads(output, find_sources(), triples, seed)
    else:
        try:
            output.mkdir(parents=True)
        except FileExistsError as error:
            raise click.UsageError(f"{output} exists already; name a new folder, or a file.nq") from error
        written = write_folder(output, find_sources(), triples, seed)
    click.echo(f"{written} triples in {output}", err=True)
