"""What a query is, before it runs: its form, its dataset, its variables, and why it would be refused.

Oxigraph's own parser has the last word on what is well-formed. The tokens read here word its errors and find
the few places that matter to a parameter; what protects does not rest on them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise, takewhile
from typing import Final
from urllib.parse import urljoin

import pyoxigraph as ox

from tipgraph.errors import QueryError, QuerySyntaxError, ServiceRefusedError, UpdateRefusedError
from tipgraph.sparql.diagnosis import explain_syntax_error, syntax_error
from tipgraph.terms import Term
from tipgraph.tokens import Token, read_tokens


class QueryForm(Enum):
    """The four forms of a query (SPARQL 1.1, section 16)."""

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"


@dataclass(frozen=True)
class Scope:
    """A SELECT, outermost or nested, or the pattern of another form: where a variable means the same thing.

    Places are offsets into the text of the query.
    """

    mentioned: frozenset[str]
    """The variables in it, in nested scopes too."""
    selected: frozenset[str] | None
    """The variables that SELECT or DESCRIBE names; ``None`` for ``*`` and for the other forms."""
    selection: int
    """Where these variables begin."""
    pattern: tuple[int, int] | None
    """The inside of the graph pattern: from after its first bracket to before its last."""
    grouping: int | None
    """Where the variables of GROUP BY begin."""
    aggregates: bool
    """Whether it computes over groups, be it only the one of all solutions."""
    has_modifiers: bool
    """Whether anything follows the pattern: GROUP BY, HAVING, ORDER BY, LIMIT, VALUES."""


@dataclass(frozen=True)
class CheckedQuery:
    """A well-formed query that only reads, and calls no other endpoint."""

    text: str
    form: QueryForm
    variables: tuple[str, ...]
    """Every variable, in the order in which they first appear."""
    columns: tuple[str, ...]
    """The variables of a SELECT's result: in the order that it names, else in which they first appear."""
    from_graphs: tuple[str, ...]
    from_named_graphs: tuple[str, ...]
    names_graphs: bool
    """Whether a pattern asks for named graphs, with the keyword GRAPH."""
    scopes: tuple[Scope, ...]
    """The outermost scope, then the nested ones."""


_FORMS: Final = tuple(form.value for form in QueryForm)
_UPDATES: Final = ("INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH")
_AGGREGATES: Final = ("COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT")
_DEEPEST: Final = 100
"""Oxigraph reads nested brackets by recursion; some thousands of them end the process."""
_SERVICE: Final = re.compile("service", re.IGNORECASE)
_NO_KEYWORD: Final = "zzzzzzz"
"""As long as ``service``, allowed wherever a name is, and no keyword."""


def check_query(
    text: str,
    prefixes: Mapping[str, str] | None = None,
    *,
    base_iri: str | None = None,
    functions: Collection[ox.NamedNode] = (),
) -> CheckedQuery:
    """The query in ``text``, when it is well-formed and may run; ``prefixes`` need no declaration in it.

    It may call the ``functions`` beside SPARQL's own.
    Raises ``QuerySyntaxError`` with line and column, ``UpdateRefusedError`` on an update and
    ``ServiceRefusedError`` on a query that would call another endpoint.
    """
    tokens = read_tokens(text)
    prologue = read_prologue(tokens, prefixes or {}, base_iri)
    _check_form(text, tokens, prologue)
    _check_depth(text, tokens)
    _check_service(text, tokens, prologue, prefixes, base_iri)
    try:
        result = _parse(text, prefixes, base_iri, functions)
    except SyntaxError as error:
        raise _explain(text, tokens, prologue, error) from None
    return _analyze(text, tokens, prologue, result)


@dataclass(frozen=True)
class Prologue:
    """What a query declares before its form."""

    prefixes: Mapping[str, str]
    base: str | None
    length: int
    """How many tokens it takes up."""

    def read_iri(self, token: Token) -> str:
        """The IRI that ``token`` writes, in full or with a prefix that is declared."""
        if token.kind == "iri":
            return _resolve(token.text[1:-1], self.base)
        prefix, _, local = token.text.partition(":")
        return self.prefixes.get(prefix, "") + re.sub(r"\\(.)", r"\1", local)


