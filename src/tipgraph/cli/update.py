"""``tipgraph update``: SPARQL updates in a store on disk."""

from __future__ import annotations

from pathlib import Path

import click

from tipgraph.cli import Settings
from tipgraph.cli.files import read_standard_input
from tipgraph.cli.terminal import wait_for
from tipgraph.errors import UsageError
from tipgraph.ondisk import update_on_disk
from tipgraph.sources import locate_sources, read_text
from tipgraph.sparql.updates import check_update


@click.command(
    short_help="Change a store on disk with SPARQL.",
    epilog="""\b
Examples:
  tipgraph update changes.ru --store big
  tipgraph update --store big --text 'DELETE WHERE { GRAPH <urn:draft> { ?s ?p ?o } }'
""",
)
@click.argument("source", metavar="[FILE|-]", required=False)
@click.option("--text", metavar="SPARQL", help="The update itself.")
@click.option(
    "--store",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The store, which tipgraph load made.",
)
@click.pass_obj
def update(settings: Settings, source: str | None, text: str | None, store: Path) -> None:
    """Run a SPARQL 1.1 update in a store on disk: all of it, or nothing.

    What is inserted and deleted outside of GRAPH lies in no named graph. The prefixes of the project need no
    declaration; LOAD and SERVICE are refused. A server that serves the store goes on with what it has become.
    """
    if (source is None) == (text is None):
        raise UsageError("give one update: a file, - or --text", "see tipgraph update --help")
    if source is not None:
        found = read_standard_input("the update") if source == "-" else read_text(Path(source))
    else:
        found = str(text)
    checked = check_update(found, locate_sources(settings.root).prefixes())
    done = wait_for(
        lambda: update_on_disk(store, checked, tell=lambda doing: click.echo(doing, err=True)), "Updating"
    )
    click.echo(
        f"{store} holds {done.after:,} quad{'' if done.after == 1 else 's'}, {done.before:,} before", err=True
    )
