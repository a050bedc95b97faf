"""Queries: the query library over the real graph, and generated queries over a larger one, in memory."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pyoxigraph as ox

from benchmarks.answers import term_text
from benchmarks.measuring import ROOT, Standing, Work, compete
from benchmarks.topic import (
    Plan,
    Topic,
    check_contestants,
    contestant,
    markdown_table,
    seconds,
    standings_table,
)
from tipgraph import KnowledgeGraph
from tipgraph.queryfile import QueryFile
from tipgraph.sparql.execution import QueryRequest
from tipgraph.sparql.results import SelectResult
from tipgraph.vocabulary import ID, RDF, TIP

_EACH: Final = 5.0
"""Seconds that one query may take."""
_GENERATED: Final = 30
_Rows = list[tuple[Any, ...]]


class _TimeIsUp(BaseException):
    """Not an ``Exception``, so that nothing on the way takes it for its own."""


def ask(root: str, queries: str = "") -> Work:
    """tipgraph; the queries of the library, unless ``queries`` is a file of others."""
    graph = KnowledgeGraph.open(root)
    graph.prepare()

    def rows(request: QueryRequest) -> _Rows:
        result = graph.run(request)
        assert isinstance(result, SelectResult)
        return list(result.rows)

    return _work(_requests(graph, queries), rows)


def ask_rdflib(root: str, queries: str = "") -> Work:
    """rdflib, over a copy of the same dataset with all that is inferred."""
    from benchmarks.rdflib_terms import node, term

    graph = KnowledgeGraph.open(root)
    copy = graph.to_rdflib()
    requests = _requests(graph, queries)
    prefixes = dict(graph.prefixes)
    del graph

    def rows(request: QueryRequest) -> _Rows:
        bound = {name: node(value) for name, value in request.parameters.items()}
        found: Any = copy.query(request.text, initNs=prefixes, initBindings=bound)
        return [tuple(None if value is None else term(value) for value in row) for row in found]

    return _work(requests, rows)


def _requests(graph: KnowledgeGraph, queries: str) -> dict[str, QueryRequest]:
    if not queries:
        return {query.name: request_default(graph, query) for query in graph.queries()}
    texts: dict[str, str] = json.loads(Path(queries).read_text(encoding="utf-8"))
    return {name: graph.request(text) for name, text in texts.items()}


def request_default(graph: KnowledgeGraph, query: QueryFile) -> QueryRequest:
    """``query`` with its default parameters, whether or not the graph has what they name."""
    values: dict[str, Any] = {}
    for parameter in query.parameters:
        prefix, _, name = str(parameter.default).partition(":")
        if parameter.type in ("resource", "concept", "iri") and prefix in graph.prefixes:
            values[parameter.name] = ox.NamedNode(graph.prefixes[prefix] + name)
    return graph.request(query, values)


def _work(requests: dict[str, QueryRequest], rows: Callable[[QueryRequest], _Rows]) -> Work:
    """All ``requests`` one after another, each a part; one that takes too long has no time."""
    parts: dict[str, float | None] = {}

    def run() -> dict[str, _Rows]:
        answers = {}
        before = signal.signal(signal.SIGALRM, _stop)
        for name, request in requests.items():
            signal.setitimer(signal.ITIMER_REAL, _EACH)
            started = time.perf_counter()
            try:
                answers[name] = rows(request)
                parts[name] = time.perf_counter() - started
            except _TimeIsUp:
                parts[name] = None
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        return answers

    def answer(answers: dict[str, _Rows]) -> Iterator[str]:
        for name, found in answers.items():
            yield f"{name}\t{len(found)} rows"
            # Oxigraph keeps the language of what it joins, and rdflib does not.
            joins = "GROUP_CONCAT" in requests[name].text.upper()
            lines = Counter(" ".join(term_text(term, language=not joins) for term in row) for row in found)
            for line, number in lines.items():
                yield f"{name}\t{line}\t{number}"

    return Work(run, answer, parts)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _TimeIsUp


def generate_queries(graph: KnowledgeGraph, number: int, seed: int) -> dict[str, str]:
    """Queries of six forms about what is linked in the graph; the same ``seed`` gives the same ones."""
    chance = random.Random(seed)
    classes: dict[str, set[str]] = {}
    for quad in graph.dataset.store.quads_for_pattern(None, ox.NamedNode(f"{RDF}type"), None, None):
        if str(quad.subject).startswith(f"<{ID}") and str(quad.object).startswith(f"<{TIP}"):
            classes.setdefault(str(quad.subject), set()).add(str(quad.object))
    links: Counter[tuple[str, str, str]] = Counter()
    for quad in graph.dataset.store:
        if str(quad.predicate).startswith(f"<{TIP}"):
            links.update(
                (first, str(quad.predicate), second)
                for first in classes.get(str(quad.subject), ())
                for second in classes.get(str(quad.object), ())
            )
    common = sorted(link for link, times in links.items() if times >= 5)
    queries = {}
    for n in range(number):
        first, linked, second = chance.choice(common)
        onward = [link for link in common if link[0] == second] or [(second, f"<{RDF}type>", "")]
        _, next_link, _ = chance.choice(onward)
        beside = chance.choice([link[1] for link in common if link[0] == first])
        forms = {
            "path": f"SELECT ?a ?c {{ ?a a {first} ; {linked} ?b . ?b {next_link} ?c }}",
            "star": f"SELECT ?a ?b ?c ?d {{ ?a a {first} ; {linked} ?b ; {beside} ?c ; skos:prefLabel ?d }}",
            "optional": f"SELECT ?a ?b ?c {{ ?a a {first} ; {linked} ?b OPTIONAL {{ ?b {next_link} ?c }} }}",
            "count": f"SELECT ?b (COUNT(DISTINCT ?a) AS ?n) {{ ?a a {first} ; {linked} ?b }} GROUP BY ?b",
            "absent": f"SELECT ?a {{ ?a a {first} FILTER NOT EXISTS {{ ?a {linked} ?b . ?b a {second} }} }}",
            "union": f"SELECT DISTINCT ?a ?b {{ {{ ?a {linked} ?b }} UNION {{ ?a {beside} ?b }} }}",
        }
        form = list(forms)[n % len(forms)]
        queries[f"{form}-{n + 1}"] = forms[form]
    return queries


def _measure(plan: Plan) -> str:
    text = ""
    size = min(plan.sizes)
    root = plan.workspace.root(size)
    queries = plan.workspace.folder / f"queries-{size}.json"
    generated = generate_queries(KnowledgeGraph.open(root), _GENERATED, seed=1)
    queries.write_text(json.dumps(generated), encoding="utf-8")
    library: dict[str, Any] = {"root": str(ROOT)}
    larger: dict[str, Any] = {"root": str(root), "queries": str(queries)}
    for title, arguments in (
        ("The query library over the real graph", library),
        (f"{_GENERATED} generated queries over {size:,} triples", larger),
    ):
        plan.tell(title)
        standings = compete(
            [contestant("tipgraph", ask, **arguments), contestant("rdflib", ask_rdflib, **arguments)],
            rounds=plan.rounds,
            limit=plan.limit,
            tell=plan.tell,
        )
        unfinished = _drop_unfinished(standings)
        text += f"{title}, with all that is inferred. {check_contestants(standings)}"
        text += standings_table(standings) + "\n"
        if unfinished:
            names = ", ".join(unfinished)
            text += f"Not finished by rdflib in {_EACH:.0f} s, and left out of both sums: {names}.\n\n"
        text += _slowest(standings)
    return text


def _drop_unfinished(standings: Iterable[Standing]) -> list[str]:
    """The parts that not every run finished; the times become those of the other parts."""
    runs = [run for one in standings for run in one.runs]
    unfinished = sorted({part for run in runs for part, time in run.parts.items() if time is None})
    for one in standings:
        one.runs = [
            type(run)(
                sum(time for part, time in run.parts.items() if part not in unfinished and time is not None),
                run.peak,
                run.answer,
                {part: time for part, time in run.parts.items() if part not in unfinished},
            )
            for run in one.runs
        ]
    return unfinished


def _slowest(standings: list[Standing]) -> str:
    """Where the queries stand whose ratio is least."""
    own, peer = standings
    if not (own.runs and peer.runs):
        return ""

    def median(one: Standing, part: str) -> float:
        times = sorted(run.parts[part] or 0.0 for run in one.runs)
        return times[len(times) // 2]

    names = sorted(own.runs[0].parts, key=lambda part: median(peer, part) / median(own, part))[:3]
    rows = [["least ahead in", "tipgraph", "rdflib", "times tipgraph"]]
    for name in names:
        first, second = median(own, name), median(peer, name)
        rows.append([name, seconds(first), seconds(second), f"{second / first:.1f}"])
    return markdown_table(rows) + "\n"


def make_topic() -> Topic:
    """The topic."""
    return Topic(
        "queries",
        "Queries",
        "Each query once, one after another, over a dataset in memory; solutions are held against each "
        "other as multisets. The process of rdflib made its dataset from that of tipgraph, which its peak "
        "memory includes.",
        _measure,
    )
