"""What is wrong with a malformed query, said to a person: where, what, and what to do.

Oxigraph's parser says what it would have taken at the furthest place it reached, in terms of its grammar. The
commonest mistakes are found here first; for the rest, its answer is narrowed to the token it could not take.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from tipgraph.errors import QuerySyntaxError
from tipgraph.tokens import Token, locate

_PLACE: Final = re.compile(r"error at (\d+):(\d+)")
_CLOSES: Final = {")": "(", "}": "{", "]": "["}
_PADDING: Final = " " * 24
"""Longer than every keyword: see ``_find_culprit``."""

_SAID_BY_PARSER: Final = {
    "The SELECT contains a variable that is unbound": (
        "SELECT",
        "names a variable that is neither grouped by nor aggregated",
        "add it to GROUP BY, or aggregate it, as in (SAMPLE(?x) AS ?one)",
    ),
    "The SELECT contains an expression with a variable that is unbound": (
        "SELECT",
        "computes with a variable that is neither grouped by nor aggregated",
        "add it to GROUP BY, or aggregate it, as in (SAMPLE(?x) AS ?one)",
    ),
    "SELECT * is not authorized with GROUP BY": (
        "SELECT",
        "* does not go with GROUP BY",
        "name what to select: the variables grouped by, and aggregates",
    ),
    "The SELECT overrides an existing variable using an expression": (
        "SELECT",
        "gives an expression the name of a variable that the pattern binds",
        "name it differently after AS",
    ),
    "Duplicated variable name in SELECT": ("SELECT", "names a variable twice", "name it once"),
    "The VALUES clause rows should have exactly the same number of values": (
        "VALUES",
        "has a row with more or fewer values than it has variables",
        "write UNDEF for a value that is left open",
    ),
}
"""What the parser finds wrong with a clause as a whole: its words → the clause, what is wrong, what to do."""


def syntax_error(text: str, offset: int, message: str, hint: str) -> QuerySyntaxError:
    """The error that names the line and column of ``offset``."""
    line, column = locate(text, offset)
    return QuerySyntaxError(f"line {line}, column {column}: {message}", hint, line=line, column=column)


def explain_syntax_error(
    text: str,
    tokens: Sequence[Token],
    prefixes: Mapping[str, str],
    base: str | None,
    error: SyntaxError,
    parse: Callable[[str, Mapping[str, str], str | None], object],
) -> QuerySyntaxError:
    """The error to raise for the parser's ``error``; ``prefixes`` are all that the query may use."""
    return (
        _find_open_string(text, tokens)
        or _find_broken_iri(text, tokens)
        or _find_unknown_prefix(text, tokens, prefixes)
        or _find_bracket(text, tokens)
        or _find_relative_iri(text, tokens, base)
        or _find_culprit(text, tokens, prefixes, base, parse)
        or syntax_error(text, len(text.rstrip()), "the query is malformed", str(error))
    )


def _find_open_string(text: str, tokens: Sequence[Token]) -> QuerySyntaxError | None:
    for token in tokens:
        if token.kind == "unclosed":
            mark = token.text[0] * (3 if token.text.startswith(token.text[0] * 3) else 1)
            return syntax_error(
                text, token.start, "the string that begins here is not closed", f"close it with {mark}"
            )
    return None


def _find_broken_iri(text: str, tokens: Sequence[Token]) -> QuerySyntaxError | None:
    for token, following in pairwise(tokens):
        if (
            token.text == "<"
            and following.start == token.end
            and re.match("(https?|urn|file):", following.text)
        ):
            return syntax_error(
                text,
                token.start,
                "the IRI that begins here is not closed, or has a character that no IRI may have",
                "close it with >, and write a space as %20",
            )
    return None


def _find_unknown_prefix(
    text: str, tokens: Sequence[Token], prefixes: Mapping[str, str]
) -> QuerySyntaxError | None:
    previous = None
    for token in tokens:
        declares = previous is not None and previous.is_word("PREFIX")
        previous = token
        if token.kind != "name" or declares:
            continue
        prefix = token.text.partition(":")[0]
        if prefix not in prefixes:
            nearest = difflib.get_close_matches(prefix, prefixes, n=1)
            guess = f"did you mean {nearest[0]}:? else " if nearest else ""
            return syntax_error(
                text,
                token.start,
                f"the prefix {prefix}: is not declared",
                f"{guess}write PREFIX {prefix}: <...> before the query; known without that: "
                + ", ".join(f"{known}:" for known in prefixes),
            )
    return None


def _find_bracket(text: str, tokens: Sequence[Token]) -> QuerySyntaxError | None:
    opened: list[Token] = []
    for token in tokens:
        if token.kind == "open":
            opened.append(token)
        elif token.kind == "close":
            if not opened:
                return syntax_error(text, token.start, f"{token.text} closes nothing", "take it out")
            begin = opened.pop()
            if begin.text != _CLOSES[token.text]:
                line, column = locate(text, begin.start)
                return syntax_error(
                    text,
                    token.start,
                    f"{token.text} does not close the {begin.text} of line {line}, column {column}",
                    "balance the brackets",
                )
    if opened:
        return syntax_error(text, opened[-1].start, f"the {opened[-1].text} is never closed", "close it")
    return None


def _find_relative_iri(text: str, tokens: Sequence[Token], base: str | None) -> QuerySyntaxError | None:
    if base is not None:
        return None
    for token in tokens:
        if token.kind == "iri" and not re.match(r"<[A-Za-z][A-Za-z0-9+.-]*:", token.text):
            return syntax_error(
                text,
                token.start,
                f"the IRI {token.text} is relative, and there is no base",
                "write it in full, as a prefixed name, or declare BASE <...>",
            )
    return None


def _find_culprit(
    text: str,
    tokens: Sequence[Token],
    prefixes: Mapping[str, str],
    base: str | None,
    parse: Callable[[str, Mapping[str, str], str | None], object],
) -> QuerySyntaxError | None:
    """The first token that the parser could not take.

    Its own places are not to be relied on: where it looked for a keyword, it reports the place that many
    characters further on. So it is asked again with one token on each line, padded to the longest keyword;
    then the line is the number of the token.
    """
    lines = (token.text.replace("\n", " ").replace("\r", " ") + _PADDING for token in tokens)
    try:
        parse("\n".join([*lines, ""]), prefixes, base)
    except SyntaxError as error:
        said = error.msg
    else:
        return None
    for phrase, (keyword, message, hint) in _SAID_BY_PARSER.items():
        if phrase in said:
            start = next(token.start for token in tokens if token.is_word(keyword))
            return syntax_error(text, start, f"{keyword} {message}", hint)
    found = _PLACE.search(said)
    if found is None:
        return None
    number = int(found[1]) - 1
    if number >= len(tokens):
        return syntax_error(text, len(text.rstrip()), "the query ends too early", "say what is missing")
    token = tokens[number]
    if number >= 3 and tokens[number - 3].is_word("AS"):
        variable = tokens[number - 2]
        return syntax_error(
            text,
            variable.start,
            f"{variable.text} is bound before this place",
            "name it differently after AS",
        )
    hint = f"check what comes after {tokens[number - 1].text!r}" if number else "check how it begins"
    return syntax_error(text, token.start, f"{token.text!r} cannot stand here", hint)
