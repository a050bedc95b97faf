"""The graph that a command works on, and the options that choose it."""

from __future__ import annotations

import click

from tipgraph.cli import Settings
from tipgraph.cli.terminal import wait_for
from tipgraph.graph import KnowledgeGraph

asserted_option = click.option("--asserted", is_flag=True, help="Leave out what is only inferred.")


def open_graph(settings: Settings, *, asserted: bool = False, on_disk: bool = False) -> KnowledgeGraph:
    """The graph that ``--root`` names, with what it entails unless only what is ``asserted`` is wanted.

    ``on_disk`` is for what reads little of it: see ``KnowledgeGraph.open``.
    """
    return wait_for(
        lambda: KnowledgeGraph.open(settings.root, infer=not asserted, cache=settings.cache, on_disk=on_disk),
        "Loading the graph" if asserted else "Loading the graph and inferring what follows",
    )
