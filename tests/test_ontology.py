"""The ontology has every name of the contract, and every term says what it means."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pyoxigraph as ox
import pytest

from tipgraph.sources import locate_sources
from tipgraph.store import load_files
from tipgraph.vocabulary import DCTERMS, ONTOLOGY, OWL, RDF, RDFS, SKOS, TIP

SOURCES = locate_sources(Path(__file__).parent.parent)


def words(text: str) -> list[str]:
    return text.split()


# The contract of names: class → the classes over it.
CLASSES = {
    "Actor": "",
    "Organization": "Actor",
    "Mechanism": "Organization",
    "RegionalMechanism": "Mechanism",
    "SubRegionalMechanism": "Mechanism",
    "CrossRegionalMechanism": "Mechanism",
    "Body": "Organization",
    "InternationalAgency": "Organization",
    "CivilSocietyOrganization": "Organization",
    "StateAuthority": "Organization",
    "State": "Actor",
    "Place": "",
    "Instrument": "",
    "Treaty": "Instrument",
    **dict.fromkeys(("Convention", "Protocol", "Charter", "Agreement"), "Treaty"),
    **dict.fromkeys(
        (
            "MemorandumOfUnderstanding",
            "Declaration",
            "ActionPlan",
            "Resolution",
            "Recommendation",
            "Decision",
            "Directive",
            "Communication",
            "Policy",
            "Guidelines",
            "ModelLaw",
            "Strategy",
            "BindingInstrument",
            "NonBindingInstrument",
        ),
        "Instrument",
    ),
    "Provision": "",
    "Measure": "",
    "Initiative": "",
    **dict.fromkeys(("Campaign", "Programme", "Project", "Network"), "Initiative"),
    "Event": "",
    **dict.fromkeys(("Conference", "Meeting", "Workshop", "Training"), "Event"),
    "Publication": "",
    "Partnership": "",
    "CourtCase": "",
    "Observation": "",
    "SourceDocument": "",
    "Passage": "",
}
DISJOINT = words(
    """
    Actor Instrument Provision Measure Initiative Event Publication Observation Place Passage
    """
)
INVOLVING = words(
    """
    adoptedBy proposedBy signatory party launchedBy developedBy publishedBy organizedBy hostedBy
    chairedBy ledBy implementedBy fundedBy supportedBy undertakenBy secretariat partner participant
    observer member decidedBy endorsedBy electedBy addressedTo
    """
)
INVERSES = [
    ("involves", "involvedIn"),
    ("partOf", "hasPart"),
    ("provisionOf", "hasProvision"),
    ("replaces", "replacedBy"),
    ("implements", "implementedThrough"),
    ("monitors", "monitoredBy"),
    ("establishes", "establishedBy"),
    ("outcome", "outcomeOf"),
    ("callsFor", "calledForBy"),
]
OTHER_OBJECT = words(
    """
    basedIn inState basedOn supplements requires recommends exempts openTo interprets supports about
    covers binds frequency pillar theme targetGroup bindingness status heldIn observedOf quantity
    evidence inDocument section
    """
)
DATES = words(
    """
    adoptedOn signedOn enteredIntoForceOn proposedOn launchedOn establishedOn heldOn publishedOn
    decidedOn draftedOn presentedOn startsOn endsOn asOf
    """
)
OTHER_DATA = words(
    """
    date number memberSince count paragraphNumber sentenceNumber sha256 isoAlpha2 isoAlpha3 m49
    """
)
TRANSITIVE = words("partOf hasPart replaces replacedBy")
CHAINED = words("pillar theme targetGroup")
KINDS = {f"{OWL}Class", f"{OWL}ObjectProperty", f"{OWL}DatatypeProperty"}

Values = dict[str, dict[str, list[str]]]


@pytest.fixture(scope="module")
def store() -> ox.Store:
    return load_files(sorted(SOURCES.ontology.glob("*.ttl"))).store


@pytest.fixture(scope="module")
def terms(store: ox.Store) -> Values:
    """Every tip: term, without the namespace → predicate IRI → values that are IRIs or literals."""
    found: Values = defaultdict(lambda: defaultdict(list))
    for quad in store:
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(TIP):
            assert not isinstance(quad.object, ox.Triple)
            found[quad.subject.value.removeprefix(TIP)][quad.predicate.value].append(quad.object.value)
    assert len(found) > 140
    return dict(found)


def names(terms: Values, term: str, predicate: str) -> set[str]:
    return {value.removeprefix(TIP) for value in terms[term][predicate]}


def is_true(store: ox.Store, pattern: str) -> bool:
    prefixes = {"owl": OWL, "rdf": RDF, "rdfs": RDFS, "tip": TIP}
    return bool(store.query(f"ASK {{ {pattern} }}", prefixes=prefixes))


@pytest.mark.parametrize("name", CLASSES)
def test_class_of_the_contract_is_in_its_place(name: str, terms: Values) -> None:
    assert f"{OWL}Class" in terms[name][f"{RDF}type"]
    assert set(CLASSES[name].split()) <= names(terms, name, f"{RDFS}subClassOf")


@pytest.mark.parametrize("name", [*INVOLVING, *OTHER_OBJECT, *(name for pair in INVERSES for name in pair)])
def test_object_property_of_the_contract_exists(name: str, terms: Values) -> None:
    assert f"{OWL}ObjectProperty" in terms[name][f"{RDF}type"]


@pytest.mark.parametrize("name", [*DATES, *OTHER_DATA])
def test_datatype_property_of_the_contract_exists(name: str, terms: Values) -> None:
    assert f"{OWL}DatatypeProperty" in terms[name][f"{RDF}type"]


@pytest.mark.parametrize("name", INVOLVING)
def test_relations_to_actors_are_involvement(name: str, terms: Values) -> None:
    assert "involves" in names(terms, name, f"{RDFS}subPropertyOf")
    assert names(terms, name, f"{RDFS}range") == {"Actor"}


@pytest.mark.parametrize("name", DATES)
def test_dates_are_dates(name: str, terms: Values) -> None:
    assert "date" in names(terms, name, f"{RDFS}subPropertyOf")


@pytest.mark.parametrize(
    ("narrower", "wider"),
    [
        ("provisionOf", "partOf"),
        ("hasProvision", "hasPart"),
        ("requires", "callsFor"),
        ("recommends", "callsFor"),
        ("monitoredBy", "involves"),
    ],
)
def test_sub_properties_of_the_contract(narrower: str, wider: str, terms: Values) -> None:
    assert wider in names(terms, narrower, f"{RDFS}subPropertyOf")


@pytest.mark.parametrize("pair", INVERSES, ids=" and ".join)
def test_inverses_of_the_contract(pair: tuple[str, str], terms: Values) -> None:
    forward, backward = pair
    assert names(terms, forward, f"{OWL}inverseOf") == {backward}


def test_inverses_are_mutual(terms: Values) -> None:
    inverse = {name: names(terms, name, f"{OWL}inverseOf") for name in terms}
    wrong = {name for name, others in inverse.items() for other in others if inverse.get(other) != {name}}
    assert wrong == set()


@pytest.mark.parametrize("name", TRANSITIVE)
def test_transitive_properties_of_the_contract(name: str, terms: Values) -> None:
    assert f"{OWL}TransitiveProperty" in terms[name][f"{RDF}type"]


@pytest.mark.parametrize("name", CHAINED)
@pytest.mark.parametrize("via", ["callsFor", "hasProvision"])
def test_chains_of_the_contract(name: str, via: str, store: ox.Store) -> None:
    chain = f"tip:{name} owl:propertyChainAxiom (tip:{via} tip:{name})"
    assert is_true(store, chain)
    assert not is_true(store, chain.replace(f"tip:{via} ", "tip:involves "))


def test_classes_of_the_contract_are_disjoint(store: ox.Store) -> None:
    member = "owl:members/rdf:rest*/rdf:first"
    for position, one in enumerate(DISJOINT):
        for other in DISJOINT[position + 1 :]:
            assert is_true(store, f"[] {member} tip:{one} ; {member} tip:{other}"), (one, other)
    assert is_true(store, "tip:BindingInstrument owl:disjointWith tip:NonBindingInstrument")


@pytest.mark.parametrize(
    ("name", "value"), [("BindingInstrument", "binding"), ("NonBindingInstrument", "non-binding")]
)
def test_bindingness_defines_its_classes(name: str, value: str, store: ox.Store) -> None:
    restriction = (
        f"[ owl:onProperty tip:bindingness ; owl:hasValue <https://w3id.org/tipgraph/concept/{value}> ]"
    )
    parts = "owl:equivalentClass/owl:intersectionOf/rdf:rest*/rdf:first"
    assert is_true(store, f"tip:{name} {parts} tip:Instrument ; {parts} {restriction}")


def test_every_term_is_one_class_or_one_kind_of_property(terms: Values) -> None:
    wrong = {name for name, values in terms.items() if len(KINDS & set(values[f"{RDF}type"])) != 1}
    assert wrong == set()
    # In the naming of the field, a class begins with a capital and a property does not.
    for name, values in terms.items():
        assert name[0].isupper() == (f"{OWL}Class" in values[f"{RDF}type"]), name


def test_no_term_is_declared_twice() -> None:
    seen: dict[str, Path] = {}
    for path in sorted(SOURCES.ontology.glob("*.ttl")):
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
            if quad.predicate.value == f"{RDF}type" and str(quad.subject).startswith(f"<{TIP}"):
                assert seen.setdefault(str(quad.subject), path) == path


def test_every_term_is_labelled_explained_and_shown(terms: Values) -> None:
    for name, values in terms.items():
        for predicate in (f"{RDFS}label", f"{SKOS}definition", f"{SKOS}example"):
            assert len(values[predicate]) == 1, (name, predicate)
        assert values[f"{RDFS}isDefinedBy"] == [ONTOLOGY], name
        assert values[f"{SKOS}definition"][0].endswith("."), name
        assert values[f"{SKOS}example"][0].endswith(".") or name == "sha256", name


def test_labels_are_unique_among_classes_and_among_properties(terms: Values) -> None:
    labels = [(name[0].isupper(), values[f"{RDFS}label"][0]) for name, values in terms.items()]
    assert len(set(labels)) == len(labels)


def test_a_class_is_defined_as_a_kind_that_differs(terms: Values) -> None:
    for name, values in terms.items():
        if f"{OWL}Class" not in values[f"{RDF}type"]:
            continue
        definition = values[f"{SKOS}definition"][0]
        wider = names(terms, name, f"{RDFS}subClassOf") & terms.keys()
        kind = "|".join(terms[other][f"{RDFS}label"][0] for other in wider) or "[a-z ]+?"
        assert re.match(rf"An? (?:{kind}) that \S", definition), f"{name}: {definition}"


def test_a_property_is_defined_by_what_it_relates_or_gives(terms: Values) -> None:
    for name, values in terms.items():
        if f"{OWL}ObjectProperty" in values[f"{RDF}type"]:
            assert values[f"{SKOS}definition"][0].startswith("Relates "), name
        elif f"{OWL}DatatypeProperty" in values[f"{RDF}type"]:
            assert values[f"{SKOS}definition"][0].startswith("Gives "), name


def test_header_states_version_and_licence(store: ox.Store) -> None:
    header = {
        quad.predicate.value: quad.object.value
        for quad in store.quads_for_pattern(ox.NamedNode(ONTOLOGY), None, None, None)
        if isinstance(quad.object, ox.NamedNode | ox.Literal)
    }
    version = tomllib.loads((SOURCES.root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert header[f"{RDF}type"] == f"{OWL}Ontology"
    assert header[f"{OWL}versionInfo"] == version
    assert header[f"{OWL}versionIRI"] == f"{ONTOLOGY}/{version}"
    assert header[f"{DCTERMS}license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert header["http://purl.org/vocab/vann/preferredNamespaceUri"] == TIP
