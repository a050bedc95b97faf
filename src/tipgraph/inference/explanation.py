"""Why an inferred triple holds: its shortest derivation, down to asserted triples and where they stand."""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import OntologyError
from tipgraph.inference.facts import graphs_of, is_asserted, solve, to_triple
from tipgraph.inference.paths import shortest_way
from tipgraph.inference.provenance import Place, PlaceFinder
from tipgraph.inference.rule_files import FileRule
from tipgraph.inference.rules import Rule
from tipgraph.inference.ruleset import RuleSet
from tipgraph.store import Dataset
from tipgraph.terms import Term
from tipgraph.vocabulary import GRAPH_INFERRED, TIP

_EVIDENCE: Final = ox.NamedNode(f"{TIP}evidence")


@dataclass(frozen=True)
class Axiom:
    """An axiom in the functional-style syntax, and where it stands."""

    text: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Derivation:
    """A triple and why it holds.

    An asserted triple has ``places``, and the passages that carry what is said of its subject as
    ``evidence``; it has no ``rule``. An inferred one has the name of its rule, the ``axioms`` or the
    ``reason`` of the rule file that say so, and the derivations of its ``premises``.
    """

    triple: ox.Triple
    places: tuple[Place, ...] = ()
    evidence: tuple[str, ...] = ()
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


@dataclass
class _Instance:
    """A rule that derives ``conclusion`` from ``premises``; ``missing`` counts those not yet derived."""

    rule: Rule
    conclusion: ox.Triple
    premises: tuple[ox.Triple, ...]
    missing: int = field(init=False)

    def __post_init__(self) -> None:
        self.missing = len(self.premises)


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
        if is_asserted(self._store, triple):
            return self._leaf(triple)
        uses = self._expand(triple)
        # Knuth's generalization of Dijkstra's algorithm: triples are settled by the size of their
        # derivations.
        settled: dict[ox.Triple, Derivation] = {}
        sizes: dict[ox.Triple, int] = {}
        order = itertools.count()
        waiting: list[tuple[int, int, ox.Triple, _Instance | None]] = []
        for leaf in uses.leaves:
            heapq.heappush(waiting, (1, next(order), leaf, None))
        for instance in uses.without_premises:
            heapq.heappush(waiting, (1, next(order), instance.conclusion, instance))
        while waiting:
            size, _, reached, by = heapq.heappop(waiting)
            if reached in settled:
                continue
            sizes[reached] = size
            settled[reached] = self._step(by, settled) if by else self._leaf(reached)
            if reached == triple:
                return settled[reached]
            for use in uses.of[reached]:
                use.missing -= 1
                if use.missing == 0:
                    total = 1 + sum(sizes[premise] for premise in use.premises)
                    heapq.heappush(waiting, (total, next(order), use.conclusion, use))
        shown = self._ruleset.axioms.say(*triple)
        raise OntologyError(
            f"no rule derives {shown}, although it is in <{GRAPH_INFERRED}>",
            "run the inference again: the axioms or the rules have changed since",
        )

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

    def _expand(self, goal: ox.Triple) -> _Uses:
        """Every way to derive ``goal``, and all that those ways rest on."""
        uses = _Uses()
        seen = {goal}
        waiting = [goal]
        while waiting:
            triple = waiting.pop()
            if triple != goal and is_asserted(self._store, triple):
                uses.leaves.append(triple)
                continue
            for rule in self._by_predicate[triple.predicate] + self._by_predicate[None]:
                for premises in self.matches(rule, triple):
                    uses.add(_Instance(rule, triple, premises))
                    waiting += [premise for premise in premises if premise not in seen]
                    seen.update(premises)
        return uses

    def _step(self, instance: _Instance, settled: Mapping[ox.Triple, Derivation]) -> Derivation:
        rule = instance.rule
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
            premises=tuple(settled[premise] for premise in instance.premises),
        )

    def _leaf(self, triple: ox.Triple) -> Derivation:
        quads = self._store.quads_for_pattern(triple.subject, _EVIDENCE, None, None)
        passages = sorted({quad.object.value for quad in quads if isinstance(quad.object, ox.NamedNode)})
        return Derivation(triple, tuple(self._places.find(triple)), tuple(passages))


@dataclass
class _Uses:
    """Rule instances by what they rest on."""

    of: dict[ox.Triple, list[_Instance]] = field(default_factory=lambda: defaultdict(list))
    without_premises: list[_Instance] = field(default_factory=list)
    leaves: list[ox.Triple] = field(default_factory=list)

    def add(self, instance: _Instance) -> None:
        """Note ``instance`` under each of its premises."""
        if not instance.premises:
            self.without_premises.append(instance)
        for premise in instance.premises:
            self.of[premise].append(instance)
