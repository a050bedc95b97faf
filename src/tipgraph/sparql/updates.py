"""An update, before it is sent to a store: whether it is well-formed, and reaches out to nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise, takewhile
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import QueryError, QuerySyntaxError, ServiceRefusedError
from tipgraph.tokens import Token, read_tokens

_REACHING: Final = re.compile("service|load", re.IGNORECASE)
_PLACE: Final = re.compile(r"error at (\d+):(\d+)")
_HINT: Final = "see SPARQL 1.1 Update, section 3"
_DEEPEST: Final = 100


def check_update(text: str, prefixes: Mapping[str, str]) -> str:
    """``text`` with the declarations of those ``prefixes`` that it uses without declaring them.

    Raises ``QuerySyntaxError`` where it is no SPARQL 1.1 Update, and ``ServiceRefusedError`` where it has the
    keyword SERVICE or LOAD.
    """
    tokens = read_tokens(text)
    if any(token.depth > _DEEPEST for token in tokens):
        raise QuerySyntaxError(f"brackets are nested more than {_DEEPEST} deep", "simplify the update")
    declared = {name.text[:-1] for word, name in pairwise(tokens) if word.is_word("PREFIX")}
    used = {token.text.partition(":")[0] for token in tokens if token.kind == "name"}
    missing = sorted(used.intersection(prefixes) - declared)
    head = "".join(f"PREFIX {prefix}: <{prefixes[prefix]}>\n" for prefix in missing)
    # The parser is the judge, as for queries: where all such words can be overwritten, none was a keyword.
    if _REACHING.search(text):
        try:
            _parse(head, _REACHING.sub(lambda found: "z" * len(found[0]), text))
        except QuerySyntaxError as error:
            if any(token.is_word("SERVICE", "LOAD") for token in tokens):
                raise ServiceRefusedError(
                    "SERVICE and LOAD would call another host", "take them out of the update"
                ) from None
            raise error from None
    _parse(head, text)
    return head + text


def choose_graphs(text: str, using: Sequence[str], using_named: Sequence[str]) -> str:
    """``text``, which ``check_update`` has passed, with ``USING`` and ``USING NAMED`` for these graphs.

    They are what the protocol calls ``using-graph-uri`` and ``using-named-graph-uri`` (SPARQL 1.1 Protocol,
    section 2.2.3). Raises ``QueryError`` where one is no IRI, or the text names graphs with USING or WITH.
    """
    if not using and not using_named:
        return text
    for name in (*using, *using_named):
        try:
            ox.NamedNode(name)
        except ValueError as error:
            raise QueryError(f"{name!r} is no IRI of a graph", "write it in full") from error
    clause = "".join(f"USING <{name}> " for name in using)
    clause += "".join(f"USING NAMED <{name}> " for name in using_named)
    tokens = [token for token in read_tokens(text) if token.depth == 0]
    if any(token.is_word("USING", "WITH") for token in tokens):
        raise QueryError(
            "the update names its graphs with USING or WITH, and the request names others",
            "leave out one of the two",
        )
    pieces, end = [], 0
    for number, token in enumerate(tokens):
        if not token.is_word("WHERE"):
            continue
        pieces.append(text[end : token.start])
        if tokens[number - 1].is_word("DELETE"):
            # The short form has no place for the clause, so it is written out.
            start, close = tokens[number + 1 : number + 3]
            pieces.append(f"{text[start.start : close.end]} ")
        pieces.append(clause)
        end = token.start
    return "".join(pieces) + text[end:]


def inserts_outside_graphs(text: str) -> bool:
    """Whether ``text``, which ``check_update`` has passed, may insert triples that are in no named graph."""
    tokens = read_tokens(text)
    has_graph = False
    for number, token in enumerate(tokens):
        if token.depth > 0:
            continue
        if token.text == ";":
            has_graph = False
        elif token.is_word("WITH"):
            has_graph = True
        elif token.is_word("TO") and tokens[number + 1].is_word("DEFAULT"):
            return True
        elif token.is_word("INSERT"):
            is_data = tokens[number + 1].is_word("DATA")
            inner = takewhile(lambda token: token.depth > 0, tokens[number + 2 + is_data :])
            if (is_data or not has_graph) and not _is_in_graphs([one for one in inner if one.depth == 1]):
                return True
    return False


def _is_in_graphs(tokens: Sequence[Token]) -> bool:
    """Whether these, which stand in the braces of an INSERT, are graphs and nothing else."""
    written = " ".join(
        "GRAPH" if one.is_word("GRAPH") else "name" if one.kind in ("iri", "name", "variable") else one.text
        for one in tokens
    )
    return re.fullmatch(r"((GRAPH name \{ \}|\.) ?)*", written) is not None


def _parse(head: str, text: str) -> None:
    try:
        ox.Store().update(head + text)
    except SyntaxError as error:
        place = _PLACE.match(str(error))
        if place is None:
            raise QuerySyntaxError(f"the update is malformed: {error}", _HINT) from None
        line, column = int(place[1]) - head.count("\n"), int(place[2])
        raise QuerySyntaxError(
            f"line {line}, column {column}: the update is malformed here", _HINT, line=line, column=column
        ) from None
    except (RuntimeError, OSError):
        # It is well-formed; what it asks for is not there, such as a graph that it drops.
        return
