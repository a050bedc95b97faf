"""Shapes narrowed to some focus nodes, so that an engine looks at these alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

import pyoxigraph as ox

from tipgraph.terms import Term
from tipgraph.vocabulary import OWL, RDF, RDFS, SH

_TYPE: Final = f"{RDF}type"
_SUB_CLASS: Final = f"{RDFS}subClassOf"
_TARGET_NODE: Final = ox.NamedNode(f"{SH}targetNode")
_TARGETS: Final = frozenset(
    f"{SH}{name}" for name in ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf")
)
_CLASSES: Final = frozenset((f"{RDFS}Class", f"{OWL}Class"))


def narrow_targets(
    shapes: Collection[ox.Triple], data: Iterable[ox.Triple], focus: Collection[Term]
) -> list[ox.Triple]:
    """``shapes`` with every target replaced by the ``focus`` nodes that it selects (SHACL, section 2.1.3)."""
    selected = _Selection(data, set(focus))
    narrowed = [
        triple for triple in shapes if triple.predicate.value not in _TARGETS and not _is_class(triple)
    ]
    targets = ((triple.subject, node) for triple in shapes for node in selected.targets_of(triple))
    return [*narrowed, *(ox.Triple(shape, _TARGET_NODE, node) for shape, node in dict.fromkeys(targets))]


def _is_class(triple: ox.Triple) -> bool:
    """Whether it makes its subject a class; a shape that is one targets its own instances."""
    return (
        triple.predicate.value == _TYPE
        and isinstance(triple.object, ox.NamedNode)
        and triple.object.value in _CLASSES
    )


class _Selection:
    """What the focus nodes are selected by: their classes, and the properties from and to them."""

    def __init__(self, data: Iterable[ox.Triple], focus: set[Term]) -> None:
        self._focus = focus
        self._by_class: defaultdict[Term, set[Term]] = defaultdict(set)
        self._subjects_of: defaultdict[Term, set[Term]] = defaultdict(set)
        self._objects_of: defaultdict[Term, set[Term]] = defaultdict(set)
        above: defaultdict[Term, set[Term]] = defaultdict(set)
        types: defaultdict[Term, set[Term]] = defaultdict(set)
        for subject, predicate, obj in data:
            if predicate.value == _SUB_CLASS:
                above[subject].add(obj)
            if subject in focus:
                self._subjects_of[predicate].add(subject)
                if predicate.value == _TYPE:
                    types[obj].add(subject)
            if obj in focus:
                self._objects_of[predicate].add(obj)
        for kind, nodes in types.items():
            waiting, seen = [kind], set[Term]()
            while waiting:
                found = waiting.pop()
                if found not in seen:
                    seen.add(found)
                    self._by_class[found] |= nodes
                    waiting += above.get(found, ())

    def targets_of(self, triple: ox.Triple) -> Iterable[Term]:
        """The focus nodes that ``triple`` of a shapes graph makes the targets of its subject."""
        if _is_class(triple):
            return self._by_class.get(triple.subject, ())
        match triple.predicate.value.removeprefix(SH):
            case "targetNode":
                return {triple.object} & self._focus
            case "targetClass":
                return self._by_class.get(triple.object, ())
            case "targetSubjectsOf":
                return self._subjects_of.get(triple.object, ())
            case "targetObjectsOf":
                return self._objects_of.get(triple.object, ())
        return ()
