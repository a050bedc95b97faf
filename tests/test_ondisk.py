"""A store on disk answers as one in memory, and is there whole or not at all."""

from __future__ import annotations

import gzip
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tipgraph import KnowledgeGraph
from tipgraph.errors import ParseError, SourceError
from tipgraph.ondisk import load_to_disk, open_on_disk

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
    assert told == [f"loading {file}", f"loading {zipped}", "making the union of the graphs"]
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
            (store / "database" / "CURRENT").unlink()
    with pytest.raises(SourceError, match=r"holds no store|another version"):
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
