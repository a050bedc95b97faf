"""Why an inferred triple holds: its shortest derivation, down to asserted triples and where they stand."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import OntologyError
from tipgraph.inference.facts import INFERRED, graphs_of, is_asserted, solve, to_triple
from tipgraph.inference.paths import shortest_way
from tipgraph.inference.provenance import Place, PlaceFinder
from tipgraph.inference.rule_files import FileRule
from tipgraph.inference.rules import Rule
from tipgraph.inference.ruleset import RuleSet
from tipgraph.store import Dataset
from tipgraph.terms import Term
from tipgraph.vocabulary import DCTERMS, GRAPH_INFERRED, TIP

_EVIDENCE: Final = ox.NamedNode(f"{TIP}evidence")
_SIDEWAYS: Final = ("prp-dom", "prp-rng")
_SIDEWAYS_WEIGHT: Final = 4
_SOURCE: Final = ox.NamedNode(f"{DCTERMS}source")


@dataclass(frozen=True)
class Axiom:
    """An axiom in the functional-style syntax, and where it stands."""

    text: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Derivation:
    """A triple and why it holds.

    An asserted triple has ``places``. Its ``evidence`` are the passages, and its ``sources`` the documents,
    on which the graph that asserts it rests what it says of the subject: what was taken from a table does not
    borrow the sentences of the report. It has no ``rule``. An inferred one has the name of its rule, the
    ``axioms`` or the ``reason`` of the rule file that say so, and the derivations of its ``premises``.
    """

    triple: ox.Triple
    places: tuple[Place, ...] = ()
    evidence: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    rule: str | None = None
    axioms: tuple[Axiom, ...] = ()
    reason: str | None = None
    premises: tuple[Derivation, ...] = ()

    @property
    def is_asserted(self) -> bool:
        """Whether the triple stands in a file."""
        return self.rule is None

    def leaves(self) -> list[Derivation]:
        """The asserted triples that the derivation rests on, each once, in order."""
        found: dict[ox.Triple, Derivation] = {}
        waiting = [self]
        while waiting:
            step = waiting.pop()
            waiting += reversed(step.premises)
            if step.is_asserted:
                found.setdefault(step.triple, step)
        return list(found.values())


@dataclass(frozen=True)
class _Instance:
    """A rule that derives ``conclusion`` from ``premises``; no rule and no premises where it is asserted."""

    conclusion: ox.Triple
    rule: Rule | None = None
    premises: tuple[ox.Triple, ...] = ()


class _Assumed(_Instance):
    """A triple of which it is not yet known how it is derived."""


class Explainer:
    """Derives triples backwards over a dataset to which the rules of a rule set have been applied."""

    def __init__(self, dataset: Dataset, ruleset: RuleSet, places: PlaceFinder) -> None:
        self._store = dataset.store
        self._ruleset = ruleset
        self._places = places
        self._by_predicate: dict[Term | None, list[Rule]] = defaultdict(list)
        for rule in ruleset.rules:
            if rule.head is not None:
                predicate = rule.head.predicate
                self._by_predicate[None if isinstance(predicate, ox.Variable) else predicate].append(rule)

    def explain(self, triple: ox.Triple) -> Derivation:
        """The derivation of ``triple`` with the fewest steps.

        Raises ``OntologyError`` when the triple is neither asserted nor derived by any rule.
        """
        # A triple that is yet to be explored is assumed to take as few steps as any could. When the smallest
        # derivation assumes nothing, no other can be smaller; else only what it assumes has to be explored.
        instances = {triple: self._instances_of(triple)}
        while True:
            found = [instance for known in instances.values() for instance in known]
            premises = dict.fromkeys(premise for instance in found for premise in instance.premises)
            assumed = [_Assumed(premise) for premise in premises if premise not in instances]
            steps = _derive_smallest(triple, [*found, *assumed])
            open_ = [step.conclusion for step in steps if isinstance(step, _Assumed)]
            if not open_:
                return self._told(triple, steps)
            instances |= {one: self._instances_of(one) for one in open_}

    def matches(self, rule: Rule, conclusion: ox.Triple | None = None) -> Iterator[tuple[ox.Triple, ...]]:
        """The triples of each match of the body of ``rule``; with ``conclusion``, of those that derive it."""
        terms: dict[ox.Variable, Term] = dict(rule.blank_nodes())
        if conclusion is not None and rule.head is not None:
            for slot, term in zip(rule.head, conclusion, strict=True):
                if isinstance(slot, ox.Variable):
                    if terms.setdefault(slot, term) != term:
                        return
                elif slot != term:
                    return
        if not rule.body and rule.where is None:
            yield self._supported(rule, [])
            return
        for solution in solve(self._store, rule.select(), terms):
            yield self._supported(rule, self._matched(rule, solution))

    def _supported(self, rule: Rule, matched: Iterable[ox.Triple]) -> tuple[ox.Triple, ...]:
        """The matched triples, and the axioms of the rule that are themselves inferred."""
        inferred = (axiom for axiom in rule.axioms if not is_asserted(self._store, axiom))
        return tuple(dict.fromkeys([*matched, *inferred]))

    def _matched(self, rule: Rule, terms: Mapping[ox.Variable, Term]) -> Iterator[ox.Triple]:
        for pattern in rule.body:
            triple = to_triple(pattern.replace(terms))
            # In a rule file a pattern may be one of several alternatives, or optional.
            if triple is not None and (rule.where is None or graphs_of(self._store, triple)):
                yield triple
        if isinstance(rule, FileRule):
            for path in rule.paths:
                start, end = (
                    terms.get(node) if isinstance(node, ox.Variable) else node for node in path.ends
                )
                if start is not None and end is not None:
                    yield from shortest_way(self._store, path.path, start, end) or ()

    def _instances_of(self, triple: ox.Triple) -> list[_Instance]:
        """Every way to derive ``triple`` in one step; only that it is asserted, where it is."""
        if is_asserted(self._store, triple):
            return [_Instance(triple)]
        rules = self._by_predicate[triple.predicate] + self._by_predicate[None]
        return [
            _Instance(triple, rule, premises) for rule in rules for premises in self.matches(rule, triple)
        ]

    def _told(self, triple: ox.Triple, steps: Sequence[_Instance]) -> Derivation:
        """The derivation of ``triple`` of which ``steps`` are the instances, each after its premises."""
        if not steps:
            raise OntologyError(
                f"no rule derives {self._ruleset.axioms.say(triple)}, although it is in <{GRAPH_INFERRED}>",
                "run the inference again: the axioms or the rules have changed since",
            )
        told: dict[ox.Triple, Derivation] = {}
        for step in steps:
            told[step.conclusion] = self._step(step, told)
        return told[triple]

    def _step(self, instance: _Instance, told: Mapping[ox.Triple, Derivation]) -> Derivation:
        rule = instance.rule
        if rule is None:
            return self._leaf(instance.conclusion)
        axioms = [
            Axiom(self._ruleset.axioms.describe(axiom), tuple(self._places.find(axiom)))
            for axiom in rule.axioms
            if is_asserted(self._store, axiom)
        ]
        return Derivation(
            instance.conclusion,
            rule=rule.name,
            axioms=tuple(axioms),
            reason=rule.reason if isinstance(rule, FileRule) else None,
            premises=tuple(told[premise] for premise in instance.premises),
        )

    def _leaf(self, triple: ox.Triple) -> Derivation:
        graphs = graphs_of(self._store, triple) - {INFERRED}
        evidence, sources = (
            tuple(
                sorted(
                    {
                        quad.object.value
                        for graph in graphs
                        for quad in self._store.quads_for_pattern(triple.subject, predicate, None, graph)
                        if isinstance(quad.object, ox.NamedNode)
                    }
                )
            )
            for predicate in (_EVIDENCE, _SOURCE)
        )
        return Derivation(triple, tuple(self._places.find(triple)), evidence, sources)


def _derive_smallest(goal: ox.Triple, instances: Iterable[_Instance]) -> list[_Instance]:
    """The steps of the smallest derivation of ``goal``, each after its premises; none where there is none.

    This is Knuth's generalization of Dijkstra's algorithm: triples are settled by the size of their
    derivations. A domain or range counts for more than a step: that a thing is a treaty since a treaty
    action is of it is true, and yet says less than that it is a protocol and each of these is a treaty.
    """
    missing: dict[int, int] = {}
    users: dict[ox.Triple, list[tuple[int, _Instance]]] = defaultdict(list)
    waiting: list[tuple[int, str, int, _Instance]] = []
    for number, instance in enumerate(instances):
        missing[number] = len(instance.premises)
        if not instance.premises:
            heapq.heappush(waiting, (1, "", number, instance))
        for premise in instance.premises:
            users[premise].append((number, instance))
    sizes: dict[ox.Triple, int] = {}
    settled: dict[ox.Triple, _Instance] = {}
    while waiting and goal not in settled:
        size, _, _, step = heapq.heappop(waiting)
        if step.conclusion in settled:
            continue
        sizes[step.conclusion] = size
        settled[step.conclusion] = step
        for number, user in users[step.conclusion]:
            missing[number] -= 1
            if not missing[number]:
                weight = _SIDEWAYS_WEIGHT if user.rule and user.rule.name in _SIDEWAYS else 1
                total = weight + sum(sizes[premise] for premise in user.premises)
                # Of several that are as small, always the same one.
                heapq.heappush(waiting, (total, "".join(map(str, user.premises)), number, user))
    needed = {goal}
    steps = []
    for step in reversed(settled.values()):
        if step.conclusion in needed:
            needed.update(step.premises)
            steps.append(step)
    return steps[::-1]
