"""``tipgraph push``: the graph into another store."""

from __future__ import annotations

from pathlib import Path

import click

from tipgraph.cli import Settings
from tipgraph.cli.graphs import asserted_option, open_graph
from tipgraph.cli.logins import read_login
from tipgraph.cli.terminal import wait_for
from tipgraph.export import find_graphs
from tipgraph.graph import KnowledgeGraph
from tipgraph.peer import Peer
from tipgraph.push import Outcome, PushedGraph, push_dataset

_SHOWN: int = 5


@click.command(
    short_help="Copy the graph into another SPARQL store.",
    epilog="""\b
Examples:
  tipgraph push --to http://localhost:3030/tip --dry-run
  tipgraph push --to http://localhost:3030/tip --graph-store http://localhost:3030/tip/data
  tipgraph push --to http://localhost:8890/sparql --update-endpoint http://localhost:8890/sparql-auth
\b
User and password, or a token, are read from TIPGRAPH_USER and TIPGRAPH_PASSWORD, or TIPGRAPH_TOKEN.
""",
)
@click.option("--to", required=True, metavar="URL", help="SPARQL 1.1 endpoint of the store.")
@click.option("--update-endpoint", metavar="URL", help="Where it takes updates. Default: the same address.")
@click.option(
    "--graph-store",
    metavar="URL",
    help="Send and read triples there, by Graph Store Protocol, not by updates.",
)
@click.option(
    "--graph", "names", multiple=True, metavar="NAME", help="Push this named graph only; repeatable."
)
@click.option("--into", metavar="IRI", help="Named graph for triples of your files that are in none.")
@click.option(
    "--union", metavar="IRI", help="Push everything into this named graph too, for tipgraph serve --union."
)
@click.option("--dry-run", is_flag=True, help="Say what would be pushed, and change nothing.")
@click.option(
    "--in-place", is_flag=True, help="For stores without MOVE: a push that is cut off leaves half a graph."
)
@asserted_option
@click.argument("files", nargs=-1, metavar="[FILE...]", type=click.Path(path_type=Path))
@click.pass_obj
def push(
    settings: Settings,
    to: str,
    update_endpoint: str | None,
    graph_store: str | None,
    names: tuple[str, ...],
    into: str | None,
    union: str | None,
    dry_run: bool,
    in_place: bool,
    asserted: bool,
    files: tuple[Path, ...],
) -> int:
    """Copy the graph, or RDF files of your own, into a store that speaks SPARQL 1.1, and read it back.

    Named graph by named graph: one that agrees is left alone, so a push that was cut off is simply run again.
    Exits with 1 when the store gives back, or with --dry-run holds, something else.
    """
    peer = Peer(to, updates=update_endpoint, graph_store=graph_store, login=read_login())
    if files:
        graph = wait_for(lambda: KnowledgeGraph.from_files(files, root=settings.root), "Loading the files")
    else:
        graph = open_graph(settings, asserted=asserted)
    chosen = find_graphs(graph.dataset, names) if names else None
    outcomes = set()
    try:
        for pushed in push_dataset(
            graph.dataset,
            peer,
            graphs=chosen,
            into=into,
            union=union,
            dry_run=dry_run,
            in_place=in_place,
            tell=lambda sent: click.echo(f"  sent {sent} triples", err=True),
        ):
            _tell(pushed)
            outcomes.add(pushed.outcome)
    finally:
        peer.close()
    return int(bool(outcomes - {Outcome.AGREES, Outcome.PUSHED}))


def _tell(pushed: PushedGraph) -> None:
    there = "" if pushed.remote == pushed.triples else f", {pushed.remote:,} there"
    click.echo(f"{pushed.name}: {pushed.outcome.value} ({pushed.triples:,} triples{there})", err=True)
    for title, lines in (("not given back", pushed.lost), ("given instead", pushed.strange)):
        for line in lines[:_SHOWN]:
            click.echo(f"  {title}: {line}", err=True)
        if len(lines) > _SHOWN:
            click.echo(f"  {title}: {len(lines) - _SHOWN:,} more", err=True)
