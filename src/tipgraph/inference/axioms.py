"""The axioms of a dataset, read from its triples as in the OWL 2 Mapping to RDF Graphs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import OntologyError
from tipgraph.inference.rules import RDF_TYPE
from tipgraph.terms import Term
from tipgraph.vocabulary import OWL, RDF, RDFS, XSD, shorten

Node = ox.NamedNode | ox.BlankNode


def owl(name: str) -> ox.NamedNode:
    """The term of that name in the OWL vocabulary."""
    return ox.NamedNode(OWL + name)


def rdfs(name: str) -> ox.NamedNode:
    """The term of that name in the RDF Schema vocabulary."""
    return ox.NamedNode(RDFS + name)


THING: Final = owl("Thing")
NOTHING: Final = owl("Nothing")
SAME_AS: Final = owl("sameAs")
SUB_CLASS: Final = rdfs("subClassOf")
SUB_PROPERTY: Final = rdfs("subPropertyOf")
DOMAIN: Final = rdfs("domain")
RANGE: Final = rdfs("range")
EQUIVALENT_CLASS: Final = owl("equivalentClass")
EQUIVALENT_PROPERTY: Final = owl("equivalentProperty")
INVERSE: Final = owl("inverseOf")
INTERSECTION: Final = owl("intersectionOf")
UNION: Final = owl("unionOf")
COMPLEMENT: Final = owl("complementOf")
ONE_OF: Final = owl("oneOf")
ON_PROPERTY: Final = owl("onProperty")
SOME_VALUES: Final = owl("someValuesFrom")
ALL_VALUES: Final = owl("allValuesFrom")
HAS_VALUE: Final = owl("hasValue")
MAX_CARDINALITY: Final = owl("maxCardinality")
MAX_QUALIFIED: Final = owl("maxQualifiedCardinality")
ON_CLASS: Final = owl("onClass")
ON_DATA_RANGE: Final = owl("onDataRange")
DATATYPE: Final = rdfs("Datatype")

SCHEMA_PREDICATES: Final = frozenset(
    {SUB_CLASS, SUB_PROPERTY, DOMAIN, RANGE, EQUIVALENT_CLASS, EQUIVALENT_PROPERTY, INVERSE, SAME_AS}
    | {owl(name) for name in ("disjointWith", "propertyDisjointWith", "differentFrom")}
    | {owl(name) for name in ("propertyChainAxiom", "hasKey", "members", "distinctMembers")}
    | {INTERSECTION, UNION, COMPLEMENT, ONE_OF, ON_PROPERTY, SOME_VALUES, ALL_VALUES, HAS_VALUE}
    | {MAX_CARDINALITY, MAX_QUALIFIED, ON_CLASS, ON_DATA_RANGE}
    | {owl(name) for name in ("sourceIndividual", "assertionProperty", "targetIndividual", "targetValue")}
)
"""The predicates of axioms: a triple with one of them can change what the rules are."""

AXIOM_CLASSES: Final = frozenset(
    owl(name)
    for name in (
        "FunctionalProperty",
        "InverseFunctionalProperty",
        "IrreflexiveProperty",
        "SymmetricProperty",
        "AsymmetricProperty",
        "TransitiveProperty",
        "ReflexiveProperty",
        "AllDisjointClasses",
        "AllDisjointProperties",
        "AllDifferent",
    )
)
"""The classes that make a statement of type an axiom."""

_DATATYPES: Final = frozenset(
    ox.NamedNode(iri)
    for iri in (f"{RDFS}Literal", f"{RDF}PlainLiteral", f"{RDF}XMLLiteral", f"{RDF}langString")
)
"""The datatypes that are not in the namespace of XML Schema."""

_MEMBERSHIPS: Final[Mapping[Term, str]] = {
    owl("AllDisjointClasses"): "DisjointClasses",
    owl("AllDisjointProperties"): "DisjointProperties",
    owl("AllDifferent"): "DifferentIndividuals",
}
"""The class of an axiom over a list of members → its name in the functional-style syntax."""

_FIRST: Final = ox.NamedNode(f"{RDF}first")
_REST: Final = ox.NamedNode(f"{RDF}rest")
_NIL: Final = ox.NamedNode(f"{RDF}nil")

_EXPRESSIONS: Final[Mapping[ox.NamedNode, str]] = {
    INTERSECTION: "ObjectIntersectionOf",
    UNION: "ObjectUnionOf",
    COMPLEMENT: "ObjectComplementOf",
    ONE_OF: "ObjectOneOf",
    SOME_VALUES: "ObjectSomeValuesFrom",
    ALL_VALUES: "ObjectAllValuesFrom",
    HAS_VALUE: "ObjectHasValue",
    owl("hasSelf"): "ObjectHasSelf",
    MAX_CARDINALITY: "ObjectMaxCardinality",
    MAX_QUALIFIED: "ObjectMaxCardinality",
    owl("minCardinality"): "ObjectMinCardinality",
    owl("minQualifiedCardinality"): "ObjectMinCardinality",
    owl("cardinality"): "ObjectExactCardinality",
    owl("qualifiedCardinality"): "ObjectExactCardinality",
    owl("onDatatype"): "DatatypeRestriction",
    owl("datatypeComplementOf"): "DataComplementOf",
}
"""The predicate that marks an expression → its name in the functional-style syntax."""

_AXIOMS: Final[Mapping[ox.NamedNode, str]] = {
    SUB_CLASS: "SubClassOf",
    EQUIVALENT_CLASS: "EquivalentClasses",
    owl("disjointWith"): "DisjointClasses",
    owl("disjointUnionOf"): "DisjointUnion",
    owl("hasKey"): "HasKey",
    SUB_PROPERTY: "SubPropertyOf",
    EQUIVALENT_PROPERTY: "EquivalentProperties",
    owl("propertyDisjointWith"): "DisjointProperties",
    INVERSE: "InverseProperties",
    DOMAIN: "PropertyDomain",
    RANGE: "PropertyRange",
    owl("propertyChainAxiom"): "SubPropertyOf",
    SAME_AS: "SameIndividual",
    owl("differentFrom"): "DifferentIndividuals",
    owl("sourceIndividual"): "NegativePropertyAssertion",
}
"""The predicate that states an axiom → its name in the functional-style syntax."""


class Axioms:
    """The axioms in ``store``, in whichever graph they stand."""

    def __init__(self, store: ox.Store, prefixes: Mapping[str, str]) -> None:
        self._store = store
        self._prefixes = prefixes
        self._marks: dict[Term, list[ox.NamedNode]] = {}
        for predicate in _EXPRESSIONS:
            for axiom in self.statements(predicate):
                marks = self._marks.setdefault(axiom.subject, [])
                if predicate not in marks:
                    marks.append(predicate)
        self._datatypes = {axiom.subject for axiom in self.statements(RDF_TYPE, rdfs("Datatype"))}

    def statements(self, predicate: ox.NamedNode, object: Term | None = None) -> list[ox.Triple]:
        """The triples with that predicate and object, each once, in a stable order."""
        found = {quad.triple for quad in self._store.quads_for_pattern(None, predicate, object, None)}
        return sorted(found, key=str)

    def objects(self, subject: Term, predicate: ox.NamedNode) -> list[Term]:
        """The objects of ``subject`` and ``predicate``, each once, in a stable order."""
        if isinstance(subject, ox.Literal):
            return []
        found = {quad.object for quad in self._store.quads_for_pattern(subject, predicate, None, None)}
        return sorted(found, key=str)

    def items(self, head: Term) -> list[Term]:
        """The items of the RDF list ``head``. Raises ``OntologyError`` when it is not well-formed."""
        found: list[Term] = []
        seen: set[Term] = set()
        node = head
        while node != _NIL:
            first, rest = self.objects(node, _FIRST), self.objects(node, _REST)
            if node in seen or len(first) != 1 or len(rest) != 1:
                raise OntologyError(
                    f"the RDF list {self.name(head)} is not well-formed:"
                    " each of its nodes needs one rdf:first and one rdf:rest",
                    "write it as ( … ) in Turtle",
                )
            seen.add(node)
            found += first
            node = rest[0]
        return found

    def marks(self, node: Term) -> list[ox.NamedNode]:
        """The predicates by which ``node`` is an expression: one for a well-formed one, none for a name."""
        return self._marks.get(node, [])

    def is_data_range(self, node: Term) -> bool:
        """Whether ``node`` is a datatype or an expression of datatypes, not of classes."""
        if isinstance(node, ox.NamedNode) and node.value.startswith(XSD):
            return True
        return node in self._datatypes or node in _DATATYPES or owl("onDatatype") in self.marks(node)

    def definition_of_datatype(self, node: Term) -> Term | None:
        """The data range that the datatype ``node`` is defined as."""
        definitions = self.objects(node, EQUIVALENT_CLASS) if node in self._datatypes else []
        return definitions[0] if definitions else None

    def name(self, term: Term) -> str:
        """``term`` as a person reads it: a prefixed name, a literal, or a functional expression."""
        if isinstance(term, ox.NamedNode):
            return shorten(term.value, self._prefixes)
        if isinstance(term, ox.BlankNode):
            inverse = self.objects(term, INVERSE)
            if inverse:
                return f"ObjectInverseOf({self.name(inverse[0])})"
            if self.marks(term):
                return self.describe_expression(term)
        return str(term)

    def describe_expression(self, node: Term) -> str:
        """What ``node`` is defined as, in the functional-style syntax."""
        mark = self.marks(node)[0]
        value = self.objects(node, mark)[0]
        properties = self.objects(node, ON_PROPERTY)
        if mark in (INTERSECTION, UNION, ONE_OF):
            parts = list(map(self.name, self.items(value)))
        elif mark == owl("hasSelf"):
            parts = list(map(self.name, properties))
        elif isinstance(value, ox.Literal) and mark != HAS_VALUE:
            fillers = self.objects(node, ON_CLASS) + self.objects(node, ON_DATA_RANGE)
            parts = [value.value, *map(self.name, properties + fillers)]
        else:
            parts = list(map(self.name, [*properties, value]))
        return _call(_EXPRESSIONS[mark], *parts)

    def describe(self, axiom: ox.Triple) -> str:
        """The axiom that ``axiom`` states, in the functional-style syntax."""
        subject, predicate, value = axiom
        name = self.name(subject)
        if predicate == RDF_TYPE:
            heads = self.objects(subject, owl("members")) + self.objects(subject, owl("distinctMembers"))
            members = [self.name(item) for head in heads for item in self.items(head)]
            if members:
                return _call(_MEMBERSHIPS.get(value, self.name(value)), *members)
            if isinstance(value, ox.NamedNode) and value in AXIOM_CLASSES:
                return _call(value.value.removeprefix(OWL), name)
            return _call("ClassAssertion", self.name(value), name)
        if predicate == owl("propertyChainAxiom"):
            return _call(
                "SubPropertyOf", _call("ObjectPropertyChain", *map(self.name, self.items(value))), name
            )
        if predicate == owl("hasKey"):
            return _call("HasKey", name, *map(self.name, self.items(value)))
        if predicate == owl("sourceIndividual"):
            targets = self.objects(subject, owl("targetIndividual")) + self.objects(
                subject, owl("targetValue")
            )
            parts = [*self.objects(subject, owl("assertionProperty")), value, *targets]
            return _call("NegativePropertyAssertion", *map(self.name, parts))
        if predicate not in _AXIOMS and self.marks(subject):
            # A name that is itself written as an expression, as in OWL 1.
            return _call("EquivalentClasses", name, self.describe_expression(subject))
        return _call(_AXIOMS.get(predicate, self.name(predicate)), name, self.name(value))

    def say(self, triple: ox.Triple) -> str:
        """The triple as a person reads it, with ``a`` for ``rdf:type``."""
        verb = "a" if triple.predicate == RDF_TYPE else self.name(triple.predicate)
        return f"{self.name(triple.subject)} {verb} {self.name(triple.object)}"


def is_axiom(triple: ox.Triple) -> bool:
    """Whether ``triple`` is, or is part of, an axiom."""
    if triple.predicate == RDF_TYPE:
        return triple.object in AXIOM_CLASSES
    return triple.predicate in SCHEMA_PREDICATES


def _call(function: str, *arguments: str) -> str:
    return f"{function}({' '.join(arguments)})"
