"""What a topic of measuring is: its name, what it says, and what it measures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.measuring import Contestant, Standing
from benchmarks.workspace import Workspace


@dataclass(frozen=True)
class Plan:
    """What ``run`` was asked for."""

    workspace: Workspace
    sizes: tuple[int, ...]
    rounds: int
    limit: float
    """Seconds that one run may take."""
    tell: Callable[[str], None]


@dataclass(frozen=True)
class Topic:
    """A section of the results; ``measure`` returns its text in Markdown."""

    name: str
    title: str
    about: str
    measure: Callable[[Plan], str]


def contestant(name: str, job: Callable[..., Any], *, answers: bool = True, **arguments: Any) -> Contestant:
    """The contestant whose runs call ``job`` with ``arguments``."""
    return Contestant(name, f"{job.__module__}:{job.__name__}", arguments, answers)


def standings_table(standings: Sequence[Standing], notes: Mapping[str, str] | None = None) -> str:
    """A table with one row for each contestant; ratios are to the first one."""
    rows = [
        ["", "median", "least to most", "rounds", f"times {standings[0].contestant.name}", "peak memory", ""]
    ]
    for one in standings:
        note = (notes or {}).get(one.contestant.name, "")
        if not one.runs:
            rows.append([one.contestant.name, "—", "—", "0", "—", "—", one.failure])
            continue
        ratio = one.median / standings[0].median if standings[0].runs else math.nan
        rows.append(
            [
                one.contestant.name,
                seconds(one.median),
                f"{seconds(min(one.times))} to {seconds(max(one.times))}",
                str(len(one.runs)),
                f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}",
                mebibytes(one.peak),
                "; ".join(filter(None, (note, one.failure))),
            ]
        )
    return markdown_table(rows)


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """The rows as a table of Markdown, the first one its head."""
    head, *body = rows
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def seconds(value: float) -> str:
    """A time for people, with three digits: ``1.23 s``, ``45.6 ms``."""
    if value < 1:
        return f"{_three_digits(value * 1000)} ms"
    return f"{_three_digits(value)} s"


def _three_digits(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def mebibytes(value: int) -> str:
    """A size for people."""
    return f"{value / 2**20:.0f} MiB"


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """The slope of the least-squares line through the logarithms: ``k`` where y grows as x to the ``k``."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    mean_x = sum(x for x, _ in logs) / len(logs)
    mean_y = sum(y for _, y in logs) / len(logs)
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / sum((x - mean_x) ** 2 for x, _ in logs)


def check_contestants(standings: Sequence[Standing]) -> str:
    """What was held equal, for the text above a table."""
    given = [one for one in standings if one.runs and one.contestant.answers]
    if len(given) < 2:
        return "No peer finished, so there is nothing to compare.\n\n"
    names = ", ".join(one.contestant.name for one in given[1:])
    return f"Equal answers, {len(given[0].runs[0].answer):,} lines: {given[0].contestant.name}, {names}.\n\n"
