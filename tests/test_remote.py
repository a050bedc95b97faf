"""A dataset in another store: what is read of it, how few requests that takes, and its failures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from tests.peer_server import Received, Reply, SmallStore, peer_at

from tipgraph.errors import (
    BusyError,
    PeerError,
    PeerTimeoutError,
    QueryError,
    ServiceRefusedError,
    SourceError,
    UnknownNameError,
)
from tipgraph.graph import KnowledgeGraph
from tipgraph.peer import Peer, PeerLimits
from tipgraph.protocol import RESULTS_JSON, PeerAnswer, PeerQuery
from tipgraph.remote.facts import read_facts
from tipgraph.remote.reader import RemoteReader
from tipgraph.sparql.execution import QueryRequest
from tipgraph.sparql.results import AskResult, GraphResult, SelectResult
from tipgraph.store import noting_cuts

EX = "http://example.org/"
DATA = f"""
@prefix : <{EX}> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
:one {{
  :alpha a :Thing ; skos:prefLabel "Alpha plan"@en ; :knows :beta ,
    [ :name "nobody" ; :next [ :name "inner" ] ] .
}}
:two {{ :beta a :Thing ; skos:prefLabel "Beta"@en . :alpha a :Thing . }}
"""
ALPHA = ox.NamedNode(f"{EX}alpha")
JSON = {"Content-Type": RESULTS_JSON}


def stored(data: str = DATA) -> SmallStore:
    store = SmallStore()
    store.store.load(data, format=ox.RdfFormat.TRIG)
    return store


class Remote:
    """A store and the graph in it."""

    def __init__(self, store: SmallStore, url: str, union: str | None = None) -> None:
        self.store = store
        self.peer = Peer(url)
        self.graph = KnowledgeGraph.open_endpoint(self.peer, union=union)
        self.store.requests.clear()


@pytest.fixture(params=[False, True], ids=["listed", "union"])
def remote(request: pytest.FixtureRequest) -> Iterator[Remote]:
    store = stored()
    store.has_union = request.param
    with peer_at(store) as url:
        found = Remote(store, url)
        yield found
        found.peer.close()


def local() -> KnowledgeGraph:
    dataset = KnowledgeGraph.open(Path(__file__).parents[1], infer=False)
    store = ox.Store()
    store.load(DATA, format=ox.RdfFormat.TRIG)
    return KnowledgeGraph(type(dataset.dataset)(store, dict(dataset.prefixes)), dataset.sources)


def test_what_is_told_of_the_whole_is_what_is_there(remote: Remote) -> None:
    sizes = remote.graph.sizes()
    assert sizes == local().sizes()
    assert (sizes.triples, sizes.quads) == (9, 10)
    assert remote.graph.dataset.graph_names() == [f"{EX}one", f"{EX}two"]
    assert remote.graph.find("alpha PLAN") == ALPHA.value
    assert [hit.iri for hit in remote.graph.search("plans").hits] == [ALPHA.value]
    assert remote.store.requests == [], "names and texts are at hand"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?s (COUNT(DISTINCT ?c) AS ?n) { ?s a ?c } GROUP BY ?s ORDER BY ?s",
        "SELECT * { GRAPH ?g { ?s skos:prefLabel ?o } } ORDER BY ?g",
        f"SELECT ?s FROM <{EX}two> {{ ?s a ?c }} ORDER BY ?s",
        "SELECT ?s ?none { ?s skos:prefLabel ?l OPTIONAL { ?s <http://none/> ?none } } ORDER BY ?s",
        "SELECT ?n { ?s ?p [ ?q ?n ] FILTER(isLiteral(?n)) } ORDER BY ?n",
        "ASK { ?s skos:prefLabel 'Beta'@en }",
        "ASK { ?s skos:prefLabel 'Gamma'@en }",
        "CONSTRUCT WHERE { ?s skos:prefLabel ?o }",
    ],
)
def test_queries_are_answered_as_in_memory(remote: Remote, query: str) -> None:
    result, wanted = remote.graph.run(QueryRequest(query)), local().run(QueryRequest(query))
    if isinstance(result, GraphResult) and isinstance(wanted, GraphResult):
        assert set(result.triples) == set(wanted.triples)
    else:
        assert result == wanted
    assert len(remote.store.requests) == 1


def test_a_query_takes_parameters_and_graphs(remote: Remote) -> None:
    asked = QueryRequest("SELECT ?label { ?x skos:prefLabel ?label }", {"x": ALPHA})
    result = remote.graph.run(asked)
    assert isinstance(result, SelectResult)
    assert [str(row[0]) for row in result.rows] == ['"Alpha plan"@en']
    only = QueryRequest("ASK { ?s skos:prefLabel 'Beta'@en }", default_graphs=(f"{EX}one",))
    assert remote.graph.run(only) == AskResult(False)
    for refused in (
        QueryRequest("ASK { ?s ?p ?o }", named_graphs=("http://169.254.169.254/",)),
        QueryRequest("ASK FROM <http://169.254.169.254/> { ?s ?p ?o }"),
        QueryRequest("ASK { SERVICE <http://169.254.169.254/> { ?s ?p ?o } }"),
    ):
        remote.store.requests.clear()
        with pytest.raises(ServiceRefusedError):
            remote.graph.run(refused)
        assert remote.store.requests == []


def test_rows_are_cut_and_say_so(remote: Remote) -> None:
    result = remote.graph.run(QueryRequest("SELECT * { ?s ?p ?o }", most_rows=3))
    assert isinstance(result, SelectResult)
    assert (len(result.rows), result.is_cut) == (3, True)


@pytest.mark.parametrize("query", ["SELECT ?s ?p ?o { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p ?o }"])
def test_an_answer_that_is_cut_by_its_bytes_gives_what_it_holds(remote: Remote, query: str) -> None:
    request = QueryRequest(query)
    asked = remote.graph.peer_query(request)
    assert asked is not None
    whole = remote.peer.ask(asked)
    cut = remote.peer.ask(asked, most_bytes=len(whole.content) // 2)
    assert (whole.is_cut, cut.is_cut) == (False, True)
    result = remote.graph.read_answer(cut, request)
    assert not isinstance(result, AskResult)
    rows = result.rows if isinstance(result, SelectResult) else result.triples
    assert 0 < len(rows) < 9
    assert result.is_cut


def test_a_resource_is_described_with_few_requests(remote: Remote) -> None:
    wanted = local().describe(ALPHA.value)
    found = remote.graph.describe(ALPHA.value)
    assert (found.resource, found.kinds, found.text) == (wanted.resource, wanted.kinds, wanted.text)
    assert [group.predicate for group in found.outgoing] == [group.predicate for group in wanted.outgoing]
    (knows,) = found.outgoing
    assert {fact.graphs for fact in knows.facts} == {(f"{EX}one",)}
    assert len(remote.store.requests) <= 8
    remote.store.requests.clear()
    remote.graph.describe(ALPHA.value)
    assert remote.store.requests == [], "what was found is kept for a moment"
    remote.graph.dataset.reader.forget()
    remote.graph.describe(ALPHA.value)
    assert remote.store.requests


def test_blank_nodes_are_followed(remote: Remote) -> None:
    reader = remote.graph.dataset.reader
    names = []
    ahead: list[ox.NamedNode | ox.BlankNode] = [ALPHA]
    while ahead:
        for quad in reader.quads_for_pattern(ahead.pop(), None, None, None):
            if isinstance(quad.object, ox.BlankNode):
                ahead.append(quad.object)
            if quad.predicate.value == f"{EX}name":
                names.append(quad.object.value)  # type: ignore[union-attr]
    assert sorted(names) == ["inner", "nobody"]


def test_look_ups_are_those_of_a_store_in_memory(remote: Remote) -> None:
    reader, there = remote.graph.dataset.reader, local().dataset.reader
    one = ox.NamedNode(f"{EX}one")
    label = ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")
    beta = ox.NamedNode(f"{EX}beta")
    for pattern in (
        (beta, None, None, None),
        (None, label, None, None),
        (None, None, beta, None),
        (None, label, ox.Literal("Beta", language="en"), None),
        (beta, label, None, None),
        (None, label, None, one),
        (ALPHA, label, None, one),
        (None, None, None, ox.NamedNode(f"{EX}three")),
    ):
        found = set(reader.quads_for_pattern(*pattern))
        assert found == set(there.quads_for_pattern(*pattern)), pattern
    reader.prepare([ALPHA, beta, ox.NamedNode(f"{EX}nothing")])
    remote.store.requests.clear()
    assert set(reader.quads_for_pattern(beta, None, None)) == set(there.quads_for_pattern(beta, None, None))
    assert list(reader.quads_for_pattern(ox.NamedNode(f"{EX}nothing"), None, None)) == []
    assert remote.store.requests == []
    assert len(list(reader.read_all())) == len(list(there.read_all())) == 10


def test_what_was_found_is_asked_for_anew_after_a_while() -> None:
    now = 0.0
    store = stored()
    with peer_at(store) as url:
        peer = Peer(url)
        reader = RemoteReader(peer, read_facts(peer, {}), clock=lambda: now)
        store.requests.clear()
        for seconds in (0.0, 29.0, 31.0):
            now = seconds
            assert list(reader.quads_for_pattern(ox.NamedNode(f"{EX}beta"), None, None))
        assert len(store.requests) == 2
        peer.close()


def test_very_much_is_cut_and_noted() -> None:
    many = "".join(f"<{EX}m{n}> <{EX}of> <{EX}many> .\n" for n in range(2_001))
    with peer_at(stored(f"<{EX}big> {{ {many} }}")) as url:
        peer = Peer(url)
        graph = KnowledgeGraph.open_endpoint(peer)
        with noting_cuts() as cuts:
            found = list(graph.dataset.reader.quads_for_pattern(None, None, ox.NamedNode(f"{EX}many")))
        assert (len(found), len(cuts)) == (2_000, 1)
        assert "more than 2,000 triples of ? ? <http://example.org/many>" in cuts[0]
        peer.close()


def test_a_union_graph_is_the_default_graph_and_no_named_one() -> None:
    store = stored()
    store.store.update("INSERT { GRAPH <urn:union> { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }")
    with peer_at(store) as url:
        found = Remote(store, url, union="urn:union")
        assert found.graph.sizes().quads == 10
        assert found.graph.ask("ASK { ?s skos:prefLabel 'Beta'@en }")
        assert found.graph.select("SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?s ?p ?o } }") == [{"n": 2}]
        with pytest.raises(ServiceRefusedError):
            found.graph.run(QueryRequest("ASK FROM <urn:union> { ?s ?p ?o }"))
        with pytest.raises(SourceError, match="has no graph <urn:other>"):
            read_facts(found.peer, {}, union="urn:other")
        found.peer.close()


def test_a_store_without_named_graphs_is_served() -> None:
    store = SmallStore()
    store.store.load(f"<{EX}a> <{EX}p> <{EX}b> .", format=ox.RdfFormat.TURTLE)
    with peer_at(store) as url:
        found = Remote(store, url)
        assert found.graph.sizes().graphs == {"": 1}
        assert found.graph.ask(f"ASK {{ <{EX}a> ?p ?o }}")
        assert len(list(found.graph.dataset.reader.read_all())) == 1
        assert (
            len(list(found.graph.dataset.reader.quads_for_pattern(ox.NamedNode(f"{EX}a"), None, None))) == 1
        )
        found.peer.close()


def test_names_are_those_of_the_index(remote: Remote) -> None:
    assert remote.graph.find("http://elsewhere.org/x") == "http://elsewhere.org/x"
    for unknown in ("nobody at all", "id:nothing"):
        with pytest.raises(UnknownNameError):
            remote.graph.find(unknown)


def test_what_needs_the_whole_graph_is_refused(remote: Remote) -> None:
    with pytest.raises(SourceError, match="lies in another store"):
        remote.graph.export("trig")


def test_functions_that_the_store_lacks_are_refused(remote: Remote) -> None:
    with pytest.raises(QueryError, match="function"):
        remote.graph.run(QueryRequest("ASK { ?s ?p ?o FILTER(function:matches(?s, 'x')) }"))


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>"), PeerError, "it sent text/html"),
        ((200, JSON, b'{"head":{"vars":["s"]},"results":{"bind'), PeerError, "did not answer with a result"),
        ((200, JSON, b'{"boolean":true}'), PeerError, "did not answer with a result"),
        ((200, JSON, b"[" * 100_000), PeerError, "did not answer with a result"),
        ((400, {"Content-Type": "text/plain"}, b"SP031: no"), QueryError, "does not take that: SP031: no"),
        ((401, {}, b""), PeerError, "answered POST with 401"),
        ((503, {}, b""), BusyError, "the store is busy"),
        ((500, {}, b"trace"), PeerError, "answered POST with 500"),
    ],
)
def test_what_is_no_answer_is_a_clear_error(
    remote: Remote, reply: Reply, kind: type[Exception], said: str
) -> None:
    with peer_at(lambda _: reply) as url:
        peer = Peer(url)
        graph = KnowledgeGraph.open_endpoint(
            peer, facts=read_facts(remote.peer, remote.graph.dataset.prefixes)
        )
        with pytest.raises(kind, match=said):
            graph.run(QueryRequest("SELECT ?s { ?s ?p ?o }"))
        peer.close()


def test_a_store_that_is_down_is_asked_now_and_then() -> None:
    replies: list[Reply] = [(502, {}, b"")]
    asked = []

    def answer(request: Received) -> Reply:
        asked.append(request)
        return replies[0]

    with peer_at(answer) as url:
        peer = Peer(url)
        for _ in range(10):
            with pytest.raises(PeerError):
                peer.ask(PeerQuery("ASK {}", RESULTS_JSON))
        assert len(asked) == 3
        assert peer.breaker.waits
        replies[0] = (200, JSON, b'{"boolean":true}')
        peer.breaker.succeed()
        assert peer.ask(PeerQuery("ASK {}", RESULTS_JSON)) == PeerAnswer(b'{"boolean":true}')
        peer.close()


def test_a_slow_answer_ends_and_does_not_mean_that_the_store_is_down() -> None:
    over = threading.Event()

    def answer(_: Received) -> Reply:
        over.wait(20)
        return 200, JSON, b"{}"

    with peer_at(answer) as url:
        peer = Peer(url, limits=PeerLimits(seconds=20))
        for _ in range(4):
            with pytest.raises(PeerTimeoutError, match=r"within 0\.05 s"):
                peer.ask(PeerQuery("ASK {}", RESULTS_JSON), seconds=0.05)
        assert not peer.breaker.waits
        over.set()
        peer.close()
