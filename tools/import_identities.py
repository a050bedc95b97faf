"""Write data/identities/ from two tables of identifiers of organizations.

    python tools/import_identities.py FOLDER

FOLDER holds qids_organisations.csv, with the Wikidata items that two independent lists give an organization,
and concept-matches.csv, with subjects and organizations of EuroVoc. A match is exact where two lists or two
copies have it, and close where only one does. The subjects are matched in ontology/concepts.ttl instead.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox
from tables import (
    LeftOut,
    make_slug,
    read_table,
    report_rows,
    resource,
    run,
    skos,
    write_graph_file,
)

from tipgraph.errors import SourceError
from tipgraph.sources import Sources
from tipgraph.vocabulary import ID, SKOS

WIKIDATA: Final = "http://www.wikidata.org/entity/"

SLUGS: Final = {
    "African Union Commission": "au-commission",
    "Arab League": "las",
    "CIS": "cis",
    "Cooperation Council for the Arab States of the Gulf": "gcc",
    "European Border and Coast Guard Agency": "frontex",
    "European Union Agency for Criminal Justice Cooperation": "eurojust",
    "Organisation of Islamic Cooperation": "oic",
    "Organization for Security and Co-operation in Europe": "osce",
    "Parliamentary Assembly of the Council of Europe": "pace",
    "Economic Community of Central African States": "eccas",
}
"""Name in a table → slug, where the graph calls the organization by another name."""


@dataclass(frozen=True)
class Match:
    """An organization of the graph and its identifier elsewhere."""

    organization: ox.NamedNode
    identifier: ox.NamedNode
    is_exact: bool


def read_names(sources: Sources) -> dict[str, str]:
    """Slug of a name in the report graph → slug of the resource, where only one bears the name."""
    names: dict[str, set[str]] = {}
    for path in sorted((sources.data / "report-2010").glob("*.ttl")):
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
            if (
                quad.predicate.value in (f"{SKOS}prefLabel", f"{SKOS}altLabel")
                and isinstance(quad.object, ox.Literal)
                and isinstance(quad.subject, ox.NamedNode)
            ):
                slug = quad.subject.value.removeprefix(ID)
                names.setdefault(make_slug(quad.object.value), set()).add(slug)
                names.setdefault(slug, set()).add(slug)
    return {name: next(iter(slugs)) for name, slugs in names.items() if len(slugs) == 1}


def read_wikidata(path: Path, names: dict[str, str]) -> tuple[list[Match], list[LeftOut]]:
    """The matches to Wikidata, and the rows that are about nothing in the graph."""
    matches, left_out = [], []
    for row in read_table(path, ["label_en", "qid", "supraverden", "opensanctions", "agree"]):
        is_exact = row["qid"] == row["supraverden"] == row["opensanctions"]
        if is_exact != (row["agree"] == "both"):
            raise SourceError(
                f"{row.where}: {row['agree']!r} is not what the two lists say", "correct the row"
            )
        slug = _find(row["label_en"], names)
        if slug is None:
            left_out.append(LeftOut(row["label_en"], "not in the graph"))
            continue
        matches.append(Match(resource(slug), ox.NamedNode(WIKIDATA + row["qid"]), is_exact))
    return matches, left_out


def read_eurovoc(path: Path, names: dict[str, str]) -> tuple[list[Match], list[LeftOut]]:
    """The matches to organizations of EuroVoc, and the rows that are none or about nothing in the graph."""
    matches, left_out = [], []
    for row in read_table(path, ["scheme", "identifier", "label", "read_in"]):
        if row["scheme"] != "EuroVoc organisations":
            left_out.append(LeftOut(row["label"], "a subject, matched in ontology/concepts.ttl"))
            continue
        slug = _find(row["label"], names)
        if slug is None:
            left_out.append(LeftOut(row["label"], "not in the graph"))
            continue
        is_exact = row["read_in"].startswith("two copies")
        matches.append(Match(resource(slug), ox.NamedNode(row["identifier"]), is_exact))
    return matches, left_out


def _find(label: str, names: dict[str, str]) -> str | None:
    return names.get(SLUGS.get(label) or make_slug(label))


def describe_matches(matches: Iterable[Match]) -> Iterable[ox.Triple]:
    """One triple for each match."""
    for match in matches:
        predicate = skos("exactMatch" if match.is_exact else "closeMatch")
        yield ox.Triple(match.organization, predicate, match.identifier)


def write_identities(folder: Path, output: Path, sources: Sources) -> tuple[list[Path], list[LeftOut]]:
    """The two files written to ``output`` and the rows left out."""
    names = read_names(sources)
    wikidata, left_out = read_wikidata(folder / "qids_organisations.csv", names)
    eurovoc, more_left_out = read_eurovoc(folder / "concept-matches.csv", names)
    written = [
        write_graph_file(
            output / f"{name}.ttl",
            describe_matches(matches),
            sources,
            f"Organizations in {title}: exact where two {kind} agree. Written by tools/import_identities.py.",
        )
        for name, title, kind, matches in (
            ("eurovoc", "EuroVoc", "copies", eurovoc),
            ("wikidata", "Wikidata", "lists", wikidata),
        )
    ]
    return written, [*left_out, *more_left_out]


def main() -> int:
    """Run the command line; the exit code."""
    parser = argparse.ArgumentParser(description="Write data/identities/ from tables of identifiers.")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", help="default: data/identities of this checkout"
    )
    arguments = parser.parse_args()

    def work(sources: Sources) -> None:
        output = arguments.output or sources.data / "identities"
        written, left_out = write_identities(arguments.folder, output, sources)
        for path in written:
            print(path)
        report_rows(left_out)

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