def read_prologue(tokens: Sequence[Token], prefixes: Mapping[str, str], base: str | None) -> Prologue:
    """What ``tokens`` declare at their beginning, beside the ``prefixes`` and ``base`` that are known."""
    declared = dict(prefixes)
    place = 0
    while place < len(tokens):
        kinds = [token.kind for token in tokens[place : place + 3]]
        if tokens[place].is_word("BASE") and kinds[1:2] == ["iri"]:
            base = _resolve(tokens[place + 1].text[1:-1], base)
            place += 2
        elif tokens[place].is_word("PREFIX") and kinds[1:] == ["name", "iri"]:
            declared[tokens[place + 1].text[:-1]] = _resolve(tokens[place + 2].text[1:-1], base)
            place += 3
        elif tokens[place].is_word("VERSION") and kinds[1:2] == ["string"]:
            place += 2
        else:
            break
    return Prologue(declared, base, place)


def _resolve(iri: str, base: str | None) -> str:
    return urljoin(base, iri) if base else iri


def _check_form(text: str, tokens: Sequence[Token], prologue: Prologue) -> None:
    if not tokens:
        raise QuerySyntaxError("the query is empty", "ask something, as in SELECT * { ?s ?p ?o } LIMIT 10")
    if prologue.length == len(tokens):
        raise syntax_error(
            text, len(text.rstrip()), "the query ends after its prefixes", "add what it asks for"
        )
    first = tokens[prologue.length]
    if first.is_word(*_UPDATES):
        raise UpdateRefusedError(
            f"{first.text.upper()} is an update, and the graph is read-only",
            "use SELECT, ASK, CONSTRUCT or DESCRIBE; change facts in the Turtle files",
        )
    if not first.is_word(*_FORMS, "BASE", "PREFIX", "VERSION"):
        raise syntax_error(
            text, first.start, f"{first.text!r} begins no query", f"a query begins with {', '.join(_FORMS)}"
        )


def _check_depth(text: str, tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.depth > _DEEPEST:
            raise syntax_error(
                text, token.start, f"brackets are nested more than {_DEEPEST} deep", "simplify the query"
            )


def _check_service(
    text: str,
    tokens: Sequence[Token],
    prologue: Prologue,
    prefixes: Mapping[str, str] | None,
    base_iri: str | None,
) -> None:
    """Refuse a query that has the keyword SERVICE.

    The parser is the judge: where every ``service`` in the text can be overwritten and the query is still
    well-formed, none of them was the keyword, but part of a name, a string or a comment.
    """
    if not _SERVICE.search(text):
        return
    try:
        _parse_without_service(text, prefixes, base_iri)
    except SyntaxError as error:
        if any(token.is_word("SERVICE") for token in tokens):
            raise ServiceRefusedError(
                "SERVICE would call another endpoint, and this graph answers alone",
                "take the SERVICE pattern out of the query",
            ) from None
        raise _explain(text, tokens, prologue, error) from None


def _explain(text: str, tokens: Sequence[Token], prologue: Prologue, error: SyntaxError) -> QuerySyntaxError:
    # Explaining parses again, what may have another meaning once it is laid out anew: so without SERVICE.
    return explain_syntax_error(text, tokens, prologue.prefixes, prologue.base, error, _parse_without_service)


def _parse_without_service(text: str, prefixes: Mapping[str, str] | None, base_iri: str | None) -> object:
    """Like ``_parse``, of a text in which every ``service`` is overwritten, with the same places."""
    overwritten = {_SERVICE.sub(_NO_KEYWORD, prefix): space for prefix, space in (prefixes or {}).items()}
    try:
        return _parse(_SERVICE.sub(_NO_KEYWORD, text), overwritten, base_iri)
    except QueryError:
        # It is well-formed; what else is wrong with it is told when it is parsed as it stands.
        return None


def _parse(
    text: str,
    prefixes: Mapping[str, str] | None,
    base_iri: str | None,
    functions: Collection[ox.NamedNode] = (),
) -> object:
    """What ``text``, which has no SERVICE, gives over an empty store; raises ``SyntaxError`` if malformed."""
    try:
        return ox.Store().query(
            text,
            prefixes=dict(prefixes or {}),
            base_iri=base_iri,
            custom_functions=dict.fromkeys(functions, _nothing),
        )
    except RuntimeError as error:
        raise QueryError(_sentence(error), "see the functions of SPARQL 1.1, section 17.4") from None
    except ValueError as error:
        raise QueryError(f"the base IRI {base_iri!r} is not valid: {error}", "give an absolute IRI") from None


def _nothing(*_: Term) -> None:
    """What a function returns while only the query is read."""


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].lower() + text[1:]


