"""``tipgraph explain``: why a fact holds."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Final

import click

from tipgraph.cli import Settings
from tipgraph.cli.graphs import open_graph
from tipgraph.cli.terminal import text_width, wait_for
from tipgraph.inference import Derivation, derivation_values, name_in_turtle
from tipgraph.vocabulary import shorten

_MARGIN: Final = 20
"""Columns left to the branches of the tree."""


@click.command(
    short_help="Show why a fact holds.",
    name="explain",
    epilog="""\b
Examples:
  tipgraph explain "Palermo Protocol" covers Benin
  tipgraph explain id:palermo-protocol a tip:Instrument
  tipgraph explain ECOWAS "involved in" id:abuja-workshop-2010 --format json
""",
)
@click.argument("subject")
@click.argument("predicate")
@click.argument("object_", metavar="OBJECT")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to write the derivation.",
)
@click.pass_obj
def explain_fact(settings: Settings, subject: str, predicate: str, object_: str, format_name: str) -> None:
    """Show why a fact holds: the fewest steps that lead to it from what the files say.

    Each step names the axiom or the rule that makes it; each fact at the end of a branch, its file, its line,
    and the passages or sources on which that file rests what it says of the subject. A resource is called by
    its label, its acronym, a prefixed name or an IRI, and a stands for rdf:type.
    """
    graph = open_graph(settings)
    derivation = wait_for(
        lambda: graph.explain(subject, predicate, object_), "Looking for the shortest derivation"
    )
    if format_name == "json":
        click.echo(json.dumps(derivation_values(derivation, graph.prefixes), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(derivation, graph.prefixes)))


def _lines(derivation: Derivation, prefixes: Mapping[str, str]) -> Iterator[str]:
    """The derivation as a tree, the fact itself first."""
    yield _fact_line(derivation, prefixes)
    branches = [list(_lines(premise, prefixes)) for premise in derivation.premises]
    lead = "│  " if branches else "   "
    yield from (_faint(lead + line) for line in _reasons(derivation))
    for number, branch in enumerate(branches, 1):
        first, rest = ("└─ ", "   ") if number == len(branches) else ("├─ ", "│  ")
        yield _faint(first) + branch[0]
        yield from (_faint(rest) + line for line in branch[1:])


def _fact_line(derivation: Derivation, prefixes: Mapping[str, str]) -> str:
    fact = " ".join(name_in_turtle(term, prefixes) for term in derivation.triple)
    where = [str(place) for place in derivation.places]
    where += [shorten(iri, prefixes) for iri in (*derivation.evidence, *derivation.sources)]
    return f"{fact}  {_faint(', '.join(where))}" if where else fact


def _reasons(derivation: Derivation) -> Iterator[str]:
    """What makes the step: the axioms with their places, or the rule of a file and what it says of itself."""
    for axiom in derivation.axioms:
        yield f"by {axiom.text}  {', '.join(map(str, axiom.places))}"
    if derivation.reason is not None:
        first_sentence = derivation.reason.partition(". ")[0].removesuffix(".")
        said = f"by the rule {derivation.rule}: {first_sentence}"
        yield from textwrap.wrap(said, text_width() - _MARGIN)
    elif derivation.rule is not None and not derivation.axioms:
        yield f"by the rule {derivation.rule} of OWL 2 RL"


def _faint(text: str) -> str:
    return click.style(text, dim=True)
