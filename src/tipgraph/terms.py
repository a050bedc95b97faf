"""RDF terms from and to Python values, and from what a person types.

=============================  ==================================================================
RDF term                       Python value
=============================  ==================================================================
IRI                            ``IRI``, a ``str``
blank node                     ``BlankNode``, a ``str`` such as ``_:b0``
``xsd:integer`` and its kin    ``int``
``xsd:gYear``                  ``int``
``xsd:decimal``                ``decimal.Decimal``
``xsd:double``, ``xsd:float``  ``float``
``xsd:boolean``                ``bool``
``xsd:date``                   ``datetime.date``
``xsd:dateTime``               ``datetime.datetime``
any other literal              ``str``: its lexical form, without language or datatype
triple term                    a tuple of three
unbound                        ``None``
=============================  ==================================================================

A literal whose lexical form its datatype does not allow, or Python cannot hold, is a ``str`` too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

import pyoxigraph as ox

from tipgraph.errors import ParameterError
from tipgraph.vocabulary import XSD, expand

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


class IRI(str):
    """The IRI of a resource."""

    __slots__ = ()


class BlankNode(str):
    """A resource without a name; the label means something inside one result only."""

    __slots__ = ()


_INTEGERS: Final = (
    *("integer", "long", "int", "short", "byte", "nonNegativeInteger", "positiveInteger"),
    *("nonPositiveInteger", "negativeInteger"),
    *("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte", "gYear"),
)


def _read_boolean(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text]


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    **{f"{XSD}{name}": int for name in _INTEGERS},
    f"{XSD}decimal": Decimal,
    f"{XSD}double": float,
    f"{XSD}float": float,
    f"{XSD}boolean": _read_boolean,
    f"{XSD}date": date.fromisoformat,
    f"{XSD}dateTime": datetime.fromisoformat,
}


def to_python(term: Term | None) -> Any:
    """The Python value of ``term``, by the table above.

    >>> to_python(ox.Literal("2010", datatype=ox.NamedNode(XSD + "gYear")))
    2010
    >>> to_python(ox.Literal("Abuja", language="en"))
    'Abuja'
    """
    if isinstance(term, ox.NamedNode):
        return IRI(term.value)
    if isinstance(term, ox.BlankNode):
        return BlankNode(str(term))
    if isinstance(term, ox.Triple):
        return to_python(term.subject), to_python(term.predicate), to_python(term.object)
    if term is None:
        return None
    try:
        return _READERS.get(term.datatype.value, str)(term.value)
    except (ValueError, KeyError, InvalidOperation):
        return term.value


def to_term(value: Any, prefixes: Mapping[str, str]) -> Term:
    """The RDF term of a Python value; a ``str`` that is a prefixed name or an absolute IRI is an IRI.

    Raises ``ParameterError`` on a value that has no RDF term.

    >>> to_term("id:ecowas", {"id": "https://w3id.org/tipgraph/id/"})
    <NamedNode value=https://w3id.org/tipgraph/id/ecowas>
    """
    match value:
        case ox.NamedNode() | ox.BlankNode() | ox.Literal() | ox.Triple():
            return value
        case str():
            iri = value if isinstance(value, IRI) else expand(value, prefixes)
            return ox.Literal(value) if iri is None else _named_node(iri)
        case bool() | int() | float():
            return ox.Literal(value)
        case Decimal() if value.is_finite():
            return ox.Literal(f"{value:f}", datatype=ox.NamedNode(f"{XSD}decimal"))
        case datetime():
            return ox.Literal(value.isoformat(), datatype=ox.NamedNode(f"{XSD}dateTime"))
        case date():
            return ox.Literal(value.isoformat(), datatype=ox.NamedNode(f"{XSD}date"))
    raise ParameterError(
        f"no RDF term stands for {value!r} of type {type(value).__name__}",
        "use a string, number, boolean, date or IRI",
    )


_QUOTED: Final = re.compile(r'"(.*)"(?:@([A-Za-z]+(?:-[A-Za-z0-9]+)*)|\^\^(\S+))?', re.DOTALL)


def read_term(text: str, prefixes: Mapping[str, str]) -> Term:
    """The RDF term that a person means by ``text``, who follows Turtle but leaves out the quotes of a string.

    >>> for text in ("7", "true", '"sept"@fr', "Abuja", "<http://example.org/>"):
    ...     print(read_term(text, {}))
    "7"^^<http://www.w3.org/2001/XMLSchema#integer>
    "true"^^<http://www.w3.org/2001/XMLSchema#boolean>
    "sept"@fr
    "Abuja"
    <http://example.org/>
    """
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        value, language, datatype = quoted.groups()
        if datatype:
            iri = expand(datatype, prefixes)
            if iri is None:
                raise ParameterError(
                    f"the datatype {datatype} of {text} is not known", "write it as in xsd:date"
                )
            return ox.Literal(value, datatype=_named_node(iri))
        return ox.Literal(value, language=language)
    if re.fullmatch(r"[+-]?[0-9]+", text):
        return ox.Literal(text, datatype=ox.NamedNode(f"{XSD}integer"))
    if re.fullmatch(r"[+-]?[0-9]*\.[0-9]+", text):
        return ox.Literal(text, datatype=ox.NamedNode(f"{XSD}decimal"))
    if text in ("true", "false"):
        return ox.Literal(text == "true")
    return to_term(text, prefixes)


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text) and date.fromisoformat(text))
    except ValueError:
        return False


def _matches(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text) is not None


_LITERAL_TYPES: Final[Mapping[str, tuple[str, Callable[[str], bool], str]]] = {
    "string": ("string", lambda text: True, ""),
    "language": ("string", _matches(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*"), "en"),
    "integer": ("integer", _matches(r"[+-]?[0-9]+"), "15"),
    "decimal": ("decimal", _matches(r"[+-]?([0-9]+(\.[0-9]+)?|\.[0-9]+)"), "2.5"),
    "boolean": ("boolean", _matches(r"true|false"), "true or false"),
    "date": ("date", _is_date, "2010-09-13"),
    "month": ("gYearMonth", _matches(r"\d{4}-(0[1-9]|1[0-2])"), "2010-09"),
    "year": ("gYear", _matches(r"\d{4}"), "2010"),
}
"""Parameter type → local name of its XML Schema datatype, what is valid, and how it is written."""

PARAMETER_TYPES: Final = ("resource", "concept", "iri", *_LITERAL_TYPES)
"""The types that a parameter of a query file may have.

