"""An update, before it is sent to a store: whether it is well-formed, and reaches out to nobody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import QuerySyntaxError, ServiceRefusedError
from tipgraph.tokens import read_tokens

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
