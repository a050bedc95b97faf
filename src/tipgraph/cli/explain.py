"""``tipgraph explain``: why a fact holds."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final

import click
import pyoxigraph as ox

from tipgraph.cli import Settings
from tipgraph.cli.graphs import open_graph
from tipgraph.cli.terminal import text_width, wait_for
from tipgraph.errors import UnknownNameError
from tipgraph.graph import KnowledgeGraph
from tipgraph.inference import Derivation, Place, explain
from tipgraph.terms import Term, read_term
from tipgraph.vocabulary import RDF, shorten

_TYPE: Final = f"{RDF}type"
_MARGIN: Final = 20
"""Columns left to the branches of the tree."""


@click.command(
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

    Each step names the axiom or the rule that makes it; each fact at the end of a branch, its file, its line
    and the passages that carry what is said of its subject. A resource is called by its label, its acronym, a
    prefixed name or an IRI, and a stands for rdf:type.
    """
    graph = open_graph(settings)
    triple = _read_triple(graph, subject, predicate, object_)
    derivation = wait_for(
        lambda: explain(graph.dataset, graph.sources.rules, triple), "Looking for the shortest derivation"
    )
    if format_name == "json":
        click.echo(json.dumps(_as_values(derivation, graph.prefixes), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(derivation, graph.prefixes)))


def _read_triple(graph: KnowledgeGraph, subject: str, predicate: str, object_: str) -> ox.Triple:
    source = ox.NamedNode(graph.find(subject))
    relation = ox.NamedNode(_TYPE if predicate == "a" else graph.find(predicate))
    # A value is meant as it stands in the graph, whatever its datatype or language.
    quads = graph.dataset.store.quads_for_pattern(source, relation, None, None)
    for value in sorted({quad.object for quad in quads}, key=str):
        if isinstance(value, ox.Literal) and value.value == object_:
            return ox.Triple(source, relation, value)
    return ox.Triple(source, relation, _read_object(graph, object_))


def _read_object(graph: KnowledgeGraph, text: str) -> Term:
    try:
        return ox.NamedNode(graph.find(text))
    except UnknownNameError:
        term = read_term(text, graph.prefixes)
        if (
            isinstance(term, ox.Literal)
            and not text.startswith('"')
            and term.datatype.value.endswith("string")
        ):
            raise
        return term


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
    fact = " ".join(_name(term, prefixes) for term in derivation.triple)
    where = [str(place) for place in derivation.places]
    where += [shorten(passage, prefixes) for passage in derivation.evidence]
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


def _as_values(derivation: Derivation, prefixes: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        key: _name(term, prefixes)
        for key, term in zip(("subject", "predicate", "object"), derivation.triple, strict=True)
    }
    if derivation.is_asserted:
        return values | {
            "places": [_place_values(place) for place in derivation.places],
            "evidence": [shorten(passage, prefixes) for passage in derivation.evidence],
        }
    return values | {
        "rule": derivation.rule,
        "reason": derivation.reason,
        "axioms": [
            {"text": axiom.text, "places": [_place_values(place) for place in axiom.places]}
            for axiom in derivation.axioms
        ],
        "premises": [_as_values(premise, prefixes) for premise in derivation.premises],
    }


def _place_values(place: Place) -> dict[str, Any]:
    return {"graph": place.graph, "file": place.path and str(place.path), "line": place.line}


def _name(term: Term, prefixes: Mapping[str, str]) -> str:
    if isinstance(term, ox.NamedNode):
        return "a" if term.value == _TYPE else shorten(term.value, prefixes)
    return str(term)


def _faint(text: str) -> str:
    return click.style(text, dim=True)
