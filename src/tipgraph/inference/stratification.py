"""The order in which rules run, so that each runs once where nothing leads back to it.

Rules that feed each other form a component; components run one after another, each after those that feed it.
A rule that holds something for absent runs after everything that could still derive it; where there is no
such order, the rules have no single meaning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from tipgraph.errors import OntologyError
from tipgraph.inference.rule_files import FileRule
from tipgraph.inference.rules import Key, Rule


@dataclass(frozen=True)
class Component:
    """Rules that feed each other, or one rule that does not feed itself.

    ``stratum`` counts how many times something is held for absent on the way to these rules.
    """

    rules: tuple[Rule, ...]
    recursive: bool
    stratum: int

    def file_rules(self) -> tuple[FileRule, ...]:
        """Those of the rules that stand in files."""
        return tuple(rule for rule in self.rules if isinstance(rule, FileRule))

    def feeds(self, key: Key) -> bool:
        """Whether some rule of the component derives what ``key`` reads."""
        return any(written.covers(key) for rule in self.rules if (written := rule.writes()) is not None)


def stratify(rules: Sequence[Rule]) -> list[Component]:
    """The components of ``rules`` that derive something, each after those that feed it.

    Raises ``OntologyError`` when a rule holds for absent what depends on itself.
    """
    deriving = [rule for rule in rules if rule.head is not None]
    # Rules are joined through the keys that they write and read; a key for any predicate, or for any class,
    # would otherwise need an edge from each rule to each other one.
    edges: dict[Hashable, list[Hashable]] = defaultdict(list)
    read = {key for rule in deriving for key in rule.keys() | rule.negated}
    written = {key for rule in deriving if (key := rule.writes()) is not None}
    readers = defaultdict(list)
    for key in read:
        readers[key.predicate].append(key)
    for key in written:
        candidates = read if key.predicate is None else readers[key.predicate] + readers[None]
        edges["written", key] = [("read", other) for other in candidates if key.covers(other)]
    for number, rule in enumerate(deriving):
        edges[number] = [("written", rule.writes())]
        for key in rule.keys() | rule.negated:
            edges["read", key].append(number)
    order = _strongly_connected(edges)

    strata: dict[Hashable, int] = {}
    components = []
    incoming: dict[Hashable, int] = defaultdict(int)
    for nodes in order:
        members = set(nodes)
        found = sorted(node for node in nodes if isinstance(node, int))
        stratum = max(incoming[node] for node in nodes)
        for number in found:
            for key in deriving[number].negated:
                if ("read", key) in members:
                    _refuse_cycle([deriving[one] for one in found], deriving[number], key)
                stratum = max(stratum, strata.get(("read", key), 0) + 1)
        for node in nodes:
            strata[node] = stratum
            for target in edges.get(node, ()):
                incoming[target] = max(incoming[target], stratum)
        if found:
            components.append(Component(tuple(deriving[number] for number in found), len(nodes) > 1, stratum))
    return components


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
