"""Write data/membership-2010/ from two tables of memberships, and from the report for COMMIT.

    python tools/import_membership.py FOLDER

FOLDER holds membership_factbook.csv and membership_cow_igo_v3.csv. The World Factbook of 2010 gives the role
of a state in a mechanism, the Correlates of War data the year since when; where only one lists a state, that
one does. Where they contradict each other, or the report's figure, both claims stand in a tip:Discrepancy.
The edition of 2025 is not written: what changed since 2010 is printed as a check.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox
from tables import (
    TYPE,
    LeftOut,
    State,
    concept,
    dcterms,
    english,
    facts,
    org,
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
from tipgraph.vocabulary import PASSAGE

EDITION: Final = "2010"
YEAR: Final = 2010

FACTBOOK: Final = resource("world-factbook-2010")
COW: Final = resource("cow-igo-v3")
REPORT: Final = resource("report-2010")

ORGANIZATIONS: Final = {
    **{name: name.lower() for name in ("ASEAN", "AU", "CIS", "CoE", "COMESA", "ECCAS", "ECOWAS", "EU")},
    **{name: name.lower() for name in ("GCC", "LAS", "MERCOSUR", "OAS", "OIC", "OSCE", "SAARC", "SADC")},
}
"""How both tables call an organization → its slug."""

FACTBOOK_ROLES: Final = {
    "member": "full-member",
    "suspended": "suspended-member",
    "excluded from formal participation since 1962": "excluded-member",
    "associate": "associate-member",
    "associate member, has not ratified the 1993 CIS charter although it participates in meetings": (
        "associate-member"
    ),
    "participating member, has not signed the 1993 CIS charter although it participates in meetings": (
        "participating-member"
    ),
    "observer": "observer-role",
    "partner": "partner-role",
    "dialogue partner": "dialogue-partner",
    "dialogue member": "dialogue-partner",
    "applicant": "applicant-role",
}
"""Status word of the Factbook → role."""

COW_ROLES: Final = {"full": "full-member", "associate": "associate-member", "observer": "observer-role"}
"""Status in 2010 of the Correlates of War data → role; ``none`` and an empty cell are no standing."""

ROLE_LABELS: Final = {
    "full-member": "full member",
    "suspended-member": "suspended member",
    "excluded-member": "excluded member",
    "associate-member": "associate member",
    "participating-member": "participating member",
    "observer-role": "observer",
    "partner-role": "partner",
    "dialogue-partner": "dialogue partner",
    "applicant-role": "applicant",
}

MEMBERS: Final = frozenset({"full-member", "suspended-member"})
"""The roles that make a member: ontology/rules/member.rq has the same two."""

WITH_YEAR: Final = MEMBERS | {"excluded-member"}
"""The roles to which the first year of full membership belongs."""

PREDECESSORS: Final = {"Yugoslavia": "RS"}
"""A state of the Correlates of War data → the state of today under whose code the table lists it."""

COMMIT_EVIDENCE: Final = ("commit-01-s1", "commit-02-s1")
"""The sentences of the report that name the six countries of the Mekong and say that COMMIT joins them."""

COUNTED: Final = ("member-states", "participating-states", "national-committees")
"""The quantities of the report that are held against the number of members."""

NOT_LISTED: Final = "not listed"

UNEXPLAINED: Final = "No source at hand tells why."

EXPLANATIONS: Final = {
    (
        "AU",
        "EH",
    ): "The Correlates of War data has no such state. The graph follows the Factbook, which lists it under "
    "the name of the territory.",
    (
        "AU",
        "GQ",
    ): "The Correlates of War data gives a full membership since 2002 and none in 2010 or 2014, and no "
    "source at hand tells why. The graph follows the Factbook.",
    (
        "SADC",
        "MG",
    ): "The Correlates of War data has no membership in 2010 and a full one again in 2014, which fits a "
    "suspension that the Factbook does not show for this organization. The graph follows the Factbook.",
    (
        "MERCOSUR",
        "BO",
    ): "The Correlates of War data counts two of the six associates as full members since "
    "1998 and does not list the others. The graph follows the Factbook.",
    (
        "MERCOSUR",
        "CL",
    ): "The Correlates of War data counts two of the six associates as full members since "
    "1998 and does not list the others. The graph follows the Factbook.",
    (
        "MERCOSUR",
        "VE",
    ): "The Correlates of War data knows only the full membership that began in 2012. The graph "
    "follows the Factbook.",
    (
        "OAS",
        "CU",
    ): "The Correlates of War data does not tell a member that is shut out from taking part from another "
    "one. The graph follows the Factbook and does not count the state as a member.",
    (
        "OAS",
        "HN",
    ): "The Correlates of War data shows no membership in 2010 where the Factbook shows a suspension. A "
    "suspended member remains one, so the graph follows the Factbook and counts it.",
    (
        "OIC",
        "CF",
    ): "The Correlates of War data has no row for the state in this organization. The graph follows the "
    "Factbook.",
    (
        "OSCE",
        "VA",
    ): "The Correlates of War data does not have the Holy See in this organization. The graph follows "
    "the Factbook, whose total is that of the report.",
    (
        "CIS",
        "UA",
    ): "The Correlates of War data knows full members, associates and observers only. Neither source has "
    "the state as a full member.",
    (
        "LAS",
        "",
    ): "Neither table has Palestine, which is a member of the league. The graph has the members that the "
    "tables list.",
    (
        "ECCAS",
        "",
    ): "The report counts national committees and not members; the Correlates of War data, the only list "
    "at hand, has Rwanda among its eleven. Which state had no committee is not known.",
}
"""Organization and alpha-2 code, none for a figure → why sources differ, and which the graph follows."""


CONCERNED: Final = {"LAS": ("state-of-palestine",), "ECCAS": ("rwanda",)}
"""Organization → the states that the explanation of a difference in figures names."""


@dataclass
class Standing:
    """What the tables say of one state, or the European Union, in one organization."""

    organization: str
    actor: State
    factbook: str | None = None
    cow: str | None = None
    since: str = ""
    cow_name: str = ""

    @property
    def slug(self) -> str:
        """The last part of the IRI of the membership, without its first word."""
        return f"{ORGANIZATIONS[self.organization]}-{self.actor.slug}"

    @property
    def role(self) -> str | None:
        """The role that the graph follows; none where the one source that lists the state has no standing."""
        if self.factbook is not None:
            return FACTBOOK_ROLES[self.factbook]
        return COW_ROLES.get(self.cow or "")

    @property
    def year(self) -> str | None:
        """The year since when a member has been one."""
        dated = self.role in WITH_YEAR and self.since and int(self.since) <= YEAR
        return self.since if dated and self.cow_name not in PREDECESSORS else None


@dataclass(frozen=True)
class Claim:
    """What one source says; ``name`` is the last part of its IRI."""

    name: str
    source: ox.NamedNode
    words: str
    value: str


@dataclass(frozen=True)
class Conflict:
    """What sources claim about one thing and do not agree on."""

    slug: str
    label: str
    about: tuple[ox.NamedNode, ...]
    claims: tuple[Claim, ...]
    explanation: str

    @property
    def text(self) -> str:
        """The claims in one sentence."""
        values = "; ".join(f"{claim.words} has {claim.value!r}" for claim in self.claims)
        return f"{values[:1].upper()}{values[1:]}."


def read_standings(folder: Path, states: Mapping[str, State]) -> tuple[list[Standing], list[LeftOut]]:
    """The standings in 2010, sorted by organization and state, and the rows that do not enter.

    Raises ``SourceError`` on a status, an organization or a state that is not known, and on a state that a
    table lists twice in one organization.
    """
    actors = {**states, "EU": State(resource("eu"), "EU", "European Union")}
    standings: dict[tuple[str, str], Standing] = {}
    left_out: list[LeftOut] = []

    def standing_of(where: str, organization: str, alpha2: str) -> Standing:
        if organization not in ORGANIZATIONS:
            raise SourceError(
                f"{where}: the organization {organization!r} is not known", "name it in ORGANIZATIONS"
            )
        if alpha2 not in actors:
            raise SourceError(
                f"{where}: the state {alpha2!r} is not in data/states", "run tools/import_states.py first"
            )
        return standings.setdefault((organization, alpha2), Standing(organization, actors[alpha2]))

    later = 0
    for row in read_table(folder / "membership_factbook.csv", ["edition", "org", "iso2", "entity", "status"]):
        if row["edition"] != EDITION:
            later += 1
            continue
        if row["status"] not in FACTBOOK_ROLES:
            raise SourceError(
                f"{row.where}: the status {row['status']!r} is not known", "name its role in FACTBOOK_ROLES"
            )
        alpha2 = "EU" if row["entity"] == "European Union" else row["iso2"]
        standing = standing_of(row.where, row["org"], alpha2)
        if standing.factbook is not None:
            raise SourceError(f"{row.where}: {row['org']} lists {row['entity']} twice", "correct the table")
        standing.factbook = row["status"]
    if later:
        left_out.append(LeftOut(f"{later} rows", f"of another edition than {EDITION}, a check only"))

    columns = ["org", "iso2", "cow_name", "first_year_full", "status_2010"]
    for row in read_table(folder / "membership_cow_igo_v3.csv", columns):
        label = f"{row['org']} {row['cow_name']}"
        if row["status_2010"] == "":
            left_out.append(LeftOut(label, "no state, or none in the data, in 2010"))
            continue
        if row["status_2010"] not in (*COW_ROLES, "none"):
            raise SourceError(
                f"{row.where}: the status {row['status_2010']!r} is not known", "name its role in COW_ROLES"
            )
        if row["cow_name"] in PREDECESSORS and row["iso2"] != PREDECESSORS[row["cow_name"]]:
            raise SourceError(
                f"{row.where}: {row['cow_name']} does not stand for {row['iso2']}", "correct the table"
            )
        key = (row["org"], row["iso2"])
        if row["status_2010"] == "none" and (key not in standings or standings[key].role == "applicant-role"):
            left_out.append(LeftOut(label, "of the Correlates of War data: no member in 2010"))
            continue
        standing = standing_of(row.where, *key)
        if standing.cow is not None:
            raise SourceError(f"{row.where}: {row['org']} lists {row['cow_name']} twice", "correct the table")
        standing.cow, standing.since, standing.cow_name = (
            row["status_2010"],
            row["first_year_full"],
            row["cow_name"],
        )
    return [standings[key] for key in sorted(standings)], left_out


def describe_standing(standing: Standing) -> Iterator[ox.Triple]:
    """The triples of one membership."""
    role = standing.role
    assert role is not None  # a row without any standing has been left out
    words = ROLE_LABELS[role]
    since = f" since {standing.year}" if standing.year else ""
    membership = resource(f"membership-{standing.slug}")
    yield from facts(
        membership,
        [
            (TYPE, org("Membership")),
            (skos("prefLabel"), english(f"{standing.actor.name} in {standing.organization}: {words}")),
            (dcterms("description"), english(_describe(standing, f"{words.capitalize()}{since}"))),
            (org("member"), standing.actor.iri),
            (org("organization"), resource(ORGANIZATIONS[standing.organization])),
            (org("role"), concept(role)),
        ],
    )
    if standing.factbook is not None:
        yield ox.Triple(membership, dcterms("source"), FACTBOOK)
        if standing.factbook not in (words, "member", "suspended", "associate"):
            yield ox.Triple(
                membership, skos("note"), english(f"In the words of the Factbook: {standing.factbook}.")
            )
    if standing.cow is not None:
        yield ox.Triple(membership, dcterms("source"), COW)
        if standing.cow_name in PREDECESSORS and standing.since:
            note = f"The Correlates of War data gives the year {standing.since} for {standing.cow_name}."
            yield ox.Triple(membership, skos("note"), english(note))
    if standing.year:
        yield ox.Triple(membership, tip("memberSince"), typed(standing.year, "gYear"))


def _describe(standing: Standing, words: str) -> str:
    by = {
        (True, True): "two sources",
        (True, False): "the World Factbook",
        (False, True): "the Correlates of War data",
    }
    source = by[standing.factbook is not None, standing.cow is not None]
    return f"{words} in December 2010, by {source}."


def find_conflicts(standings: Sequence[Standing]) -> Iterator[Conflict]:
    """Each standing about which the two tables contradict each other.

    A table that says nothing of a state contradicts a membership where it lists the other members of that
    organization. It does not contradict a lesser standing: neither table lists those in full.
    """
    by_factbook = {standing.organization for standing in standings if standing.factbook is not None}
    by_cow = {standing.organization for standing in standings if standing.cow is not None}
    for standing in standings:
        role = FACTBOOK_ROLES[standing.factbook] if standing.factbook is not None else None
        cow_role = COW_ROLES.get(standing.cow or "")
        if role == cow_role or (role in MEMBERS and cow_role in MEMBERS):
            continue
        is_lesser = (role or cow_role) not in WITH_YEAR
        if standing.cow is None and (is_lesser or standing.organization not in by_cow):
            continue
        if standing.factbook is None and (is_lesser or standing.organization not in by_factbook):
            continue
        organization = resource(ORGANIZATIONS[standing.organization])
        yield Conflict(
            standing.slug,
            f"{standing.actor.name} in {standing.organization}",
            (resource(f"membership-{standing.slug}"), organization, standing.actor.iri),
            (
                Claim("factbook", FACTBOOK, "the World Factbook of 2010", standing.factbook or NOT_LISTED),
                Claim("cow", COW, "the Correlates of War data", standing.cow or NOT_LISTED),
            ),
            EXPLANATIONS.get((standing.organization, standing.actor.alpha2), UNEXPLAINED),
        )


def describe_conflict(conflict: Conflict) -> Iterator[ox.Triple]:
    """The triples of one discrepancy and its claims."""
    discrepancy = resource(f"discrepancy-{conflict.slug}")
    yield from facts(
        discrepancy,
        [
            (TYPE, tip("Discrepancy")),
            (skos("prefLabel"), english(f"Discrepancy about {conflict.label}")),
            (dcterms("description"), english(conflict.text)),
            (tip("explanation"), english(conflict.explanation)),
            *((tip("about"), subject) for subject in conflict.about),
        ],
    )
    for claim in conflict.claims:
        node = resource(f"discrepancy-{conflict.slug}-{claim.name}")
        yield ox.Triple(discrepancy, tip("claim"), node)
        yield from facts(
            node,
            [
                (TYPE, tip("Claim")),
                (skos("prefLabel"), english(f"Claim of {claim.words} about {conflict.label}")),
                (dcterms("description"), english(f"What {claim.words} has on the matter: {claim.value!r}.")),
                (dcterms("source"), claim.source),
                (tip("claimedValue"), ox.Literal(claim.value)),
            ],
        )


def read_figures(sources: Sources) -> dict[str, list[tuple[ox.NamedNode, str, int]]]:
    """Slug of an organization → the figures of the report that the number of its members is held against."""
    store = ox.Store()
    for path in sorted((sources.data / "report-2010").glob("*.ttl")):
        store.load(path=str(path), format=ox.RdfFormat.TURTLE)
    figures: dict[str, list[tuple[ox.NamedNode, str, int]]] = {}
    for quantity in COUNTED:
        for quad in store.quads_for_pattern(None, tip("quantity"), concept(quantity), None):
            values = {
                str(other.predicate.value): other.object
                for other in store.quads_for_pattern(quad.subject, None, None, None)
            }
            of, count = values[tip("observedOf").value], values[tip("count").value]
            assert isinstance(quad.subject, ox.NamedNode)
            assert isinstance(of, ox.NamedNode)
            assert isinstance(count, ox.Literal)
            slug = of.value.rpartition("/")[2]
            figures.setdefault(slug, []).append((quad.subject, quantity, int(count.value)))
    return figures


def find_figure_conflicts(
    organization: str, standings: Sequence[Standing], figures: Sequence[tuple[ox.NamedNode, str, int]]
) -> Iterator[Conflict]:
    """Each figure of the report that is not the number of members."""
    by_factbook = sum(FACTBOOK_ROLES.get(standing.factbook or "") in MEMBERS for standing in standings)
    by_cow = sum(COW_ROLES.get(standing.cow or "") in MEMBERS for standing in standings)
    for observation, quantity, count in figures:
        if count == sum(standing.role in MEMBERS for standing in standings):
            continue
        claims = [Claim("report", REPORT, "the report", f"{count} {quantity.replace('-', ' ')}")]
        if by_factbook:
            claims.append(Claim("factbook", FACTBOOK, "the World Factbook of 2010", f"{by_factbook} members"))
        if by_cow:
            claims.append(Claim("cow", COW, "the Correlates of War data", f"{by_cow} members"))
        slug = ORGANIZATIONS[organization]
        yield Conflict(
            f"{slug}-figure",
            f"the number of members of {organization}",
            (resource(slug), observation, *map(resource, CONCERNED.get(organization, ()))),
            tuple(claims),
            EXPLANATIONS.get((organization, ""), UNEXPLAINED),
        )


def describe_commit(sources: Sources, states: Mapping[str, State]) -> Iterator[ox.Triple]:
    """The memberships in COMMIT, which the report alone gives."""
    path = sources.data / "report-2010" / "commit.ttl"
    by_iri = {state.iri: state for state in states.values()}
    commit = resource("commit")
    for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
        if quad.subject == commit and quad.predicate == tip("member") and quad.object in by_iri:
            state = by_iri[quad.object]
            yield from facts(
                resource(f"membership-commit-{state.slug}"),
                [
                    (TYPE, org("Membership")),
                    (skos("prefLabel"), english(f"{state.name} in COMMIT: full member")),
                    (dcterms("description"), english("Full member in December 2010, by the report.")),
                    (org("member"), state.iri),
                    (org("organization"), commit),
                    (org("role"), concept("full-member")),
                    (dcterms("source"), REPORT),
                    *((tip("evidence"), ox.NamedNode(PASSAGE + name)) for name in COMMIT_EVIDENCE),
                ],
            )


def write_memberships(
    folder: Path, output: Path, sources: Sources
) -> tuple[list[Path], list[LeftOut], list[Conflict]]:
    """The files written to ``output``, one for each organization; the rows left out; the conflicts found."""
    states = read_states(sources)
    standings, left_out = read_standings(folder, states)
    figures = read_figures(sources)
    conflicts = {conflict.slug: conflict for conflict in find_conflicts(standings)}
    written = []
    for organization, slug in ORGANIZATIONS.items():
        members = [standing for standing in standings if standing.organization == organization]
        if not members:
            continue
        for conflict in find_figure_conflicts(organization, members, figures.get(slug, [])):
            conflicts[conflict.slug] = conflict
        triples = [triple for standing in members for triple in describe_standing(standing)]
        for name in (*(standing.slug for standing in members), f"{slug}-figure"):
            triples += describe_conflict(conflicts[name]) if name in conflicts else ()
        header = f"Who belonged to {organization} in December 2010. Written by tools/import_membership.py."
        written.append(write_graph_file(output / f"{slug}.ttl", triples, sources, header))
    header = "Who belonged to COMMIT in December 2010, by the report. Written by tools/import_membership.py."
    written.append(write_graph_file(output / "commit.ttl", describe_commit(sources, states), sources, header))
    return sorted(written), left_out, [conflicts[slug] for slug in sorted(conflicts)]


def compare_editions(folder: Path) -> Iterator[str]:
    """What differs between the members that the edition of 2010 and the latest one list, by organization."""
    editions: dict[str, dict[str, set[str]]] = {}
    for row in read_table(folder / "membership_factbook.csv", ["edition", "org", "entity", "status"]):
        members = editions.setdefault(row["edition"], {}).setdefault(row["org"], set())
        if FACTBOOK_ROLES.get(row["status"]) in MEMBERS:
            members.add(row["entity"])
    then, latest = editions[EDITION], max(editions)
    for organization in sorted(then):
        now = editions[latest].get(organization, set())
        changes = [f"+{name}" for name in sorted(now - then[organization])]
        changes += [f"-{name}" for name in sorted(then[organization] - now)]
        if changes:
            yield f"{organization} {latest}: {', '.join(changes)}"


def main() -> int:
    """Run the command line; the exit code."""
    parser = argparse.ArgumentParser(
        description="Write data/membership-2010/ from two tables of memberships."
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--output", type=Path, metavar="FOLDER", help="default: data/membership-2010 of this checkout"
    )
    arguments = parser.parse_args()

    def work(sources: Sources) -> None:
        output = arguments.output or sources.data / "membership-2010"
        written, left_out, conflicts = write_memberships(arguments.folder, output, sources)
        for path in written:
            print(path)
        report_rows(left_out)
        for conflict in conflicts:
            print(f"conflict about {conflict.label}: {conflict.text} {conflict.explanation}")
        for change in compare_editions(arguments.folder):
            print(f"check only, not written: {change}")

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
