"""What is wrong in plain words, for shapes that have no message of their own (SHACL, section 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tipgraph.vocabulary import SH

_SENTENCES: Final[Mapping[str, str]] = {
    "MinCount": "Too few values: give at least {minCount}.",
    "MaxCount": "Too many values: give at most {maxCount}.",
    "Datatype": "The value has another datatype: write it as {datatype}.",
    "Class": "The value is not known as an instance of {class}: describe it as one, or take another.",
    "NodeKind": "The value is of the wrong kind: it must be {nodeKind}.",
    "Pattern": "The value does not have the form {pattern}.",
    "MinLength": "The value is too short: it has at least {minLength} characters.",
    "MaxLength": "The value is too long: it has at most {maxLength} characters.",
    "MinInclusive": "The value is too small: it is {minInclusive} or more.",
    "MinExclusive": "The value is too small: it is more than {minExclusive}.",
    "MaxInclusive": "The value is too large: it is {maxInclusive} or less.",
    "MaxExclusive": "The value is too large: it is less than {maxExclusive}.",
    "LanguageIn": "The value is in none of the languages {languageIn}.",
    "UniqueLang": "Two values are in the same language: keep one of them.",
    "Equals": "The values are not those of {equals}: make both the same.",
    "Disjoint": "The value is one of {disjoint} too: take it out of one of them.",
    "LessThan": "The value is not less than that of {lessThan}.",
    "LessThanOrEquals": "The value is greater than that of {lessThanOrEquals}.",
    "HasValue": "The value {hasValue} is missing: add it.",
    "In": "The value is none of {in}.",
    "Closed": "The shape is closed and does not have this property: correct or remove it.",
    "Not": "The value has what it must not have: the shape {not}.",
    "And": "The value does not have all the shapes {and}.",
    "Or": "The value has none of the shapes {or}.",
    "Xone": "The value does not have exactly one of the shapes {xone}.",
    "Node": "The value does not have the shape {node}.",
    "QualifiedMinCount": "Too few values have the shape {qualifiedValueShape}: at least {qualifiedMinCount}.",
    "QualifiedMaxCount": "Too many values have the shape {qualifiedValueShape}: at most {qualifiedMaxCount}.",
}
"""Constraint component → what is wrong, with the names of parameters that are filled in."""


def word_violation(component: str, parameters: Mapping[str, str]) -> str | None:
    """What it means that the constraint ``component``, an IRI, does not hold; ``None`` for an unknown one.

    ``parameters`` are what the shape gives, by the local names of SHACL.

    >>> word_violation("http://www.w3.org/ns/shacl#MinCountConstraintComponent", {"minCount": "2"})
    'Too few values: give at least 2.'
    """
    name = component.removeprefix(SH).removesuffix("ConstraintComponent")
    sentence = _SENTENCES.get(name)
    if sentence is None:
        return None
    return re.sub(r"\{(\w+)\}", lambda found: parameters.get(found[1], "that it names"), sentence)
