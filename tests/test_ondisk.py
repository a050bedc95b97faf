"""A store on disk answers as one in memory, and is there whole or not at all."""

from __future__ import annotations

import gzip
import resource
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest

from tipgraph import KnowledgeGraph
from tipgraph.errors import AmbiguousNameError, ParseError, QueryError, SourceError, UnknownNameError
from tipgraph.ondisk import DiskReader, load_to_disk, open_on_disk
from tipgraph.ondisk.layout import locked
from tipgraph.search import MATCHES
from tipgraph.store import noting_cuts

TRIG = """
@prefix ex: <http://example.org/> .
ex:g { ex:a ex:p 1 , 2 . ex:b ex:p [ ex:q "x" ] }
ex:h { ex:a ex:p 2 , 3 }
ex:a ex:p 4 .
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data.trig"
    path.write_text(TRIG)
    return path


def state_of(store: Path) -> Path:
    """The folder of the one state of a store."""
    (found,) = store.glob("state-*")
    return found


TOLD = ["gathering names and texts"]

QUESTIONS = (
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT ?o { <http://example.org/a> <http://example.org/p> ?o } ORDER BY ?o",
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
    "SELECT ?o FROM <http://example.org/h> { ?s ?p ?o } ORDER BY ?o",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_it_answers_as_memory_does(file: Path, tmp_path: Path, question: str) -> None:
    assert load_to_disk([file], tmp_path / "store") == 7
    on_disk = KnowledgeGraph.open_store(tmp_path / "store")
    assert on_disk.select(question) == KnowledgeGraph.from_files([file]).select(question)


def test_several_files_zipped_or_not(file: Path, tmp_path: Path) -> None:
    zipped = tmp_path / "more.nq.gz"
    zipped.write_bytes(gzip.compress(b"<http://e/a> <http://e/p> <http://e/b> <http://e/g> .\n"))
    told: list[str] = []
    assert load_to_disk([file, zipped], tmp_path / "store", tell=told.append) == 8
    assert told == [f"loading {file}", f"loading {zipped}", "making the union of the graphs", *TOLD]
    assert KnowledgeGraph.open_store(tmp_path / "store").ask("ASK { <http://e/a> <http://e/p> <http://e/b> }")


@pytest.mark.parametrize(
    ("content", "error"), [("ex:a ex:p 1 .", ParseError), (None, SourceError)], ids=["malformed", "missing"]
)
def test_a_load_that_fails_leaves_nothing(
    file: Path, tmp_path: Path, content: str | None, error: type[Exception]
) -> None:
    bad = tmp_path / "bad.ttl"
    if content is not None:
        bad.write_text(content)
    with pytest.raises(error, match=r"bad\.ttl"):
        load_to_disk([file, bad], tmp_path / "store")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == []


def test_a_folder_that_is_there_is_left_alone(file: Path, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "precious").write_text("x")
    with pytest.raises(SourceError, match="is there already"):
        load_to_disk([file], tmp_path / "store")
    assert (tmp_path / "store" / "precious").read_text() == "x"


@pytest.mark.parametrize("damage", ["nothing", "note", "version", "database"])
def test_what_is_no_store_is_told(file: Path, tmp_path: Path, damage: str) -> None:
    store = tmp_path / "store"
    if damage != "nothing":
        load_to_disk([file], store)
    match damage:
        case "note":
            (store / "tipgraph.json").write_text("{")
        case "version":
            (store / "tipgraph.json").write_text('{"format": 99}')
        case "database":
            (state_of(store) / "database" / "CURRENT").unlink()
    with pytest.raises(SourceError, match=r"holds no store|another version|is damaged|that is damaged"):
        open_on_disk(store, {})


def test_a_disk_that_is_full_is_told_and_nothing_is_left(file: Path, tmp_path: Path) -> None:
    code = (
        "import resource, sys, signal; from pathlib import Path; from tipgraph.ondisk import load_to_disk\n"
        "from tipgraph.errors import SourceError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))\n"
        "try: load_to_disk([Path(sys.argv[1])], Path(sys.argv[2]))\n"
        "except SourceError as error: print(error.message)\n"
    )
    store = tmp_path / "store"
    done = subprocess.run(
        [sys.executable, "-c", code, str(file), str(store)], capture_output=True, text=True, timeout=60
    )
    assert f"{store} cannot be written" in done.stdout, done.stderr
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 200


def test_what_a_killed_run_has_left_goes_with_the_next(file: Path, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from tipgraph.ondisk import load_to_disk\n"
        "def kill(doing):\n"
        "    if doing.startswith('gathering'): os.kill(os.getpid(), signal.SIGKILL)\n"
        "load_to_disk([Path(sys.argv[1])], Path(sys.argv[2]), tell=kill)\n"
    )
    store = tmp_path / "store"
    done = subprocess.run([sys.executable, "-c", code, str(file), str(store)], timeout=60)
    assert done.returncode == -signal.SIGKILL
    (left,) = (path.name for path in tmp_path.iterdir() if path.is_dir())
    (tmp_path / ".store-loading-precious").write_text("a file")
    # That of a run which goes on stays.
    (tmp_path / ".store-loading-busy").mkdir()
    with locked(tmp_path / ".store-loading-busy"):
        assert load_to_disk([file], store) == 7
    assert left not in [path.name for path in tmp_path.iterdir()]
    assert (tmp_path / ".store-loading-busy").is_dir()


EX = "http://example.org/"


def test_a_reader_gives_each_quad_as_the_files_have_it(file: Path, tmp_path: Path) -> None:
    load_to_disk([file], tmp_path / "store")
    reader = open_on_disk(tmp_path / "store", {}).dataset.reader
    in_memory = KnowledgeGraph.from_files([file]).dataset.reader
    b, p = ox.NamedNode(f"{EX}b"), ox.NamedNode(f"{EX}p")

    def without_blank_nodes(quads: Iterable[ox.Quad]) -> set[str]:
        return {str(quad) for quad in quads if "_:" not in str(quad)}

    patterns: list[tuple[ox.NamedNode | None, ox.NamedNode | None, ox.Literal | None]] = [
        (None, None, None),
        (ox.NamedNode(f"{EX}a"), p, None),
        (None, None, ox.Literal(2)),
    ]
    for pattern in patterns:
        for graph in (None, ox.NamedNode(f"{EX}g"), ox.NamedNode(f"{EX}h"), ox.DefaultGraph()):
            found = without_blank_nodes(reader.quads_for_pattern(*pattern, graph))
            assert found == without_blank_nodes(in_memory.quads_for_pattern(*pattern, graph)), pattern
    assert without_blank_nodes(reader.read_all()) == without_blank_nodes(in_memory.read_all())
    assert len(list(reader.read_all())) == 7
    assert len(list(reader.read_graph(ox.NamedNode(f"{EX}g")))) == 4
    (quad,) = reader.quads_for_pattern(b, p, None)
    # The blank node is the same one wherever it is met.
    (inner,) = reader.quads_for_pattern(quad.object, None, None)  # type: ignore[arg-type]
    assert (inner.object, inner.graph_name) == (ox.Literal("x"), ox.NamedNode(f"{EX}g"))


def test_a_look_up_that_finds_too_much_is_cut_and_says_so(file: Path, tmp_path: Path) -> None:
    load_to_disk([file], tmp_path / "store")
    database = ox.Store.read_only(str(state_of(tmp_path / "store") / "database"))
    pattern = ox.NamedNode(f"{EX}a"), ox.NamedNode(f"{EX}p"), None
    for most, expected in ((4, 4), (3, 3)):
        with noting_cuts() as cuts:
            found = {quad.object for quad in DiskReader(database, most).quads_for_pattern(*pattern)}
        assert (len(found), bool(cuts)) == (expected, most == 3)
    with noting_cuts() as cuts:
        assert len(list(DiskReader(database, 1).read_all())) == 7
    assert cuts == []


def test_the_sizes_are_those_in_memory_and_need_no_reading(file: Path, tmp_path: Path) -> None:
    typed = tmp_path / "typed.trig"
    typed.write_text(
        f"<{EX}g> {{ <{EX}a> a <{EX}T> , <{EX}U> }} <{EX}i> {{ <{EX}a> a <{EX}T> . [] a <{EX}T> }}"
    )
    load_to_disk([file, typed], tmp_path / "store")
    sizes = KnowledgeGraph.open_store(tmp_path / "store").sizes()
    assert sizes == KnowledgeGraph.from_files([file, typed]).sizes()
    assert (sizes.quads, sizes.triples) == (11, 9)
    assert sizes.graphs == {"": 1, f"{EX}g": 6, f"{EX}h": 2, f"{EX}i": 2}
    assert (list(sizes.classes.items()), sizes.class_count) == ([(f"{EX}T", 2), (f"{EX}U", 1)], 2)


@pytest.mark.parametrize("is_indexed", [True, False])
def test_names_and_words_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_indexed: bool) -> None:
    label = "<http://www.w3.org/2000/01/rdf-schema#label>"
    file = tmp_path / "named.ttl"
    file.write_text(f'<{EX}a> {label} "Alpha plan"@en . <{EX}b> {label} "Beta" . <{EX}c> {label} "Beta"@en .')
    if not is_indexed:
        monkeypatch.setattr("tipgraph.ondisk.gathering._MOST_INDEXED", 2)
    load_to_disk([file], tmp_path / "store")
    graph = KnowledgeGraph.open_store(tmp_path / "store")
    graph.prepare()
    assert graph.find("Alpha plan") == f"{EX}a"
    assert graph.find(f"{EX}b") == f"{EX}b"
    with pytest.raises(AmbiguousNameError, match="may be any of 2"):
        graph.find("Beta")
    with pytest.raises(UnknownNameError):
        graph.find("Gamma")
    matches = f"SELECT ?s {{ ?s {label} ?l FILTER(<{MATCHES.value}>(?s, 'alp')) }}"
    if is_indexed:
        assert graph.find("alpha PLAN") == f"{EX}a"
        assert [hit.iri for hit in graph.search("plan").hits] == [f"{EX}a"]
        assert graph.select(matches) == [{"s": f"{EX}a"}]
    else:
        with pytest.raises(UnknownNameError, match="too large"):
            graph.search("plan")
        with pytest.raises(QueryError, match="function"):
            graph.select(matches)
