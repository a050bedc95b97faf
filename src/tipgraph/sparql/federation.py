"""The SERVICE patterns of a query, taken out for someone else to call the endpoints, put back as VALUES.

What SERVICE finds is joined with what stands around it (SPARQL 1.1 Federated Query, section 4), and so is a
VALUES block with the same solutions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from tipgraph.errors import QueryError, ServiceFailedError, ServiceRefusedError
from tipgraph.sparql.analysis import check_query, read_prologue
from tipgraph.sparql.results import read_term_object
from tipgraph.tokens import Token, read_tokens


@dataclass(frozen=True)
class ServiceCall:
    """A SERVICE pattern: the offsets of it in the text of the query, and what to ask whom."""

    start: int
    end: int
    endpoint: str
    query: str
    is_silent: bool


def find_service_calls(
    text: str,
    prefixes: Mapping[str, str],
    allowed: Collection[str],
    *,
    base_iri: str | None = None,
    check: Callable[[str], object] | None = None,
) -> tuple[ServiceCall, ...]:
    """The calls that the query asks for, all of them to endpoints that are ``allowed``.

    Raises ``ServiceRefusedError`` on any other, and what ``check``, or else ``check_query``, does on
    the query without them.
    """
    tokens = read_tokens(text)
    prologue = read_prologue(tokens, prefixes, base_iri)
    declared = "".join(f"PREFIX {prefix}: <{space}>\n" for prefix, space in prologue.prefixes.items())
    begin = f"BASE <{prologue.base}>\n{declared}" if prologue.base else declared
    calls: list[ServiceCall] = []
    for place, token in enumerate(tokens):
        if not token.is_word("SERVICE") or (calls and token.start < calls[-1].end):
            continue
        following = list(tokens[place + 1 : place + 4])
        is_silent = bool(following) and following[0].is_word("SILENT")
        if is_silent:
            del following[0]
        if len(following) < 2 or following[1].text != "{":
            # Not well-formed, which is told once nothing else stands in the way.
            continue
        if following[0].kind not in ("iri", "name"):
            raise ServiceRefusedError(
                f"SERVICE {following[0].text} could call anyone", "name the endpoint by its IRI"
            )
        endpoint = prologue.read_iri(following[0])
        if endpoint not in allowed:
            raise ServiceRefusedError(
                f"SERVICE <{endpoint}> is no endpoint that may be called from here",
                f"those are {', '.join(sorted(allowed))}",
            )
        end = _closing(tokens, place, following[1])
        if end is None:
            continue
        pattern = text[following[1].end : end - 1]
        calls.append(ServiceCall(token.start, end, endpoint, f"{begin}SELECT * {{{pattern}}}", is_silent))
    if calls:
        without = _replace(text, calls, ["VALUES () { () }"] * len(calls))
        if check is not None:
            check(without)
        else:
            check_query(without, prefixes, base_iri=base_iri)
    for call in calls:
        check_query(call.query)
    return tuple(calls)


def insert_answers(text: str, calls: Sequence[ServiceCall], answers: Sequence[bytes | None]) -> str:
    """``text`` with what each call was answered, in SPARQL results JSON; ``None`` for a silent failure."""
    blocks = [_read_answer(call, answer) for call, answer in zip(calls, answers, strict=True)]
    return _replace(text, calls, blocks)


def _closing(tokens: Sequence[Token], place: int, opening: Token) -> int | None:
    """Where the group ends that ``opening`` begins."""
    depth = 0
    for token in tokens[place:]:
        if token.start < opening.start:
            continue
        if token.text == "{":
            depth += 1
        elif token.text == "}":
            depth -= 1
            if depth == 0:
                return token.end
    return None


def _replace(text: str, calls: Sequence[ServiceCall], blocks: Sequence[str]) -> str:
    for call, block in reversed(list(zip(calls, blocks, strict=True))):
        text = f"{text[: call.start]} {block} {text[call.end :]}"
    return text


def _read_answer(call: ServiceCall, answer: bytes | None) -> str:
    if answer is None:
        return "VALUES () { () }"
    try:
        document = json.loads(answer)
        names = [ox.Variable(name) for name in document["head"]["vars"]]
        rows = [[row.get(name.value) for name in names] for row in document["results"]["bindings"]]
        written = [" ".join(_write_term(found) for found in row) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if call.is_silent:
            return "VALUES () { () }"
        raise ServiceFailedError(
            f"<{call.endpoint}> did not answer in SPARQL results JSON", "ask it directly to see what it says"
        ) from error
    return f"VALUES ({' '.join(map(str, names))}) {{ {' '.join(f'({row})' for row in written)} }}"


def _write_term(found: Mapping[str, str] | None) -> str:
    if found is None:
        return "UNDEF"
    if found["type"] == "bnode":
        raise QueryError(
            "SERVICE found a blank node, which has no meaning here",
            "leave it out with FILTER(!isBlank(?x)) inside the SERVICE pattern",
        )
    return str(read_term_object(found))
