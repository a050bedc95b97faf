"""What the facts and the axioms entail by OWL 2 RL and the rules of ``ontology/rules/``, and why.

``infer`` compiles the axioms of a dataset to rules (``compilation``, ``expressions``), joins them with the
rules of files (``rule_files``), puts them in order (``stratification``) and runs them to a fixpoint in the
store (``fixpoint``). It then looks for contradictions (``contradictions``). What is entailed and left out on
purpose is listed in ``omissions``. ``explain`` derives one triple backwards (``explanation``).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pyoxigraph as ox

from tipgraph.errors import OntologyError, UnknownNameError
from tipgraph.inference.contradictions import check_consistency
from tipgraph.inference.explanation import Axiom, Derivation, Explainer
from tipgraph.inference.facts import INFERRED, add, graphs_of
from tipgraph.inference.fixpoint import Fixpoint
from tipgraph.inference.omissions import OMISSIONS, Omission
from tipgraph.inference.provenance import Place, PlaceFinder
from tipgraph.inference.rule_files import FileRule
from tipgraph.inference.ruleset import RuleSet, compile_rules
from tipgraph.inference.stratification import Stage, stratify
from tipgraph.inference.values import derivation_values, name_in_turtle
from tipgraph.store import Dataset
from tipgraph.vocabulary import shorten

__all__ = [
    "OMISSIONS",
    "REASONERS",
    "Axiom",
    "Derivation",
    "Explanations",
    "InferenceReport",
    "Omission",
    "Place",
    "Reasoner",
    "derivation_values",
    "explain",
    "infer",
    "name_in_turtle",
]

Reasoner = Literal["native", "owlrl"]
REASONERS: Final[tuple[Reasoner, ...]] = ("native", "owlrl")


@dataclass(frozen=True)
class InferenceReport:
    """What an inference did; ``by_rule`` counts the triples that each rule added first."""

    reasoner: Reasoner
    asserted: int
    inferred: int
    rules: int
    by_rule: Mapping[str, int]


def infer(dataset: Dataset, rules: Path | None, *, reasoner: Reasoner = "native") -> InferenceReport:
    """Fill ``graph:inferred`` with what the dataset entails and does not say, and count it.

    What the graph held before is replaced. ``rules`` is a folder of CONSTRUCT rules. Raises ``OntologyError``
    on an axiom outside OWL 2 RL, a rule that cannot be used, and a contradiction; then ``graph:inferred`` is
    empty.
    """
    store = dataset.store
    store.remove_graph(INFERRED)
    asserted = len(store)
    places = PlaceFinder(dataset)
    try:
        ruleset, by_rule = _close(dataset, rules, places, reasoner)
        check_consistency(dataset, ruleset, places)
    except OntologyError:
        store.remove_graph(INFERRED)
        raise
    return InferenceReport(reasoner, asserted, len(store) - asserted, len(ruleset.rules), by_rule)


class Explanations:
    """Derivations in ``dataset``, where ``infer`` was run with the same ``rules``."""

    def __init__(self, dataset: Dataset, rules: Path | None) -> None:
        self._dataset: Final = dataset
        self._places: Final = PlaceFinder(dataset)
        self._ruleset: Final = compile_rules(dataset, rules, self._places)

    def explain(self, triple: ox.Triple) -> Derivation:
        """The shortest derivation of ``triple``.

        Raises ``UnknownNameError`` when it is neither asserted nor inferred.
        """
        if not graphs_of(self._dataset.store, triple):
            ends = [end for end in (triple.subject, triple.object) if isinstance(end, ox.NamedNode)]
            known = " and ".join(dict.fromkeys(shorten(end.value, self._dataset.prefixes) for end in ends))
            raise UnknownNameError(
                f"{self._ruleset.axioms.say(triple)} is neither asserted nor inferred",
                f"look up what is known of {known}",
            )
        return Explainer(self._dataset, self._ruleset, self._places).explain(triple)

    def read_files(self) -> None:
        """Read now every file that an explanation may point into, for a process that may open none later."""
        self._places.read_files()


def explain(dataset: Dataset, rules: Path | None, triple: ox.Triple) -> Derivation:
    """The shortest derivation of one ``triple``: see ``Explanations``."""
    return Explanations(dataset, rules).explain(triple)


def _close(
    dataset: Dataset, folder: Path | None, places: PlaceFinder, reasoner: Reasoner
) -> tuple[RuleSet, Mapping[str, int]]:
    """Run the rules to a fixpoint; again, with the new rules, as long as what is inferred are axioms."""
    axioms: set[ox.Triple] = set()
    while True:
        ruleset = compile_rules(dataset, folder, places)
        fixpoint = Fixpoint(dataset.store, equality=ruleset.equality)
        if reasoner == "owlrl":
            return ruleset, _close_with_owlrl(dataset, ruleset, fixpoint)
        fixpoint.run(stratify(ruleset.rules))
        if not fixpoint.new_axioms:
            return ruleset, dict(fixpoint.counts)
        # Facts that were held for absent may have to be derived first, so start afresh.
        axioms |= fixpoint.new_axioms
        dataset.store.clear_graph(INFERRED)
        add(dataset.store, axioms)


def _close_with_owlrl(dataset: Dataset, ruleset: RuleSet, fixpoint: Fixpoint) -> Mapping[str, int]:
    from tipgraph.inference.reference import close_with_owlrl

    counts: Counter[str] = Counter()
    added, contradictions = close_with_owlrl(dataset.store)
    counts["owlrl"] += added
    for _, stages in itertools.groupby(stratify(ruleset.rules), lambda stage: stage.stratum):
        found = [rule for stage in stages for rule in stage.rules if isinstance(rule, FileRule)]
        while fixpoint.run([Stage(tuple(found), recursive=True, stratum=0)]):
            added, contradictions = close_with_owlrl(dataset.store)
            counts["owlrl"] += added
    if contradictions:
        check_consistency(dataset, ruleset, PlaceFinder(dataset))
        raise OntologyError(
            f"owlrl finds a contradiction: {contradictions[0]}", "correct the facts or the axiom"
        )
    return counts + fixpoint.counts
