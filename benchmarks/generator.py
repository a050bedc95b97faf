"""A graph of any size that is like the real one, for measuring: the same seed gives the same bytes.

Mechanisms come in rounds. The first round is the real graph's own sections under their own names, in a random
order, as far as they fit. In every later round each section comes once again as another mechanism, with as
many clusters of instruments, bodies, events and measures as the section has, drawn from all. So class counts
per mechanism, properties per class and out-degrees are the measured ones. States come in proportion, drawn
from the real ones. A mechanism deals with states and other mechanisms that came not long before; the
hubs, concepts and classes are the same for all, and their in-degree grows.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import string
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count, product
from pathlib import Path

import pyoxigraph as ox

from benchmarks.shape import Kind, Resource, Section, Shape, State, Statement, measure_shape
from tipgraph.sources import Sources


def generate(sources: Sources, triples: int, seed: int) -> Iterator[str]:
    """Lines of N-Quads, ``triples`` of them or a few less; never less than what does not grow.

    They are made one after another, in memory that does not depend on ``triples``.
    """
    return _Growth(measure_shape(sources), triples, seed).lines()


def write_quads(path: Path, sources: Sources, triples: int, seed: int) -> int:
    """How many lines of N-Quads were written to ``path``."""
    written = 0
    with path.open("w", encoding="utf-8") as file:
        for line in generate(sources, triples, seed):
            file.write(line)
            written += 1
    return written


def write_folder(folder: Path, sources: Sources, triples: int, seed: int) -> int:
    """How many triples were written to ``folder``, which ``--root`` takes: a file for each named graph."""
    for part in ("ontology", "shapes", "queries"):
        shutil.copytree(getattr(sources, part), folder / part)
    data = folder / "data"
    data.mkdir()
    files = {}
    written = 0
    try:
        for line in generate(sources, triples, seed):
            triple, _, graph = line.rstrip(" .\n").rpartition(" <")
            name = graph.rstrip(">").rpartition("/")[2]
            written += 1
            if name == "ontology":
                continue
            if name not in files:
                path = data / name / "generated.ttl" if name != "catalog" else data / "catalog.ttl"
                path.parent.mkdir(exist_ok=True)
                files[name] = path.open("w", encoding="utf-8")
            # N-Triples is Turtle.
            files[name].write(f"{triple} .\n")
    finally:
        for file in files.values():
            file.close()
    return written


@dataclass(slots=True)
class _Scope:
    """Where resources are copied to: a mechanism, and the cluster at hand."""

    home: str
    """The real mechanism for which the copied one stands."""
    mechanism: str
    names: dict[str, str]
    """Real resource → its copy, for what the mechanism alone has and the states that it deals with."""
    passages: list[str]
    strangers: list[str]
    """The states near it that stand for no real one yet."""
    tag: str = ""
    """Tells copies from those of the same resource elsewhere; empty for the first one."""
    cluster: dict[str, str] = field(default_factory=dict)
    """Real resource → its copy, for the cluster at hand."""

    def find(self, real: str) -> str | None:
        """The copy of ``real`` here, if there is one."""
        if real == self.home:
            return self.mechanism
        return self.cluster.get(real) or self.names.get(real)


class _Growth:
    def __init__(self, shape: Shape, triples: int, seed: int) -> None:
        self._shape = shape
        self._left = triples
        self._random = random.Random(seed)
        self._seed = seed
        self._clusters = [
            (section.mechanism.iri, cluster) for section in shape.sections for cluster in section.clusters
        ]
        self._states = {state.resource.iri: state for state in shape.states}
        self._largest_state = max(state.size() for state in shape.states)
        self._first_states = dict(self._states)
        """The real states that have not come yet."""
        self._states_made = 0
        self._near: deque[str] = deque(maxlen=len(shape.states))
        """The states that came last."""
        self._new: dict[str, None] = {}
        """The states that no mechanism has dealt with yet."""
        self._hubs = dict(shape.hubs)
        """The hubs that nothing has referred to yet."""
        self._latest: dict[str, str] = {}
        """Real resource → its latest copy."""
        self._waiting: dict[str, list[tuple[str, Statement]]] = {}
        """Real resource that has no copy yet → what refers to it."""
        self._codes = _free_codes(shape)
        self._serial = count(1)

    def lines(self) -> Iterator[str]:
        """The graph."""
        yield from self._spend(self._shape.fixed)
        mechanisms = 0
        for number in count():
            before = mechanisms
            for section in self._random.sample(self._shape.sections, len(self._shape.sections)):
                clusters = self._choose_clusters(section, number)
                due = (mechanisms + 1) * len(self._states) // len(self._shape.sections) - self._states_made
                wanted = self._states_of(section) if number == 0 else [""] * due
                if self._size(section, clusters, len(wanted)) > self._left:
                    continue
                for iri in wanted:
                    yield from self._spend(self._add_state(self._choose_state(iri)))
                yield from self._spend(self._add_mechanism(section, clusters, number))
                mechanisms += 1
            if mechanisms == before:
                break
        # What is left is less than a mechanism takes.
        for state in list(self._first_states.values()):
            if state.size() <= self._left:
                yield from self._spend(self._add_state(state))

    def _spend(self, lines: list[str]) -> list[str]:
        self._left -= len(lines)
        return lines

    def _choose_clusters(self, section: Section, number: int) -> list[tuple[str, list[Resource]]]:
        if number == 0:
            return [(section.mechanism.iri, cluster) for cluster in section.clusters]
        return self._random.choices(self._clusters, k=len(section.clusters))

    def _states_of(self, section: Section) -> list[str]:
        """The states that the real section deals with and that have not come yet."""
        parts = (section.mechanism, *section.own, *(part for cluster in section.clusters for part in cluster))
        links = dict.fromkeys(link for part in parts for link in part.links())
        return [link for link in links if link in self._first_states]

    def _choose_state(self, iri: str = "") -> State:
        """The real state, else a real one that has not come yet, else any."""
        return self._first_states.get(iri) or (
            next(iter(self._first_states.values()))
            if self._first_states
            else self._shape.states[self._random.randrange(len(self._shape.states))]
        )

    def _size(self, section: Section, clusters: list[tuple[str, list[Resource]]], states: int) -> int:
        """How many lines a copy of the section takes at most."""
        parts = [section.mechanism, *section.own, *(part for _, cluster in clusters for part in cluster)]
        hubs = sum(len(hub.statements) for hub in self._hubs.values())
        return sum(len(part.statements) for part in parts) + hubs + self._largest_state * states

    def _add_state(self, state: State) -> list[str]:
        iri = state.resource.iri
        tag = "" if self._first_states.pop(iri, None) else str(next(self._serial))
        name = _rename(iri, tag)
        self._states_made += 1
        self._near.append(name)
        self._new[name] = None
        self._latest.setdefault(iri, name)
        lines: list[str] = []
        for part in (state.resource, *state.actions):
            self._copy(part, _Scope(iri, name, {}, [], [], tag), lines)
        return lines

    def _add_mechanism(
        self, section: Section, clusters: list[tuple[str, list[Resource]]], number: int
    ) -> list[str]:
        tag = "" if number == 0 else str(next(self._serial))
        home = section.mechanism.iri
        names = {part.iri: _rename(part.iri, tag) for part in section.own}
        strangers = [] if number == 0 else self._random.sample(self._near, len(self._near))
        # From the end, the new ones first.
        strangers.sort(key=self._new.__contains__)
        scope = _Scope(
            home, _rename(home, tag), names, [names[iri] for iri in section.passages], strangers, tag
        )
        lines: list[str] = []
        for cluster_home, cluster in clusters:
            scope.home = cluster_home
            scope.tag = "" if number == 0 else str(next(self._serial))
            scope.cluster = {
                part.iri: _rename(part.iri, scope.tag) for part in cluster if part.iri != cluster_home
            }
            self._latest |= scope.cluster
            for part in cluster:
                self._copy(part, scope, lines)
        scope.home, scope.tag, scope.cluster = home, tag, {}
        self._latest[home] = scope.mechanism
        for part in (section.mechanism, *section.own):
            self._copy(part, scope, lines)
        return lines

    def _copy(self, part: Resource, scope: _Scope, lines: list[str]) -> None:
        """Add the copy of ``part`` to ``lines``, with what waited for it."""
        name = scope.find(part.iri) or _rename(part.iri, scope.tag)
        said: dict[str, None] = {}
        for statement in part.statements:
            value = self._object(statement, name, scope, lines)
            if value:
                said[f"<{name}> {statement.predicate} {value} {statement.graph} .\n"] = None
        lines += said
        for subject, statement in self._waiting.pop(part.iri, ()):
            lines.append(f"<{subject}> {statement.predicate} <{name}> {statement.graph} .\n")

    def _object(self, statement: Statement, name: str, scope: _Scope, lines: list[str]) -> str:
        """The object of ``statement`` about ``name`` in N-Quads, or nothing when there is none yet."""
        value = statement.value
        match statement.kind:
            case Kind.SAME:
                return value
            case Kind.LINK:
                target = self._link(value, scope, lines)
                if target is None:
                    self._waiting.setdefault(value, []).append((name, statement))
                    return ""
                return f"<{target}>"
            case Kind.EVIDENCE:
                found = scope.find(value) or self._evidence(value, scope)
                return f"<{found}>" if found else ""
            case Kind.TEXT:
                text = f"{value} {scope.tag}" if scope.tag else value
                return str(ox.Literal(text, language=statement.language))
            case Kind.CODE:
                code = next(self._codes[statement.predicate], "") if scope.tag else value
                return f'"{code}"' if code else ""
            case Kind.MATCH:
                return f"<{value}0000{scope.tag}>" if scope.tag else f"<{value}>"
            case Kind.DIGEST:
                return f'"{hashlib.sha256(f"{self._seed} {name}".encode()).hexdigest()}"'

    def _link(self, real: str, scope: _Scope, lines: list[str]) -> str | None:
        """The copy that ``real`` has in this scope, else the latest one, if there is any."""
        found = scope.find(real)
        if found:
            return found
        if real in self._shape.hubs:
            hub = self._hubs.pop(real, None)
            if hub is not None:
                # A hub comes when it is first referred to.
                self._copy(hub, replace(scope, tag="", cluster={}), lines)
            return real
        if real in self._states and scope.strangers:
            found = scope.strangers.pop()
            self._new.pop(found, None)
            return scope.names.setdefault(real, found)
        return self._latest.get(real)

    def _evidence(self, real: str, scope: _Scope) -> str:
        """The passage of this mechanism that stands for that of another."""
        if not scope.passages:
            return ""
        digest = hashlib.sha256(real.encode()).digest()
        return scope.passages[int.from_bytes(digest[:4]) % len(scope.passages)]


def _rename(iri: str, tag: str) -> str:
    """The IRI of a copy: what a name has to begin with, or to end in, stays."""
    if not tag:
        return iri
    namespace, slash, name = iri.rpartition("/")
    return f"{namespace}{slash}copy-{tag}-{name}"


def _free_codes(shape: Shape) -> dict[str, Iterator[str]]:
    """Predicate → the codes that no real state has, in their order; there are only so many."""
    used: defaultdict[str, set[str]] = defaultdict(set)
    for state in shape.states:
        for statement in state.resource.statements:
            if statement.kind is Kind.CODE:
                used[statement.predicate].add(statement.value)

    def free(codes: set[str]) -> Iterator[str]:
        some = next(iter(codes))
        letters = string.digits if some.isdigit() else string.ascii_uppercase
        for code in map("".join, product(letters, repeat=len(some))):
            if code not in codes:
                yield code

    return {predicate: free(codes) for predicate, codes in used.items()}
