"""Small questions to a store: rows of terms, yes or no."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator

import pyoxigraph as ox

from tipgraph.errors import PeerError
from tipgraph.peer import Peer
from tipgraph.protocol import PeerQuery
from tipgraph.sparql.results import read_term_object
from tipgraph.terms import Term

Row = tuple[Term | None, ...]


def ask_rows(peer: Peer, query: PeerQuery, *names: str) -> list[Row]:
    """The values of the variables ``names`` in each solution; raises what ``Peer.ask`` does."""
    content = peer.ask(query).content
    try:
        bindings = json.loads(content)["results"]["bindings"]
        return [
            tuple(read_term_object(row[name]) if name in row else None for name in names) for row in bindings
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise nonsense(peer.endpoint, "rows") from error


def ask_boolean(peer: Peer, query: PeerQuery) -> bool:
    """Yes or no; raises what ``Peer.ask`` does."""
    content = peer.ask(query).content
    try:
        return read_boolean(content)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise nonsense(peer.endpoint, "yes or no") from error


def ask_graph(peer: Peer, name: str) -> Iterator[ox.Quad]:
    """The quads of a named graph; their blank nodes are told apart from those of other answers.

    Raises what ``Peer.read_graph`` does.
    """
    fresh: defaultdict[ox.BlankNode, ox.BlankNode] = defaultdict(ox.BlankNode)

    graph = ox.NamedNode(name)
    for triple in peer.read_graph(name):
        subject, value = triple.subject, triple.object
        yield ox.Quad(
            fresh[subject] if isinstance(subject, ox.BlankNode) else subject,
            triple.predicate,
            fresh[value] if isinstance(value, ox.BlankNode) else value,
            graph,
        )


def read_boolean(content: bytes) -> bool:
    """The answer of an ASK; raises ``ValueError``, ``KeyError`` or ``TypeError`` on what is none."""
    answer = json.loads(content)["boolean"]
    if not isinstance(answer, bool):
        raise TypeError(answer)
    return answer


def read_integer(term: Term | None) -> int:
    """The value of a count; 0 for what is none."""
    if isinstance(term, ox.Literal) and term.value.isdigit():
        return int(term.value)
    return 0


def nonsense(endpoint: str, wanted: str) -> PeerError:
    """What to raise where an answer cannot be read."""
    return PeerError(
        f"the store at {endpoint} did not answer with {wanted}", "check that this is a SPARQL 1.1 endpoint"
    )