``resource`` and ``concept`` are named as people name them, and looked up in the graph; ``iri`` is any IRI.
"""


def datatype_of(type_name: str) -> str | None:
    """The IRI of the datatype that values of a parameter type have; ``None`` where they are IRIs."""
    return f"{XSD}{_LITERAL_TYPES[type_name][0]}" if type_name in _LITERAL_TYPES else None


def read_typed(text: str, type_name: str, prefixes: Mapping[str, str]) -> Term:
    """The term of parameter type ``type_name`` that is written ``text``.

    Raises ``ParameterError`` where it is not of that type.
    """
    if type_name in _LITERAL_TYPES:
        datatype, is_valid, example = _LITERAL_TYPES[type_name]
        if not is_valid(text):
            raise ParameterError(f"{text!r} is no {type_name}", f"write it as in {example}")
        return ox.Literal(text, datatype=ox.NamedNode(f"{XSD}{datatype}"))
    iri = expand(text, prefixes)
    if iri is None:
        raise ParameterError(
            f"{text!r} is no {type_name}", "write it as a prefixed name, as in id:ecowas, or as <https://...>"
        )
    return _named_node(iri)


def _named_node(iri: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(iri)
    except ValueError:
        raise ParameterError(f"{iri!r} is no valid IRI", "write it in full, spaces as %20") from None
