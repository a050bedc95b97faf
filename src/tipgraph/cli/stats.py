"""``tipgraph stats``: how much of what the graph holds."""

from __future__ import annotations

import dataclasses
import json

import click

from tipgraph.cli import Settings
from tipgraph.cli.graphs import asserted_option, open_graph
from tipgraph.cli.terminal import wait_for, write_heading, write_table


@click.command(
    short_help="Count what the graph holds.",
    epilog="""\b
Examples:
  tipgraph stats
  tipgraph stats --format json
""",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["table", "json"]),
    default="table",
    metavar="FORMAT",
    help="table (the default) or json.",
)
@asserted_option
@click.pass_obj
def stats(settings: Settings, format_name: str, asserted: bool) -> None:
    """Count what the graph holds, by graph, section, pillar and class."""
    graph = open_graph(settings, asserted=asserted)
    counts = wait_for(graph.statistics, "Counting")
    if format_name == "json":
        click.echo(json.dumps(dataclasses.asdict(counts), ensure_ascii=False, indent=2))
        return
    click.echo(f"{counts.resources} resources, {counts.triples} triples")
    write_heading("Graphs")
    write_table(
        ("graph", "holds", "triples"),
        [(found.name, found.label, str(found.triples)) for found in counts.graphs],
        numeric={2},
    )
    write_heading("Sections of the report")
    write_table(
        ("section", "label", "paragraphs", "sentences", "resources"),
        [
            (found.name, found.label, str(found.paragraphs), str(found.sentences), str(found.resources))
            for found in counts.sections
        ],
        numeric={2, 3, 4},
    )
    write_heading("Pillars")
    write_table(
        ("pillar", "asserted", "with inferred"),
        [(found.label, str(found.asserted), str(found.all)) for found in counts.pillars],
        numeric={1, 2},
    )
    write_heading("Classes")
    write_table(
        ("class", "label", "direct", "with sub-classes"),
        [(found.name, found.label, str(found.direct), str(found.all)) for found in counts.classes],
        numeric={2, 3},
    )
