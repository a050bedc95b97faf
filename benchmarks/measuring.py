"""Contestants measured side by side: equal answers first, then times and memory.

Each run is a process of its own, so that no run warms or fills the memory of another. Rounds alternate the
order of the contestants, so that what else the machine does falls on all of them.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]

PATIENCE: Final = 120.0
"""Seconds of running after which a contestant gets no further round."""


class MismatchError(Exception):
    """A contestant gave another answer, so that its times say nothing."""


@dataclass(frozen=True)
class Work:
    """What a job does: ``run`` is timed, and ``answer`` then makes lines of what it returned.

    ``parts`` may be filled with the seconds of each part of the run; lines of the answer then begin with the
    name of their part and a tab. A part that is not finished has ``None``.
    """

    run: Callable[[], Any]
    answer: Callable[[Any], Iterable[str]]
    parts: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Contestant:
    """Who is measured: a function, ``module:name``, that returns a ``Work``, and its arguments."""

    name: str
    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    answers: bool = True
    """Whether it is to give the same answer as the others."""


@dataclass(frozen=True)
class Run:
    """One run: seconds, the most bytes that its process held by then, and the lines of its answer."""

    seconds: float
    peak: int
    answer: frozenset[str]
    parts: Mapping[str, float | None]


@dataclass
class Standing:
    """The runs of a contestant; ``failure`` says why there are none."""

    contestant: Contestant
    runs: list[Run] = field(default_factory=list)
    failure: str = ""

    @property
    def times(self) -> list[float]:
        """Seconds of each run."""
        return [run.seconds for run in self.runs]

    @property
    def median(self) -> float:
        """The median of the times."""
        return statistics.median(self.times)

    @property
    def peak(self) -> int:
        """The most bytes that any run held."""
        return max(run.peak for run in self.runs)


def run_contestant(contestant: Contestant, limit: float) -> Run:
    """One run in a process of its own.

    Raises ``TimeoutError`` when it is not finished, with preparations, in ``limit`` seconds, and
    ``RuntimeError`` when it fails.
    """
    with tempfile.TemporaryDirectory(prefix="tipgraph-benchmark-") as folder:
        answer = Path(folder, "answer")
        order = {
            "function": contestant.function,
            "arguments": dict(contestant.arguments),
            "answer": str(answer),
        }
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
        environment["TMPDIR"] = folder
        with subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", json.dumps(order)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        ) as process:
            try:
                out, err = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                raise TimeoutError(f"not finished in {limit:.0f} s") from None
            finally:
                # With what it has started itself.
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        if process.returncode:
            last = (err.strip().splitlines() or [f"ended with {process.returncode}"])[-1]
            raise RuntimeError(f"failed: {last}")
        result = json.loads(out.splitlines()[-1])
        lines = answer.read_text(encoding="utf-8").split("\x1e")
    return Run(result["seconds"], result["peak"], frozenset(line for line in lines if line), result["parts"])


Check = Callable[[Sequence[Standing]], None]
"""Raises ``MismatchError`` unless the contestants' first answers are what they should be."""


def check_equal(standings: Sequence[Standing]) -> None:
    """Hold the answer of each contestant against that of the first, in the parts that both finished."""
    given = [one for one in standings if one.runs and one.contestant.answers]
    for other in given[1:]:
        compare_answers(given[0], other)


def compare_answers(first: Standing, other: Standing) -> None:
    """Raise ``MismatchError``, with an example, unless both gave the same answer at every run."""
    for one in (first, other):
        if any(run.answer != one.runs[0].answer for run in one.runs[1:]) and not one.runs[0].parts:
            raise MismatchError(f"{one.contestant.name} does not give the same answer each time")
    unfinished = {
        part for one in (first, other) for run in one.runs for part, time in run.parts.items() if time is None
    }

    def relevant(run: Run) -> set[str]:
        return {line for line in run.answer if line.partition("\t")[0] not in unfinished}

    wanted = relevant(first.runs[0])
    for run in other.runs:
        found = relevant(run)
        if found != wanted:
            missing, extra = sorted(wanted - found), sorted(found - wanted)
            raise MismatchError(
                f"{other.contestant.name} does not answer as {first.contestant.name}: "
                f"{len(missing)} missing, {len(extra)} more"
                + "".join(f"\n  - {line}" for line in missing[:3])
                + "".join(f"\n  + {line}" for line in extra[:3])
            )


def compete(
    contestants: Sequence[Contestant],
    *,
    rounds: int,
    limit: float,
    check: Check = check_equal,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Standing]:
    """How each contestant did, in the order given.

    The answers of the first round are held against each other before there is a second. Raises
    ``MismatchError``.
    """
    standings = [Standing(contestant) for contestant in contestants]
    for number in range(rounds):
        for standing in standings if number % 2 == 0 else reversed(standings):
            if standing.failure or (standing.runs and sum(standing.times) >= PATIENCE):
                continue
            try:
                run = run_contestant(standing.contestant, limit)
            except (TimeoutError, RuntimeError) as error:
                standing.failure = str(error)
                tell(f"{standing.contestant.name}: {error}")
                continue
            standing.runs.append(run)
            tell(f"{standing.contestant.name}: {run.seconds:.3f} s")
        check(standings)
    return standings
