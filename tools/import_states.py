"""Write data/states/ from the table of country codes.

    python tools/import_states.py FOLDER

FOLDER holds country-codes.csv and the tables of memberships and of the protocol. A state enters when the
report names it, when the protocol's table lists it, when it has any standing in a mechanism in 2010, or when
a known conflict of sources is about it. The points for a map come from tools/import_points.py.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyoxigraph as ox
from tables import (
    TYPE,
    LeftOut,
    Row,
    concept,
    dcterms,
    english,
    facts,
    make_slug,
    read_table,
    report_rows,
    resource,
    run,
    skos,
    tip,
    write_graph_file,
)

from tipgraph.errors import SourceError
from tipgraph.sources import Sources

TABLE: Final = "country-codes.csv"
SOURCE: Final = resource("country-codes")
WIKIDATA: Final = "http://www.wikidata.org/entity/"

LANGUAGES: Final = {
    "en": ("English", "en"),
    "ar": ("Arabic", "ar"),
    "es": ("Spanish", "es"),
    "fr": ("French", "fr"),
    "ru": ("Russian", "ru"),
    "zh": ("Chinese", "cn"),
}
"""Language tag → how the columns of UNTERM and those of M49 name the language."""

SLUGS: Final = {
    "CI": "cote-divoire",  # the table has no UNTERM name, and the English one it has is not the one in use
    "GB": "united-kingdom",  # the report's own short name came first, and IRIs do not change
}
"""Alpha-2 code → slug, where the rule for slugs would give another one than the report's states have."""

NAMED_IN_CONFLICTS: Final = {
    "PS": "a member of the LAS and the OIC that neither table of memberships has",
}
"""Alpha-2 code → why a state enters that no table of memberships, no treaty action and no sentence names."""

CLOSE_MATCHES: Final = {
    "EH": "the item is about the Sahrawi republic, the codes are about the territory",
    "VA": "the item is about the Vatican City State, the member of organizations is the Holy See",
}
"""Alpha-2 code → why the Wikidata item is close to the state and not the same."""

NOT_NAMES: Final = {
    ("RS", "Yugoslavia"),  # the state of which Serbia was a part
    ("VA", "Vatican City"),  # the territory of the Holy See
}
"""Names that a table gives a state and that are those of another thing."""

ARTICLE: Final = re.compile(r"\s*\((?:the|l'|le|la|les|el|los|las)\)$")
LEADING_ARTICLE: Final = re.compile(r"^(?:the |l['\u2019]|le |la |les |el |los |las )")
MARK: Final = re.compile(r"\s*\*+$")
"""The mark by which UNTERM tells those that are not members of the United Nations."""


@dataclass
class Country:
    """What the table says of a state, with its names in other tables."""

    row: Row
    slug: str
    names: dict[str, str]
    other_names: dict[str, set[str]] = field(default_factory=dict)
    is_in_report: bool = False


