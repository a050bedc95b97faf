"""``tipgraph serve``: the site and SPARQL endpoint of the graph, or of the user's own RDF."""

from __future__ import annotations

from pathlib import Path

import click

from tipgraph.cli import Settings
from tipgraph.cli.graphs import open_graph
from tipgraph.cli.terminal import wait_for
from tipgraph.errors import UsageError
from tipgraph.graph import KnowledgeGraph
from tipgraph.web.limits import Limits
from tipgraph.web.server import find_address, run_server


@click.command(
    epilog="""\b
Examples:
  tipgraph serve
  tipgraph serve --port 8080 --timeout 30
  tipgraph serve --data mine.trig more.ttl
"""
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; 0.0.0.0 for all.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen at; 0 for any that is free.",
)
@click.option(
    "--data",
    "data",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE...",
    help="Serve these RDF files instead, in any syntax; named graphs are kept, nothing is inferred.",
)
@click.option(
    "--timeout",
    default=Limits.deadline,
    show_default=True,
    type=click.FloatRange(0.1, 3600),
    help="Seconds that a query may run.",
)
@click.argument("more", nargs=-1, type=click.Path(path_type=Path), metavar="")
@click.pass_obj
def serve(
    settings: Settings, host: str, port: int, data: tuple[Path, ...], timeout: float, more: tuple[Path, ...]
) -> None:
    """Serve the graph: a SPARQL 1.1 endpoint at /sparql, and a page for everything it describes.

    Queries run in processes of their own, which are ended when they take too long or too much memory. The
    graph is read-only.
    """
    if more and not data:
        raise UsageError(f"{more[0]} is no option", f"to serve a file of your own, write --data {more[0]}")
    # A port that is in use is told before anything is loaded.
    address = find_address(host, port)
    if data:
        files = [*data, *more]
        graph = wait_for(
            lambda: KnowledgeGraph.from_files(files, root=settings.root),
            "Loading the files",
        )
    else:
        graph = open_graph(settings)

    def announce() -> None:
        count = len(graph.dataset.store)
        click.echo(f"tipgraph serves {count:,} triples at {address.url} (end with Ctrl-C)", err=True)

    run_server(graph, address, Limits(deadline=timeout), announce=announce)
