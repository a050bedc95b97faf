from __future__ import annotations

import os
from pathlib import Path

import pytest

import tipgraph
from tipgraph.errors import ParseError, SourceError
from tipgraph.sources import Sources, locate_sources, read_file, read_text
from tipgraph.vocabulary import GRAPH

ROOT = Path(__file__).parents[1]


def make_sources(root: Path, *files: str) -> Path:
    for folder in ("ontology", "data", "shapes", "queries"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for file in ("ontology/prefixes.ttl", *files):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return root


def test_a_root_is_taken_as_given(tmp_path: Path) -> None:
    assert locate_sources(make_sources(tmp_path / "mine")).root == tmp_path / "mine"


@pytest.mark.parametrize("name", ["missing", "empty", "file"])
def test_a_root_that_is_none_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match=f"{name} is not a tipgraph folder") as caught:
        locate_sources(tmp_path / name)
    assert "--root" in str(caught.value.hint)


def test_a_checkout_above_the_working_folder_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sources(tmp_path, "data/report-2010/au.ttl")
    monkeypatch.chdir(tmp_path / "data" / "report-2010")
    assert locate_sources().root == tmp_path


def test_the_package_brings_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    installed = make_sources(tmp_path / "lib" / "tipgraph" / "_sources")
    monkeypatch.setattr("tipgraph.sources.__file__", str(tmp_path / "lib" / "tipgraph" / "sources.py"))
    assert locate_sources().root == installed


def test_a_package_without_its_folders_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tipgraph.sources.__file__", str(tmp_path / "lib" / "tipgraph" / "sources.py"))
    with pytest.raises(SourceError, match="were not found"):
        locate_sources()


def test_an_editable_install_reads_its_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Path(tipgraph.__file__).is_relative_to(ROOT)
    assert locate_sources().root == ROOT


def test_each_file_has_the_graph_of_its_folder(tmp_path: Path) -> None:
    sources = Sources(
        make_sources(
            tmp_path,
            "ontology/actors.ttl",
            "ontology/rules/covers.rq",
            "data/catalog.ttl",
            "data/stray.ttl",
            "data/report-2010/au.ttl",
            "data/report-2010/notes.txt",
            "data/source/au.ttl",
            "shapes/actors.ttl",
        )
    )
    found = {file.path.relative_to(tmp_path).as_posix(): file.graph for file in sources.graph_files()}
    assert found == {
        "data/catalog.ttl": f"{GRAPH}catalog",
        "data/report-2010/au.ttl": f"{GRAPH}report-2010",
        "data/source/au.ttl": f"{GRAPH}source",
        "ontology/actors.ttl": f"{GRAPH}ontology",
        "ontology/prefixes.ttl": f"{GRAPH}ontology",
    }
    assert list(found) == sorted(found)


def test_the_turtle_files_are_those_of_ontology_data_and_shapes(tmp_path: Path) -> None:
    root = make_sources(
        tmp_path, "data/source/au.ttl", "shapes/actors.ttl", "queries/a.ttl", "ontology/rules/a.rq"
    )
    found = [path.relative_to(root).as_posix() for path in Sources(root).turtle_files()]
    assert found == ["data/source/au.ttl", "ontology/prefixes.ttl", "shapes/actors.ttl"]


def test_a_malformed_prefix_table_is_named(tmp_path: Path) -> None:
    root = make_sources(tmp_path)
    (root / "ontology" / "prefixes.ttl").write_text("sh:declare")
    with pytest.raises(ParseError, match=r"prefixes\.ttl:1:1: the prefix sh: has not been declared"):
        Sources(root).prefixes()


def test_a_file_is_read_without_its_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.ttl"
    path.write_bytes("\ufeffé\r\n".encode())
    assert read_file(path) == "é\r\n".encode()
    assert read_text(path) == "é\r\n"


def test_a_byte_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.ttl"
    path.write_bytes(b"one\ntwo \xe9")
    with pytest.raises(ParseError, match=r"a\.ttl:2: the byte 0xe9 is not UTF-8"):
        read_text(path)


def test_what_is_no_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match="missing does not exist"):
        read_file(tmp_path / "missing")
    with pytest.raises(SourceError, match="is a folder, not a file"):
        read_file(tmp_path)

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(SourceError, match="locked cannot be read: permission denied"):
        read_file(tmp_path / "locked")


def test_a_folder_that_cannot_be_listed_is_no_empty_folder(
    small_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = locate_sources(small_root)
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("example"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    for files in (sources.graph_files, sources.turtle_files):
        with pytest.raises(SourceError, match="example cannot be read: permission denied"):
            files()


def test_a_root_that_cannot_be_looked_into_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(SourceError, match=f"{tmp_path} cannot be read: permission denied"):
        locate_sources(tmp_path)
