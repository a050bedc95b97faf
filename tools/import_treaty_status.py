"""Write data/un-tip-protocol/ from the table of who signed and joined the Palermo Protocol.

    python tools/import_treaty_status.py FOLDER

FOLDER holds untip_protocol_status_2014-01.csv. Each signature and each consent to be bound becomes one
tip:TreatyAction with its exact date.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pyoxigraph as ox
from tables import (
    TYPE,
    LeftOut,
    Row,
    State,
    concept,
    dcterms,
    english,
    facts,
    read_states,
    read_table,
    report_rows,
    resource,
    run,
    skos,
    tip,
    typed,
    write_graph_file,
)

from tipgraph.errors import SourceError
from tipgraph.sources import Sources

TABLE: Final = "untip_protocol_status_2014-01.csv"
COLUMNS: Final = ["participant", "iso2", "signature", "consent_date", "consent_action"]
SOURCE: Final = resource("un-treaty-collection-xviii-12-a")
PROTOCOL: Final = resource("palermo-protocol")
CONSENTS: Final = {
    "ratification": "of",
    "accession": "to",
    "acceptance": "of",
    "approval": "of",
    "succession": "to",
}
"""Kind of consent → the preposition that goes with it."""

CONCEPTS: Final = {"ratification": "ratified"}
"""Kind of action → concept, where they differ: ``concept:ratification`` is the theme."""


@dataclass(frozen=True)
class Action:
    """One act of one actor; ``step`` is ``signature`` or ``consent``."""

    actor: State
    step: str
    kind: str
    day: str


def read_actions(path: Path, states: Mapping[str, State]) -> tuple[list[Action], list[LeftOut]]:
    """The actions of the table, in its order, and the rows that hold none.

    Raises ``SourceError`` on a participant, a kind of action or a date that is not known.
    """
    actors = {**states, "EU": State(resource("eu"), "EU", "European Union")}
    actions: list[Action] = []
    left_out = []
    seen: set[str] = set()
    for row in read_table(path, COLUMNS):
        if row["iso2"] not in actors:
            raise SourceError(
                f"{row.where}: {row['participant']} ({row['iso2']}) is not in data/states",
                "run tools/import_states.py first",
            )
        if row["iso2"] in seen:
            raise SourceError(f"{row.where}: {row['participant']} is listed twice", "correct the table")
        seen.add(row["iso2"])
        found = list(_read_row(row, actors[row["iso2"]]))
        if not found:
            left_out.append(LeftOut(row["participant"], "without any action"))
        actions += found
    return actions, left_out


def _read_row(row: Row, actor: State) -> Iterator[Action]:
    if row["signature"]:
        yield Action(actor, "signature", "signature", _day(row, "signature"))
    if bool(row["consent_date"]) != bool(row["consent_action"]):
        raise SourceError(f"{row.where}: a consent has both a date and an action", "correct the row")
    if row["consent_date"]:
        if row["consent_action"] not in CONSENTS:
            raise SourceError(
                f"{row.where}: the action {row['consent_action']!r} is not known",
                f"use one of {', '.join(CONSENTS)}",
            )
        yield Action(actor, "consent", row["consent_action"], _day(row, "consent_date"))


def _day(row: Row, column: str) -> str:
    try:
        return date.fromisoformat(row[column]).isoformat()
    except ValueError as error:
        raise SourceError(f"{row.where}: {row[column]!r} is no date", "write it as in 2010-12-31") from error


def describe_action(action: Action) -> Iterator[ox.Triple]:
    """The triples of one action."""
    day = date.fromisoformat(action.day)
    kind = action.kind.capitalize()
    preposition = CONSENTS.get(action.kind, "of")
    yield from facts(
        resource(f"palermo-protocol-{action.step}-{action.actor.slug}"),
        [
            (TYPE, tip("TreatyAction")),
            (skos("prefLabel"), english(f"{kind} {preposition} the Palermo Protocol by {action.actor.name}")),
            (
                dcterms("description"),
                english(f"{kind} on {day.day} {day:%B %Y}, by the United Nations Treaty Collection."),
            ),
            (dcterms("source"), SOURCE),
            (tip("actor"), action.actor.iri),
            (tip("ofInstrument"), PROTOCOL),
            (tip("actionKind"), concept(CONCEPTS.get(action.kind, action.kind))),
            (tip("date"), typed(action.day, "date")),
        ],
    )


def write_actions(
    folder: Path, output: Path, sources: Sources
) -> tuple[list[Path], list[Action], list[LeftOut]]:
    """The two files written to ``output``, the actions in them and the rows left out."""
    actions, left_out = read_actions(folder / TABLE, read_states(sources))
    written = [
        write_graph_file(
            output / f"{name}.ttl",
            (triple for action in actions if action.step == step for triple in describe_action(action)),
            sources,
            f"{title} the Palermo Protocol, and when. Written by tools/import_treaty_status.py.",
        )
        for name, step, title in (
            ("consents", "consent", "Who consented to be bound by"),
            ("signatures", "signature", "Who signed"),
        )
    ]
    return written, actions, left_out


def count_parties(actions: Iterable[Action], day: str) -> int:
    """How many had consented to be bound by the end of ``day``."""
    return sum(action.step == "consent" and action.day <= day for action in actions)


def main() -> int:
    """Run the command line; the exit code."""
    parser = argparse.ArgumentParser(description="Write data/un-tip-protocol/ from the table of its status.")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", help="default: data/un-tip-protocol of this checkout"
    )
    arguments = parser.parse_args()

    def work(sources: Sources) -> None:
        output = arguments.output or sources.data / "un-tip-protocol"
        written, actions, left_out = write_actions(arguments.folder, output, sources)
        for path in written:
            print(path)
        report_rows(left_out)
        print(f"{len(actions)} actions; {count_parties(actions, '2010-12-31')} parties on 31 December 2010")

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
