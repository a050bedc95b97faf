"""Every syntax holds the same dataset, in the same bytes each time."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from itertools import pairwise

import pyoxigraph as ox
import pytest

from tipgraph.canonical import label_blank_nodes
from tipgraph.errors import SourceError, UnknownNameError
from tipgraph.serialization import SYNTAXES, Syntax, find_syntax, serialize_quads

PREFIXES = {
    "ex": "http://example.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "no": "http://example.com",
}

DATASET = """
@prefix ex: <http://example.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:a a ex:Thing ; ex:says "x" , "x"@en , 4 , "2010"^^xsd:gYear , "line\\nbreak \\"quoted\\" é <&>" .
ex:a ex:list (1 ex:b) ; <http://example.com/odd/name> <urn:isbn:1> .
ex:g1 {
  ex:a ex:has [ ex:deep [ ex:deeper "z" ] ] , [ ex:deep "y" ] .
  _:shared ex:in ex:g1 . ex:a ex:sees _:shared
}
ex:g2 { ex:a a ex:Thing . ex:b ex:sees ex:c . }
"""


def read(text: str | bytes, syntax: ox.RdfFormat = ox.RdfFormat.TRIG) -> list[ox.Quad]:
    return list(ox.parse(text, format=syntax))


def canonical(quads: Iterable[ox.Quad]) -> set[str]:
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


def union(quads: Iterable[ox.Quad]) -> list[ox.Quad]:
    return [ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads]


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=list(SYNTAXES))
def test_each_syntax_reads_back_to_the_same_dataset(syntax: Syntax) -> None:
    quads = read(DATASET)
    written = serialize_quads(quads, syntax, PREFIXES)
    assert written.endswith(b"\n")
    expected = quads if syntax.holds_graphs else union(quads)
    assert canonical(read(written, syntax.format)) == canonical(expected)


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=list(SYNTAXES))
def test_bytes_depend_on_neither_order_nor_labels(syntax: Syntax) -> None:
    first = serialize_quads(read(DATASET), syntax, PREFIXES)
    for seed in range(5):
        quads = read(DATASET)
        random.Random(seed).shuffle(quads)
        assert serialize_quads(quads, syntax, PREFIXES) == first


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=list(SYNTAXES))
def test_an_empty_dataset_is_well_formed(syntax: Syntax) -> None:
    assert read(serialize_quads([], syntax, PREFIXES), syntax.format) == []


def test_a_triple_of_two_graphs_stands_once_in_their_union() -> None:
    written = serialize_quads(read(DATASET), SYNTAXES["n-triples"], {})
    assert written.count(b"<http://example.org/Thing>") == 1


def test_only_prefixes_in_use_are_declared() -> None:
    prefixes = PREFIXES | {"idle": "http://idle.example/"}
    for name in ("turtle", "trig", "json-ld", "rdf-xml", "n3"):
        written = serialize_quads(read(DATASET), SYNTAXES[name], prefixes)
        assert b"http://example.org/" in written
        assert b"idle" not in written


def test_json_ld_never_abbreviates_with_a_prefix_that_ends_in_a_letter() -> None:
    document = json.loads(serialize_quads(read(DATASET), SYNTAXES["json-ld"], PREFIXES))
    assert "no" not in document["@context"]


@pytest.mark.parametrize(
    ("statement", "name", "says"),
    [
        ("ex:a <http://example.org/123> 1 .", "rdf-xml", "predicate"),
        ('ex:a ex:p "bell \\u0007" .', "rdf-xml", "control character"),
        ("ex:a ex:p <<( ex:a ex:p 1 )>> .", "json-ld", "triple term"),
        ("ex:a ex:p <<( ex:a ex:p 1 )>> .", "turtle", "triple term"),
    ],
)
def test_what_a_syntax_cannot_hold_is_refused(statement: str, name: str, says: str) -> None:
    quads = read(f"@prefix ex: <http://example.org/> . {statement}")
    with pytest.raises(SourceError, match=says):
        serialize_quads(quads, SYNTAXES[name], PREFIXES)


def test_an_unknown_syntax_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="'xls'") as caught:
        find_syntax("xls")
    assert "n-quads" in str(caught.value.hint)


def test_entangled_blank_nodes_are_labelled_in_no_time() -> None:
    nodes = [ox.BlankNode() for _ in range(40)]
    knows = ox.NamedNode("http://example.org/knows")
    quads = [ox.Quad(a, knows, b) for a in nodes for b in nodes if a != b]
    labelled = label_blank_nodes(quads)
    assert len(set(labelled)) == len(quads)
    assert {str(quad.subject) for quad in labelled} == {f"_:b{number}" for number in range(40)}


def test_a_long_chain_of_blank_nodes_is_labelled_in_no_time() -> None:
    nodes = [ox.BlankNode() for _ in range(3000)]
    after = ox.NamedNode("http://example.org/after")
    chain = [ox.Quad(one, after, other) for one, other in pairwise(nodes)]
    assert {str(quad.object) for quad in label_blank_nodes(chain)} == {f"_:b{n}" for n in range(1, 3000)}
    # Where each node bears a value of its own, the labels depend on the graph alone.
    values = [ox.Quad(node, after, ox.Literal(str(n))) for n, node in enumerate(nodes)]
    assert set(label_blank_nodes([*chain, *values])) == set(label_blank_nodes([*values, *chain]))


def test_blank_nodes_inside_triple_terms_keep_their_identity() -> None:
    nodes = [ox.BlankNode() for _ in range(12)]
    knows = ox.NamedNode("http://example.org/knows")
    quads = [ox.Quad(a, knows, b) for a in nodes for b in nodes if a != b]
    quads.append(ox.Quad(nodes[3], knows, ox.Triple(nodes[3], knows, nodes[4])))
    quoted = next(quad for quad in label_blank_nodes(quads) if isinstance(quad.object, ox.Triple))
    assert isinstance(quoted.object, ox.Triple)
    assert quoted.object.subject == quoted.subject


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=list(SYNTAXES))
def test_entangled_blank_nodes_are_written_in_no_time(syntax: Syntax) -> None:
    nodes = [ox.BlankNode() for _ in range(12)]
    knows = ox.NamedNode("http://example.org/knows")
    quads = [ox.Quad(a, knows, b) for a in nodes for b in nodes if a != b]
    assert len(read(serialize_quads(quads, syntax, PREFIXES), syntax.format)) == len(quads)
