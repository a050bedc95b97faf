"""Where the graph that is served lies, and what each process of the server does to have it.

The server forks; see ``server`` and ``workers``. What lies in memory is inherited. A database is not, since
it has threads and locks of its own: each process opens it for itself.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from tipgraph.graph import KnowledgeGraph
from tipgraph.ondisk import version_of
from tipgraph.peer import Login, Peer
from tipgraph.remote.facts import RemoteFacts, read_facts
from tipgraph.sources import locate_sources
from tipgraph.web.answers import SiteAnswer, SiteRequest, answer_from, prepare
from tipgraph.web.limits import Limits
from tipgraph.web.updating import DiskWriter, PeerWriter, Writer
from tipgraph.web.workers import OpenedByWorker

Execute: TypeAlias = Callable[[SiteRequest], SiteAnswer] | OpenedByWorker[SiteRequest, SiteAnswer]


class Backend(Protocol):
    """Where a graph lies."""

    def execute(self, limits: Limits, services: frozenset[str]) -> Execute:
        """What workers answer with; called before the process that answers requests starts a thread."""
        ...

    def open_graph(self) -> KnowledgeGraph:
        """The graph that pages are made from; called after the workers are forked."""
        ...

    def version(self) -> object | None:
        """What differs once the graph has changed and has to be opened anew; ``None`` where it does not."""
        ...

    def writer(self, graph: KnowledgeGraph, token: str, limits: Limits) -> Writer | None:
        """Who runs updates for the bearer of ``token``, where ``graph`` was opened; ``None`` for nobody."""
        ...


@dataclass(frozen=True)
class InMemory:
    """A graph that is loaded once and inherited by every process."""

    graph: KnowledgeGraph

    def __post_init__(self) -> None:
        # Here and not in each process that answers requests, each of which would hold its own.
        prepare(self.graph)

    def execute(self, limits: Limits, services: frozenset[str]) -> Execute:
        """What answers from the graph."""
        return answer_from(self.graph, limits, services)

    def open_graph(self) -> KnowledgeGraph:
        """The graph itself."""
        return self.graph

    def version(self) -> None:
        """The graph stays as it is."""

    def writer(self, graph: KnowledgeGraph, token: str, limits: Limits) -> None:
        """Nobody: it is read from files."""


@dataclass(frozen=True)
class OnDisk:
    """A store that ``tipgraph load`` made, opened by every process."""

    folder: Path
    root: Path | None = None

    def check(self) -> int:
        """How many quads it holds; raises ``SourceError`` where it is none.

        It is opened by a process that ends, so that this one may fork.
        """
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as process:
            return process.submit(_count_quads, self).result()

    def execute(self, limits: Limits, services: frozenset[str]) -> Execute:
        """What each worker opens for itself."""
        return OpenedByWorker(lambda: answer_from(self.open_graph(), limits, services), self.folder)

    def open_graph(self) -> KnowledgeGraph:
        """The store, opened anew."""
        return KnowledgeGraph.open_store(self.folder, root=self.root)

    def version(self) -> object | None:
        """Which of its states the store is in; ``None`` while none is there."""
        return version_of(self.folder)

    def writer(self, graph: KnowledgeGraph, token: str, limits: Limits) -> Writer:
        """A process for each update."""
        return DiskWriter(self.folder, token, limits)


@dataclass(frozen=True)
class Remote:
    """A store over HTTP; who makes one reads its facts, and the processes share them."""

    endpoint: str
    updates: str | None
    login: Login
    facts: RemoteFacts
    root: Path | None = None

    @classmethod
    def connect(
        cls,
        endpoint: str,
        *,
        updates: str | None = None,
        union: str | None = None,
        login: Login | None = None,
        root: Path | None = None,
    ) -> Remote:
        """The store at ``endpoint``; raises what ``read_facts`` does."""
        peer = Peer(endpoint, updates=updates, login=login)
        try:
            facts = read_facts(peer, locate_sources(root).prefixes(), union=union)
        finally:
            peer.close()
        return cls(endpoint, updates, login or Login(), facts, root)

    def execute(self, limits: Limits, services: frozenset[str]) -> Execute:
        """What checks queries and reads answers; it asks nobody."""
        return answer_from(self.open_graph(), limits, services)

    def open_graph(self) -> KnowledgeGraph:
        """The graph, with connections of its own."""
        peer = Peer(self.endpoint, updates=self.updates, login=self.login)
        return KnowledgeGraph.open_endpoint(peer, facts=self.facts, root=self.root)

    def version(self) -> None:
        """The store does not tell."""

    def writer(self, graph: KnowledgeGraph, token: str, limits: Limits) -> Writer:
        """The store itself."""
        assert graph.peer is not None
        return PeerWriter(graph.peer, token, limits)


def _count_quads(backend: OnDisk) -> int:
    return backend.open_graph().sizes().quads
