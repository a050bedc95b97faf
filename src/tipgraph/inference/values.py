"""A derivation as plain values, for JSON and for whoever draws it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from tipgraph.inference.explanation import Derivation
from tipgraph.inference.provenance import Place
from tipgraph.terms import Term
from tipgraph.vocabulary import RDF, XSD, shorten

_TYPE: Final = f"{RDF}type"


def derivation_values(
    derivation: Derivation, prefixes: Mapping[str, str], root: Path | None = None
) -> dict[str, Any]:
    """The derivation as nested dictionaries, its terms as Turtle writes them.

    Of an asserted triple they hold its ``places``, ``evidence`` and ``sources``, of an inferred one its
    ``rule``, ``reason``, ``axioms`` and ``premises``. Files are named as seen from ``root`` where they lie
    in it.
    """
    values: dict[str, Any] = {
        key: name_in_turtle(term, prefixes)
        for key, term in zip(("subject", "predicate", "object"), derivation.triple, strict=True)
    }
    if derivation.is_asserted:
        return values | {
            "places": [_place_values(place, root) for place in derivation.places],
            "evidence": [shorten(passage, prefixes) for passage in derivation.evidence],
            "sources": [shorten(source, prefixes) for source in derivation.sources],
        }
    return values | {
        "rule": derivation.rule,
        "reason": derivation.reason,
        "axioms": [
            {"text": axiom.text, "places": [_place_values(place, root) for place in axiom.places]}
            for axiom in derivation.axioms
        ],
        "premises": [derivation_values(premise, prefixes, root) for premise in derivation.premises],
    }


def name_in_turtle(term: Term, prefixes: Mapping[str, str]) -> str:
    """The term as Turtle writes it: by its prefix where one fits, and ``a`` for its best-known property."""
    if isinstance(term, ox.NamedNode):
        return "a" if term.value == _TYPE else shorten(term.value, prefixes)
    if isinstance(term, ox.Literal) and term.language is None and term.datatype.value != f"{XSD}string":
        return f"{ox.Literal(term.value)}^^{shorten(term.datatype.value, prefixes)}"
    return str(term)


def _place_values(place: Place, root: Path | None) -> dict[str, Any]:
    path = place.path
    if path is not None and root is not None and path.is_relative_to(root):
        path = path.relative_to(root)
    return {"graph": place.graph, "file": path and path.as_posix(), "line": place.line}
