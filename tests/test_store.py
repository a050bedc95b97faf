from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from tipgraph.errors import ParseError, SourceError
from tipgraph.sources import Sources
from tipgraph.store import RDF_SUFFIXES, Dataset, load_dataset, load_files
from tipgraph.vocabulary import GRAPH, GRAPH_INFERRED, ID, TIP

ROOT = Path(__file__).parents[1]
TRIPLE = ox.Triple(*(ox.NamedNode(f"http://example.org/{name}") for name in "spo"))


@pytest.fixture(scope="module")
def shipped() -> Dataset:
    return load_dataset(Sources(ROOT))


def test_every_file_is_in_the_graph_of_its_folder(shipped: Dataset) -> None:
    assert {f"{GRAPH}ontology", f"{GRAPH}report-2010", f"{GRAPH}source"} <= set(shipped.graph_names())
    assert shipped.graph_names() == sorted(shipped.graph_names())
    quad = ox.Quad(
        ox.NamedNode(f"{ID}report-2010"),
        ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"),
        ox.NamedNode(f"{TIP}SourceDocument"),
        ox.NamedNode(f"{GRAPH}source"),
    )
    assert quad in shipped.store
    assert not list(shipped.store.quads_for_pattern(None, None, None, ox.DefaultGraph()))
    assert shipped.prefixes["id"] == ID
    assert len(shipped.files) == len(Sources(ROOT).graph_files()) >= 50


def test_nothing_is_inferred_on_loading(shipped: Dataset) -> None:
    assert GRAPH_INFERRED not in shipped.graph_names()


def test_the_inferred_graph_is_not_an_asserted_one() -> None:
    store = ox.Store()
    for graph in (GRAPH_INFERRED, f"{GRAPH}source"):
        store.add(ox.Quad(TRIPLE.subject, TRIPLE.predicate, TRIPLE.object, ox.NamedNode(graph)))
    dataset = Dataset(store)
    assert dataset.graph_names() == [GRAPH_INFERRED, f"{GRAPH}source"]
    assert dataset.asserted_graph_names() == [f"{GRAPH}source"]


@pytest.mark.parametrize("suffix", sorted(RDF_SUFFIXES))
def test_every_syntax_is_read_by_its_suffix(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"facts{suffix.upper()}"
    ox.serialize([TRIPLE], path, format=RDF_SUFFIXES[suffix])
    dataset = load_files([path])
    assert [quad.triple for quad in dataset.store] == [TRIPLE]


def test_named_graphs_of_the_user_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "facts.trig"
    path.write_text(
        "<http://example.org/g> { <http://example.org/s> <http://example.org/p> <http://example.org/o> }"
    )
    dataset = load_files([path], {"ex": "http://example.org/"})
    assert dataset.graph_names() == ["http://example.org/g"]
    assert dataset.prefixes == {"ex": "http://example.org/"}
    assert [file.path for file in dataset.files] == [path]


def test_blank_nodes_of_two_files_are_two(tmp_path: Path) -> None:
    paths = [tmp_path / "a.ttl", tmp_path / "b.ttl"]
    for path in paths:
        path.write_text("_:same <http://example.org/p> 1 .")
    assert len(load_files(paths).store) == 2


def test_a_relative_iri_is_resolved_against_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a.ttl"
    path.write_text("<#x> <http://example.org/p> 1 .")
    (quad,) = load_files([path]).store
    assert quad.subject.value == f"{path.as_uri()}#x"


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "a.ttl"
    path.write_text("\ufeff<http://example.org/s> <http://example.org/p> 1 .", encoding="utf-8")
    assert len(load_files([path]).store) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.ttl", b"\n<http://example.org/s> zz", r"a\.ttl:2:24: .*zz"),
        ("a.ttl", b"<http://example.org/s> <http://example.org/p> '\xff' .", r"a\.ttl:1:\d+: invalid UTF-8"),
        ("a.nq", b"<http://example.org/s> .", r"a\.nq:1:\d+: "),
        ("a.jsonld", b"{", r"a\.jsonld:1:\d+: "),
    ],
)
def test_malformed_content_is_named_with_its_place(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ParseError, match=message) as caught:
        load_files([path])
    assert caught.value.path == path


def test_what_is_no_file_of_rdf_is_named(tmp_path: Path) -> None:
    (tmp_path / "facts.docx").touch()
    with pytest.raises(SourceError, match="suffix that stands for no RDF syntax") as caught:
        load_files([tmp_path / "facts.docx"])
    assert ".ttl" in str(caught.value.hint)
    with pytest.raises(SourceError, match="does not exist"):
        load_files([tmp_path / "missing"])
    with pytest.raises(SourceError, match="is a folder, not a file"):
        load_files([tmp_path])
