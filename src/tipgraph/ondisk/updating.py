"""Runs a SPARQL update in a store on disk: all of it, or nothing."""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import QueryError
from tipgraph.ondisk.gathering import gather
from tipgraph.ondisk.layout import DATABASE, changing, hold_state, let_hold, new_state, unwritable
from tipgraph.sizes import Sizes
from tipgraph.sparql.updates import inserts_outside_graphs

_OUTSIDE: Final = "SELECT ?s ?p ?o { ?s ?p ?o FILTER NOT EXISTS { GRAPH ?g { ?s ?p ?o } } }"
_ADD_NEW: Final = "INSERT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } FILTER NOT EXISTS { ?s ?p ?o } }"
_COUNT: Final = "SELECT ?g (COUNT(*) AS ?triples) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"


@dataclass(frozen=True)
class Update:
    """What an update did: how many quads there were, and are."""

    before: int
    after: int


def update_on_disk(
    folder: Path, text: str, *, patience: float = 10.0, tell: Callable[[str], None] = lambda _: None
) -> Update:
    """Run ``text``, which ``check_update`` has passed, in the store that ``load_to_disk`` made in ``folder``.

    Patterns outside of ``GRAPH`` match the union of all graphs, as in a query; what is deleted outside of it
    lay in no named graph. Nothing is inserted there where there are named graphs: the store does not tell
    whether a triple that lies in one lies outside too. The update is run in a copy, which shares the files of
    the database and then takes the place of the store. A run that is cut off or fails changes nothing.

    Raises ``QueryError`` where it asks for what cannot be done, ``BusyError`` where another process changes
    the store for longer than ``patience`` seconds, and ``SourceError`` where it cannot be read or written.
    """
    with changing(folder, patience):
        held = hold_state(folder)
        if _has_graphs(held.sizes) and inserts_outside_graphs(text):
            raise QueryError(
                "the store has named graphs, and the update does not say into which one it inserts",
                "write INSERT DATA { GRAPH <...> { ... } }, or WITH <...> before INSERT",
            )
        state = None
        try:
            state = new_state(folder)
            sizes = _update(held.path / DATABASE, held.sizes, state, text, tell)
            let_hold(folder, state, sizes)
        except BaseException as error:
            if state is not None:
                # A database that a frame holds would go on writing.
                traceback.clear_frames(error.__traceback__)
                shutil.rmtree(state, ignore_errors=True)
            if isinstance(error, OSError):
                raise unwritable(folder, error) from error
            raise
        before = held.sizes.quads
        # Given back, so that what it was can be removed.
        del held
    return Update(before, sizes.quads)


def _has_graphs(sizes: Sizes) -> bool:
    return bool(sizes.graphs.keys() - {""})


def _update(old: Path, sizes: Sizes, state: Path, text: str, tell: Callable[[str], None]) -> Sizes:
    before = ox.Store.read_only(str(old))
    before.backup(str(state / DATABASE))
    database = ox.Store(str(state / DATABASE))
    tell("running the update")
    try:
        database.update(text)
    except RuntimeError as error:
        raise QueryError(
            f"the update cannot be run: {str(error)[:1].lower()}{str(error)[1:]}", "nothing was changed"
        ) from error
    tell("making the union of the graphs")
    outside = _renew_union(before, database, had_graphs=_has_graphs(sizes))
    graphs = _count_graphs(database) | ({"": outside} if outside else {})
    tell("gathering names and texts")
    sizes = gather(database, state, graphs)
    database.flush()
    return sizes


def _renew_union(before: ox.Store, database: ox.Store, *, had_graphs: bool) -> int:
    """How many triples lie in no named graph, once the default graph is the union again."""
    outside = 0
    dropped = []
    for triple in _outside(database):
        # Of the union, or of no named graph: only what was before tells which.
        if had_graphs and _is_in_named_graph(before, triple):
            dropped.append(triple)
        else:
            outside += 1
    for triple in dropped:
        database.remove(ox.Quad(*triple))
    database.update(_ADD_NEW)
    return outside


def _outside(database: ox.Store) -> Iterator[ox.Triple]:
    """The triples of the default graph that are in no named graph."""
    solutions = database.query(_OUTSIDE)
    assert isinstance(solutions, ox.QuerySolutions)
    for solution in solutions:
        yield ox.Triple(solution["s"], solution["p"], solution["o"])


def _is_in_named_graph(database: ox.Store, triple: ox.Triple) -> bool:
    found = database.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
    return any(quad.graph_name != ox.DefaultGraph() for quad in found)


def _count_graphs(database: ox.Store) -> dict[str, int]:
    """Named graph → its triples; those that are empty are removed."""
    solutions = database.query(_COUNT)
    assert isinstance(solutions, ox.QuerySolutions)
    graphs = {solution["g"]: int(solution["triples"].value) for solution in solutions}
    for graph in list(database.named_graphs()):
        if graph not in graphs:
            database.remove_graph(graph)
    return {
        graph.value if isinstance(graph, ox.NamedNode) else str(graph): count
        for graph, count in graphs.items()
    }
