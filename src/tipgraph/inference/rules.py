"""A rule of inference as a value, and the SPARQL that finds what follows from it.

A rule says: whatever matches the ``body`` and meets the ``conditions`` makes the ``head`` true. A rule
without a head is a constraint: whatever matches its body contradicts its axioms. Rules carry the names of the
tables of the OWL 2 Profiles, section 4.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

import pyoxigraph as ox

from tipgraph.terms import Term
from tipgraph.vocabulary import GRAPH_INFERRED, RDF

Slot: TypeAlias = Term | ox.Variable

RDF_TYPE: Final = ox.NamedNode(f"{RDF}type")

GRAPH_FRESH: Final = f"{GRAPH_INFERRED}/fresh"
"""While inference runs: the triples that the last round added."""


class Pattern(NamedTuple):
    """A triple pattern: a triple in any place of which a variable may stand."""

    subject: Slot
    predicate: Slot
    object: Slot

    def variables(self) -> Iterator[ox.Variable]:
        """The variables, in order, with repetitions."""
        return (slot for slot in self if isinstance(slot, ox.Variable))

    def replace(self, terms: Mapping[ox.Variable, Term]) -> Pattern:
        """The pattern with ``terms`` in place of their variables."""
        return Pattern(*(terms.get(slot, slot) if isinstance(slot, ox.Variable) else slot for slot in self))

    def __str__(self) -> str:
        return " ".join(map(sparql, self))


class Key(NamedTuple):
    """What a pattern reads or writes: a predicate, and for ``rdf:type`` a class; ``None`` stands for any."""

    predicate: str | None
    kind: str | None = None

    @classmethod
    def of(cls, pattern: Pattern) -> Key:
        """The key of ``pattern``."""
        if isinstance(pattern.predicate, ox.Variable):
            return cls(None)
        if pattern.predicate != RDF_TYPE or isinstance(pattern.object, ox.Variable):
            return cls(str(pattern.predicate))
        return cls(str(pattern.predicate), str(pattern.object))

    def covers(self, other: Key) -> bool:
        """Whether some triple can match both keys."""
        if self.predicate is None or other.predicate is None:
            return True
        return self.predicate == other.predicate and (
            self.kind is None or other.kind is None or self.kind == other.kind
        )


@dataclass(frozen=True, eq=False)
class Rule:
    """What follows from what, and which axioms say so.

    ``values`` is a ``VALUES`` clause for variables of the body. ``where``, where given, is the text of the
    whole body, and ``body`` are the patterns in it.
    """

    name: str
    body: tuple[Pattern, ...]
    head: Pattern | None
    axioms: tuple[ox.Triple, ...] = ()
    conditions: tuple[str, ...] = ()
    values: str = ""
    where: str | None = None

    def reads(self) -> list[Key]:
        """What the rule takes for true."""
        return list(dict.fromkeys(map(Key.of, self.body)))

    def negates(self) -> list[Key]:
        """What the rule holds for absent, so that it has to be complete before the rule runs."""
        return []

    def writes(self) -> Key | None:
        """What the rule adds; ``None`` for a constraint."""
        return Key.of(self.head) if self.head else None

    def variants(self, fed: Callable[[Key], bool]) -> list[int | None]:
        """The values of ``fresh`` for which ``construct`` finds all that follows from new triples.

        A triple is new only if ``fed`` holds for its key. The text of a rule file is always taken as a whole.
        """
        if self.where is not None:
            return [None] if any(map(fed, self.reads())) else []
        return [number for number, pattern in enumerate(self.body) if fed(Key.of(pattern))]

    def construct(self, fresh: int | None = None) -> str:
        """The query for the triples that follow and are not there yet.

        With ``fresh``, only those for which that pattern of the body matches a triple of the last round.
        """
        if self.head is None:
            raise ValueError(f"the constraint {self.name} derives nothing")
        found = self._group(fresh)
        wanted = dict.fromkeys([*self.head.variables(), *self.blank_nodes()])
        if self.where is not None or 0 < len(wanted) < len(self._variables()):
            # One solution for each head, before the test for what is there, spares most of the tests.
            found = f"{{ SELECT DISTINCT {' '.join(map(str, wanted)) or '*'} WHERE {{ {found} }} }}"
        return f"CONSTRUCT {{ {self.head} }} WHERE {{ {found} FILTER NOT EXISTS {{ {self.head} }} }}"

    def select(self, limit: int | None = None) -> str:
        """The query for the solutions of the body."""
        return f"SELECT * WHERE {{ {self._group(None)} }}" + (f" LIMIT {limit}" if limit else "")

    def blank_nodes(self) -> dict[ox.Variable, Term]:
        """The blank nodes of the rule by the variable that stands for each in the queries."""
        patterns = (*self.body, self.head) if self.head else self.body
        return {
            ox.Variable(_name(slot)): slot
            for pattern in patterns
            for slot in pattern
            if isinstance(slot, ox.BlankNode)
        }

    def _variables(self) -> set[ox.Variable]:
        return {variable for pattern in self.body for variable in pattern.variables()} | set(
            self.blank_nodes()
        )

    def _group(self, fresh: int | None) -> str:
        if self.where is not None:
            return self.where
        # A variable that stands for a blank node has to occur outside of the test for what is there.
        parts = [f"OPTIONAL {{ {blank} <{GRAPH_FRESH}> ?none }}" for blank in self.blank_nodes()]
        parts += [f"{pattern} ." for number, pattern in enumerate(self.body) if number != fresh]
        if fresh is not None:
            # First, because patterns that are equally specific are joined in the order in which they stand.
            parts.insert(0, f"GRAPH <{GRAPH_FRESH}> {{ {self.body[fresh]} }}")
        if self.values:
            parts.insert(0, self.values)
        parts += [f"FILTER({condition})" for condition in self.conditions]
        return " ".join(parts)


def sparql(slot: Slot) -> str:
    """``slot`` as it is written in a query; a blank node as the variable that stands for it."""
    return f"?{_name(slot)}" if isinstance(slot, ox.BlankNode) else str(slot)


def _name(node: ox.BlankNode) -> str:
    return f"blank_{node.value}"
