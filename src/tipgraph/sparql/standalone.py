"""The text of a query with its parameters written in, to be read, and to be run by any endpoint."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import ParameterError, QuerySyntaxError
from tipgraph.sparql.analysis import CheckedQuery
from tipgraph.sparql.execution import QueryableDataset, QueryRequest, admit_parameters, insert_texts
from tipgraph.terms import Term
from tipgraph.tokens import read_tokens

_NEW_LINE: Final = re.compile(r"[ \t]*(\r?\n[ \t]*)(?=\S)")


def write_standalone(dataset: QueryableDataset, request: QueryRequest) -> str:
    """The query of ``request`` with a VALUES for each parameter, wherever the parameter is seen.

    Its answer is that of ``run_query``, whose errors it raises too, without running anything.
    """
    query = dataset.check(request.text, request.base_iri)
    admit_parameters(query, request.parameters)
    text = _insert_values(query, request.parameters)
    try:
        dataset.check(text, request.base_iri)
    except QuerySyntaxError as error:
        names = ", ".join(f"?{name}" for name in request.parameters)
        raise ParameterError(
            f"the values of {names} cannot be written into the query", "run it, or look at it without values"
        ) from error
    return text


def _insert_values(query: CheckedQuery, parameters: Mapping[str, Term]) -> str:
    places: defaultdict[int, dict[str, Term]] = defaultdict(dict)
    at_end: dict[str, Term] = {}
    for scope in query.scopes:
        seen = {name: term for name, term in parameters.items() if name in scope.mentioned}
        if scope.pattern is None:
            # DESCRIBE without a pattern, and CONSTRUCT WHERE, whose pattern is only triples.
            at_end |= seen
        else:
            places[scope.pattern[0]] |= seen
    for place, variables in _filtered_groups(query.text):
        places[place] |= {name: term for name, term in parameters.items() if name in variables}
    text = insert_texts(query.text, [(place, _values(query.text, place, at)) for place, at in places.items()])
    return "\n".join([text.rstrip(), *map(_value, at_end.items()), ""]) if at_end else text


def _filtered_groups(text: str) -> Iterator[tuple[int, set[str]]]:
    """Where each group that computes begins, and the variables in it: it sees no value from around it."""
    open_groups: list[tuple[int, set[str]]] = [(0, set())]
    computing: set[int] = set()
    for token in read_tokens(text):
        start, variables = open_groups[-1]
        if token.text == "{":
            open_groups.append((token.end, set()))
        elif token.text == "}" and len(open_groups) > 1:
            open_groups.pop()
            if start in computing:
                yield start, variables
        elif token.kind == "variable":
            variables.add(token.text[1:])
        elif token.is_word("FILTER", "BIND"):
            computing.add(start)


def _values(text: str, place: int, terms: Mapping[str, Term]) -> str:
    """The VALUES for a place of ``text``, each on a line of its own where the pattern begins on one."""
    if not terms:
        return ""
    line = _NEW_LINE.match(text, place)
    start, end = (line[1], "") if line else (" ", " ")
    return "".join(f"{start}{_value(item)}" for item in terms.items()) + end


def _value(item: tuple[str, Term]) -> str:
    name, term = item
    if not isinstance(term, ox.NamedNode | ox.Literal):
        raise ParameterError(
            f"the value of ?{name} cannot be written into a query", "give an IRI or a literal"
        )
    return f"VALUES ?{name} {{ {term} }}"
