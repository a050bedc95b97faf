"""States by their names, what is derived about them, and questions as of a day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyoxigraph as ox
import pytest

from tipgraph import KnowledgeGraph
from tipgraph.errors import AmbiguousNameError, UnknownNameError
from tipgraph.inference import infer
from tipgraph.sources import Sources
from tipgraph.states import describe_state, find_state
from tipgraph.store import Dataset, load_files
from tipgraph.validation import Severity, validate_dataset
from tipgraph.vocabulary import ID, TIP

ROOT = Path(__file__).parents[1]
SOURCES = Sources(ROOT)

PREFIXES = """
@prefix concept: <https://w3id.org/tipgraph/concept/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix id: <https://w3id.org/tipgraph/id/> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix tip: <https://w3id.org/tipgraph/ontology#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
STATES = "id:a a tip:State . id:b a tip:State . id:c a tip:State ."


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.open(ROOT)


def load(tmp_path: Path, facts: str) -> Dataset:
    path = tmp_path / "facts.ttl"
    path.write_text(PREFIXES + facts)
    return load_files([path, *sorted(SOURCES.ontology.glob("*.ttl"))], SOURCES.prefixes())


def derived(tmp_path: Path, facts: str) -> set[tuple[str, str, str]]:
    """What the ontology and its rules derive from ``facts`` about who is bound, covered, party and member."""
    dataset = load(tmp_path, facts)
    infer(dataset, SOURCES.rules)
    return {
        (quad.subject.value.removeprefix(ID), name, quad.object.value.removeprefix(ID))
        for name in ("binds", "covers", "party", "signatory", "member")
        for quad in dataset.store.quads_for_pattern(None, ox.NamedNode(TIP + name), None, None)
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode)
    }


def action(actor: str, kind: str, day: str) -> str:
    return (
        f"[] a tip:TreatyAction ; tip:actor id:{actor} ; tip:ofInstrument id:treaty ;"
        f' tip:actionKind concept:{kind} ; tip:date "{day}"^^xsd:date .'
    )


def membership(actor: str, role: str) -> str:
    return (
        f"[] a org:Membership ; org:member id:{actor} ; org:organization id:org ; org:role concept:{role} ."
    )


@pytest.mark.parametrize("kind", ["ratified", "accession", "acceptance", "approval", "succession"])
def test_who_consents_by_december_2010_is_party(tmp_path: Path, kind: str) -> None:
    found = derived(
        tmp_path,
        f"{STATES} id:treaty a tip:Protocol ."
        f"{action('a', kind, '2010-12-31')} {action('b', kind, '2011-01-01')}"
        f"{action('c', 'signature', '2001-01-01')}",
    )
    assert {triple for triple in found if triple[1] in ("party", "signatory")} == {
        ("treaty", "party", "a"),
        ("treaty", "signatory", "c"),
    }


def test_only_a_binding_instrument_binds_and_only_its_parties(tmp_path: Path) -> None:
    found = derived(
        tmp_path,
        f"{STATES} {''.join(membership(name, 'full-member') for name in 'abc')}"
        "id:org a tip:RegionalMechanism . id:group a tip:ActorGroup ; tip:standsForMembersOf id:org ."
        "id:decision a tip:Decision ; tip:bindingness concept:binding ."
        "id:decision tip:adoptedBy id:org ; tip:exempts id:c ."
        "id:treaty a tip:Convention ; tip:bindingness concept:binding ."
        "id:treaty tip:party id:a, id:c ; tip:exempts id:c ."
        "id:plan a tip:ActionPlan ; tip:bindingness concept:non-binding ; tip:party id:a .",
    )
    # The decision reaches the members without binding them; the exemption takes back both.
    assert {triple for triple in found if triple[1] == "binds"} == {("treaty", "binds", "a")}
    assert {triple[2] for triple in found if triple[:2] == ("decision", "covers")} == {"a", "b"}
    assert {triple[2] for triple in found if triple[:2] == ("treaty", "covers")} == {"a"}


def test_a_group_that_is_party_makes_its_members_parties_and_an_organization_does_not(tmp_path: Path) -> None:
    facts = (
        f"{STATES} {membership('a', 'full-member')} {membership('b', 'suspended-member')} "
        f"{membership('c', 'observer-role')} id:org a tip:RegionalMechanism ."
        "id:treaty a tip:Convention ; tip:bindingness concept:binding ."
        "id:group a tip:ActorGroup ; tip:standsForMembersOf id:org ."
    )
    with_group = derived(tmp_path, f"{facts} id:treaty tip:party id:group .")
    assert {triple[2] for triple in with_group if triple[1] == "binds"} == {"a", "b"}
    with_organization = derived(tmp_path, f"{facts} id:treaty tip:party id:org .")
    assert {triple[2] for triple in with_organization if triple[1] == "binds"} == set()


@pytest.mark.parametrize(
    "role",
    ["excluded-member", "participating-member", "associate-member", "dialogue-partner", "applicant-role"],
)
def test_a_lesser_standing_makes_no_member(tmp_path: Path, role: str) -> None:
    found = derived(tmp_path, f"{STATES} {membership('a', role)} {membership('b', 'full-member')}")
    assert {triple for triple in found if triple[1] == "member"} == {("org", "member", "b")}


