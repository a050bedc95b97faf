"""The concept schemes are sound SKOS, and every match to another scheme was read somewhere."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from pathlib import Path

import pyoxigraph as ox
import pytest

from tipgraph.sources import locate_sources
from tipgraph.vocabulary import CONCEPT, ORG, SKOS

SOURCES = locate_sources(Path(__file__).parent.parent)
MATCHES = SOURCES.root / "tests" / "vocabularies" / "concept-matches.csv"
OUTSIDE_SCHEMES = ("http://eurovoc.europa.eu/", "http://metadata.un.org/")

# What the contract of names lists, scheme by scheme.
REQUIRED = {
    "pillars": "prevention protection prosecution partnership",
    "themes": """awareness-raising root-causes demand safe-migration labour-migration victim-identification
        assistance repatriation reintegration compensation non-criminalization witness-protection
        legal-framework law-enforcement border-control travel-documents capacity-building data-collection
        monitoring-and-evaluation referral-mechanism child-protection gender private-sector organ-trafficking
        child-sex-tourism people-smuggling bilateral-cooperation""",
    "groups": """women girls children unaccompanied-minors child-soldiers men-and-boys youth migrants victims
        witnesses minorities indigenous-people law-enforcement-officials judges-and-prosecutors
        consular-officers""",
    "bindingness": "binding non-binding",
    "statuses": "in-force adopted proposed draft replaced planned",
    "frequencies": "annual biannual biennial triennial",
    "quantities": """member-states ratifications signatures-without-ratification participating-states
        signatories national-committees votes-in-favour votes-against abstentions countries languages
        copies seminars modules""",
    "report-regions": "african-region americas-region asian-region european-region",
    "membership-roles": "full-member suspended-member associate-member partner-role observer-role",
}
# What a definition begins with, in each scheme: "A theme that ...".
PARENTS = {
    "pillars": "A pillar",
    "themes": "A theme",
    "groups": "A group",
    "bindingness": "A bindingness",
    "bindingness-reasons": "A reason",
    "statuses": "A status",
    "frequencies": "A frequency",
    "quantities": "A quantity",
    "count-qualifiers": "A qualifier",
    "report-regions": "A region",
    "treaty-action-kinds": "A kind of treaty action",
    "membership-roles": "A membership role",
}

Values = dict[str, dict[str, list[ox.NamedNode | ox.Literal]]]


@pytest.fixture(scope="module")
def concepts() -> Values:
    """Concept or scheme → property → values, both without their namespace."""
    found: Values = defaultdict(lambda: defaultdict(list))
    for quad in ox.parse(path=str(SOURCES.ontology / "concepts.ttl"), format=ox.RdfFormat.TURTLE):
        assert isinstance(quad.subject, ox.NamedNode)
        assert isinstance(quad.object, ox.NamedNode | ox.Literal)
        if quad.subject.value.startswith(CONCEPT):
            name = quad.predicate.value.rpartition("/")[2].rpartition("#")[2]
            found[quad.subject.value.removeprefix(CONCEPT)][name].append(quad.object)
    return found


@pytest.fixture(scope="module")
def schemes(concepts: Values) -> dict[str, set[str]]:
    """Scheme → its concepts."""
    members: dict[str, set[str]] = {
        name: set()
        for name, values in concepts.items()
        if ox.NamedNode(f"{SKOS}ConceptScheme") in values["type"]
    }
    for name, values in concepts.items():
        if ox.NamedNode(f"{SKOS}Concept") in values["type"]:
            assert len(values["inScheme"]) == 1, name
            members[values["inScheme"][0].value.removeprefix(CONCEPT)].add(name)
    return members


def above(name: str, concepts: Values) -> set[str]:
    """The concepts over ``name``, itself left out unless the hierarchy runs in a circle."""
    found: set[str] = set()
    todo = [name]
    while todo:
        new = {value.value.removeprefix(CONCEPT) for value in concepts[todo.pop()]["broader"]} - found
        found |= new
        todo += new
    return found


@pytest.mark.parametrize("scheme", REQUIRED)
def test_scheme_has_what_the_contract_lists(scheme: str, schemes: dict[str, set[str]]) -> None:
    assert sorted(set(REQUIRED[scheme].split()) - schemes[scheme]) == []


def test_every_concept_is_in_a_scheme_and_reaches_its_top(
    concepts: Values, schemes: dict[str, set[str]]
) -> None:
    assert schemes.keys() == PARENTS.keys()
    assert sum(map(len, schemes.values())) + len(schemes) == len(concepts)
    for scheme, members in schemes.items():
        for name in members:
            is_top = [value.value for value in concepts[name]["topConceptOf"]] == [CONCEPT + scheme]
            assert is_top != bool(concepts[name]["broader"]), f"{name} has either a broader concept or none"
            assert above(name, concepts) <= members - {name}, name


def test_every_concept_and_scheme_is_labelled_and_defined(
    concepts: Values, schemes: dict[str, set[str]]
) -> None:
    for scheme, members in schemes.items():
        assert len(concepts[scheme]["prefLabel"]) == len(concepts[scheme]["description"]) == 1, scheme
        for name in members:
            assert len(concepts[name]["prefLabel"]) == 1, name
            (definition,) = concepts[name]["definition"]
            assert re.fullmatch(rf"{PARENTS[scheme]} that \S.*\.", definition.value), definition


def test_no_two_concepts_of_a_scheme_share_a_label(concepts: Values, schemes: dict[str, set[str]]) -> None:
    for members in schemes.values():
        seen: dict[str, str] = {}
        for name in sorted(members):
            for label in concepts[name]["prefLabel"] + concepts[name]["altLabel"]:
                assert seen.setdefault(label.value.casefold(), name) == name, label
            preferred = {label.value for label in concepts[name]["prefLabel"]}
            assert not preferred & {label.value for label in concepts[name]["altLabel"]}, name


def test_matches_are_those_that_were_read(concepts: Values) -> None:
    with MATCHES.open(encoding="utf-8", newline="") as lines:
        read = {(row["concept"], row["match"], row["identifier"]): row for row in csv.DictReader(lines)}
    assert len(read) > 25
    assert all(row["scheme"] and row["read_in"] for row in read.values())
    asserted = {
        (name, match, value.value)
        for name, values in concepts.items()
        for match in ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")
        for value in values[match]
    }
    assert asserted == set(read)
    assert all(identifier.startswith(OUTSIDE_SCHEMES) for _, _, identifier in asserted)


def test_a_concept_is_matched_once_to_the_same_one(concepts: Values) -> None:
    # SKOS, S46: exactMatch is disjoint with broadMatch and relatedMatch.
    for name, values in concepts.items():
        targets = [
            target.value for match, found in values.items() if match.endswith("Match") for target in found
        ]
        assert len(targets) == len(set(targets)), name


def test_no_other_file_names_a_concept_of_an_outside_scheme_that_was_not_read() -> None:
    with MATCHES.open(encoding="utf-8", newline="") as lines:
        known = {row["identifier"] for row in csv.DictReader(lines)}
    for path in [*SOURCES.ontology.glob("*.ttl"), SOURCES.data / "catalog.ttl"]:
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
            if isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith(OUTSIDE_SCHEMES):
                assert quad.object.value in known, f"{path}: {quad.object.value}"


def test_membership_roles_are_roles_of_org(schemes: dict[str, set[str]], concepts: Values) -> None:
    for name in schemes["membership-roles"]:
        assert ox.NamedNode(f"{ORG}Role") in concepts[name]["type"], name
