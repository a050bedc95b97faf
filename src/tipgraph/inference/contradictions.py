"""Contradictions: facts that the axioms rule out."""

from __future__ import annotations

from typing import Final, NoReturn

import pyoxigraph as ox

from tipgraph.errors import OntologyError
from tipgraph.inference.axioms import is_axiom
from tipgraph.inference.explanation import Derivation, Explainer
from tipgraph.inference.facts import solve
from tipgraph.inference.provenance import PlaceFinder
from tipgraph.inference.rules import Rule
from tipgraph.inference.ruleset import RuleSet
from tipgraph.store import Dataset

_BUILT_IN: Final = {
    "cls-nothing2": "that nothing is in owl:Nothing",
    "eq-diff1": "that the same thing is not different",
}
"""The name of a constraint that holds in every ontology → what it says."""


def check_consistency(dataset: Dataset, ruleset: RuleSet, places: PlaceFinder) -> None:
    """Return when no fact of ``dataset``, to which ``ruleset`` has been applied, contradicts an axiom.

    Raises ``OntologyError`` that names the first axiom found to be contradicted, and the facts, with file and
    line.
    """
    for rule in ruleset.constraints:
        if any(True for _ in solve(dataset.store, rule.select(limit=1), rule.blank_nodes())):
            _refuse(rule, Explainer(dataset, ruleset, places), ruleset, places)


def _refuse(rule: Rule, explainer: Explainer, ruleset: RuleSet, places: PlaceFinder) -> NoReturn:
    facts = min(explainer.matches(rule), key=lambda found: (sorted(map(str, found)), str(found)))
    said = " and ".join(_say(explainer.explain(fact), ruleset) for fact in facts)
    axioms = [f"{ruleset.axioms.describe(axiom)} ({_where(axiom, places)})" for axiom in rule.axioms]
    against = " and ".join(axioms) or _BUILT_IN[rule.name]
    contradicts = f"{said} contradict{'s' if len(facts) == 1 else ''} {against}"
    raise OntologyError(
        contradicts if facts else f"{against} contradicts itself",
        "correct one of the facts, or the axiom if it does not hold without exception",
    )


def _say(derivation: Derivation, ruleset: RuleSet) -> str:
    """A fact with its place, or with the asserted facts that it follows from."""
    fact = ruleset.axioms.say(derivation.triple)
    if derivation.is_asserted:
        return f"{fact} ({derivation.places[0]})"
    leaves = derivation.leaves()
    data = [leaf for leaf in leaves if not is_axiom(leaf.triple)] or leaves
    sources = (f"{ruleset.axioms.say(leaf.triple)} ({leaf.places[0]})" for leaf in data)
    return f"{fact} (inferred from {' and '.join(sources)})"


def _where(axiom: ox.Triple, places: PlaceFinder) -> str:
    found = places.find(axiom)
    return str(found[0]) if found else "inferred"