def read_countries(folder: Path, sources: Sources) -> tuple[list[Country], list[LeftOut]]:
    """The states that enter, sorted by slug, and the rows that do not.

    Raises ``SourceError`` where a table uses a code that the country table lacks, and where two states would
    share an IRI.
    """
    reported = _read_report(sources)
    used = _read_uses(folder)
    countries: dict[str, Country] = {}
    left_out = []
    for row in read_table(folder / TABLE, ["ISO3166-1-Alpha-2", "ISO3166-1-Alpha-3", "M49", "wikidata_id"]):
        alpha2 = row["ISO3166-1-Alpha-2"]
        names = {language: _short_name(row, language) for language in LANGUAGES}
        slug = SLUGS.get(alpha2) or make_slug(names["en"])
        if alpha2 not in used and alpha2 not in NAMED_IN_CONFLICTS and slug not in reported:
            left_out.append(LeftOut(names["en"], "in no mechanism, no treaty table and no sentence"))
            continue
        if slug in countries:
            raise SourceError(f"{row.where}: another state is id:{slug} too", "name one of them in SLUGS")
        country = Country(row, slug, names, is_in_report=slug in reported)
        for language in LANGUAGES:
            country.other_names[language] = _other_names(row, language) - {""}
        country.other_names["en"] |= used.get(alpha2, set()) | {row["CLDR display name"]} - {""}
        country.other_names["en"] -= {name for code, name in NOT_NAMES if code == alpha2}
        # A state of the report keeps the English name that it has there: no second one may arise.
        if country.is_in_report:
            country.other_names["en"].add(names["en"])
            names["en"] = reported[slug]
        for language, name in names.items():
            country.other_names[language].discard(name)
        countries[slug] = country
    known = {country.row["ISO3166-1-Alpha-2"] for country in countries.values()}
    for what, missing in (
        ("code", used.keys() - known),
        ("state of the report", reported.keys() - countries.keys()),
    ):
        if missing:
            raise SourceError(
                f"{folder / TABLE} lacks the {what} {', '.join(sorted(missing))}",
                "extend the table, or SLUGS",
            )
    return [countries[slug] for slug in sorted(countries)], left_out


def _read_report(sources: Sources) -> dict[str, str]:
    """Slug → English name of each state that the report names."""
    path = sources.data / "report-2010" / "states.ttl"
    triples = [quad.triple for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)]
    states = {
        triple.subject for triple in triples if triple.predicate == TYPE and triple.object == tip("State")
    }
    return {
        str(triple.subject.value).rpartition("/")[2]: triple.object.value
        for triple in triples
        if triple.subject in states
        and triple.predicate == skos("prefLabel")
        and isinstance(triple.object, ox.Literal)
        and isinstance(triple.subject, ox.NamedNode)
    }


def _read_uses(folder: Path) -> dict[str, set[str]]:
    """Alpha-2 code → the names that the other tables give the states they list."""
    used: dict[str, set[str]] = {}
    tables = (
        ("membership_factbook.csv", "entity", lambda row: row["edition"] == "2010"),
        (
            "membership_cow_igo_v3.csv",
            "cow_name",
            lambda row: row["status_2010"] in ("full", "associate", "observer"),
        ),
        ("untip_protocol_status_2014-01.csv", "participant", lambda row: row["iso2"] != "EU"),
    )
    for name, column, is_used in tables:
        for row in read_table(folder / name, ["iso2", column]):
            if row["iso2"] and is_used(row):
                used.setdefault(row["iso2"], set()).add(row[column])
    return used


def _short_name(row: Row, language: str) -> str:
    unterm, m49 = LANGUAGES[language]
    return _clean(row[f"UNTERM {unterm} Short"]) or _clean(row[f"official_name_{m49}"])


def _other_names(row: Row, language: str) -> set[str]:
    unterm, m49 = LANGUAGES[language]
    formal = LEADING_ARTICLE.sub("", _clean(row[f"UNTERM {unterm} Formal"]))
    return {formal, _clean(row[f"official_name_{m49}"])}


def _clean(name: str) -> str:
    return " ".join(ARTICLE.sub("", MARK.sub("", name)).split())


def describe_country(country: Country) -> Iterator[ox.Triple]:
    """The triples of one state."""
    row = country.row
    state = resource(country.slug)
    alpha2 = row["ISO3166-1-Alpha-2"]
    region = _regions(row)[-1]
    yield from facts(
        state,
        [
            (TYPE, tip("State")),
            (dcterms("source"), SOURCE),
            (tip("isoAlpha2"), ox.Literal(alpha2)),
            (tip("isoAlpha3"), ox.Literal(row["ISO3166-1-Alpha-3"])),
            (tip("m49"), ox.Literal(row["M49"].zfill(3))),
            (tip("geographicRegion"), concept(make_slug(region[1]))),
            (
                skos("closeMatch" if alpha2 in CLOSE_MATCHES else "exactMatch"),
                ox.NamedNode(WIKIDATA + row["wikidata_id"].rpartition("/")[2]),
            ),
        ],
    )
    if not country.is_in_report:
        status = " whose standing is in contention" if row["is_independent"] == "In contention" else ""
        kind = "Territory" if alpha2 == "EH" else "State"
        yield ox.Triple(
            state, dcterms("description"), english(f"{kind} in {region[1]}{status}, by the M49 standard.")
        )
    for language, name in country.names.items():
        yield ox.Triple(state, skos("prefLabel"), ox.Literal(name, language=language))
        for other in country.other_names[language]:
            yield ox.Triple(state, skos("altLabel"), ox.Literal(other, language=language))


