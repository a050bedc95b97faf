"""Validation: both SHACL engines of tipgraph, over the same facts and shapes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Work, compete
from benchmarks.topic import Plan, Topic, check_contestants, contestant, standings_table
from tipgraph.sources import Sources
from tipgraph.store import load_dataset
from tipgraph.validation import Engine, Report, validate_dataset


def validate(root: str, engine: Engine) -> Work:
    """The report of ``engine`` on the graph of the folder ``root``."""
    sources = Sources(Path(root))
    dataset = load_dataset(sources)

    def answer(report: Report) -> Iterator[str]:
        for one in report.results:
            yield f"{one.focus_node} {one.path} {one.value} {one.shape} {one.component} {one.severity.label}"

    return Work(lambda: validate_dataset(dataset, sources.shapes, engine=engine), answer)


def _measure(plan: Plan) -> str:
    text = ""
    for size in plan.sizes:
        plan.tell(f"validation of {size:,} triples")
        root = str(plan.workspace.root(size, damaged=True))
        standings = compete(
            [
                contestant("rudof", validate, root=root, engine="rudof"),
                contestant("pyshacl", validate, root=root, engine="pyshacl"),
            ],
            rounds=plan.rounds,
            limit=plan.limit,
            tell=plan.tell,
        )
        text += f"{size:,} triples, some left out so that shapes are broken. {check_contestants(standings)}"
        text += standings_table(standings) + "\n"
    return text


def make_topic() -> Topic:
    """The topic."""
    return Topic(
        "validation",
        "Validation",
        "All shapes of the project, by `tipgraph.validation.validate_dataset` with one engine and the other: "
        "from the facts in the store to results that name file and line.",
        _measure,
    )
