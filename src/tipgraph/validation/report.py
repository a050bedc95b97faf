"""What validation finds, as values."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path

import pyoxigraph as ox

from tipgraph.terms import Term
from tipgraph.validation.shapes import PropertyPath


class Severity(IntEnum):
    """How bad a result is (SHACL, section 2.1.4); a shape of another severity counts as a violation."""

    INFO = 1
    WARNING = 2
    VIOLATION = 3

    @property
    def label(self) -> str:
        """The severity as people write it: ``warning``."""
        return self.name.lower()


@dataclass(frozen=True)
class Result:
    """One thing that breaks one shape; ``line`` counts from one.

    ``path`` is ``None`` when the rule is about the focus node itself, ``value`` when something is missing.
    ``shape`` is ``None`` for a shape without a name. ``file`` is where the statement at fault stands, or
    where the focus node is described when nothing that is said of it is wrong but something is missing.
    """

    focus_node: ox.NamedNode | ox.BlankNode
    path: PropertyPath | None
    value: Term | None
    shape: ox.NamedNode | None
    component: ox.NamedNode
    severity: Severity
    message: str
    file: Path | None = None
    line: int | None = None


@dataclass(frozen=True)
class Report:
    """The results in the order of files and lines, and how many resources were checked."""

    results: tuple[Result, ...]
    resources: int

    def __repr__(self) -> str:
        # What a hundred results are, a console need not say unasked.
        return f"<{type(self).__name__} of {len(self.results)} results on {self.resources} resources>"

    @property
    def conforms(self) -> bool:
        """Whether nothing at all was found (SHACL, section 3.6.1.1)."""
        return not self.results

    @property
    def has_violations(self) -> bool:
        """Whether anything worse than a warning was found."""
        return any(result.severity is Severity.VIOLATION for result in self.results)

    def count(self, severity: Severity) -> int:
        """How many results are of exactly that severity."""
        return sum(result.severity is severity for result in self.results)

    def at_least(self, severity: Severity) -> Report:
        """The report without the results that are less bad than ``severity``."""
        return replace(self, results=tuple(result for result in self.results if result.severity >= severity))

    def of_shapes(self, shapes: Collection[str]) -> Report:
        """The report with the results of the shapes of these IRIs only."""
        kept = (result for result in self.results if result.shape and result.shape.value in shapes)
        return replace(self, results=tuple(kept))

    def of_resources(self, resources: Collection[Term]) -> Report:
        """The report with the results on these resources only."""
        return replace(self, results=tuple(r for r in self.results if r.focus_node in resources))