def _analyze(text: str, tokens: Sequence[Token], prologue: Prologue, result: object) -> CheckedQuery:
    body = tokens[prologue.length :]
    variables = tuple(dict.fromkeys(token.text[1:] for token in body if token.kind == "variable"))
    scopes = [_read_scope(body)]
    for place, token in enumerate(body):
        if place and token.is_word("SELECT"):
            scopes.append(_read_scope(_enclosed(body[place:])))
    columns: tuple[str, ...] = ()
    if isinstance(result, ox.QuerySolutions):
        columns = tuple(variable.value for variable in result.variables)
        if scopes[0].selected is None:
            columns = tuple(sorted(columns, key=variables.index))
    from_graphs, from_named_graphs = _read_dataset([token for token in body if token.depth == 0], prologue)
    return CheckedQuery(
        text=text,
        form=QueryForm(body[0].text.upper()),
        variables=variables,
        columns=columns,
        from_graphs=from_graphs,
        from_named_graphs=from_named_graphs,
        names_graphs=any(token.is_word("GRAPH") for token in body),
        scopes=tuple(scopes),
    )


def _enclosed(tokens: Sequence[Token]) -> Sequence[Token]:
    """The tokens up to the bracket that closes what the first one stands in."""
    depth = tokens[0].depth
    return list(takewhile(lambda token: token.depth >= depth, tokens))


def _read_scope(tokens: Sequence[Token]) -> Scope:
    """The scope of ``tokens``, which begin with the keyword of a query form."""
    depth = tokens[0].depth
    own = [token for token in tokens if token.depth == depth]
    braces = [token for token in own if token.text in "{}"]
    if tokens[0].is_word("CONSTRUCT"):
        # The first braces hold the template. CONSTRUCT WHERE has only these, and they can hold but triples.
        del braces[:2]
    pattern = (braces[0].end, braces[1].start) if braces else None
    outside = [token for token in tokens if not pattern or not pattern[0] <= token.start < pattern[1]]
    start = own[1] if len(own) > 1 and own[1].is_word("DISTINCT", "REDUCED") else own[0]
    groups = (by for group, by in pairwise(own) if group.is_word("GROUP") and by.is_word("BY"))
    grouping = next((by.end for by in groups), None)
    return Scope(
        mentioned=frozenset(token.text[1:] for token in tokens if token.kind == "variable"),
        selected=_read_selection(tokens) if tokens[0].is_word("SELECT", "DESCRIBE") else None,
        selection=start.end,
        pattern=pattern,
        grouping=grouping,
        aggregates=grouping is not None or any(token.is_word(*_AGGREGATES) for token in outside),
        has_modifiers=pattern is not None and own[-1].start > pattern[1],
    )


def _read_selection(tokens: Sequence[Token]) -> frozenset[str] | None:
    """The variables before the pattern, bare or as in ``(... AS ?variable)``; ``None`` for ``*``."""
    depth = tokens[0].depth
    selected = set()
    for token, following in pairwise([*tokens, tokens[0]]):
        if token.depth == depth and token.text == "*":
            return None
        if token.depth == depth and token.text == "{":
            break
        if token.depth == depth and token.kind == "variable":
            selected.add(token.text[1:])
        elif token.depth == depth + 1 and token.is_word("AS"):
            selected.add(following.text[1:])
    return frozenset(selected)


def _read_dataset(top: Sequence[Token], prologue: Prologue) -> tuple[tuple[str, ...], tuple[str, ...]]:
    default, named = [], []
    for token, following in pairwise(top):
        if token.is_word("FROM") and not following.is_word("NAMED"):
            default.append(prologue.read_iri(following))
        elif token.is_word("NAMED"):
            named.append(prologue.read_iri(following))
    return tuple(default), tuple(named)