def _regions(row: Row) -> list[tuple[str, str]]:
    """Code and name of region, sub-region and, where there is one, intermediate region."""
    return [
        (row[f"{level} Code"].zfill(3), row[f"{level} Name"])
        for level in ("Region", "Sub-region", "Intermediate Region")
        if row[f"{level} Code"]
    ]


def describe_regions(countries: list[Country]) -> Iterator[ox.Triple]:
    """The triples of the regions in which ``countries`` lie, as a concept scheme."""
    scheme = concept("m49-regions")
    yield from facts(
        scheme,
        [
            (TYPE, skos("ConceptScheme")),
            (skos("prefLabel"), english("Geographic regions of the M49 standard")),
            (
                dcterms("description"),
                english("The regions into which the United Nations Statistics Division divides the world."),
            ),
            (dcterms("source"), SOURCE),
        ],
    )
    codes: dict[str, str] = {}
    for country in countries:
        wider: str | None = None
        for code, name in _regions(country.row):
            if codes.setdefault(name, code) != code:
                raise SourceError(
                    f"{country.row.where}: {name} has the codes {codes[name]} and {code}", "correct the table"
                )
            region = concept(make_slug(name))
            yield from facts(
                region,
                [
                    (TYPE, skos("Concept")),
                    (skos("prefLabel"), english(name)),
                    (skos("notation"), ox.Literal(code)),
                    (skos("inScheme"), scheme),
                    (
                        skos("definition"),
                        english(f"A geographic region that the M49 standard gives the code {code}."),
                    ),
                    (skos("broader"), concept(make_slug(wider))) if wider else (skos("topConceptOf"), scheme),
                ],
            )
            wider = name


def write_states(folder: Path, output: Path, sources: Sources) -> tuple[list[Path], list[LeftOut]]:
    """The files written to ``output``, one for each region of the world, and the rows left out."""
    countries, left_out = read_countries(folder, sources)
    by_region: dict[str, list[Country]] = {}
    for country in countries:
        by_region.setdefault(_regions(country.row)[0][1], []).append(country)
    written = [
        write_graph_file(
            output / f"{make_slug(region)}.ttl",
            (triple for country in members for triple in describe_country(country)),
            sources,
            f"States of the region {region}: codes, names and matches. Written by tools/import_states.py.",
        )
        for region, members in sorted(by_region.items())
    ]
    written.append(
        write_graph_file(
            output / "regions.ttl",
            describe_regions(countries),
            sources,
            "Geographic regions of the M49 standard. Written by tools/import_states.py.",
        )
    )
    return written, left_out


def main() -> int:
    """Run the command line; the exit code."""
    parser = argparse.ArgumentParser(description="Write data/states/ from the table of country codes.")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="default: data/states of this checkout")
    arguments = parser.parse_args()

    def work(sources: Sources) -> None:
        written, left_out = write_states(
            arguments.folder, arguments.output or sources.data / "states", sources
        )
        for path in written:
            print(path)
        report_rows(left_out)
        for notes in (NAMED_IN_CONFLICTS, CLOSE_MATCHES):
            for alpha2, reason in notes.items():
                print(f"{alpha2}: {reason}")

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
