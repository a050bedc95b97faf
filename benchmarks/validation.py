"""Validation: both SHACL engines of tipgraph, over the same facts and shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyoxigraph as ox

from benchmarks.measuring import Work, compete
from benchmarks.topic import Plan, Topic, check_contestants, contestant, standings_table
from tipgraph.sources import Sources
from tipgraph.store import load_dataset
from tipgraph.validation import Engine, Report, validate_dataset


def validate(root: str, engine: Engine) -> Work:
    """The report of ``engine`` on the graph of the folder ``root``."""
    sources = Sources(Path(root))
    dataset = load_dataset(sources)

    def answer(report: Report) -> Iterator[str]:
        for one in report.results:
            yield f"{one.focus_node} {one.path} {one.value} {one.shape} {one.component} {one.severity.label}"

    return Work(lambda: validate_dataset(dataset, sources.shapes, engine=engine), answer)


def validate_with_plain_pyshacl(root: str) -> Work:
    """The report of pyshacl as it comes, which parses the query of a constraint again for each focus node.

    ``--engine pyshacl`` hands it a graph that remembers parsed queries.
    """
    import rdflib

    from tipgraph.validation import engines

    remembering = engines._rdflib_graph

    def plain(triples: Iterable[ox.Triple]) -> rdflib.Graph:
        graph = rdflib.Graph()
        for triple in remembering(triples):
            graph.add(triple)
        return graph

    # Each run is a process of its own.
    engines._rdflib_graph = plain
    return validate(root, "pyshacl")


def _measure(plan: Plan) -> str:
    text = ""
    for size in plan.sizes:
        plan.tell(f"validation of {size:,} triples")
        root = str(plan.workspace.root(size, damaged=True))
        standings = compete(
            [
                contestant("rudof", validate, root=root, engine="rudof"),
                contestant("--engine pyshacl", validate, root=root, engine="pyshacl"),
                contestant("pyshacl as it comes", validate_with_plain_pyshacl, root=root),
            ],
            rounds=plan.rounds,
            limit=plan.limit,
            tell=plan.tell,
        )
        text += f"{size:,} triples, some left out so that shapes are broken. {check_contestants(standings)}"
        text += standings_table(standings) + "\n"
    return text


def make_topic() -> Topic:
    """The topic."""
    return Topic(
        "validation",
        "Validation",
        "All shapes of the project, by `tipgraph.validation.validate_dataset` with one engine and the other: "
        "from the facts in the store to results that name file and line; and pyshacl without what "
        "`--engine pyshacl` does to make it faster.",
        _measure,
    )
