"""Growth: what each job of tipgraph costs on larger and larger graphs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from benchmarks.measuring import ROOT, Standing, Work, compete
from benchmarks.queries import request_default
from benchmarks.topic import Plan, Topic, contestant, exponent, markdown_table, mebibytes, seconds
from tipgraph import KnowledgeGraph
from tipgraph.inference import infer
from tipgraph.sources import Sources
from tipgraph.store import load_files
from tipgraph.validation import validate_dataset

_ROUNDS: Final = 3
_LIMIT: Final = 90.0


def load(path: str) -> Work:
    """The file parsed and indexed in memory."""
    return Work(lambda: load_files([Path(path)]), lambda dataset: [str(len(dataset.store))])


def reason(path: str) -> Work:
    """What the facts entail, by the axioms and the rules."""
    dataset = load_files([Path(path)], Sources(ROOT).prefixes())
    return Work(lambda: infer(dataset, Sources(ROOT).rules), lambda report: [str(report.inferred)])


def validate(path: str) -> Work:
    """All shapes over the facts."""
    dataset = load_files([Path(path)], Sources(ROOT).prefixes())
    return Work(
        lambda: validate_dataset(dataset, Sources(ROOT).shapes), lambda report: [str(len(report.results))]
    )


def ask(path: str) -> Work:
    """The query library, over what is asserted and inferred."""
    dataset = load_files([Path(path)], Sources(ROOT).prefixes())
    infer(dataset, Sources(ROOT).rules)
    graph = KnowledgeGraph(dataset, Sources(ROOT))
    graph.prepare()
    requests = [request_default(graph, query) for query in graph.queries()]
    return Work(lambda: [graph.run(request) for request in requests], lambda results: [str(len(results))])


JOBS: Final = {"load": load, "reason": reason, "validate": validate, "query library": ask}


def _measure(plan: Plan) -> str:
    rows = [["", *(f"{size:,}" for size in plan.sizes), "exponent", "of n log n"]]
    memory = [["peak memory", *(f"{size:,}" for size in plan.sizes)]]
    for name, job in JOBS.items():
        standings: list[Standing] = []
        for size in plan.sizes:
            plan.tell(f"{name}, {size:,} triples")
            if standings and standings[-1].failure:
                # A larger graph takes longer.
                standings.append(Standing(standings[-1].contestant, failure="—"))
                continue
            path = str(plan.workspace.quads(size))
            standings += compete(
                [contestant(name, job, path=path)],
                rounds=min(plan.rounds, _ROUNDS),
                limit=min(plan.limit, _LIMIT),
                tell=plan.tell,
            )
        rows.append(growth_row(name, plan.sizes, standings))
        memory.append([name, *(mebibytes(one.peak) if one.runs else "—" for one in standings)])
    return (
        "Medians, with least and most:\n\n"
        + markdown_table(rows)
        + "\nThe most memory that the process held, with what it did before:\n\n"
        + markdown_table(memory)
    )


def growth_row(name: str, sizes: Iterable[int], standings: list[Standing]) -> list[str]:
    """The times at each size, the exponent that fits them, and that of n log n over the same sizes."""
    points = [
        (float(size), one.median) for size, one in zip(sizes, standings, strict=True) if one.runs
    ]  # fmt: skip
    cells = [
        f"{seconds(one.median)} ({seconds(min(one.times))} to {seconds(max(one.times))})"
        if one.runs
        else one.failure
        for one in standings
    ]
    if len(points) < 2:
        return [name, *cells, "—", "—"]
    bound = exponent([(size, size * math.log(size)) for size, _ in points])
    return [name, *cells, f"{exponent(points):.2f}", f"{bound:.2f}"]


def make_topic() -> Topic:
    """The topic."""
    return Topic(
        "growth",
        "Growth",
        "Tipgraph alone on generated graphs of growing size, in memory. The exponent is the slope of the "
        "line through the logarithms of sizes and medians: 1 where the cost grows as the graph does, 2 where "
        "twice as large a graph costs four times as much.",
        _measure,
    )
