"""``tipgraph search``: what there is on a subject whose name is not known."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping

import click

from tipgraph.cli import Settings
from tipgraph.cli.graphs import asserted_option, open_graph
from tipgraph.cli.terminal import text_width
from tipgraph.search import SearchHit, SearchResult, result_values
from tipgraph.vocabulary import shorten


@click.command(
    short_help="Find resources by words of their names.",
    epilog="""\b
Examples:
  tipgraph search child soldiers
  tipgraph search cote d ivoire --limit 5
  tipgraph search compensation --format json
""",
)
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--limit", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many to show at most."
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to write what is found.",
)
@asserted_option
@click.pass_obj
def search(settings: Settings, words: tuple[str, ...], limit: int, format_name: str, asserted: bool) -> int:
    """Find resources by words of their names and descriptions, best first.

    Case and accents do not matter, and the beginning of a word is enough. Exits with 1 when nothing is found.
    """
    graph = open_graph(settings, asserted=asserted, on_disk=True)
    text = " ".join(words)
    found = graph.search(text, limit=limit)
    if format_name == "json":
        click.echo(json.dumps(result_values(found, graph.prefixes), ensure_ascii=False, indent=2))
    else:
        for hit in found.hits:
            _write_hit(hit, graph.prefixes)
        click.echo(_summary(found, text), err=not found.hits)
    return 0 if found.hits else 1


def _write_hit(hit: SearchHit, prefixes: Mapping[str, str]) -> None:
    name = click.style(shorten(hit.iri, prefixes), dim=True)
    click.echo(f"{click.style(hit.label, bold=True)}  {name}")
    if hit.description:
        line = textwrap.shorten(hit.description, text_width() - 2, placeholder=" …")
        click.echo(f"  {line}")


def _summary(found: SearchResult, text: str) -> str:
    if not found.hits:
        return f"nothing matches {text!r}"
    shown = f"the first {len(found.hits)} of " if len(found.hits) < found.total else ""
    some = "" if found.matches_all else "; none has all the words, these have some"
    return f"\n{shown}{found.total} resource{'' if found.total == 1 else 's'}{some}"
