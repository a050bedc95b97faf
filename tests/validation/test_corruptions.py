"""What goes wrong in the real data is found: seeded corruptions, each by the shape that forbids it.

Each corruption changes what is said of one resource, and no resource is changed twice. So all of them are
made in one copy of the data, and a result belongs to the corruption of its focus node.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyoxigraph as ox
import pytest

from tipgraph.sources import Sources
from tipgraph.store import load_dataset
from tipgraph.terms import Term
from tipgraph.validation.engines import Engine, Finding, run_engine
from tipgraph.validation.shapes import read_shapes
from tipgraph.vocabulary import CONCEPT, DCTERMS, GRAPH_INFERRED, ID, OA, ORG, RDF, SHAPE, SKOS, TIP, XSD

ROOT = Path(__file__).parents[2]
SEED = 20101213
OF_EACH_KIND = 12

Facts: TypeAlias = list[tuple[ox.NamedNode, Term]]
Corrupt: TypeAlias = Callable[[Facts, random.Random], tuple[Facts, str] | None]
"""What is said of a resource → what is said falsely, and the shape that forbids it; ``None`` if no case."""


def tip(name: str) -> ox.NamedNode:
    return ox.NamedNode(TIP + name)


TYPE, LABEL = ox.NamedNode(f"{RDF}type"), ox.NamedNode(f"{SKOS}prefLabel")
DESCRIPTION, SOURCE = ox.NamedNode(f"{DCTERMS}description"), ox.NamedNode(f"{DCTERMS}source")
ROLE, EVIDENCE = ox.NamedNode(f"{ORG}role"), tip("evidence")
DATES = (
    "adoptedOn",
    "signedOn",
    "heldOn",
    "launchedOn",
    "publishedOn",
    "establishedOn",
    "enteredIntoForceOn",
)
LINKS = ("adoptedBy", "organizedBy", "developedBy", "launchedBy", "undertakenBy", "fundedBy", "supportedBy")
MEASURE = ox.NamedNode(f"{ID}ouagadougou-action-plan-child-soldiers")


def has_evidence(facts: Facts) -> bool:
    return any(fact[0] == EVIDENCE for fact in facts)


def drop(predicate: ox.NamedNode, shape: str) -> Corrupt:
    def corrupt(facts: Facts, _: random.Random) -> tuple[Facts, str] | None:
        kept = [fact for fact in facts if fact[0] != predicate]
        return (kept, shape) if len(kept) < len(facts) else None

    return corrupt


def replace_values(predicates: Mapping[str, str], value: Term) -> Corrupt:
    """Every value of one of ``predicates``, each with its shape, is ``value`` instead."""

    def corrupt(facts: Facts, chance: random.Random) -> tuple[Facts, str] | None:
        at_hand = sorted({fact[0].value for fact in facts} & predicates.keys())
        if not at_hand:
            return None
        chosen = chance.choice(at_hand)
        kept = [fact for fact in facts if fact[0].value != chosen]
        return [*kept, (ox.NamedNode(chosen), value)], predicates[chosen]

    return corrupt


def add(predicate: ox.NamedNode, value: Term, shape: str, kind: str | None = None) -> Corrupt:
    """Say ``value`` too, of a resource of the class ``kind`` or of any that has evidence."""

    def corrupt(facts: Facts, _: random.Random) -> tuple[Facts, str] | None:
        fits = has_evidence(facts) if kind is None else (TYPE, tip(kind)) in facts
        return ([*facts, (predicate, value)], shape) if fits else None

    return corrupt


def literal(value: str, datatype: str) -> ox.Literal:
    return ox.Literal(value, datatype=ox.NamedNode(XSD + datatype))


def without_language(facts: Facts, _: random.Random) -> tuple[Facts, str] | None:
    if not has_evidence(facts):
        return None
    changed = [
        (
            predicate,
            ox.Literal(value.value) if predicate == LABEL and isinstance(value, ox.Literal) else value,
        )
        for predicate, value in facts
    ]
    return changed, "Resource-prefLabel-language"


def label_again(facts: Facts, _: random.Random) -> tuple[Facts, str] | None:
    labels = [value for predicate, value in facts if predicate == LABEL]
    if not labels or not has_evidence(facts):
        return None
    return [*facts, (ox.NamedNode(f"{SKOS}altLabel"), labels[0])], "Resource-altLabel-differs"


def swap_period(facts: Facts, _: random.Random) -> tuple[Facts, str] | None:
    said = dict(facts)
    start, end = said.get(tip("startsOn")), said.get(tip("endsOn"))
    if (
        not isinstance(start, ox.Literal)
        or not isinstance(end, ox.Literal)
        or start.value[:4] == end.value[:4]
    ):
        return None
    kept = [fact for fact in facts if fact[0] not in (tip("startsOn"), tip("endsOn"))]
    return [*kept, (tip("startsOn"), end), (tip("endsOn"), start)], "endsOn-after-startsOn"


def other_type(name: str, shape: str, *, instead: bool) -> Corrupt:
    def corrupt(facts: Facts, _: random.Random) -> tuple[Facts, str] | None:
        if not has_evidence(facts):
            return None
        kept = [fact for fact in facts if fact[0] != TYPE] if instead else facts
        return [*kept, (TYPE, tip(name))], shape

    return corrupt


def of_class(kind: str, inner: Corrupt) -> Corrupt:
    iri = ox.NamedNode(kind) if ":" in kind else tip(kind)

    def corrupt(facts: Facts, chance: random.Random) -> tuple[Facts, str] | None:
        return inner(facts, chance) if (TYPE, iri) in facts else None

    return corrupt


PILLAR = ox.NamedNode(f"{CONCEPT}prevention")
THEME = ox.NamedNode(f"{CONCEPT}demand")

KINDS: dict[str, Corrupt] = {
    "no description": lambda facts, chance: (
        drop(DESCRIPTION, "Resource-description-en")(facts, chance) if has_evidence(facts) else None
    ),
    "no evidence": of_class("Measure", drop(EVIDENCE, "Resource-evidence")),
    "no label": of_class("Measure", drop(LABEL, "Resource-prefLabel-en")),
    "no figure": drop(tip("count"), "Observation-count"),
    "a figure of nothing": drop(tip("observedOf"), "Observation-observedOf"),
    "no quantity": drop(tip("quantity"), "Observation-quantity"),
    "no number": of_class("Provision", drop(tip("number"), "Provision-number")),
    "no digest": of_class("Passage", drop(tip("sha256"), "Passage-sha256")),
    "no document": of_class("Passage", drop(tip("inDocument"), "Passage-inDocument")),
    "no source": of_class("TreatyAction", drop(SOURCE, "TreatyAction-source")),
    "no reason": drop(tip("bindingnessReason"), "bindingness-reason"),
    "no definition": of_class(
        f"{SKOS}Concept", drop(ox.NamedNode(f"{SKOS}definition"), "Concept-definition")
    ),
    "no beginning": drop(ox.NamedNode(f"{OA}start"), "TextPositionSelector-start"),
    "no language": without_language,
    "the same label again": label_again,
    "a day that is none": replace_values(
        {TIP + name: f"{name}-value" for name in DATES}, literal("2010-02-30", "date")
    ),
    "a date as text": replace_values({TIP + name: f"{name}-value" for name in DATES}, ox.Literal("2010")),
    "after the source": replace_values(
        {TIP + name: f"{name}-not-after-source" for name in DATES}, literal("2015", "gYear")
    ),
    "a period backwards": swap_period,
    "an actor that is not there": replace_values(
        {TIP + name: f"{name}-range" for name in LINKS}, ox.NamedNode(f"{ID}nobody-of-this-name")
    ),
    "a measure as an actor": replace_values({TIP + name: f"{name}-range" for name in LINKS}, MEASURE),
    "a theme as a pillar": replace_values({f"{TIP}pillar": "pillar-scheme"}, THEME),
    "a pillar as a theme": replace_values({f"{TIP}theme": "theme-scheme"}, PILLAR),
    "a pillar as a group": replace_values({f"{TIP}targetGroup": "targetGroup-scheme"}, PILLAR),
    "a pillar as a status": replace_values({f"{TIP}status": "status-scheme"}, PILLAR),
    "fewer than none": replace_values({f"{TIP}count": "Observation-count"}, literal("-3", "integer")),
    "half a one": replace_values({f"{TIP}count": "Observation-count"}, literal("2.5", "decimal")),
    "a theme as a role": replace_values({ROLE.value: "Membership-role"}, THEME),
    "a code in small letters": replace_values({f"{TIP}isoAlpha2": "State-isoAlpha2"}, ox.Literal("xx")),
    "a class that is none": other_type("Planne", "TypedResource-declared-class", instead=True),
    "two classes": other_type("Workshop", "TypedResource-one-class", instead=False),
    "a property that is none": add(tip("adoptedBye"), MEASURE, "Vocabulary-known-property"),
    "derived and stated": add(tip("covers"), ox.NamedNode(f"{ID}benin"), "covers-derived", "ActionPlan"),
    "two days of adoption": lambda facts, chance: (
        add(tip("adoptedOn"), literal("1901", "gYear"), "adoptedOn-once")(facts, chance)
        if tip("adoptedOn") in dict(facts)
        else None
    ),
    "a part of itself": add(tip("partOf"), ox.NamedNode(f"{ID}nothing-at-all"), "partOf-range", "Measure"),
}
"""Kind of corruption → how it is made."""


@dataclass(frozen=True)
class Corruption:
    kind: str
    shape: str


@pytest.fixture(scope="module")
def corrupted() -> tuple[list[ox.Triple], dict[Term, Corruption]]:
    """The data with its corruptions, and what was done to which resource."""
    dataset = load_dataset(Sources(ROOT))
    triples = dict.fromkeys(
        quad.triple for quad in dataset.store if quad.graph_name != ox.NamedNode(GRAPH_INFERRED)
    )
    said: defaultdict[Term, Facts] = defaultdict(list)
    for subject, predicate, obj in sorted(triples, key=str):
        said[subject].append((predicate, obj))
    chance = random.Random(SEED)
    order = sorted((s for s in said if isinstance(s, ox.NamedNode)), key=str)
    done: dict[Term, Corruption] = {}
    # The resource that others are told to refer to stays as it is.
    untouched = {MEASURE}
    candidates = {kind: iter(chance.sample(order, len(order))) for kind in KINDS}
    # In rounds, so that no kind takes all resources that another needs.
    for kind in list(KINDS) * OF_EACH_KIND:
        for subject in candidates[kind]:
            if subject in done or subject in untouched:
                continue
            result = KINDS[kind](said[subject], chance)
            if result is not None:
                said[subject], shape = result
                done[subject] = Corruption(kind, shape)
                break
    return [
        ox.Triple(subject, predicate, obj)
        for subject, facts in said.items()
        for predicate, obj in dict.fromkeys(facts)
        if isinstance(subject, ox.NamedNode | ox.BlankNode)
    ], done


def find(
    engine: Engine, data: list[ox.Triple], focus: Mapping[Term, Corruption]
) -> dict[Term, set[tuple[str, str, str]]]:
    sources = Sources(ROOT)
    shapes = read_shapes(sources.shapes, sources.prefixes())
    found: defaultdict[Term, set[tuple[str, str, str]]] = defaultdict(set)
    for finding in run_engine(engine, data, shapes, focus=list(focus)):
        found[finding.focus_node].add(_told(finding))
    return found


def _told(finding: Finding) -> tuple[str, str, str]:
    assert isinstance(finding.shape, ox.NamedNode)
    return finding.shape.value.removeprefix(SHAPE), str(finding.value), finding.component.value


def test_every_corruption_is_found_by_the_shape_that_forbids_it_in_both_engines(
    corrupted: tuple[list[ox.Triple], dict[Term, Corruption]],
) -> None:
    data, done = corrupted
    assert len(done) >= 350
    assert Counter(found.kind for found in done.values()).keys() == KINDS.keys()
    by_rudof = find("rudof", data, done)
    missed = [
        (str(resource), corruption.kind, corruption.shape, sorted(row[0] for row in by_rudof[resource]))
        for resource, corruption in done.items()
        if corruption.shape not in {row[0] for row in by_rudof[resource]}
    ]
    assert missed == []
    by_pyshacl = find("pyshacl", data, done)
    assert {resource: by_pyshacl[resource] for resource in done} == {
        resource: by_rudof[resource] for resource in done
    }


def test_without_corruption_nothing_is_found_on_these_resources(
    corrupted: tuple[list[ox.Triple], dict[Term, Corruption]],
) -> None:
    dataset = load_dataset(Sources(ROOT))
    data = list(dict.fromkeys(quad.triple for quad in dataset.store))
    found = find("rudof", data, corrupted[1])
    assert {row[0] for rows in found.values() for row in rows} <= {"Discrepancy-known", "Organization-class"}
