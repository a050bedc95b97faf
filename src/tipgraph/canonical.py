"""Labels for blank nodes that depend on the graph alone, not on who parsed it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from math import factorial, prod
from typing import Final, TypeAlias

import pyoxigraph as ox

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

_MOST_ORDERS: Final = 120
"""RDFC-1.0 tries every order of a blank node's look-alike neighbours; beyond this it may run for hours."""
_MOST_STEPS: Final = 4_000_000
"""It takes the cube of the number of look-alike blank nodes that hang together in steps: this is a second."""


def label_blank_nodes(quads: Iterable[ox.Quad]) -> list[ox.Quad]:
    """The quads, each once, with the labels of RDF Dataset Canonicalization (RDFC-1.0).

    Blank nodes can be entangled so that the algorithm takes exponential time (RDFC-1.0, section 7.1, "poison
    graphs"), or form a long chain of equals; then they are numbered in the order in which they are met.
    """
    quads = list(dict.fromkeys(quads))
    if not any(True for quad in quads for _ in _blank_nodes(quad)):
        return quads
    if not _is_quick(quads):
        numbers: dict[ox.BlankNode, ox.BlankNode] = {}
        return [_renumber(quad, numbers) for quad in quads]
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return list(dataset)


def _blank_nodes(quad: ox.Quad) -> Iterator[ox.BlankNode]:
    terms: list[object] = [quad.subject, quad.object, quad.graph_name]
    while terms:
        term = terms.pop()
        if isinstance(term, ox.BlankNode):
            yield term
        elif isinstance(term, ox.Triple):
            terms += [term.subject, term.object]


def _is_quick(quads: list[ox.Quad]) -> bool:
    """Whether RDFC-1.0 labels the blank nodes of ``quads`` in a reasonable time."""
    linked = [(quad, nodes) for quad in quads if (nodes := set(_blank_nodes(quad)))]
    if all(len(nodes) == 1 for _, nodes in linked):
        return True
    lines: defaultdict[ox.BlankNode, list[str]] = defaultdict(list)
    for quad, nodes in linked:
        text = str(quad)
        for node in nodes:
            text = text.replace(str(node), "_:z ")
        for node in nodes:
            lines[node].append(text)
    look = {node: hash("\n".join(sorted(found))) for node, found in lines.items()}
    alike: defaultdict[ox.BlankNode, Counter[int]] = defaultdict(Counter)
    neighbours = {(node, other) for _, nodes in linked for node in nodes for other in nodes - {node}}
    for node, other in neighbours:
        alike[node][look[other]] += 1
    # Eight in a row are more than enough to know, and their factorial is still cheap.
    if any(
        prod(factorial(min(count, 8)) for count in found.values()) > _MOST_ORDERS for found in alike.values()
    ):
        return False
    looks = Counter(look.values())
    unclear: defaultdict[ox.BlankNode, set[ox.BlankNode]] = defaultdict(set)
    for node, other in neighbours:
        if looks[look[node]] > 1 and looks[look[other]] > 1:
            unclear[node].add(other)
    return sum(size**3 for size in _component_sizes(unclear)) <= _MOST_STEPS


def _component_sizes(links: Mapping[ox.BlankNode, set[ox.BlankNode]]) -> Iterator[int]:
    """How many blank nodes hang together in each part of the graph that ``links`` connect, both ways."""
    left = set(links)
    while left:
        waiting = [left.pop()]
        size = 0
        while waiting:
            size += 1
            reached = links[waiting.pop()] & left
            left -= reached
            waiting.extend(reached)
        yield size


def _renumber(quad: ox.Quad, numbers: dict[ox.BlankNode, ox.BlankNode]) -> ox.Quad:
    def rename(term: Term) -> Term:
        if isinstance(term, ox.BlankNode):
            return numbers.setdefault(term, ox.BlankNode(f"b{len(numbers)}"))
        if isinstance(term, ox.Triple):
            return ox.Triple(rename(term.subject), term.predicate, rename(term.object))  # type: ignore[arg-type]
        return term

    graph = quad.graph_name
    return ox.Quad(
        rename(quad.subject),  # type: ignore[arg-type]
        quad.predicate,
        rename(quad.object),
        graph if isinstance(graph, ox.DefaultGraph) else rename(graph),  # type: ignore[arg-type]
    )
