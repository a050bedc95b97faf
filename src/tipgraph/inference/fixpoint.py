"""Rules run to a fixpoint in the store: semi-naive evaluation, one stage of rules after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import pyoxigraph as ox

from tipgraph.inference.axioms import AXIOM_CLASSES, SAME_AS, SCHEMA_PREDICATES, is_axiom
from tipgraph.inference.facts import add, derive
from tipgraph.inference.merging import MergedRule, merge_rules
from tipgraph.inference.rules import GRAPH_FRESH, Rule
from tipgraph.inference.stratification import Stage

_FRESH: Final = ox.NamedNode(GRAPH_FRESH)
_BATCH: Final = 50_000
"""How many triples are added at once."""


@dataclass
class Fixpoint:
    """Adds to ``graph:inferred`` of ``store`` what rules derive, and counts it by the name of the rule."""

    store: ox.Store
    equality: bool
    counts: Counter[str] = field(default_factory=Counter)
    new_axioms: set[ox.Triple] = field(default_factory=set)
    """What was derived and can change what the rules are."""

    def run(self, stages: Iterable[Stage]) -> int:
        """How many triples were added by running ``stages`` in their order until nothing new follows."""
        before = self.counts.total()
        try:
            for stage in stages:
                self._saturate(stage)
        finally:
            self.store.remove_graph(_FRESH)
        return self.counts.total() - before

    def _saturate(self, stage: Stage) -> None:
        rules = merge_rules(stage.rules)
        fresh = [triple for rule in rules for triple in self._apply(rule, keep=stage.recursive)]
        # A rule needs to look again only at what is new in a pattern that the stage itself feeds.
        fed = {rule: rule.variants(stage.feeds) for rule in rules} if fresh else {}
        while fresh:
            self.store.clear_graph(_FRESH)
            add(self.store, fresh, _FRESH)
            fresh = [
                triple
                for rule, numbers in fed.items()
                for number in numbers
                for triple in self._apply(rule, number, keep=True)
            ]

    def _apply(self, rule: Rule, fresh: int | None = None, *, keep: bool) -> list[ox.Triple]:
        """What ``rule`` adds, if it is to be kept; in large graphs that would be much to hold for no use."""
        kept: list[ox.Triple] = []
        found = derive(self.store, rule.construct(fresh), rule.blank_nodes())
        while some := list(islice(found, _BATCH)):
            add(self.store, some)
            self.counts[rule.name] += len(some)
            if _can_derive_axioms(rule):
                self.new_axioms.update(filter(self._is_new_axiom, some))
            if keep:
                kept += some
        return kept

    def _is_new_axiom(self, triple: ox.Triple) -> bool:
        # Once things are merged at all, another owl:sameAs needs no other rules.
        return is_axiom(triple) and not (self.equality and triple.predicate == SAME_AS)


def _can_derive_axioms(rule: Rule) -> bool:
    """Whether what ``rule`` derives may need other rules.

    What the ``scm-`` rules derive about the vocabulary follows for its instances by the rules that there are.
    """
    if isinstance(rule, MergedRule):
        return any(map(_can_derive_axioms, rule.members))
    if rule.head is None or rule.name.startswith("scm-"):
        return False
    return any(
        isinstance(slot, ox.Variable) or slot in SCHEMA_PREDICATES or slot in AXIOM_CLASSES
        for slot in rule.head[1:]
    )
