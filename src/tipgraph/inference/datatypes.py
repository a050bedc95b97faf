"""Which literals lie in the value space of a datatype, as SPARQL conditions (OWL 2 Profiles, table 8).

The datatypes of the OWL 2 map are compared by value: ``5`` is an ``xsd:byte`` whatever its own datatype. Any
other datatype, such as ``xsd:gYear``, holds exactly the literals that bear it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyoxigraph as ox

from tipgraph.vocabulary import RDF, RDFS, XSD

_INTEGER_BOUNDS: Final[Mapping[str, tuple[int | None, int | None]]] = {
    "integer": (None, None),
    "nonNegativeInteger": (0, None),
    "nonPositiveInteger": (None, 0),
    "positiveInteger": (1, None),
    "negativeInteger": (None, -1),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-(2**7), 2**7 - 1),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 2**8 - 1),
}
"""Datatype → the least and the greatest integer in it."""

_STRING_FORMS: Final[Mapping[str, str | None]] = {
    "string": None,
    "normalizedString": r"^[^\t\n\r]*$",
    "token": r"^([^\s]+( [^\s]+)*)?$",
    "language": r"^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$",
    "NMTOKEN": r"^[\p{L}\p{N}._:\-]+$",
    "Name": r"^[\p{L}_:][\p{L}\p{N}._:\-]*$",
    "NCName": r"^[\p{L}_][\p{L}\p{N}._\-]*$",
}
"""Datatype → the form of its strings; ``None`` where any will do."""

_STRINGS: Final = ", ".join(f"<{XSD}{name}>" for name in _STRING_FORMS)
_BINARY_NUMBERS: Final = f"<{XSD}float>, <{XSD}double>"


def is_in_value_space(value: ox.Variable, datatype: str) -> str:
    """The SPARQL condition that ``value`` is a literal in the value space of the datatype of that IRI."""
    if datatype == f"{RDFS}Literal":
        return f"isLiteral({value})"
    name = datatype.removeprefix(XSD)
    if datatype == f"{RDF}PlainLiteral":
        return f"DATATYPE({value}) IN ({_STRINGS}, <{RDF}langString>)"
    if datatype == XSD + name and name in _STRING_FORMS:
        form = _STRING_FORMS[name]
        is_string = f"DATATYPE({value}) IN ({_STRINGS})"
        return f"{is_string} && REGEX(STR({value}), {ox.Literal(form)})" if form else is_string
    if datatype == f"{XSD}decimal" or (datatype == XSD + name and name in _INTEGER_BOUNDS):
        # isNumeric is false for an ill-typed literal, such as "many"^^xsd:integer.
        parts = [f"isNumeric({value})", f"DATATYPE({value}) NOT IN ({_BINARY_NUMBERS})"]
        if name in _INTEGER_BOUNDS:
            least, greatest = _INTEGER_BOUNDS[name]
            parts.append(f"{value} = FLOOR({value})")
            parts += [f"{value} >= {least}"] if least is not None else []
            parts += [f"{value} <= {greatest}"] if greatest is not None else []
        return " && ".join(parts)
    if datatype in (f"{XSD}float", f"{XSD}double"):
        return f"isNumeric({value}) && DATATYPE({value}) = <{datatype}>"
    if datatype in (f"{XSD}boolean", f"{XSD}dateTime", f"{XSD}date"):
        own = (
            f"DATATYPE({value}) IN (<{datatype}>, <{XSD}dateTimeStamp>)"
            if name == "dateTime"
            else _own(value, datatype)
        )
        # The cast is an error, hence not bound, for a literal that is not of its datatype.
        return f"{own} && COALESCE(<{datatype}>(STR({value})) = {value}, false)"
    return _own(value, datatype)


def differ(first: ox.Variable, second: ox.Variable) -> str:
    """The SPARQL condition that two literals are known to stand for different values.

    Literals of a datatype whose values nobody can compare are not known to differ.
    """
    return (
        f"!sameTerm({first}, {second}) && COALESCE({first} != {second}, {_known(first)} && {_known(second)})"
    )


def _known(value: ox.Variable) -> str:
    return f"(STRSTARTS(STR(DATATYPE({value})), {ox.Literal(XSD)}) || LANG({value}) != '')"


def _own(value: ox.Variable, datatype: str) -> str:
    return f"DATATYPE({value}) = <{datatype}>"
