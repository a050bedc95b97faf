"""Scale: a graph that is kept on disk, loaded and asked in bounded memory."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks.growth import growth_row
from benchmarks.measuring import ROOT, Standing, Work, compete
from benchmarks.queries import request_default
from benchmarks.topic import Plan, Topic, contestant, markdown_table, mebibytes, seconds
from tipgraph import KnowledgeGraph
from tipgraph.ondisk import load_to_disk as load_to_disk_store
from tipgraph.sparql.results import SelectResult

BOUND: Final = 4 * 2**30
"""Bytes that no job may hold."""
_LIMIT: Final = 600.0
_ROUNDS: Final = 1


def load_to_disk(path: str, store: str) -> Work:
    """The file in a new store on disk."""
    shutil.rmtree(store, ignore_errors=True)

    def run() -> None:
        load_to_disk_store([Path(path)], Path(store))

    return Work(run, lambda _: ["loaded"])


def ask_from_disk(store: str) -> Work:
    """The query library, answered by a process that has just opened the store."""
    parts: dict[str, float | None] = {}

    def run() -> int:
        graph = KnowledgeGraph.open_store(store, root=ROOT)
        rows = 0
        for query in graph.queries():
            started = time.perf_counter()
            result = graph.run(request_default(graph, query))
            rows += len(result.rows) if isinstance(result, SelectResult) else 1
            parts[query.name] = time.perf_counter() - started
        return rows

    return Work(run, lambda rows: [f"{rows} rows"], parts)


_ASK: Final = "query library from disk"
JOBS: Final[dict[str, Callable[..., Work]]] = {"load to disk": load_to_disk, _ASK: ask_from_disk}


def _measure(plan: Plan) -> str:
    rows = [["", *(f"{size:,}" for size in plan.sizes), "exponent", "of n log n"]]
    memory = [["peak memory", *(f"{size:,}" for size in plan.sizes)]]
    done: dict[str, list[Standing]] = {name: [] for name in JOBS}
    for size in plan.sizes:
        path = str(plan.workspace.quads(size))
        store = str(plan.workspace.folder / f"{size}-store")
        for name, job in JOBS.items():
            plan.tell(f"{name}, {size:,} triples")
            arguments: dict[str, Any] = {"store": store} | ({"path": path} if job is load_to_disk else {})
            done[name] += compete(
                [contestant(name, job, **arguments)], rounds=_ROUNDS, limit=_LIMIT, tell=plan.tell
            )
        shutil.rmtree(store, ignore_errors=True)
    text = ""
    for name, standings in done.items():
        rows.append(growth_row(name, plan.sizes, standings))
        memory.append([name, *(mebibytes(one.peak) if one.runs else "—" for one in standings)])
    most = max((one.peak for found in done.values() for one in found if one.runs), default=0)
    text += markdown_table(rows) + "\n" + markdown_table(memory)
    text += f"\nNo job held more than {mebibytes(most)}; the bound is {mebibytes(BOUND)}.\n"
    last = done[_ASK][-1]
    if last.runs:
        slowest = sorted(last.runs[0].parts.items(), key=lambda part: -(part[1] or 0))[:5]
        text += f"\nThe slowest queries over {plan.sizes[-1]:,} triples:\n\n"
        text += markdown_table([["", "seconds"], *([name, seconds(time or 0)] for name, time in slowest)])
    return text


def make_topic() -> Topic:
    """The topic."""
    return Topic(
        "scale",
        "Scale",
        "N-Quads into a store on disk, and the query library answered by a new process that opens it. "
        "Nothing is inferred.",
        _measure,
    )
