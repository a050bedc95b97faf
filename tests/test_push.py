"""A dataset in another store: whole, verified, and taken up again where it was cut off."""

from __future__ import annotations

from collections.abc import Callable

import pyoxigraph as ox
import pytest
from tests.peer_server import Received, Reply, SmallStore, peer_at

from tipgraph.errors import PeerError, SourceError
from tipgraph.peer import Peer
from tipgraph.push import Outcome, PushedGraph, push_dataset
from tipgraph.store import Dataset

ONE, TWO = "http://e/one", "http://e/two"
DATA = """
    <http://e/one> { <http://e/a> <http://e/p> "a\\nb"@en , 1 , [ <http://e/q> [ <http://e/q> "x" ] ] , [] . }
    <http://e/two> { <http://e/b> <http://e/p> <http://e/c> , "<&>\\"" . }
"""


def dataset_of(trig: str) -> Dataset:
    store = ox.Store()
    store.load(trig.encode(), format=ox.RdfFormat.TRIG)
    return Dataset(store)


def push(
    answer: Callable[[Received], Reply],
    trig: str = DATA,
    *,
    graph_store: bool = False,
    into: str | None = None,
    union: str | None = None,
    dry_run: bool = False,
    in_place: bool = False,
) -> list[PushedGraph]:
    with peer_at(answer) as url:
        peer = Peer(url, graph_store=url if graph_store else None, sleep=lambda _: None)
        try:
            pushed = push_dataset(
                dataset_of(trig), peer, into=into, union=union, dry_run=dry_run, in_place=in_place
            )
            return list(pushed)
        finally:
            peer.close()


def outcomes(pushed: list[PushedGraph]) -> list[Outcome]:
    return [graph.outcome for graph in pushed]


def canonical(store: ox.Store) -> ox.Dataset:
    dataset = ox.Dataset(store)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


@pytest.mark.parametrize("graph_store", [False, True])
@pytest.mark.parametrize("in_place", [False, True])
def test_what_is_pushed_is_there_and_agrees_the_next_time(graph_store: bool, in_place: bool) -> None:
    there = SmallStore()
    there.store.load(
        b"<http://e/old> <http://e/p> 1 .", format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode(ONE)
    )
    first = push(there, graph_store=graph_store, in_place=in_place)
    assert outcomes(first) == [Outcome.PUSHED, Outcome.PUSHED]
    assert canonical(there.store) == canonical(dataset_of(DATA).store)
    there.requests.clear()
    again = push(there, graph_store=graph_store, in_place=in_place)
    assert outcomes(again) == [Outcome.AGREES, Outcome.AGREES]
    assert not [r for r in there.requests if r.method == "PUT" or b"INSERT" in r.body]


def test_a_dry_run_changes_nothing() -> None:
    there = SmallStore()
    assert outcomes(push(there, dry_run=True)) == [Outcome.WOULD_PUSH, Outcome.WOULD_PUSH]
    assert len(there.store) == 0


@pytest.mark.parametrize("graph_store", [False, True])
def test_large_graphs_go_in_parts_and_blank_nodes_stay_together(
    monkeypatch: pytest.MonkeyPatch, graph_store: bool
) -> None:
    monkeypatch.setattr("tipgraph.push._LARGEST_CHUNK", 200)
    monkeypatch.setattr("tipgraph.push._LONGEST_UPDATE", 3)
    there = SmallStore()
    many = " , ".join(f'{n} , [ <http://e/q> [ <http://e/q> "{n}" ] ]' for n in range(30))
    trig = f"<{ONE}> {{ <http://e/a> <http://e/p> {many} . }}"
    assert outcomes(push(there, trig, graph_store=graph_store)) == [Outcome.PUSHED]
    writes = [r for r in there.requests if r.method in ("PUT", "POST") and (r.graph or b"INSERT" in r.body)]
    assert len(writes) > 30
    assert canonical(there.store) == canonical(dataset_of(trig).store)