@pytest.mark.parametrize(
    ("organization", "parties", "members"),
    [("saarc", 0, 8), ("asean", 6, 10), ("ecowas", 12, 15), ("gcc", 6, 6), ("cis", 9, 9), ("coe", 44, 47)],
)
def test_members_that_were_parties_on_the_last_day_of_2010(
    graph: KnowledgeGraph, organization: str, parties: int, members: int
) -> None:
    query = graph.library_query("members-and-the-palermo-protocol")
    rows = graph.select(query, organization=f"id:{organization}", asOf=date(2010, 12, 31))
    assert (sum(row["isParty"] for row in rows), len(rows)) == (parties, members)


@pytest.mark.parametrize(
    ("day", "parties"),
    [("2001-06-04", 0), ("2001-06-05", 1), ("2010-12-31", 142), ("2011-01-11", 143), ("2014-01-31", 159)],
)
def test_parties_on_other_days(graph: KnowledgeGraph, day: str, parties: int) -> None:
    assert len(graph.select(graph.library_query("palermo-protocol-parties"), asOf=day)) == parties


def test_what_is_derived_agrees_with_the_question_as_of_december_2010(graph: KnowledgeGraph) -> None:
    rows = graph.select(graph.library_query("palermo-protocol-parties"), asOf="2010-12-31")
    derived = graph.select("SELECT ?party { id:palermo-protocol tip:party ?party }")
    assert {row["party"] for row in rows} == {row["party"] for row in derived}


def test_the_directive_covers_the_union_without_the_two_it_exempts(graph: KnowledgeGraph) -> None:
    covered = {
        row["s"].removeprefix(ID)
        for row in graph.select("SELECT ?s { id:eu-directive-on-trafficking tip:covers ?s }")
    }
    assert len(covered) == 25
    assert "ireland" in covered
    assert not covered & {"denmark", "united-kingdom"}
    assert not graph.ask("ASK { id:eu-directive-on-trafficking tip:binds ?state }")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Benin", "benin"),
        ("BJ", "benin"),
        ("ben", "benin"),
        ("204", "benin"),
        ("bénin", "benin"),
        ("Бенин", "benin"),
        ("贝宁", "benin"),
        ("بنن", "benin"),
        ("República de Benin", "benin"),
        ("id:benin", "benin"),
        ("https://w3id.org/tipgraph/id/benin", "benin"),
        ("cote d\u2019ivoire", "cote-divoire"),
        ("Swaziland", "eswatini"),
        ("niger", "niger"),
        ("Guinea", "guinea"),
        ("  united   kingdom ", "united-kingdom"),
    ],
)
def test_a_state_is_found_by_any_name_or_code(graph: KnowledgeGraph, name: str, slug: str) -> None:
    assert find_state(graph.dataset, name) == ID + slug


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Korea", "did you mean Republic of Korea?"),
        ("Beinn", "Benin"),
        ("qq", "or its ISO or M49 code"),
        ("id:ecowas", "or its ISO or M49 code"),
    ],
)
def test_an_unknown_state_is_met_with_the_nearest(graph: KnowledgeGraph, name: str, hint: str) -> None:
    with pytest.raises(UnknownNameError, match="no state is called") as caught:
        find_state(graph.dataset, name)
    assert hint in (caught.value.hint or "")


def test_a_name_of_two_states_is_ambiguous(tmp_path: Path) -> None:
    dataset = load(
        tmp_path,
        'id:a a tip:State ; skos:prefLabel "A"@en ; skos:altLabel "Congo"@en .'
        'id:b a tip:State ; skos:prefLabel "B"@en ; skos:altLabel "Congo"@en .',
    )
    with pytest.raises(AmbiguousNameError, match="'congo' may be any of 2 states") as caught:
        find_state(dataset, "congo")
    assert caught.value.hint == "choose one of A, B"


def test_a_profile_tells_what_binds_from_what_covers(graph: KnowledgeGraph) -> None:
    nepal = graph.state("Nepal")
    assert [reach.instrument for reach in nepal.bound_by] == ["id:saarc-convention"]
    assert {reach.instrument for reach in nepal.covered_by} == {"id:saarc-standard-operating-procedure"}
    assert [(one.organization, one.role, one.since) for one in nepal.memberships] == [
        ("id:saarc", "full member", 1985)
    ]
    assert nepal.protocol == ()
    denmark = graph.state("DK")
    assert [reach.instrument for reach in denmark.exempted_by] == ["id:eu-directive-on-trafficking"]
    assert denmark.is_party_on(date(2003, 9, 29)) is False
    assert denmark.is_party_on(date(2003, 9, 30))
    chile = graph.state("CHL")
    assert len(chile.conflicts) == 1
    benin = graph.state("204")
    assert benin.regions == ("Western Africa", "Sub-Saharan Africa", "Africa")
    assert {mention.resource for mention in benin.mentions} == {
        "id:benin-togo-gabon-agreement",
        "id:nigeria-benin-agreement",
    }


def test_what_is_no_state_has_no_profile(graph: KnowledgeGraph) -> None:
    with pytest.raises(UnknownNameError, match="the graph knows no state"):
        describe_state(graph.dataset, f"{ID}ecowas")


def test_every_conflict_is_a_warning_with_its_explanation(graph: KnowledgeGraph) -> None:
    report = validate_dataset(graph.dataset, SOURCES.shapes)
    told = [result for result in report.results if "Discrepancy-known" in str(result.shape)]
    assert len(told) == 13
    assert {result.severity for result in told} == {Severity.WARNING}
    assert all(isinstance(result.value, ox.Literal) and result.value.value for result in told)
