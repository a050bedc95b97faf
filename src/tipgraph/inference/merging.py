"""Rules of one form asked in one query.

Most rules say the same of different terms: one property is under another, one class under another. Apart they
are hundreds of queries, each of which is parsed, planned and looks up the same things again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from tipgraph.inference.rules import Pattern, Rule, Slot


@dataclass(frozen=True, eq=False)
class MergedRule(Rule):
    """A rule that derives what all its ``members`` derive."""

    members: tuple[Rule, ...] = ()


def merge_rules(rules: Iterable[Rule]) -> list[Rule]:
    """Rules that derive the same as ``rules``, with those of one name and form merged."""
    alike: dict[object, list[Rule]] = defaultdict(list)
    for rule in rules:
        alike[_form(rule)].append(rule)
    return [members[0] if len(members) == 1 else _merge(members) for members in alike.values()]


def _form(rule: Rule) -> object:
    """What rules have in common that can be merged; of a rule that cannot, the rule itself."""
    if rule.where is not None or rule.conditions or len(rule.body) != 1 or rule.blank_nodes():
        return rule
    return rule.name, tuple(slot if isinstance(slot, ox.Variable) else None for slot in _slots(rule))


def _slots(rule: Rule) -> Iterator[Slot]:
    for pattern in (*rule.body, rule.head):
        yield from pattern or ()


def _merge(members: list[Rule]) -> Rule:
    """One rule in which a variable, bound by ``VALUES``, stands wherever the terms of ``members`` differ."""
    columns = list(zip(*map(_slots, members), strict=True))
    varying = [number for number, column in enumerate(columns) if len(set(column)) > 1]
    variables = {number: ox.Variable(f"term{number}") for number in varying}
    rows = (" ".join(str(columns[number][row]) for number in varying) for row in range(len(members)))
    values = f"VALUES ({' '.join(map(str, variables.values()))}) {{ {' '.join(f'({row})' for row in rows)} }}"
    slots = [variables.get(number, column[0]) for number, column in enumerate(columns)]
    body, head = Pattern(*slots[:3]), Pattern(*slots[3:])
    return MergedRule(members[0].name, (body,), head, values=values, members=tuple(members))