@pytest.mark.parametrize("cut_at", range(12))
def test_a_push_that_is_cut_off_leaves_no_half_graph_and_is_taken_up(
    monkeypatch: pytest.MonkeyPatch, cut_at: int
) -> None:
    monkeypatch.setattr("tipgraph.push._LONGEST_UPDATE", 1)
    there = SmallStore()
    there.store.load(
        b"<http://e/old> <http://e/p> 1 .", format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode(ONE)
    )
    left = cut_at

    def dies(request: Received) -> Reply:
        nonlocal left
        left -= 1
        return there(request) if left >= 0 else (500, {}, b"")

    with pytest.raises(PeerError):
        push(dies)
    for name, whole in ((ONE, 6), (TWO, 2)):
        size = len(list(there.store.quads_for_pattern(None, None, None, ox.NamedNode(name))))
        assert size in (0 if name == TWO else 1, whole)
    push(there)
    assert canonical(there.store) == canonical(dataset_of(DATA).store)


def test_a_store_that_loses_triples_of_the_draft_keeps_what_it_had() -> None:
    there = SmallStore()
    there.store.load(
        b"<http://e/old> <http://e/p> 1 .", format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode(TWO)
    )

    def forgets(request: Received) -> Reply:
        return (204, {}, b"") if b"INSERT" in request.body else there(request)

    (pushed,) = push(forgets, f"<{TWO}> {{ <http://e/b> <http://e/p> 1 , 2 . }}")
    assert (pushed.outcome, len(pushed.lost), pushed.strange) == (Outcome.INCOMPLETE, 2, ())
    assert len(there.store) == 1


def test_what_a_store_changes_is_shown() -> None:
    there = SmallStore()

    def rewrites(request: Received) -> Reply:
        status, fields, content = there(request)
        return status, fields, content.replace(b'"x"', b'"y"')

    (pushed,) = push(rewrites, f'<{ONE}> {{ <http://e/b> <http://e/p> "x"@en , 2 . }}')
    assert pushed.outcome is Outcome.DIFFERS
    assert pushed.lost == ('<http://e/b> <http://e/p> "x"@en .',)
    assert pushed.strange == ('<http://e/b> <http://e/p> "y"@en .',)


def test_an_answer_that_is_cut_short_is_told() -> None:
    there = SmallStore()

    def cuts(request: Received) -> Reply:
        status, fields, content = there(request)
        if b"CONSTRUCT" in request.body:
            content = content.splitlines(keepends=True)[0]
        return status, fields, content

    with pytest.raises(PeerError, match="gave 1 of the 2 triples"):
        push(cuts, f"<{ONE}> {{ <http://e/b> <http://e/p> 1 , 2 . }}")


def test_triples_outside_any_graph_need_a_name() -> None:
    there = SmallStore()
    trig = "<http://e/a> <http://e/p> 1 ."
    with pytest.raises(SourceError, match="1 triples are outside any named graph"):
        push(there, trig)
    assert outcomes(push(there, trig, into=TWO)) == [Outcome.PUSHED]
    assert [quad.graph_name for quad in there.store] == [ox.NamedNode(TWO)]


def test_the_union_is_pushed_as_a_graph_that_holds_each_triple_once() -> None:
    there = SmallStore()
    same = f"<{ONE}> {{ <http://e/a> <http://e/p> 1 , 2 }} <{TWO}> {{ <http://e/a> <http://e/p> 2 , [] }}"
    assert outcomes(push(there, same, union="urn:all")) == [Outcome.PUSHED] * 3
    pattern = None, None, None, ox.NamedNode("urn:all")
    assert len(list(there.store.quads_for_pattern(*pattern))) == 3
    assert outcomes(push(there, same, union="urn:all")) == [Outcome.AGREES] * 3
    with pytest.raises(SourceError, match="is a graph of its own"):
        push(there, same, union=TWO)
