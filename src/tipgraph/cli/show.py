"""``tipgraph show``: one resource as a person reads it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

import click

from tipgraph.cli import Settings
from tipgraph.cli.graphs import asserted_option, open_graph
from tipgraph.cli.terminal import text_width, write_heading
from tipgraph.describe import Description, Fact, FactGroup

_MOST_FACTS: Final = 12
"""How many facts of one property are shown before the rest is only counted."""
_MAIN_GRAPHS: Final = {"report-2010", "ontology", "source", "inferred", ""}
"""Graphs that go without saying; a fact of another one names it."""
_WIDEST_NAME: Final = 28
_PREPOSITIONS: Final = {"at", "by", "for", "from", "in", "of", "on", "through", "to", "with"}


@click.command(
    short_help="Show one resource with its evidence.",
    epilog="""\b
Examples:
  tipgraph show ECOWAS
  tipgraph show "Ouagadougou Action Plan"
  tipgraph show concept:prevention --all
""",
)
@click.argument("name", metavar="NAME-OR-IRI", nargs=-1, required=True)
@click.option("--all", "everything", is_flag=True, help="Shorten no list, and show every inferred fact.")
@asserted_option
@click.pass_obj
def show(settings: Settings, name: tuple[str, ...], everything: bool, asserted: bool) -> None:
    """Show one resource as a person reads it, with its evidence.

    That is what it is, what is said of it, what refers to it, and the passages on which that rests.

    NAME-OR-IRI is its label, its acronym, the last part of its IRI, a prefixed name or an IRI; case does not
    matter. What is inferred is marked with an asterisk.
    """
    graph = open_graph(settings, asserted=asserted, on_disk=True)
    description = graph.describe(" ".join(name), everything=everything)
    _write_head(description)
    most = None if everything else _MOST_FACTS
    if description.outgoing:
        write_heading("What is said of it")
        _write_groups(description.outgoing, most)
    if description.incoming:
        write_heading("What refers to it")
        _write_groups(description.incoming, most, incoming=True)
    if description.evidence:
        write_heading("Evidence")
        for place in description.evidence:
            sentence = "" if place.sentence is None else f", sentence {place.sentence}"
            where = f"{place.section.label}, paragraph {place.paragraph}{sentence}"
            click.echo(f"  {where}  {_faint(place.passage.name)}")
    groups = (*description.outgoing, *description.incoming)
    if any(fact.is_inferred for group in groups for fact in group.facts):
        click.echo(_faint("\n* inferred"))


def _write_head(description: Description) -> None:
    others = f" ({', '.join(description.alternative_labels)})" if description.alternative_labels else ""
    click.echo(click.style(description.resource.label, bold=True) + others)
    kinds = " and ".join(kind.label for kind in description.kinds)
    # A class of another vocabulary, which has no label here, would tell a person nothing.
    wider = ", ".join(kind.label for kind in description.wider_kinds if kind.label != kind.name)
    about = f"{kinds}: {wider}" if wider else kinds
    click.echo(_faint(" · ".join(part for part in (description.resource.name, about) if part)))
    if description.text:
        click.echo()
        click.echo(textwrap.fill(description.text, text_width()))


def _write_groups(groups: Sequence[FactGroup], most: int | None, *, incoming: bool = False) -> None:
    """One line for each fact, the name of its property before the first."""
    names = [
        _read_backwards(group.predicate.label) if incoming else group.predicate.label for group in groups
    ]
    margin = min(max(map(len, names)), _WIDEST_NAME) + 4
    for name, group in zip(names, groups, strict=True):
        shown = group.facts[:most]
        lines = [_fact_line(fact) for fact in shown]
        if most is not None and all(fact.value.name.startswith("passage:") for fact in group.facts):
            lines = [f"{len(group.facts)} passages, from {shown[0].value.name}"]
        elif len(shown) < len(group.facts):
            lines.append(_faint(f"and {len(group.facts) - len(shown)} more (--all)"))
        lead = f"  {name}".ljust(margin)
        if len(lead) > margin:
            click.echo(lead)
            lead = " " * margin
        for line in lines:
            click.echo(lead + line)
            lead = " " * margin


def _read_backwards(label: str) -> str:
    """What a property says of the thing it points at: ``adopted by it``, ``has it as member``."""
    last = label.split()[-1]
    if last in _PREPOSITIONS or (last.endswith("s") and not last.endswith(("ss", "us"))):
        return f"{label} it"
    return f"has it as {label}"


def _fact_line(fact: Fact) -> str:
    value = fact.value
    line = value.label if value.label == value.name else f"{value.label}  {_faint(value.name)}"
    sources = sorted(set(fact.graphs) - _MAIN_GRAPHS)
    if sources:
        line += _faint(f"  [{', '.join(sources)}]")
    return f"{line} *" if fact.is_inferred else line


def _faint(text: str) -> str:
    return click.style(text, dim=True)
