"""Loading: a file of N-Quads into a store in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from benchmarks.answers import term_text
from benchmarks.measuring import Work, compete
from benchmarks.topic import Plan, Topic, check_contestants, contestant, standings_table
from tipgraph import KnowledgeGraph

if TYPE_CHECKING:
    import rdflib


def load(path: str) -> Work:
    """What tipgraph takes."""

    def answer(graph: KnowledgeGraph) -> Iterator[str]:
        return _lines((*quad.triple, quad.graph_name) for quad in graph.dataset.store)

    return Work(lambda: KnowledgeGraph.from_files([path]), answer)


def load_with_rdflib(path: str) -> Work:
    """What rdflib takes."""
    import rdflib

    from benchmarks.rdflib_terms import term

    def run() -> rdflib.Dataset:
        dataset = rdflib.Dataset(default_union=True)
        dataset.parse(path, format="nquads")
        return dataset

    def answer(dataset: rdflib.Dataset) -> Iterator[str]:
        return _lines(tuple(map(term, quad)) for quad in dataset.quads())

    return Work(run, answer)


def _lines(quads: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    return (" ".join(map(term_text, quad)) for quad in quads)


def _measure(plan: Plan) -> str:
    text = ""
    for size in plan.sizes:
        plan.tell(f"loading {size:,} triples")
        path = str(plan.workspace.quads(size))
        standings = compete(
            [contestant("tipgraph", load, path=path), contestant("rdflib", load_with_rdflib, path=path)],
            rounds=plan.rounds,
            limit=plan.limit,
            tell=plan.tell,
        )
        text += f"{size:,} triples. {check_contestants(standings)}{standings_table(standings)}\n"
    return text


def make_topic() -> Topic:
    """The topic."""
    return Topic("load", "Loading", "A file of N-Quads, parsed and indexed in memory.", _measure)
