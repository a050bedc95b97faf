"""A query written out for another store, which knows neither its prefixes nor its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import pyoxigraph as ox

from tipgraph.errors import ParameterError, QueryError
from tipgraph.sparql.analysis import CheckedQuery, check_query, read_prologue
from tipgraph.terms import Term
from tipgraph.tokens import Token, read_tokens


def write_out(
    query: CheckedQuery,
    parameters: Mapping[str, Term],
    prefixes: Mapping[str, str],
    *,
    base_iri: str | None = None,
) -> str:
    """The text of ``query``, in SPARQL 1.1, that asks the same with nothing but itself.

    A parameter is replaced by its term wherever an expression or a pattern may have one. Where its variable
    stands in another place too, each group that mentions it begins with a VALUES that gives it instead.
    Raises ``ParameterError`` where the query has no such variable, or it can be told in neither way.
    """
    for name, term in parameters.items():
        if name not in query.variables:
            known = ", ".join(f"?{variable}" for variable in query.variables) or "none"
            raise ParameterError(f"the query has no variable ?{name}", f"its variables: {known}")
        if not isinstance(term, ox.NamedNode | ox.Literal):
            raise ParameterError(f"?{name} cannot be told as {term}", "give an IRI or a literal")
    text = query.text
    for name, term in parameters.items():
        text = _tell(text, name, term, prefixes, base_iri)
    tokens = read_tokens(text)
    prologue = read_prologue(tokens, prefixes, base_iri)
    declared = {token.text[:-1] for token in tokens[: prologue.length] if token.kind == "name"}
    used = {token.text.partition(":")[0] for token in tokens if token.kind == "name"}
    missing = sorted(used.intersection(prefixes) - declared)
    # Not where the query has a base of its own, which the other one would be resolved against.
    begin = f"BASE <{base_iri}>\n" if base_iri and prologue.base == base_iri else ""
    return begin + "".join(f"PREFIX {prefix}: <{prefixes[prefix]}>\n" for prefix in missing) + text


def _tell(text: str, name: str, term: Term, prefixes: Mapping[str, str], base_iri: str | None) -> str:
    """``text`` in which the variable has that value."""
    tokens = read_tokens(text)
    body = tokens[read_prologue(tokens, prefixes, base_iri).length :]
    for told in (_replace(text, body, name, term), _add_values(text, body, name, term)):
        if told is None:
            continue
        try:
            check_query(told, prefixes, base_iri=base_iri)
        except QueryError:
            # A literal cannot stand everywhere, nor VALUES before what computes its variable.
            continue
        return told
    raise ParameterError(f"?{name} cannot be told where the query computes it", "rename it after AS")


def _replace(text: str, tokens: Sequence[Token], name: str, term: Term) -> str | None:
    """``text`` with ``term`` in place of the variable; ``None`` where a variable has to stand."""
    edits: list[tuple[int, int, str]] = []
    selections: list[int] = []
    """The depths of the SELECT clauses that are being read."""
    in_pattern = [False]
    """For each open bracket, whether a term may stand in it."""
    for before, token in pairwise([tokens[0], *tokens]):
        if token.is_word("SELECT"):
            selections.append(token.depth)
        elif token.kind == "open":
            if selections and selections[-1] == token.depth and token.text == "{":
                selections.pop()
            in_pattern.append(True)
        elif token.kind == "close" and len(in_pattern) > 1:
            in_pattern.pop()
        elif token.is_word("VALUES") or (token.text == "*" and selections[-1:] == [token.depth]):
            return None
        if token.kind != "variable" or token.text[1:] != name:
            continue
        if before.is_word("AS") or _follows_bound(tokens, token):
            return None
        if selections[-1:] == [token.depth]:
            edits.append((token.start, token.end, f"({term} AS ?{name})"))
        elif len(in_pattern) > 1:
            edits.append((token.start, token.end, str(term)))
        else:
            return None
    return _edit(text, edits)


def _follows_bound(tokens: Sequence[Token], token: Token) -> bool:
    place = tokens.index(token)
    return place > 1 and tokens[place - 2].is_word("BOUND")


def _add_values(text: str, tokens: Sequence[Token], name: str, term: Term) -> str:
    """``text`` in which each group that mentions the variable begins with its value."""
    places: set[int] = set()
    groups: list[int | None] = []
    """The offset at which each open brace's group begins; ``None`` where no VALUES may stand in it."""
    is_data = False
    for token, following in pairwise([*tokens, tokens[-1]]):
        if token.is_word("CONSTRUCT", "VALUES"):
            is_data = True
        elif token.is_word("WHERE"):
            is_data = False
        if token.text == "{" and token.kind == "open":
            groups.append(None if is_data or following.is_word("SELECT") else token.end)
        elif token.text == "}" and groups:
            groups.pop()
            is_data = False
        elif token.kind == "variable" and token.text[1:] == name and groups:
            place = groups[-1]
            if place is not None:
                places.add(place)
    return _edit(text, ((place, place, f" VALUES ?{name} {{ {term} }} ") for place in places))


def _edit(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    for start, end, written in sorted(edits, reverse=True):
        text = f"{text[:start]}{written}{text[end:]}"
    return text
