"""A query with its parameters told in its text, and written out for a store that is told nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import ParameterError, QueryError
from tipgraph.sparql.analysis import CheckedQuery, check_query, read_prologue
from tipgraph.terms import Term
from tipgraph.tokens import Token, read_tokens

_NEW_LINE: Final = re.compile(r"[ \t]*(\r?\n[ \t]*)(?=\S)")


def tell_parameters(
    query: CheckedQuery, parameters: Mapping[str, Term], *, inline: bool = False
) -> Iterator[str]:
    """Texts that ask ``query`` with its ``parameters``; the first that is well-formed is meant.

    Each group of patterns that mentions a parameter begins with a VALUES that gives it, which Oxigraph
    answers fastest. Where that may not stand, or first with ``inline``, the term takes the place of the
    variable. A term is written as N-Triples writes it, so it cannot be anything but a term. Raises
    ``ParameterError`` where the query has no such variable.
    """
    for name, term in parameters.items():
        if name not in query.variables:
            known = ", ".join(f"?{variable}" for variable in query.variables) or "none"
            raise ParameterError(f"the query has no variable ?{name}", f"its variables: {known}")
        if not isinstance(term, ox.NamedNode | ox.Literal):
            raise ParameterError(f"?{name} cannot be told as {term}", "give an IRI or a literal")
    if not parameters:
        yield query.text
        return
    for tell in (_replace, _add_values) if inline else (_add_values, _replace):
        text: str | None = query.text
        for name, term in parameters.items():
            if text is not None:
                tokens = read_tokens(text)
                text = tell(text, tokens[read_prologue(tokens, {}, None).length :], name, term)
        if text is not None:
            yield text


def untold(parameters: Iterable[str]) -> ParameterError:
    """What to raise where none of ``tell_parameters`` is well-formed."""
    names = " ".join(f"?{name}" for name in parameters)
    return ParameterError(f"the query cannot be told {names}, which it computes", "rename what follows AS")


def write_out(
    query: CheckedQuery,
    parameters: Mapping[str, Term],
    prefixes: Mapping[str, str],
    *,
    base_iri: str | None = None,
) -> str:
    """The text of ``query``, in SPARQL 1.1, that asks the same with nothing but itself.

    Raises ``ParameterError`` where it cannot be told its parameters.
    """
    text = fill_in(query, parameters, prefixes, base_iri=base_iri, inline=True)
    tokens = read_tokens(text)
    prologue = read_prologue(tokens, prefixes, base_iri)
    declared = {token.text[:-1] for token in tokens[: prologue.length] if token.kind == "name"}
    used = {token.text.partition(":")[0] for token in tokens if token.kind == "name"}
    missing = sorted(used.intersection(prefixes) - declared)
    # Not where the query has a base of its own, which the other one would be resolved against.
    begin = f"BASE <{base_iri}>\n" if base_iri and prologue.base == base_iri else ""
    return begin + "".join(f"PREFIX {prefix}: <{prefixes[prefix]}>\n" for prefix in missing) + text


def fill_in(
    query: CheckedQuery,
    parameters: Mapping[str, Term],
    prefixes: Mapping[str, str],
    *,
    base_iri: str | None = None,
    inline: bool = False,
) -> str:
    """The text of ``query`` with its ``parameters`` told in it: see ``tell_parameters``.

    Raises ``ParameterError`` where it cannot be told them.
    """
    for text in tell_parameters(query, parameters, inline=inline):
        if not parameters:
            return text
        try:
            check_query(text, prefixes, base_iri=base_iri)
        except QueryError:
            continue
        return text
    raise untold(parameters)


def _replace(text: str, tokens: Sequence[Token], name: str, term: Term) -> str | None:
    """``text`` with ``term`` in place of the variable; ``None`` where a variable has to stand.

    So it has in a query with MINUS, which depends on the variables that its two sides share.
    """
    edits: list[tuple[int, int, str]] = []
    selections: list[int] = []
    """The depths of the SELECT clauses that are being read."""
    depth, is_describe = 0, tokens[0].is_word("DESCRIBE")
    for before, token in pairwise([tokens[0], *tokens]):
        if token.is_word("SELECT"):
            selections.append(token.depth)
        elif token.kind == "open":
            if token.text == "{":
                is_describe = False
                if selections[-1:] == [token.depth]:
                    selections.pop()
            depth += 1
        elif token.kind == "close":
            depth -= 1
        elif token.is_word("VALUES", "MINUS") or (token.text == "*" and selections[-1:] == [token.depth]):
            return None
        if token.kind != "variable" or token.text[1:] != name:
            continue
        if before.is_word("AS") or _follows_bound(tokens, token):
            return None
        if selections[-1:] == [token.depth]:
            edits.append((token.start, token.end, f"({term} AS ?{name})"))
        elif depth or is_describe:
            edits.append((token.start, token.end, str(term)))
        else:
            return None
    return _edit(text, edits)


def _follows_bound(tokens: Sequence[Token], token: Token) -> bool:
    place = tokens.index(token)
    return place > 1 and tokens[place - 2].is_word("BOUND")


def _add_values(text: str, tokens: Sequence[Token], name: str, term: Term) -> str | None:
    """``text`` in which each group that mentions the variable begins with its value, if any."""
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
    told = f"VALUES ?{name} {{ {term} }}"
    if not places:
        return None
    return _edit(text, ((place, place, _on_its_line(text, place, told)) for place in places))


def _on_its_line(text: str, place: int, told: str) -> str:
    """``told`` as it is inserted: on a line of its own where what follows is."""
    line = _NEW_LINE.match(text, place)
    if line:
        return f"{line[1]}{told}"
    return f" {told}" if text[place : place + 1].isspace() else f" {told} "


def _edit(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    for start, end, written in sorted(edits, reverse=True):
        text = f"{text[:start]}{written}{text[end:]}"
    return text
