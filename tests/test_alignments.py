"""The alignments to other vocabularies say nothing that those vocabularies contradict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path

import pyoxigraph as ox
import pytest
from freeze_outside_terms import SCOPE, TABLE, OutsideTerm, read_table

from tipgraph.sources import locate_sources
from tipgraph.store import load_dataset
from tipgraph.vocabulary import BASE, ORG, OWL, RDF, RDFS, TIP

SOURCES = locate_sources(Path(__file__).parent.parent)
ALIGNMENTS = SOURCES.ontology / "alignments.ttl"
PROV = "http://www.w3.org/ns/prov#"

SUB_CLASS, SUB_PROPERTY, TYPE = f"{RDFS}subClassOf", f"{RDFS}subPropertyOf", f"{RDF}type"

# What the contract of names fixes.
FIXED = [
    (f"{TIP}Actor", f"{PROV}Agent"),
    (f"{TIP}Organization", f"{ORG}Organization"),
    (f"{TIP}Body", f"{ORG}OrganizationalUnit"),
    (f"{TIP}SourceDocument", f"{PROV}Entity"),
    (f"{TIP}Passage", f"{PROV}Entity"),
]


@pytest.fixture(scope="module")
def alignments() -> list[tuple[str, str, str]]:
    quads = ox.parse(path=str(ALIGNMENTS), format=ox.RdfFormat.TURTLE)
    triples = [
        (quad.subject.value, quad.predicate.value, quad.object.value)
        for quad in quads
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode)
    ]
    assert len(triples) > 80
    return triples


@pytest.fixture(scope="module")
def frozen() -> dict[str, OutsideTerm]:
    return {row.term: row for row in read_table(SOURCES.root / TABLE)}


@pytest.fixture(scope="module")
def declared() -> set[tuple[str, str]]:
    quads = load_dataset(SOURCES).store.quads_for_pattern(None, ox.NamedNode(TYPE), None, None)
    return {
        (quad.subject.value, quad.object.value.removeprefix(OWL))
        for quad in quads
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode)
    }


def test_only_sub_classes_sub_properties_and_declarations(alignments: list[tuple[str, str, str]]) -> None:
    for subject, predicate, target in alignments:
        if predicate == TYPE:
            assert not subject.startswith(TIP), subject
        else:
            assert predicate in (SUB_CLASS, SUB_PROPERTY)
            assert subject.startswith(TIP), subject
            assert not target.startswith(TIP), target


def test_what_the_contract_fixes_is_there(alignments: list[tuple[str, str, str]]) -> None:
    assert [(sub, target) for sub, target in FIXED if (sub, SUB_CLASS, target) not in alignments] == []


def test_both_sides_are_of_one_kind(
    alignments: list[tuple[str, str, str]], declared: set[tuple[str, str]], frozen: dict[str, OutsideTerm]
) -> None:
    outside = set()
    for subject, predicate, target in alignments:
        if predicate == TYPE:
            continue
        outside.add(target)
        kinds = {kind for term, kind in declared if term == subject} & {
            "Class",
            "ObjectProperty",
            "DatatypeProperty",
        }
        assert len(kinds) == 1, subject
        assert (target, *kinds) in declared, f"{target} is not declared an owl:{kinds}"
        own = set(frozen[target].kind.split())
        if kinds == {"Class"}:
            assert own & {"owl:Class", "rdfs:Class"}, target
        else:
            # A vocabulary in RDFS alone says rdf:Property, which is either.
            fitting = {f"owl:{kind}" for kind in kinds}
            assert own & (fitting | {"rdf:Property"}), target
            assert not own & ({"owl:ObjectProperty", "owl:DatatypeProperty"} - fitting), target
    assert outside == {subject for subject, predicate, _ in alignments if predicate == TYPE}


def test_no_functional_property_is_a_target(
    alignments: list[tuple[str, str, str]], frozen: dict[str, OutsideTerm]
) -> None:
    targets = {target for _, predicate, target in alignments if predicate == SUB_PROPERTY}
    assert [target for target in targets if frozen[target].functional == "yes"] == []


class Axioms:
    """The axioms of the project and of the vocabularies' own files together, as if these were imported."""

    def __init__(self, store: ox.Store) -> None:
        self.store = store
        self.broader_classes = self._pairs(
            "?sub rdfs:subClassOf|owl:equivalentClass|^owl:equivalentClass ?sup"
        )
        self.broader_properties = self._pairs(
            "?sub rdfs:subPropertyOf|owl:equivalentProperty|^owl:equivalentProperty ?sup"
        )
        self.domains = self._pairs("?sub rdfs:domain ?sup")
        self.ranges = self._pairs("?sub rdfs:range ?sup")
        self.disjoint = self._pairs("?sub owl:disjointWith|^owl:disjointWith ?sup")
        member = "owl:members/rdf:rest*/rdf:first"
        listed = self._pairs(
            f"?all a owl:AllDisjointClasses ; {member} ?sub ; {member} ?sup FILTER(?sub != ?sup)"
        )
        for name, others in listed.items():
            self.disjoint[name] |= others

    def _pairs(self, pattern: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        query = f"SELECT ?sub ?sup {{ {pattern} FILTER(isIRI(?sub) && isIRI(?sup)) }}"
        for row in self._select(query):
            found[row[0]].add(row[1])
        return found

    def _select(self, query: str) -> list[tuple[str, ...]]:
        prefixes = {"owl": OWL, "rdf": RDF, "rdfs": RDFS}
        solutions = self.store.query(query, prefixes=prefixes, use_default_graph_as_union=True)
        assert isinstance(solutions, ox.QuerySolutions)
        return [tuple(term.value for term in solution) for solution in solutions]

    def classes_in_use(self) -> set[tuple[str, str, str]]:
        """Class of the subject, property and class of the object of each statement between two resources."""
        rows = self._select("SELECT DISTINCT ?c ?p ?d { ?s ?p ?o ; a ?c . ?o a ?d }")
        return {(kind, name, other) for kind, name, other in rows if name.startswith((TIP, ORG))}

    def contradictions(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """Pairs of disjoint classes that a resource would be in if it is in all of ``names``."""
        above = set().union(*(closure(name, self.broader_classes) for name in names))
        return [(a, b) for a, b in combinations(sorted(above), 2) if b in self.disjoint[a]]


def closure(name: str, above: Mapping[str, set[str]]) -> set[str]:
    """``name`` with everything above it."""
    found, todo = {name}, [name]
    while todo:
        new = above.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found


@pytest.fixture(scope="module")
def axioms(node_modules: Path) -> Axioms:
    store = load_dataset(SOURCES).store
    files = sorted((node_modules / SCOPE).glob("*/*.nq"))
    assert len(files) > 8
    for file in files:
        # The files of OWL, RDF and RDFS describe the language itself, and SHACL's describes no data.
        if file.stem not in ("owl", "rdf", "rdfs", "sh", "xsd"):
            store.load(path=str(file), format=ox.RdfFormat.N_QUADS)
    return Axioms(store)


@pytest.mark.integration
def test_no_class_falls_under_disjoint_outside_classes(axioms: Axioms) -> None:
    assert closure(f"{TIP}Body", axioms.broader_classes) >= {f"{ORG}OrganizationalUnit", f"{PROV}Agent"}
    assert axioms.contradictions([f"{TIP}Event", f"{PROV}Entity"]) != []
    own = [name for name in axioms.broader_classes if name.startswith(TIP)]
    assert {name: found for name in own if (found := axioms.contradictions([name]))} == {}


@pytest.mark.integration
def test_no_statement_contradicts_an_outside_domain_or_range(axioms: Axioms) -> None:
    statements = axioms.classes_in_use()
    assert len(statements) > 100
    wrong = set()
    for subject, predicate, target in statements:
        for name in closure(predicate, axioms.broader_properties):
            for kind, expected in ((subject, axioms.domains[name]), (target, axioms.ranges[name])):
                if axioms.contradictions([kind, *expected]):
                    wrong.add((subject, predicate, target, name))
    assert wrong == set()


@pytest.mark.integration
def test_no_property_is_functional_through_an_outside_one(axioms: Axioms) -> None:
    functional = {
        quad.subject.value
        for kind in ("FunctionalProperty", "InverseFunctionalProperty")
        for quad in axioms.store.quads_for_pattern(
            None, ox.NamedNode(TYPE), ox.NamedNode(f"{OWL}{kind}"), None
        )
        if isinstance(quad.subject, ox.NamedNode)
    }
    assert f"{ORG}member" in functional
    own = [name for name in axioms.broader_properties if name.startswith(TIP)]
    assert len(own) > 50
    assert [name for name in own if closure(name, axioms.broader_properties) & functional] == []


@pytest.mark.integration
def test_axioms_on_outside_terms_are_those_of_their_vocabulary(axioms: Axioms) -> None:
    restated = [
        quad
        for path in SOURCES.ontology.glob("*.ttl")
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)
        if isinstance(quad.subject, ox.NamedNode)
        and not quad.subject.value.startswith(BASE)
        and quad.predicate.value != TYPE
    ]
    assert len(restated) > 5
    for axiom in restated:
        graphs = [
            quad.graph_name.value
            for quad in axioms.store.quads_for_pattern(axiom.subject, axiom.predicate, axiom.object)
            if isinstance(quad.graph_name, ox.NamedNode)
        ]
        assert any(not graph.startswith(BASE) for graph in graphs), axiom
