"""Class expressions compiled to patterns and heads (OWL 2 Profiles, section 4.2.3).

On the side of the sub-class an expression becomes the ways in which something is seen to be in it; on the
side of the super-class, the rules that say what follows from being in it. Nothing is ever inferred about the
blank node that stands for the expression. What cannot be compiled is outside OWL 2 RL, and an error that
names the axiom.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

import pyoxigraph as ox

from tipgraph.errors import OntologyError
from tipgraph.inference.axioms import (
    ALL_VALUES,
    COMPLEMENT,
    HAS_VALUE,
    INTERSECTION,
    INVERSE,
    MAX_CARDINALITY,
    MAX_QUALIFIED,
    ON_CLASS,
    ON_DATA_RANGE,
    ON_PROPERTY,
    ONE_OF,
    SAME_AS,
    SOME_VALUES,
    THING,
    UNION,
    Axioms,
)
from tipgraph.inference.datatypes import differ, is_in_value_space
from tipgraph.inference.rules import RDF_TYPE, Pattern, Rule, sparql
from tipgraph.terms import Term
from tipgraph.vocabulary import OWL, RDFS

X: Final = ox.Variable("x")
Y: Final = ox.Variable("y")
Z: Final = ox.Variable("z")

_VARIABLE: Final = re.compile(r"\?\w+")
_EVERYTHING: Final = frozenset({THING, ox.NamedNode(f"{RDFS}Resource")})
"""The classes that everything is in: to infer them says nothing."""

_REFUSED_DATATYPES: Final = frozenset({f"{OWL}real", f"{OWL}rational"})


@dataclass(frozen=True)
class Branch:
    """One way to match: patterns, conditions, and the individuals that some variables stand for."""

    patterns: tuple[Pattern, ...] = ()
    conditions: tuple[str, ...] = ()
    bound: Mapping[ox.Variable, Term] = field(default_factory=dict)

    def join(self, other: Branch) -> Branch:
        """The branch that matches when both do."""
        patterns = self.patterns + other.patterns
        for variable, term in self.bound.items():
            if other.bound.get(variable, term) != term:
                # {a} and {b} share an individual only if a and b are the same.
                patterns += (Pattern(term, SAME_AS, other.bound[variable]),)
        return Branch(patterns, self.conditions + other.conditions, {**other.bound, **self.bound})

    def where(self, *conditions: str) -> Branch:
        """The branch under further ``conditions``."""
        return self.join(Branch(conditions=conditions))


class ExpressionCompiler:
    """Compiles the class, property and data expressions of the axiom at hand.

    ``locate`` says in which file and line a triple stands, for messages.
    """

    def __init__(self, axioms: Axioms, locate: Callable[[ox.Triple], str]) -> None:
        self.axioms = axioms
        self._locate = locate
        self._axiom: ox.Triple
        self._numbers: Iterator[int]

    def each(self, predicate: ox.NamedNode, object: Term | None = None) -> Iterator[ox.Triple]:
        """The axioms with that predicate and object, each made the axiom at hand in turn."""
        for axiom in self.axioms.statements(predicate, object):
            self._axiom, self._numbers = axiom, itertools.count()
            yield axiom

    def refuse(self, reason: str) -> NoReturn:
        """Raise the ``OntologyError`` that the axiom at hand is outside the profile."""
        raise OntologyError(
            f"{self._locate(self._axiom)}: {self.axioms.describe(self._axiom)} is outside OWL 2 RL: {reason}",
            "rewrite the axiom within the profile (https://www.w3.org/TR/owl2-profiles/#OWL_2_RL),"
            " or say it as a rule in ontology/rules/",
        )

    def rule(self, name: str, head: Pattern | None, branch: Branch) -> Rule:
        """The rule of the axiom at hand."""
        bound = branch.bound
        body = tuple(pattern.replace(bound) for pattern in branch.patterns)
        terms = {str(variable): sparql(term) for variable, term in bound.items()}
        conditions = tuple(
            _VARIABLE.sub(lambda found: terms.get(found[0], found[0]), condition)
            for condition in branch.conditions
        )
        return Rule(name, body, head and head.replace(bound), (self._axiom,), conditions)

    # -- properties -----------------------------------------------------------------------------------------

    def edge(self, subject: ox.Variable, prop: Term, value: ox.Variable | Term) -> Pattern:
        """The pattern that relates two things by a property or by the inverse of one."""
        if isinstance(prop, ox.NamedNode):
            return Pattern(subject, prop, value)
        inverses = self.axioms.objects(prop, INVERSE)
        if len(inverses) != 1 or not isinstance(inverses[0], ox.NamedNode):
            self.refuse(f"{self.axioms.name(prop)} is no property")
        return Pattern(value, inverses[0], subject)

    def match(self, subject: ox.Variable, prop: Term, value: ox.Variable | Term) -> Branch:
        """The branch of ``edge``."""
        return Branch((self.edge(subject, prop, value),))

    def same(self, name: str, branch: Branch, first: ox.Variable, second: ox.Variable) -> Iterator[Rule]:
        """Two things are the same: individuals are merged, different literals are a contradiction."""
        individuals = f"!sameTerm({first}, {second}) && !isLiteral({first}) && !isLiteral({second})"
        yield self.rule(name, Pattern(first, SAME_AS, second), branch.where(individuals))
        literals = f"isLiteral({first}) && isLiteral({second}) && STR({first}) <= STR({second})"
        yield self.rule(name, None, branch.where(literals, differ(first, second)))

    # -- classes --------------------------------------------------------------------------------------------

    def sub_class(
        self, node: Term, variable: ox.Variable, *, defined: bool = False
    ) -> Iterator[tuple[str, Branch]]:
        """Each way in which ``variable`` is seen to be in ``node``, with the name of its rule.

        With ``defined``, ``node`` is a name and what it is defined as is meant.
        """
        mark = self._mark(node, defined=defined)
        if mark is None:
            if node in _EVERYTHING:
                self.refuse("a sub-class expression cannot be owl:Thing")
            yield "cax-sco", Branch((Pattern(variable, RDF_TYPE, node),))
        elif mark == INTERSECTION:
            parts = [
                [branch for _, branch in self.sub_class(item, variable)] for item in self._items(node, mark)
            ]
            for choice in itertools.product(*parts):
                whole = Branch()
                for branch in choice:
                    whole = whole.join(branch)
                yield "cls-int1", whole
        elif mark == UNION:
            for item in self._items(node, mark):
                yield from (("cls-uni", branch) for _, branch in self.sub_class(item, variable))
        elif mark == ONE_OF:
            for item in self._items(node, mark):
                yield "cls-oo", Branch(bound={variable: item})
        elif mark == HAS_VALUE:
            yield "cls-hv2", self.match(variable, self._part(node, ON_PROPERTY), self._part(node, mark))
        elif mark == SOME_VALUES:
            filler, value = self._part(node, mark), self._variable()
            found = self.match(variable, self._part(node, ON_PROPERTY), value)
            if self.axioms.is_data_range(filler):
                yield "cls-svf1", found.where(self.data_range(filler, value))
            elif filler in _EVERYTHING:
                yield "cls-svf2", found
            else:
                yield from (("cls-svf1", found.join(branch)) for _, branch in self.sub_class(filler, value))
        else:
            self.refuse(f"{self.axioms.name(node)} cannot stand as a sub-class")

    def super_class(
        self, name: str, node: Term, variable: ox.Variable, branch: Branch, *, defined: bool = False
    ) -> Iterator[Rule]:
        """What follows from ``variable``, as it is in ``branch``, being in ``node``.

        ``name`` is the rule where ``node`` is a name. With ``defined``, what that name is defined as is
        meant.
        """
        mark = self._mark(node, defined=defined)
        if mark is None:
            if node not in _EVERYTHING:
                yield self.rule(name, Pattern(variable, RDF_TYPE, node), branch)
        elif mark == INTERSECTION:
            for item in self._items(node, mark):
                yield from self.super_class("cls-int2", item, variable, branch)
        elif mark == COMPLEMENT:
            for _, excluded in self.sub_class(self._part(node, mark), variable):
                yield self.rule("cls-com", None, branch.join(excluded))
        elif mark == HAS_VALUE:
            head = self.edge(variable, self._part(node, ON_PROPERTY), self._part(node, mark))
            yield self.rule("cls-hv1", head, branch)
        elif mark == ALL_VALUES:
            filler, value = self._part(node, mark), self._variable()
            found = branch.join(self.match(variable, self._part(node, ON_PROPERTY), value))
            if self.axioms.is_data_range(filler):
                yield self.outside("cls-avf", filler, value, found)
            else:
                yield from self.super_class("cls-avf", filler, value, found)
        elif mark in (MAX_CARDINALITY, MAX_QUALIFIED):
            yield from self._at_most(node, mark, variable, branch)
        else:
            self.refuse(f"{self.axioms.name(node)} cannot stand as a super-class")

    def check_equivalence(self, node: Term, *, defined: bool = False) -> None:
        """Refuse the axiom at hand unless ``node`` may stand among equivalent classes."""
        mark = self._mark(node, defined=defined)
        if mark == INTERSECTION:
            for item in self._items(node, mark):
                self.check_equivalence(item)
        elif mark is None:
            if node in _EVERYTHING:
                self.refuse("owl:Thing cannot stand among equivalent classes")
        elif mark != HAS_VALUE:
            self.refuse(
                f"{self.axioms.describe_expression(node)} cannot stand among equivalent classes;"
                " rdfs:subClassOf in the direction that is meant can"
            )

    def named_below(self, node: Term, *, defined: bool = False) -> Iterator[ox.NamedNode]:
        """The named classes that are sub-classes of ``node`` by its form."""
        yield from self._named(node, UNION, defined=defined)

    def named_above(self, node: Term, *, defined: bool = False) -> Iterator[ox.NamedNode]:
        """The named classes that are super-classes of ``node`` by its form."""
        yield from self._named(node, INTERSECTION, defined=defined)

    def values_below(self, node: Term) -> Iterator[tuple[Term, Term]]:
        """Property and value of each ``owl:hasValue`` that is a sub-class of ``node`` by its form."""
        yield from self._values(node, UNION)

    def values_above(self, node: Term) -> Iterator[tuple[Term, Term]]:
        """Property and value of each ``owl:hasValue`` that is a super-class of ``node`` by its form."""
        yield from self._values(node, INTERSECTION)

    # -- data ranges ----------------------------------------------------------------------------------------

    def data_range(self, node: Term, variable: ox.Variable) -> str:
        """The SPARQL condition that ``variable`` is a literal in the data range ``node``."""
        definition = self.axioms.definition_of_datatype(node)
        if definition is not None:
            return self.data_range(definition, variable)
        mark = self._mark(node)
        if mark == INTERSECTION:
            parts = (self.data_range(item, variable) for item in self._items(node, mark))
            return " && ".join(f"({part})" for part in parts)
        if mark is not None or not isinstance(node, ox.NamedNode) or node.value in _REFUSED_DATATYPES:
            self.refuse(f"{self.axioms.name(node)} cannot stand as a data range")
        return is_in_value_space(variable, node.value)

    def outside(self, name: str, node: Term, variable: ox.Variable, branch: Branch) -> Rule:
        """The constraint that ``variable`` of ``branch`` lies in the data range ``node``."""
        return self.rule(name, None, branch.where(f"!COALESCE({self.data_range(node, variable)}, false)"))

    # -- parts ----------------------------------------------------------------------------------------------

    def _at_most(
        self, node: Term, mark: ox.NamedNode, variable: ox.Variable, branch: Branch
    ) -> Iterator[Rule]:
        number, prop = self._part(node, mark), self._part(node, ON_PROPERTY)
        kind = "maxc" if mark == MAX_CARDINALITY else "maxqc"
        first, second = self._variable(), self._variable()
        if number == _integer(0):
            for filler in self._counted(node, mark, first):
                found = branch.join(self.match(variable, prop, first)).join(filler)
                yield self.rule(f"cls-{kind}1", None, found)
        elif number == _integer(1):
            pairs = itertools.product(self._counted(node, mark, first), self._counted(node, mark, second))
            for one, two in pairs:
                found = branch.join(self.match(variable, prop, first)).join(
                    self.match(variable, prop, second)
                )
                name = f"cls-{kind}{2 if kind == 'maxc' else 3}"
                yield from self.same(name, found.join(one).join(two), first, second)
        else:
            self.refuse("a maximum cardinality can only be 0 or 1")

    def _counted(self, node: Term, mark: ox.NamedNode, variable: ox.Variable) -> list[Branch]:
        """The ways in which ``variable`` counts for the cardinality restriction ``node``."""
        if mark == MAX_CARDINALITY:
            return [Branch()]
        ranges = self.axioms.objects(node, ON_DATA_RANGE)
        if ranges:
            return [Branch(conditions=(self.data_range(ranges[0], variable),))]
        filler = self._part(node, ON_CLASS)
        if filler in _EVERYTHING:
            return [Branch()]
        return [branch for _, branch in self.sub_class(filler, variable)]

    def _named(self, node: Term, through: ox.NamedNode, *, defined: bool = False) -> Iterator[ox.NamedNode]:
        if isinstance(node, ox.NamedNode) and not defined:
            if node not in _EVERYTHING:
                yield node
        elif self._mark(node, defined=defined) == through:
            for item in self._items(node, through):
                yield from self._named(item, through)

    def _values(self, node: Term, through: ox.NamedNode) -> Iterator[tuple[Term, Term]]:
        mark = self._mark(node)
        if mark == HAS_VALUE:
            yield self._part(node, ON_PROPERTY), self._part(node, mark)
        elif mark == through:
            for item in self._items(node, mark):
                yield from self._values(item, through)

    def _mark(self, node: Term, *, defined: bool = False) -> ox.NamedNode | None:
        """The predicate that says which kind of expression ``node`` is; ``None`` for a name."""
        if isinstance(node, ox.NamedNode) and not defined:
            return None
        marks = self.axioms.marks(node)
        if len(marks) != 1:
            self.refuse(f"{self.axioms.name(node)} is not one class expression")
        return marks[0]

    def _part(self, node: Term, predicate: ox.NamedNode) -> Term:
        values = self.axioms.objects(node, predicate)
        if len(values) != 1:
            self.refuse(
                f"{self.axioms.name(node)} needs one {self.axioms.name(predicate)}, not {len(values)}"
            )
        return values[0]

    def _items(self, node: Term, mark: ox.NamedNode) -> list[Term]:
        return self.axioms.items(self._part(node, mark))

    def _variable(self) -> ox.Variable:
        return ox.Variable(f"v{next(self._numbers)}")


def _integer(number: int) -> ox.Literal:
    # The store keeps every kind of integer as xsd:integer.
    return ox.Literal(number)
