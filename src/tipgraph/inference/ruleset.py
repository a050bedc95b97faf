"""All rules that apply to a dataset: those of its axioms and those of a folder of rule files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from tipgraph.inference.axioms import SAME_AS, Axioms
from tipgraph.inference.compilation import compile_axioms
from tipgraph.inference.provenance import PlaceFinder
from tipgraph.inference.rule_files import FileRule, read_rules
from tipgraph.inference.rules import Rule
from tipgraph.store import Dataset


@dataclass(frozen=True)
class RuleSet:
    """The rules of a dataset and its axioms; ``equality`` says whether anything is the same as another."""

    axioms: Axioms
    owl_rules: tuple[Rule, ...]
    file_rules: tuple[FileRule, ...]
    equality: bool

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, constraints too."""
        return (*self.owl_rules, *self.file_rules)

    @property
    def constraints(self) -> tuple[Rule, ...]:
        """The rules whose match is a contradiction."""
        return tuple(rule for rule in self.owl_rules if rule.head is None)


def compile_rules(dataset: Dataset, folder: Path | None, places: PlaceFinder) -> RuleSet:
    """The rules of the axioms in ``dataset`` and of the files in ``folder``.

    Raises ``OntologyError`` on an axiom outside OWL 2 RL and on a file that is no rule.
    """
    axioms = Axioms(dataset.store, dataset.prefixes)
    equality = any(axiom.subject != axiom.object for axiom in axioms.statements(SAME_AS))

    def locate(triple: ox.Triple) -> str:
        found = places.find(triple)
        return str(found[0]) if found else "inferred"

    return RuleSet(
        axioms,
        tuple(compile_axioms(axioms, locate, equality=equality)),
        tuple(read_rules(folder, dataset.prefixes)) if folder is not None else (),
        equality,
    )
