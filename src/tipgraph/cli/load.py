"""``tipgraph load``: RDF of the user's own into a store on disk."""

from __future__ import annotations

from pathlib import Path

import click

from tipgraph.cli.terminal import wait_for
from tipgraph.ondisk import load_to_disk


@click.command(
    short_help="Load RDF into a store on disk.",
    epilog="""\b
Examples:
  tipgraph load big.nq.gz more.ttl --store big
  tipgraph query --store big --text 'SELECT (COUNT(*) AS ?triples) { ?s ?p ?o }'
""",
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option(
    "--store",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The new folder of the store; it appears when all is loaded.",
)
def load(files: tuple[Path, ...], store: Path) -> None:
    """Load RDF files of any syntax, gzipped or not, into a store on disk, for graphs that memory cannot hold.

    Named graphs are kept; nothing is inferred. Ask it with tipgraph query --store DIR.
    """
    count = wait_for(
        lambda: load_to_disk(files, store, tell=lambda doing: click.echo(doing, err=True)), "Loading"
    )
    click.echo(f"{store} holds {count:,} quad{'' if count == 1 else 's'}", err=True)
