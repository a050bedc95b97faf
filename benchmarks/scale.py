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
_LIMIT: Final = 900.0
_ROUNDS: Final = 1
_BUDGET: Final = 240.0
"""Seconds after which no further query is begun."""


def load_to_disk(path: str, store: str) -> Work:
    """The file in a new store on disk."""
    shutil.rmtree(store, ignore_errors=True)

    def run() -> None:
        load_to_disk_store([Path(path)], Path(store))

    return Work(run, lambda _: ["loaded"])


def ask_from_disk(store: str) -> Work:
    """The query library, answered by a process that has just opened the store.

    Once ``_BUDGET`` is spent no further query is begun.
    """
    parts: dict[str, float | None] = {}

    def run() -> int:
        graph = KnowledgeGraph.open_store(store, root=ROOT)
        begun = time.perf_counter()
        rows = 0
        parts.update(dict.fromkeys(query.name for query in graph.queries()))
        for query in graph.queries():
            started = time.perf_counter()
            if started - begun > _BUDGET:
                break
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
        rows.append(growth_row(name, plan.sizes, [_whole(one) for one in standings]))
        memory.append([name, *(mebibytes(one.peak) if one.runs else "—" for one in standings)])
    most = max((one.peak for found in done.values() for one in found if one.runs), default=0)
    text += markdown_table(rows) + "\n" + markdown_table(memory)
    text += f"\nNo job held more than {mebibytes(most)}; the bound is {mebibytes(BOUND)}.\n"
    for size, one in zip(plan.sizes, done[_ASK], strict=True):
        if one.runs:
            parts = one.runs[0].parts
            answered = [name for name, time in parts.items() if time is not None]
            slowest = sorted(answered, key=lambda name: -(parts[name] or 0))[:3]
            text += f"\nOver {size:,} triples {len(answered)} of {len(parts)} queries were answered"
            text += "" if len(answered) == len(parts) else f"; after {_BUDGET:.0f} s no further one was begun"
            text += (
                f". The slowest: {', '.join(f'{name} {seconds(parts[name] or 0)}' for name in slowest)}.\n"
            )
    return text


def _whole(standing: Standing) -> Standing:
    """``standing``, unless its time is that of some of the queries only."""
    parts = standing.runs[0].parts if standing.runs else {}
    answered = sum(time is not None for time in parts.values())
    if answered == len(parts):
        return standing
    return Standing(standing.contestant, failure=f"{answered} of {len(parts)} in {seconds(standing.median)}")


def make_topic() -> Topic:
    """The topic."""
    return Topic(
        "scale",
        "Scale",
        "N-Quads into a store on disk, and the query library answered by a new process that opens it. "
        "Nothing is inferred.",
        _measure,
    )
