"""Answers as lines, written alike whoever gives them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final

import pyoxigraph as ox

from tipgraph.vocabulary import XSD

_NUMBERS: Final = frozenset(f"{XSD}{name}" for name in ("integer", "decimal", "double", "float"))


def term_text(term: Any, *, language: bool = True) -> str:
    """The term as in N-Triples; a number by its value, as Oxigraph keeps 24.70 as 24.7.

    A blank node, which has no name of its own, is like any other. Without ``language`` a text is compared
    without it.
    """
    if isinstance(term, ox.BlankNode):
        return "_:b"
    if isinstance(term, ox.Literal):
        if term.datatype.value in _NUMBERS:
            try:
                return str(Decimal(term.value).normalize())
            except InvalidOperation:
                return str(term)
        if not language:
            return str(ox.Literal(term.value))
    return str(term)
