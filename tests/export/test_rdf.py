"""The dataset and its graphs, exported."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
import rdflib

from tipgraph.errors import SourceError, UnknownNameError
from tipgraph.export import export_dataset, find_graphs
from tipgraph.export.rdflib_copy import copy_to_rdflib
from tipgraph.store import Dataset
from tipgraph.vocabulary import GRAPH, XSD

PREFIXES = {"ex": "http://example.org/", "graph": GRAPH}
DATA = f"""
@prefix ex: <http://example.org/> .
@prefix graph: <{GRAPH}> .
ex:a ex:p ex:default .
graph:one {{ ex:a ex:p 1 ; ex:q "x"@en , [ ex:r ex:a ] . }}
graph:two {{ ex:a ex:p 1 , 2 . }}
"""


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    store = ox.Store()
    store.load(DATA, format=ox.RdfFormat.TRIG)
    return Dataset(store, PREFIXES)


def quads(content: bytes, syntax: ox.RdfFormat) -> list[ox.Quad]:
    return list(ox.parse(content, format=syntax))


def test_a_dataset_syntax_keeps_the_graphs(dataset: Dataset) -> None:
    found = quads(export_dataset(dataset, "n-quads"), ox.RdfFormat.N_QUADS)
    assert len(found) == len(dataset.store)
    assert {str(quad.graph_name) for quad in found} == {
        "DEFAULT",
        f"<{GRAPH}one>",
        f"<{GRAPH}two>",
    }


def test_a_graph_syntax_holds_the_union(dataset: Dataset) -> None:
    found = quads(export_dataset(dataset, "turtle"), ox.RdfFormat.TURTLE)
    assert len(found) == len({quad.triple for quad in dataset.store}) == len(dataset.store) - 1


def test_chosen_graphs_leave_out_the_others(dataset: Dataset) -> None:
    found = quads(export_dataset(dataset, "trig", [f"{GRAPH}two"]), ox.RdfFormat.TRIG)
    assert {str(quad) for quad in found} == {
        f'<http://example.org/a> <http://example.org/p> "{number}"^^<{XSD}integer> <{GRAPH}two>'
        for number in (1, 2)
    }


def test_an_unknown_syntax_is_refused(dataset: Dataset) -> None:
    with pytest.raises(UnknownNameError, match="'xls'"):
        export_dataset(dataset, "xls")


def test_graphs_are_found_by_short_and_long_name(dataset: Dataset) -> None:
    assert find_graphs(dataset, ["one", "graph:two", f"{GRAPH}one"]) == [
        f"{GRAPH}one",
        f"{GRAPH}two",
        f"{GRAPH}one",
    ]


def test_an_unknown_graph_suggests_the_nearest(dataset: Dataset) -> None:
    with pytest.raises(UnknownNameError, match="'tow'") as caught:
        find_graphs(dataset, ["tow"])
    assert caught.value.hint == "did you mean two? the graphs are one, two"


@pytest.mark.filterwarnings("ignore:Dataset.default_context is deprecated:DeprecationWarning")
def test_rdflib_gets_the_same_graphs_and_their_union(dataset: Dataset) -> None:
    copy = copy_to_rdflib(dataset)
    sizes = {str(graph.identifier): len(graph) for graph in copy.graphs() if len(graph)}
    assert sizes == {"urn:x-rdflib:default": 1, f"{GRAPH}one": 4, f"{GRAPH}two": 2}
    a, p, q = (rdflib.URIRef(f"http://example.org/{name}") for name in "apq")
    assert len(list(copy.triples((a, p, None)))) == 3
    assert (a, q, rdflib.Literal("x", lang="en")) in copy
    assert dict(copy.namespaces())["graph"] == rdflib.URIRef(GRAPH)


def test_rdflib_has_no_triple_terms() -> None:
    store = ox.Store()
    node = ox.NamedNode("http://example.org/a")
    store.add(ox.Quad(node, node, ox.Triple(node, node, node)))
    with pytest.raises(SourceError, match="triple term"):
        copy_to_rdflib(Dataset(store))
