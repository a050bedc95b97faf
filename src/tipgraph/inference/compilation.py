"""Axioms of OWL 2 RL compiled to rules (OWL 2 Profiles, section 4.3).

The rules of the specification are written over the triples of the axioms. Here each axiom is read once and
becomes a rule over facts alone: ``tip:adoptedBy rdfs:subPropertyOf tip:involves`` becomes ``?x tip:adoptedBy
?y`` → ``?x tip:involves ?y``. Rules about the vocabulary itself (``scm-``) and about equality (``eq-``) stay
general.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Final

import pyoxigraph as ox

from tipgraph.inference.axioms import (
    COMPLEMENT,
    DOMAIN,
    EQUIVALENT_CLASS,
    EQUIVALENT_PROPERTY,
    INTERSECTION,
    INVERSE,
    NOTHING,
    ON_PROPERTY,
    ONE_OF,
    RANGE,
    SAME_AS,
    SCHEMA_PREDICATES,
    SUB_CLASS,
    SUB_PROPERTY,
    THING,
    UNION,
    Axioms,
    owl,
)
from tipgraph.inference.expressions import Branch, ExpressionCompiler, X, Y, Z
from tipgraph.inference.rules import RDF_TYPE, Pattern, Rule
from tipgraph.terms import Term
from tipgraph.vocabulary import RDF

_P: Final = ox.Variable("p")
_EXPRESSION_MARKS: Final = (INTERSECTION, UNION, COMPLEMENT, ONE_OF, ON_PROPERTY)
_DIFFERENT: Final = owl("differentFrom")
_REFLEXIVE: Final = ", ".join(
    map(str, (SAME_AS, SUB_CLASS, SUB_PROPERTY, EQUIVALENT_CLASS, EQUIVALENT_PROPERTY))
)
_SYNTAX: Final = ", ".join(
    sorted(
        map(
            str,
            {*SCHEMA_PREDICATES, ox.NamedNode(f"{RDF}first"), ox.NamedNode(f"{RDF}rest")}
            - {SAME_AS, _DIFFERENT},
        )
    )
)


def compile_axioms(axioms: Axioms, locate: Callable[[ox.Triple], str], *, equality: bool) -> list[Rule]:
    """The rules of every axiom in ``axioms``; with ``equality``, those of ``owl:sameAs`` too.

    Raises ``OntologyError``, naming the axiom and what ``locate`` says of it, when one is outside OWL 2 RL.
    """
    rules = [*_vocabulary_rules(), *AxiomCompiler(axioms, locate).rules(equality=equality)]
    if equality:
        rules += _equality_rules()
    # Axioms often say the same twice, such as an inverse from either side.
    different: dict[object, Rule] = {}
    for rule in rules:
        different.setdefault((rule.head, rule.body, rule.conditions, rule.where), rule)
    return list(different.values())


class AxiomCompiler(ExpressionCompiler):
    """Compiles the axioms one after another."""

    def rules(self, *, equality: bool) -> Iterator[Rule]:
        """The rules of all axioms."""
        self._refuse_foreign_axioms()
        yield from self._class_axioms()
        yield from self._disjoint_classes()
        yield from self._property_hierarchy()
        yield from self._property_characteristics()
        yield from self._domains_and_ranges()
        yield from self._disjoint_properties()
        yield from self._keys()
        yield from self._class_assertions()
        yield from self._negative_assertions()
        yield from self._has_value_hierarchy()
        if equality:
            yield from self._different_individuals()
        yield Rule("eq-diff1", (Pattern(X, _DIFFERENT, X),), None)
        yield Rule("cls-nothing2", (Pattern(X, RDF_TYPE, NOTHING),), None)

    def _refuse_foreign_axioms(self) -> None:
        for _ in self.each(RDF_TYPE, owl("ReflexiveProperty")):
            self.refuse("a reflexive property would relate everything to itself")
        for _ in self.each(owl("disjointUnionOf")):
            self.refuse("a disjoint union would say that nothing else is in the class")
        for _ in self.each(owl("onProperties")):
            self.refuse("it has no data ranges over several properties")

    def _class_axioms(self) -> Iterator[Rule]:
        for axiom in self.each(SUB_CLASS):
            if not self.axioms.is_data_range(axiom.subject):
                yield from self._inclusion(axiom.subject, axiom.object)
        for axiom in self.each(EQUIVALENT_CLASS):
            if self.axioms.is_data_range(axiom.subject):
                self.data_range(axiom.subject, X)
                continue
            self.check_equivalence(axiom.subject)
            self.check_equivalence(axiom.object)
            yield from self._inclusion(axiom.subject, axiom.object)
            yield from self._inclusion(axiom.object, axiom.subject)
        for mark in _EXPRESSION_MARKS:
            for axiom in self.each(mark):
                name = axiom.subject
                if isinstance(name, ox.NamedNode) and not self.axioms.is_data_range(name):
                    self.check_equivalence(name, defined=True)
                    yield from self._inclusion(name, name, sub_defined=True)
                    yield from self._inclusion(name, name, super_defined=True)

    def _inclusion(
        self, sub: Term, super_: Term, *, sub_defined: bool = False, super_defined: bool = False
    ) -> Iterator[Rule]:
        """The rules of ``sub`` being a sub-class of ``super_``: over instances, and over named classes."""
        for name, branch in self.sub_class(sub, X, defined=sub_defined):
            yield from self.super_class(name, super_, X, branch, defined=super_defined)
        above = list(self.named_above(super_, defined=super_defined))
        for low, high in itertools.product(self.named_below(sub, defined=sub_defined), above):
            if low != high and ox.Triple(low, SUB_CLASS, high) != self._axiom:
                yield self.rule(
                    "scm-int" if low == sub else "scm-uni", Pattern(low, SUB_CLASS, high), Branch()
                )

    def _disjoint_classes(self) -> Iterator[Rule]:
        for axiom in self.each(owl("disjointWith")):
            yield from self._disjoint("cax-dw", [axiom.subject, axiom.object])
        for axiom in self.each(RDF_TYPE, owl("AllDisjointClasses")):
            yield from self._disjoint("cax-adc", self._members(axiom.subject))

    def _disjoint(self, name: str, classes: list[Term]) -> Iterator[Rule]:
        names = [kind for kind in classes if isinstance(kind, ox.NamedNode)]
        if len(names) > 1:
            # One query for all pairs of named classes: it looks at each instance once.
            first, second = ox.Variable("first"), ox.Variable("second")
            body = (Pattern(X, RDF_TYPE, first), Pattern(X, RDF_TYPE, second))
            values = " ".join(map(str, names))
            where = (
                # Whatever is in several of them, in one pass over the instances; as a rule there is none.
                f"{{ SELECT {X} WHERE {{ VALUES {first} {{ {values} }} {body[0]} }}"
                f" GROUP BY {X} HAVING(COUNT(DISTINCT {first}) > 1) }}"
                f" VALUES {first} {{ {values} }} {body[0]} . {body[1]} . VALUES {second} {{ {values} }}"
                f" FILTER(STR({first}) < STR({second}))"
            )
            yield Rule(name, body, None, (self._axiom,), where=where)
        for one, two in itertools.combinations(classes, 2):
            if one == two or not (one in names and two in names):
                for (_, first_branch), (_, second_branch) in itertools.product(
                    self.sub_class(one, X), self.sub_class(two, X)
                ):
                    yield self.rule(name, None, first_branch.join(second_branch))

    def _property_hierarchy(self) -> Iterator[Rule]:
        for axiom in self.each(SUB_PROPERTY):
            yield self.rule("prp-spo1", self.edge(X, axiom.object, Y), self.match(X, axiom.subject, Y))
        for axiom in self.each(EQUIVALENT_PROPERTY):
            yield self.rule("prp-eqp1", self.edge(X, axiom.object, Y), self.match(X, axiom.subject, Y))
            yield self.rule("prp-eqp2", self.edge(X, axiom.subject, Y), self.match(X, axiom.object, Y))
        for axiom in self.each(INVERSE):
            if isinstance(axiom.subject, ox.NamedNode):
                yield self.rule("prp-inv1", self.edge(Y, axiom.object, X), self.match(X, axiom.subject, Y))
                yield self.rule("prp-inv2", self.edge(Y, axiom.subject, X), self.match(X, axiom.object, Y))
        for axiom in self.each(owl("propertyChainAxiom")):
            chain = self.axioms.items(axiom.object)
            if len(chain) < 2:
                self.refuse("a property chain has two or more properties")
            nodes = [ox.Variable(f"x{number}") for number in range(len(chain) + 1)]
            links = (self.edge(nodes[number], prop, nodes[number + 1]) for number, prop in enumerate(chain))
            yield self.rule("prp-spo2", self.edge(nodes[0], axiom.subject, nodes[-1]), Branch(tuple(links)))

    def _property_characteristics(self) -> Iterator[Rule]:
        for axiom in self.each(RDF_TYPE, owl("FunctionalProperty")):
            pair = self.match(X, axiom.subject, Y).join(self.match(X, axiom.subject, Z))
            yield from self.same("prp-fp", pair, Y, Z)
        for axiom in self.each(RDF_TYPE, owl("InverseFunctionalProperty")):
            pair = self.match(Y, axiom.subject, X).join(self.match(Z, axiom.subject, X))
            yield from self.same("prp-ifp", pair, Y, Z)
        for axiom in self.each(RDF_TYPE, owl("IrreflexiveProperty")):
            yield self.rule("prp-irp", None, self.match(X, axiom.subject, X))
        for axiom in self.each(RDF_TYPE, owl("SymmetricProperty")):
            yield self.rule("prp-symp", self.edge(Y, axiom.subject, X), self.match(X, axiom.subject, Y))
        for axiom in self.each(RDF_TYPE, owl("AsymmetricProperty")):
            there_and_back = self.match(X, axiom.subject, Y).join(self.match(Y, axiom.subject, X))
            yield self.rule("prp-asyp", None, there_and_back)
        for axiom in self.each(RDF_TYPE, owl("TransitiveProperty")):
            steps = self.match(X, axiom.subject, Y).join(self.match(Y, axiom.subject, Z))
            yield self.rule("prp-trp", self.edge(X, axiom.subject, Z), steps)

    def _domains_and_ranges(self) -> Iterator[Rule]:
        for axiom in self.each(DOMAIN):
            yield from self.super_class("prp-dom", axiom.object, X, self.match(X, axiom.subject, Y))
            yield from self._classes_of_property("scm-dom1")
        for axiom in self.each(RANGE):
            branch = self.match(Y, axiom.subject, X)
            if self.axioms.is_data_range(axiom.object):
                yield self.outside("prp-rng", axiom.object, X, branch)
            else:
                yield from self.super_class("prp-rng", axiom.object, X, branch)
                yield from self._classes_of_property("scm-rng1")

    def _classes_of_property(self, name: str) -> Iterator[Rule]:
        prop, predicate, expression = self._axiom
        if isinstance(prop, ox.NamedNode) and isinstance(expression, ox.BlankNode):
            for kind in self.named_above(expression):
                yield self.rule(name, Pattern(prop, predicate, kind), Branch())

    def _disjoint_properties(self) -> Iterator[Rule]:
        for axiom in self.each(owl("propertyDisjointWith")):
            yield from self._disjoint_pairs("prp-pdw", [axiom.subject, axiom.object])
        for axiom in self.each(RDF_TYPE, owl("AllDisjointProperties")):
            yield from self._disjoint_pairs("prp-adp", self._members(axiom.subject))

    def _disjoint_pairs(self, name: str, properties: list[Term]) -> Iterator[Rule]:
        for first, second in itertools.combinations(properties, 2):
            yield self.rule(name, None, self.match(X, first, Y).join(self.match(X, second, Y)))

    def _keys(self) -> Iterator[Rule]:
        for axiom in self.each(owl("hasKey")):
            shared = Branch(conditions=(f"!sameTerm({Y}, {Z})",))
            keys = self.axioms.items(axiom.object)
            if not keys:
                self.refuse("a key has one or more properties")
            for number, key in enumerate(keys):
                value = ox.Variable(f"key{number}")
                shared = shared.join(self.match(Y, key, value)).join(self.match(Z, key, value))
            for (_, one), (_, two) in itertools.product(
                self.sub_class(axiom.subject, Y), self.sub_class(axiom.subject, Z)
            ):
                yield self.rule("prp-key", Pattern(Y, SAME_AS, Z), one.join(two).join(shared))

    def _class_assertions(self) -> Iterator[Rule]:
        expressions = {
            axiom.subject
            for mark in _EXPRESSION_MARKS
            for axiom in self.axioms.statements(mark)
            if isinstance(axiom.subject, ox.BlankNode)
        }
        for expression in sorted(expressions, key=str):
            for axiom in self.each(RDF_TYPE, expression):
                yield from self.super_class("cls", expression, X, Branch(bound={X: axiom.subject}))

    def _negative_assertions(self) -> Iterator[Rule]:
        for axiom in self.each(owl("sourceIndividual")):
            for prop in self.axioms.objects(axiom.subject, owl("assertionProperty")):
                for name, target in (("prp-npa1", "targetIndividual"), ("prp-npa2", "targetValue")):
                    for value in self.axioms.objects(axiom.subject, owl(target)):
                        bound = Branch(bound={X: axiom.object, Y: value})
                        yield self.rule(name, None, self.match(X, prop, Y).join(bound))

    def _different_individuals(self) -> Iterator[Rule]:
        yield Rule("eq-diff1", (Pattern(X, SAME_AS, Y), Pattern(X, _DIFFERENT, Y)), None)
        for axiom in self.each(RDF_TYPE, owl("AllDifferent")):
            for one, two in itertools.combinations(self._members(axiom.subject), 2):
                yield self.rule("eq-diff2", None, Branch((Pattern(one, SAME_AS, two),)))

    def _has_value_hierarchy(self) -> Iterator[Rule]:
        """scm-hv: ``p value v`` is within whatever ``q value v`` is within, where ``p`` is under ``q``."""
        within: list[tuple[ox.Triple, Pattern, Term, Term]] = []
        containing: list[tuple[ox.Triple, Term, Term, ox.NamedNode]] = []
        for predicate in (SUB_CLASS, EQUIVALENT_CLASS, DOMAIN, RANGE):
            for axiom in self.each(predicate):
                if self.axioms.is_data_range(axiom.object) or self.axioms.is_data_range(axiom.subject):
                    continue
                sides = [(axiom.subject, axiom.object), (axiom.object, axiom.subject)]
                for low, high in sides if predicate == EQUIVALENT_CLASS else sides[:1]:
                    is_class = predicate in (SUB_CLASS, EQUIVALENT_CLASS)
                    names = self.named_below(low) if is_class else iter([low])
                    head = SUB_CLASS if is_class else predicate
                    values = list(self.values_above(high))
                    within += [(axiom, Pattern(name, head, Z), *value) for name in names for value in values]
                    if is_class:
                        values = list(self.values_below(low))
                        containing += [
                            (axiom, *value, kind) for kind in self.named_above(high) for value in values
                        ]
        for (axiom, pattern, prop, value), (other, wider, same_value, kind) in itertools.product(
            within, containing
        ):
            if value == same_value and pattern.subject != kind and isinstance(pattern.subject, ox.NamedNode):
                body = () if prop == wider else (Pattern(prop, SUB_PROPERTY, wider),)
                yield Rule("scm-hv", body, pattern.replace({Z: kind}), (axiom, other))

    def _members(self, subject: Term) -> list[Term]:
        heads = [
            head for key in ("members", "distinctMembers") for head in self.axioms.objects(subject, owl(key))
        ]
        return [item for head in heads for item in self.axioms.items(head)]


def _vocabulary_rules() -> list[Rule]:
    """The rules of table 9 over named terms; what stands above owl:Thing or under itself is left out."""
    new = f"isIRI({X}) && isIRI({Z}) && {X} != {Z}"
    said = f"{Z} != {THING} && {X} != {NOTHING}"
    named = f"isIRI({X}) && isIRI({Y}) && {X} != {Y}"

    def chain(
        name: str, first: ox.NamedNode, second: ox.NamedNode, head: ox.NamedNode, *conditions: str
    ) -> Rule:
        return Rule(name, (Pattern(X, first, Y), Pattern(Y, second, Z)), Pattern(X, head, Z), (), conditions)

    def both(name: str, hierarchy: ox.NamedNode, equivalence: ox.NamedNode) -> Rule:
        body = (Pattern(X, hierarchy, Y), Pattern(Y, hierarchy, X))
        return Rule(name, body, Pattern(X, equivalence, Y), (), (named,))

    def each_way(name: str, equivalence: ox.NamedNode, hierarchy: ox.NamedNode) -> list[Rule]:
        body = (Pattern(X, equivalence, Y),)
        return [
            Rule(name, body, Pattern(X, hierarchy, Y), (), (named,)),
            Rule(name, body, Pattern(Y, hierarchy, X), (), (named,)),
        ]

    return [
        chain("scm-sco", SUB_CLASS, SUB_CLASS, SUB_CLASS, new, said),
        *each_way("scm-eqc1", EQUIVALENT_CLASS, SUB_CLASS),
        both("scm-eqc2", SUB_CLASS, EQUIVALENT_CLASS),
        chain("scm-spo", SUB_PROPERTY, SUB_PROPERTY, SUB_PROPERTY, new),
        *each_way("scm-eqp1", EQUIVALENT_PROPERTY, SUB_PROPERTY),
        both("scm-eqp2", SUB_PROPERTY, EQUIVALENT_PROPERTY),
        chain("scm-dom1", DOMAIN, SUB_CLASS, DOMAIN, new, said),
        chain("scm-dom2", SUB_PROPERTY, DOMAIN, DOMAIN, new, said),
        chain("scm-rng1", RANGE, SUB_CLASS, RANGE, new, said),
        chain("scm-rng2", SUB_PROPERTY, RANGE, RANGE, new, said),
    ]


def _equality_rules() -> list[Rule]:
    """The rules of table 4 without the reflexive ones.

    They do not rewrite the triples by which expressions and lists are written down: what follows from an
    expression follows for its individuals, and for theirs.
    """
    other = ox.Variable("other")
    same = Pattern(X, SAME_AS, other)

    def told(subject: ox.Variable, predicate: ox.Variable, value: ox.Variable) -> str:
        written = f"(isBlank({subject}) || isBlank({value})) && {predicate} IN ({_SYNTAX})"
        expression = f"isBlank({value}) && {predicate} = {RDF_TYPE}"
        reflexive = f"sameTerm({subject}, {value}) && {predicate} IN ({_REFLEXIVE})"
        return f"!({written}) && !({expression}) && !({reflexive})"

    # What is left out as reflexive says something once one of its ends has another name.
    reflexive = [
        Rule(
            name,
            (same, Pattern(X, RDF_TYPE, owl(kind))),
            Pattern(X, predicate, other),
            (),
            (f"{X} != {other}",),
        )
        for name, kind, predicates in (
            ("scm-cls", "Class", (SUB_CLASS, EQUIVALENT_CLASS)),
            ("scm-op", "ObjectProperty", (SUB_PROPERTY, EQUIVALENT_PROPERTY)),
            ("scm-dp", "DatatypeProperty", (SUB_PROPERTY, EQUIVALENT_PROPERTY)),
        )
        for predicate in predicates
    ]
    return [
        *reflexive,
        Rule("eq-sym", (Pattern(X, SAME_AS, Y),), Pattern(Y, SAME_AS, X)),
        Rule(
            "eq-trans",
            (Pattern(X, SAME_AS, Y), Pattern(Y, SAME_AS, Z)),
            Pattern(X, SAME_AS, Z),
            (),
            (f"!sameTerm({X}, {Z})",),
        ),
        Rule("eq-rep-s", (same, Pattern(X, _P, Y)), Pattern(other, _P, Y), (), (told(other, _P, Y),)),
        Rule("eq-rep-p", (same, Pattern(Y, X, Z)), Pattern(Y, other, Z), (), (told(Y, other, Z),)),
        Rule("eq-rep-o", (same, Pattern(Y, _P, X)), Pattern(Y, _P, other), (), (told(Y, _P, other),)),
    ]
