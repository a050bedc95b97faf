"""Cold start: from the command to its answer, as whole processes.

Only the standard library is imported here, so that the process that starts and measures the others is small.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.measuring import ROOT, Work, compete

if TYPE_CHECKING:
    from benchmarks.topic import Plan, Topic

PEER: Final = Path(__file__).with_name("peer_query.py")
_TIPGRAPH: Final = str(Path(sys.executable).with_name("tipgraph"))
QUERIES: Final = {
    "bodies-of-a-mechanism": (["mechanism=https://w3id.org/tipgraph/id/ecowas"], False),
    "adoption-timeline": ([], True),
}
"""Query → its parameters, and whether its answer needs what is inferred."""


@dataclass(frozen=True)
class Finished:
    """A process that has ended well: seconds from start to end, bytes at most, and what it printed."""

    seconds: float
    peak: int
    output: str


def start(arguments: Sequence[str], *, cache: str = "", warm: bool = False) -> Work:
    """The command ``arguments``, with an empty cache of its own; ``warm``, run once before it is measured."""
    folder = tempfile.mkdtemp(prefix="cache-")
    environment = os.environ | {"TIPGRAPH_CACHE": cache or folder}
    environment.pop("PYTHONPATH", None)
    if warm:
        run_process(arguments, environment)

    def run() -> Finished:
        return run_process(arguments, environment)

    def answer(finished: Finished) -> Iterator[str]:
        shutil.rmtree(folder, ignore_errors=True)
        yield from sorted(finished.output.splitlines())

    return Work(run, answer)


def run_process(arguments: Sequence[str], environment: dict[str, str]) -> Finished:
    """What came of the command; raises ``RuntimeError`` where it does not end with 0."""
    with tempfile.TemporaryFile() as output:
        actions = [(os.POSIX_SPAWN_DUP2, output.fileno(), 1)]
        started = time.perf_counter()
        process = os.posix_spawn(arguments[0], list(arguments), environment, file_actions=actions)
        _, status, usage = os.wait4(process, 0)
        seconds = time.perf_counter() - started
        if status:
            raise RuntimeError(f"{' '.join(arguments[:3])} ended with {os.waitstatus_to_exitcode(status)}")
        output.seek(0)
        text = output.read().decode()
    peak = usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * 1024
    return Finished(seconds, peak, text)


def _measure(plan: Plan) -> str:
    from benchmarks.topic import check_contestants, contestant, seconds, standings_table

    text = ""
    for query, (parameters, inferred) in QUERIES.items():
        plan.tell(f"cold start of {query}")
        root = str(ROOT)
        ask = [_TIPGRAPH, "--root", root, "query", query, "--format", "csv"]
        peer = [sys.executable, str(PEER), root, f"{root}/queries/{query}.rq"]
        peer += [*parameters, *(["--owlrl"] if inferred else [])]
        imports = "import click, pyoxigraph"
        standings = compete(
            [
                contestant("tipgraph query", start, arguments=ask, warm=True),
                contestant("tipgraph query, nothing cached", start, arguments=ask),
                contestant("rdflib and owlrl" if inferred else "rdflib", start, arguments=peer),
                contestant("python -c pass", start, arguments=[sys.executable, "-c", "pass"], answers=False),
                contestant(
                    f'python -c "{imports}"', start, arguments=[sys.executable, "-c", imports], answers=False
                ),
            ],
            rounds=plan.rounds,
            limit=plan.limit,
            tell=plan.tell,
        )
        needs = "needs what is inferred" if inferred else "needs nothing that is inferred"
        text += f"`tipgraph query {query}`, whose answer {needs}. {check_contestants(standings)}"
        text += standings_table(standings) + "\n"
        first, imported = standings[0], standings[-1]
        if first.runs and imported.runs:
            share = imported.median / first.median
            text += (
                f"Python and the libraries that any query takes are {seconds(imported.median)} of "
                f"{seconds(first.median)}: {share:.0%}.\n\n"
            )
    return text


def make_topic() -> Topic:
    """The topic; made late, so that measuring processes need not load what it takes."""
    from benchmarks.topic import Topic

    return Topic(
        "start",
        "Cold start",
        "Whole processes, from the command to the end of its answer in CSV. The peer is a script that "
        "parses the same Turtle files with rdflib, closes them with owlrl where the answer needs it, and "
        "asks the same.",
        _measure,
    )
