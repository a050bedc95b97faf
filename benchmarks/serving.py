"""Serving over HTTP: throughput, latency and memory of servers with the same graph, asked by many clients."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.http_mix import GENERATED, HOSTILE, Mix, answer_of, engine_rate, mixed_queries, write_data
from benchmarks.load_client import Drive, drive, get_request, percentile
from benchmarks.measuring import ROOT, MismatchError
from benchmarks.servers import (
    JENA,
    OXIGRAPH,
    RDFLIB,
    TIMEOUT,
    TIPGRAPH,
    TIPGRAPH_CACHED,
    TRIVIAL,
    Memory,
    Server,
    ServerKind,
    ask,
    missing,
    running,
)
from benchmarks.topic import Plan, Topic, markdown_table, mebibytes, seconds
from tipgraph import KnowledgeGraph

KINDS: Final = (TIPGRAPH, TIPGRAPH_CACHED, RDFLIB, OXIGRAPH, JENA)
CLIENTS: Final = (1, 4, 16, 64)
_SECONDS: Final = 2.0
"""How long clients go on asking; then they wait for what is under way."""
_SECONDS_OF: Final = {RDFLIB.name: 6.0}
"""Longer where little is answered in that time."""
_WARM: Final = 2.0
_WARM_CLIENTS: Final = 4
_EACH: Final = 3.0
"""Seconds in which each query has to be answered when answers are held against each other."""
_LIMIT: Final = 60.0
"""Seconds after which an answer under load counts as failed."""
_NORMAL_CLIENTS: Final = 4
_NORMAL_PAUSE: Final = 0.05
_NORMAL_SECONDS: Final = 8.0
_HOSTILE_LIMIT: Final = 30.0
TARGETS: Final = {RDFLIB.name: (15, 10), OXIGRAPH.name: (3, 10), JENA.name: (3, 10)}
"""Peer → how many times its throughput tipgraph is to reach, uncached and cached."""


@dataclass
class Level:
    """The drives of one server with so many clients, one for each round."""

    drives: list[Drive] = field(default_factory=list)

    @property
    def throughputs(self) -> list[float]:
        """Of each round."""
        return [one.throughput for one in self.drives]

    @property
    def throughput(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.throughputs)

    def latency(self, share: float) -> float:
        """The percentile over the answers of all rounds."""
        return percentile([time for one in self.drives for time in one.times], share)

    @property
    def failures(self) -> Counter[str]:
        """Why answers failed, over all rounds."""
        return sum((one.failures for one in self.drives), Counter[str]())


Levels = Mapping[tuple[str, int], Level]
"""(Server, clients) → what was measured."""


def _measure(plan: Plan) -> str:
    data = plan.workspace.folder / "served.nq"
    graph = KnowledgeGraph.open(ROOT)
    quads = write_data(graph, data)
    queries = mixed_queries(graph)
    del graph
    absent = {kind.name: reason for kind in KINDS if (reason := missing(kind))}
    kinds = [kind for kind in KINDS if kind.name not in absent]
    mix = agree(kinds, queries, data, plan.tell)
    text = _about_mix(mix, quads, queries)
    text += "".join(f"{name} was not measured: {reason}.\n\n" for name, reason in absent.items())
    text += _ceiling(data) + "\n\n"
    rate = _rate(engine_rate(data, mix, 3))
    text += (
        f"The engine, which tipgraph and Oxigraph's server share, answers {rate}/s of the mix where it has "
        "all processors and sends nothing: uncached, there is no more.\n\n"
    )
    levels, memory = _compete(kinds, mix, data, plan)
    text += _levels_table(kinds, levels) + "\n" + _ratios(kinds, levels) + "\n"
    text += _memory_table(kinds, memory) + "\n"
    return text + _measure_hostile([kind for kind in kinds if kind is not RDFLIB], mix, data, plan)


# -- equal answers


def agree(
    kinds: Sequence[ServerKind], queries: Mapping[str, str], data: Path, tell: Callable[[str], None]
) -> Mix:
    """The queries that all ``kinds`` answer, and alike: raises ``MismatchError`` where answers differ.

    What one refuses, or does not answer in time, is left out for all.
    """
    mix = Mix(dict(queries))
    wanted: dict[str, Counter[str]] = {}
    for kind in kinds:
        tell(f"answers of {kind.name}")
        for name, found in _answers(kind, mix.queries, data):
            if isinstance(found, str):
                mix.left_out[name] = f"{kind.name}: {found}"
            elif wanted.setdefault(name, found) != found:
                missing_rows, more = wanted[name] - found, found - wanted[name]
                raise MismatchError(
                    f"{kind.name} does not answer {name} as {kinds[0].name}: {missing_rows.total()} missing, "
                    f"{more.total()} more"
                    + "".join(f"\n  - {row}" for row in sorted(missing_rows)[:3])
                    + "".join(f"\n  + {row}" for row in sorted(more)[:3])
                )
        mix.queries = {name: text for name, text in mix.queries.items() if name not in mix.left_out}
    mix.rows = sum(wanted[name].total() for name in mix.queries)
    return mix


def _answers(
    kind: ServerKind, queries: Mapping[str, str], data: Path
) -> Iterator[tuple[str, Counter[str] | str]]:
    left = dict(queries)
    while left:
        with running(kind, data, ROOT) as server:
            for name in list(left):
                found = answer_of(server, left.pop(name), _EACH)
                yield name, found
                if isinstance(found, str):
                    # A server that cannot end a query may be at it still: go on with a fresh one.
                    break


# -- throughput


def _ceiling(data: Path) -> str:
    """What the client itself can ask for at most."""
    with running(TRIVIAL, data, ROOT) as server:
        requests = [get_request(TRIVIAL.path, "ASK {}")]
        found = [
            drive(server.port, requests, itertools.repeat(0), clients=clients, seconds=1, limit=_LIMIT)
            for clients in CLIENTS
        ]
    rates = ", ".join(
        f"{one.throughput:,.0f}/s with {clients}" for clients, one in zip(CLIENTS, found, strict=True)
    )
    return f"The client gets from a server that does nothing: {rates} clients."


def _compete(
    kinds: Sequence[ServerKind], mix: Mix, data: Path, plan: Plan
) -> tuple[Levels, dict[str, Memory | None]]:
    """All servers run throughout, and are asked one at a time; the next round has them in reverse order."""
    levels = {(kind.name, clients): Level() for kind in kinds for clients in CLIENTS}
    memory: dict[str, Memory | None] = {}
    with ExitStack() as stack:
        servers = [stack.enter_context(running(kind, data, ROOT)) for kind in kinds]
        for server in servers:
            _drive(server, mix, _WARM_CLIENTS, seed=0, duration=_WARM)
        for number in range(plan.rounds):
            for server in servers if number % 2 == 0 else reversed(servers):
                for clients in CLIENTS:
                    duration = _SECONDS_OF.get(server.kind.name, _SECONDS)
                    one = _drive(server, mix, clients, seed=number + 1, duration=duration)
                    levels[server.kind.name, clients].drives.append(one)
                memory[server.kind.name] = server.memory()
                rates = ", ".join(
                    f"{levels[server.kind.name, clients].throughputs[-1]:,.0f}" for clients in CLIENTS
                )
                plan.tell(f"{server.kind.name}: {rates} answers/s")
    return levels, memory


def _drive(
    server: Server, mix: Mix, clients: int, *, seed: int, duration: float, pause: float = 0.0
) -> Drive:
    requests = [get_request(server.kind.path, text) for text in mix.queries.values()]
    order = mix.order(seed)
    return drive(server.port, requests, order, clients=clients, seconds=duration, limit=_LIMIT, pause=pause)


# -- hostile queries


@contextmanager
def hostile_client(server: Server) -> Iterator[Counter[str]]:
    """One hostile query each second, whether or not the one before is answered; what they were answered."""
    answers: Counter[str] = Counter()
    is_over = threading.Event()

    def ask_one(query: str) -> None:
        try:
            answers[str(ask(server, query, _HOSTILE_LIMIT)[0])] += 1
        except OSError as error:
            answers[type(error).__name__] += 1

    def ask_all() -> None:
        for query in itertools.cycle(HOSTILE.values()):
            threading.Thread(target=ask_one, args=(query,), daemon=True).start()
            if is_over.wait(1.0):
                break

    thread = threading.Thread(target=ask_all, daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        is_over.set()
        thread.join()


def _measure_hostile(kinds: Sequence[ServerKind], mix: Mix, data: Path, plan: Plan) -> str:
    rows = [
        [
            "",
            "p95 alone",
            "p95 beside",
            "times",
            "least to most",
            "failed",
            "answered to the hostile meanwhile",
        ]
    ]
    for kind in kinds:
        alone, beside = Level(), Level()
        answers: Counter[str] = Counter()
        for number in range(plan.rounds if kind in (TIPGRAPH, TIPGRAPH_CACHED) else 1):
            # Another server each time: what a hostile query does may outlast it.
            with running(kind, data, ROOT) as server:
                _drive(server, mix, _WARM_CLIENTS, seed=0, duration=_WARM)
                alone.drives.append(_normal(server, mix, number))
                with hostile_client(server) as found:
                    time.sleep(1)
                    beside.drives.append(_normal(server, mix, number))
                answers += found
        p95 = [[percentile(one.times, 0.95) for one in level.drives] for level in (alone, beside)]
        ratios = [second / first for first, second in zip(*p95, strict=True)]
        rows.append(
            [
                kind.name,
                seconds(alone.latency(0.95)),
                seconds(beside.latency(0.95)),
                f"{statistics.median(ratios):.1f}",
                f"{min(ratios):.1f} to {max(ratios):.1f}",
                str(beside.failures.total()),
                ", ".join(f"{status}: {times}" for status, times in sorted(answers.items())) or "nothing",
            ]
        )
        plan.tell(f"{kind.name}, hostile: {rows[-1][1:]}")
    return (
        f"One hostile query each second ({', '.join(HOSTILE)}) beside {_NORMAL_CLIENTS} clients, each "
        f"of which rests {seconds(_NORMAL_PAUSE)} between an answer and its next query. Queries are ended "
        f"after {TIMEOUT} s, which rdflib-endpoint cannot do. To reach: p95 at most twice as high, and none "
        f"fails.\n\n{markdown_table(rows)}"
    )


def _normal(server: Server, mix: Mix, number: int) -> Drive:
    return _drive(
        server, mix, _NORMAL_CLIENTS, seed=number + 1, duration=_NORMAL_SECONDS, pause=_NORMAL_PAUSE
    )


# -- what is told


def _about_mix(mix: Mix, quads: int, queries: Mapping[str, str]) -> str:
    library = len(queries) - GENERATED
    text = (
        f"{quads:,} quads: the real graph with all that is inferred, in its named graphs and merged in the "
        f"default graph. The mix: {len(mix.queries)} of {len(queries)} queries, {library} of the library and "
        f"{GENERATED} generated, in a random order, which have {mix.rows:,} rows. All servers answered each "
        "of them alike.\n\n"
    )
    if mix.left_out:
        by_reason: dict[str, list[str]] = {}
        for name, reason in mix.left_out.items():
            by_reason.setdefault(reason, []).append(name)
        told = "; ".join(f"{reason}: {', '.join(names)}" for reason, names in by_reason.items())
        text += f"Left out for all servers, {len(mix.left_out)}: {told}.\n\n"
    return text


def _levels_table(kinds: Sequence[ServerKind], levels: Levels) -> str:
    rows = [["", "clients", "answers/s", "least to most", "p50", "p95", "p99", "failed"]]
    for clients in CLIENTS:
        for kind in kinds:
            level = levels[kind.name, clients]
            failed = ", ".join(f"{why}: {times}" for why, times in level.failures.items()) or "0"
            if not any(one.times for one in level.drives):
                rows.append([kind.name, str(clients), "—", "—", "—", "—", "—", failed])
                continue
            rows.append(
                [
                    kind.name,
                    str(clients),
                    _rate(level.throughput),
                    f"{_rate(min(level.throughputs))} to {_rate(max(level.throughputs))}",
                    *(seconds(level.latency(share)) for share in (0.5, 0.95, 0.99)),
                    failed,
                ]
            )
    return markdown_table(rows)


def _ratios(kinds: Sequence[ServerKind], levels: Levels) -> str:
    """How many times a peer's throughput tipgraph's is, round by round."""
    rows = [["times the answers/s at that many clients", *(f"of {n}" for n in CLIENTS), "to reach"]]
    for own, place, title in ((TIPGRAPH, 0, "uncached"), (TIPGRAPH_CACHED, 1, "cached")):
        for peer in kinds:
            if peer.name not in TARGETS:
                continue
            cells = []
            for clients in CLIENTS:
                pairs = zip(
                    levels[own.name, clients].throughputs,
                    levels[peer.name, clients].throughputs,
                    strict=True,
                )
                found = [first / second for first, second in pairs if second]
                cells.append(
                    f"{_times(statistics.median(found))} ({_times(min(found))} to {_times(max(found))})"
                    if found
                    else "—"
                )
            rows.append([f"{peer.name}, {title}", *cells, f"{TARGETS[peer.name][place]}"])
    return markdown_table(rows)


def _memory_table(kinds: Sequence[ServerKind], memory: Mapping[str, Memory | None]) -> str:
    rows = [["memory of all processes, after the last round", "resident", "shared pages once"]]
    for kind in kinds:
        one = memory.get(kind.name)
        rows.append(
            [kind.name, *((mebibytes(one.resident), mebibytes(one.shared_once)) if one else ("—", "—"))]
        )
    return markdown_table(rows)


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _times(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.1f}" if value >= 2 else f"{value:.2f}"


def make_topic() -> Topic:
    """The topic."""
    return Topic(
        "http",
        "HTTP",
        "Servers with the same graph, each in processes of its own, asked on connections that are kept alive "
        "by clients that ask again as soon as they have their answer, in JSON; they run on the same machine. "
        "All servers are asked the same queries in the same order. tipgraph runs without its limits for each "
        "client, without its response cache and with it; rdflib-endpoint as its command line serves a "
        "file, Oxigraph's server and Fuseki in memory, Fuseki with a heap of 2 GiB.",
        _measure,
    )
