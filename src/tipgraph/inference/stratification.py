"""The order in which rules run, so that each runs once where nothing leads back to it.

Rules run in stages. What a rule reads is complete before its stage begins, or is derived in that stage
itself. What a rule holds for absent is always complete before; where there is no such order, the rules have
no single meaning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from tipgraph.errors import OntologyError
from tipgraph.inference.rule_files import FileRule
from tipgraph.inference.rules import Key, Rule


@dataclass(frozen=True)
class Stage:
    """Rules that run together; unless ``recursive``, none of them feeds another.

    ``stratum`` counts how many times something is held for absent on the way to these rules.
    """

    rules: tuple[Rule, ...]
    recursive: bool
    stratum: int

    def feeds(self, key: Key) -> bool:
        """Whether some rule of the stage derives what ``key`` reads."""
        return any(written.covers(key) for rule in self.rules if (written := rule.writes()) is not None)


def stratify(rules: Sequence[Rule]) -> list[Stage]:
    """The stages of those of ``rules`` that derive something, in order.

    Raises ``OntologyError`` when a rule holds for absent what depends on itself.
    """
    deriving = [rule for rule in rules if rule.head is not None]
    edges = _edges(deriving)
    level: dict[Hashable, int] = defaultdict(int)
    stratum: dict[Hashable, int] = defaultdict(int)
    stages: dict[tuple[int, int, bool], list[Rule]] = defaultdict(list)
    for nodes in _strongly_connected(edges):
        found = [deriving[node] for node in sorted(node for node in nodes if isinstance(node, int))]
        for rule in found:
            if len(nodes) > 1 and isinstance(rule, FileRule) and rule.computes:
                _refuse_computing(rule)
            for key in rule.negates():
                if ("read", key) in nodes:
                    _refuse_cycle(found, rule, key)
                stratum[nodes[0]] = max(stratum[nodes[0]], stratum["read", key] + 1)
        here = max(level[node] for node in nodes)
        above = max(stratum[node] for node in nodes)
        for node in nodes:
            stratum[node] = above
            for target in edges.get(node, ()):
                level[target] = max(level[target], here + 1)
                stratum[target] = max(stratum[target], above)
        if found:
            stages[above, here, len(nodes) > 1] += found
    return [Stage(tuple(stages[key]), key[2], key[0]) for key in sorted(stages)]


def _edges(rules: Sequence[Rule]) -> dict[Hashable, list[Hashable]]:
    """What feeds what: from each rule, by its number, to what it writes, to what reads that, and on to rules.

    A key for any predicate, or for any class, would otherwise need an edge from each rule to each other one.
    """
    edges: dict[Hashable, list[Hashable]] = {}
    readers: dict[str | None, list[Key]] = defaultdict(list)
    for number, rule in enumerate(rules):
        for key in (*rule.reads(), *rule.negates()):
            if ("read", key) not in edges:
                edges["read", key] = []
                readers[key.predicate].append(key)
            edges["read", key].append(number)
    everything = [key for keys in readers.values() for key in keys]
    for number, rule in enumerate(rules):
        written = rule.writes()
        if written is not None:
            edges[number] = [("written", written)]
            near = readers[written.predicate] + readers[None] if written.predicate else everything
            edges["written", written] = [("read", key) for key in near if written.covers(key)]
    return edges


def _refuse_computing(rule: FileRule) -> None:
    raise OntologyError(
        f"the rule {rule.name} makes values with BIND and depends on what it derives: it might never be done",
        "let it derive a property or class that it does not depend on",
    )


def _refuse_cycle(cycle: list[Rule], rule: Rule, key: Key) -> None:
    files = sorted({one.name for one in cycle if isinstance(one, FileRule)})
    raise OntologyError(
        f"the rule {rule.name} holds {key.kind or key.predicate or 'triples of any kind'} for absent,"
        f" but this depends on what the same rule derives, through {', '.join(files)}",
        "break the cycle: a rule may only hold for absent what is complete before it runs",
    )


def _strongly_connected(edges: Mapping[Hashable, Sequence[Hashable]]) -> list[list[Hashable]]:
    """The strongly connected components of a graph, each after those with an edge to it (Tarjan 1972)."""
    index: dict[Hashable, int] = {}
    low: dict[Hashable, int] = {}
    path: list[Hashable] = []
    on_path: set[Hashable] = set()
    found: list[list[Hashable]] = []
    for root in list(edges):
        if root in index:
            continue
        # A stack of its own: a long chain of rules would be too deep for recursion.
        work = [(root, iter(edges.get(root, ())))]
        index[root] = low[root] = len(index)
        path.append(root)
        on_path.add(root)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    path.append(target)
                    on_path.add(target)
                    work.append((target, iter(edges.get(target, ()))))
                    break
                if target in on_path:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component: list[Hashable] = []
                    while not component or component[-1] != node:
                        component.append(path.pop())
                        on_path.discard(component[-1])
                    found.append(component)
    return found[::-1]
