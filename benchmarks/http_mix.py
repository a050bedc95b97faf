"""What the servers are asked: the mix of queries, the graph as all of them take it, and hostile queries."""

from __future__ import annotations

import multiprocessing
import multiprocessing.queues
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

import pyoxigraph as ox

from benchmarks.answers import term_text
from benchmarks.queries import generate_queries, request_default
from benchmarks.servers import Server, ask
from tipgraph import KnowledgeGraph
from tipgraph.sparql.execution import QueryableDataset, QueryRequest
from tipgraph.sparql.rewriting import write_out

GENERATED: Final = 30
HOSTILE: Final = {
    "cartesian product": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "deep property path": "SELECT (COUNT(*) AS ?n) { ?a (!<urn:n>|^!<urn:n>)* ?b . ?b (!<urn:n>)+ ?c }",
    "huge regex": "SELECT ?s { ?s ?p ?o FILTER(REGEX(STR(?o), "
    f'"{"|".join(f"(a|e|i|o|u)+.*x{n}" for n in range(2000))}"'
    ")) }",
    "huge VALUES": "SELECT (COUNT(*) AS ?n) { VALUES ?o { "
    f"{' '.join(map(str, range(100_000)))} }} ?s ?p ?o }}",
    "ORDER BY over everything": "SELECT * { ?a ?b ?c . ?c ?d ?e } ORDER BY STR(?e) DESC(STR(?c)) ?a",
}
"""Queries that ask for far too much, each in its own way."""

_GRAPH: Final = re.compile(r"\bGRAPH\s*[?$<\w]", re.IGNORECASE)
_HEADER: Final = re.compile(r"^#.*\n", re.MULTILINE)
"""Lines of comments, in which a query of the library tells what it is for."""


@dataclass
class Mix:
    """The queries that all servers answer alike, and why others were left out."""

    queries: dict[str, str]
    left_out: dict[str, str] = field(default_factory=dict)
    rows: int = 0

    def order(self, seed: int) -> Iterator[int]:
        """Numbers of queries without end: all in a random order, then in another; ``seed`` tells which."""
        chance = Random(seed)
        numbers = list(range(len(self.queries)))
        while True:
            chance.shuffle(numbers)
            yield from numbers


def write_data(graph: KnowledgeGraph, path: Path) -> int:
    """The graph as quads: its named graphs, and their union as the default graph; how many those are."""
    store = _dataset(graph).store(asserted_only=False, with_graphs=True)
    store.dump(str(path), format=ox.RdfFormat.N_QUADS)
    return len(store)


def mixed_queries(graph: KnowledgeGraph) -> dict[str, str]:
    """The query library with its default parameters written into the texts, and generated queries.

    Each is a text that any endpoint understands.
    """
    dataset = _dataset(graph)
    found = {query.name: _whole_text(dataset, request_default(graph, query)) for query in graph.queries()}
    prefixes = f"PREFIX skos: <{graph.prefixes['skos']}>\n"
    generated = generate_queries(graph, GENERATED, seed=1)
    return found | {name: prefixes + text for name, text in generated.items()}


def _dataset(graph: KnowledgeGraph) -> QueryableDataset:
    return QueryableDataset(graph.dataset)


def _whole_text(dataset: QueryableDataset, request: QueryRequest) -> str:
    query = dataset.check(_HEADER.sub("", request.text), None)
    return write_out(query, request.parameters, dataset.prefixes)


def engine_rate(data: Path, mix: Mix, seconds: float) -> float:
    """How many answers in a second the engine of tipgraph gives, with one process for each processor.

    Nothing is sent, so no server with this engine gives more. Each query runs over the smaller of the two
    stores that tipgraph has: that without the named graphs, unless it asks for them.
    """
    whole = ox.Store()
    whole.bulk_load(path=str(data), format=ox.RdfFormat.N_QUADS)
    merged = ox.Store()
    merged.bulk_extend(whole.quads_for_pattern(None, None, None, ox.DefaultGraph()))
    plan = [(whole if _GRAPH.search(text) else merged, text) for text in mix.queries.values()]

    context = multiprocessing.get_context("fork")
    counts: multiprocessing.queues.SimpleQueue[int] = context.SimpleQueue()

    def count(number: int) -> None:
        end = time.perf_counter() + seconds
        for done, index in enumerate(mix.order(number)):
            if time.perf_counter() > end:
                counts.put(done)
                break
            store, text = plan[index]
            found = store.query(text)
            assert not isinstance(found, ox.QueryTriples)
            found.serialize(format=ox.QueryResultsFormat.JSON)

    processes = [context.Process(target=count, args=(number,)) for number in range(os.cpu_count() or 1)]
    for process in processes:
        process.start()
    total = sum(counts.get() for _ in processes)
    for process in processes:
        process.join()
    return total / seconds


def read_answer(body: bytes, query: str) -> Counter[str]:
    """The rows of an answer in JSON as a multiset."""
    found = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
    if isinstance(found, ox.QueryBoolean):
        return Counter([str(bool(found)).lower()])
    assert isinstance(found, ox.QuerySolutions)
    variables = sorted(found.variables, key=str)
    # As in the topic ``queries``: not all keep the language of what they join.
    joins = "GROUP_CONCAT" in query.upper()
    return Counter(
        " ".join(
            f"{variable}={term_text(row[variable], language=not joins)}"
            for variable in variables
            if row[variable] is not None
        )
        for row in found
    )


def answer_of(server: Server, query: str, limit: float) -> Counter[str] | str:
    """The rows that the server gives, or why it gives none."""
    try:
        status, body = ask(server, query, limit)
    except TimeoutError:
        return f"not answered in {limit:g} s"
    return read_answer(body, query) if status == 200 else f"refused with {status}"
