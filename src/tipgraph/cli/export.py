"""``tipgraph export``: the dataset for other tools."""

from __future__ import annotations

from pathlib import Path

import click

from tipgraph.cli import Settings
from tipgraph.cli.files import output_option, write_output
from tipgraph.cli.graphs import asserted_option, open_graph
from tipgraph.cli.terminal import wait_for
from tipgraph.serialization import SYNTAXES


@click.command(
    short_help="Write the dataset in an RDF syntax.",
    epilog="""\b
Examples:
  tipgraph export --format trig -o tipgraph.trig
  tipgraph export --format turtle --graph report-2010 -o report.ttl
  tipgraph export --format n-quads --asserted | gzip > tipgraph.nq.gz
""",
)
@click.option(
    "--format",
    "format_name",
    required=True,
    type=click.Choice(list(SYNTAXES)),
    metavar="FORMAT",
    help=f"One of {', '.join(SYNTAXES)}.",
)
@click.option(
    "--graph",
    "graphs",
    multiple=True,
    metavar="NAME",
    help="Only this named graph, as in report-2010; repeat for several. tipgraph stats names them.",
)
@asserted_option
@output_option
@click.pass_obj
def export(
    settings: Settings, format_name: str, graphs: tuple[str, ...], asserted: bool, output: Path | None
) -> None:
    """Write the dataset, or some of its graphs, in an RDF syntax.

    trig, n-quads and json-ld keep the named graphs apart; turtle, n-triples, rdf-xml and n3 cannot, and hold
    their union. The same facts give the same bytes in every run.
    """
    graph = open_graph(settings, asserted=asserted)
    content = wait_for(lambda: graph.export(format_name, graphs=graphs or None), "Writing the graph")
    write_output(content, output)
