from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tipgraph.cli import main

ROOT = Path(__file__).parents[2]
CANONICAL = """\
# Facts.

@prefix ex: <http://example.org/> .

ex:a
    ex:p 1 ;
    ex:p 2 ;
    .
"""
LOOSE = "# Facts.\n@prefix ex: <http://example.org/> .\n\nex:a ex:p 2, 1 .\n"


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("data/report-2010", "shapes", "queries"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "ontology").mkdir()
    shutil.copy(ROOT / "ontology" / "prefixes.ttl", tmp_path / "ontology")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["format", *arguments])


def test_every_file_of_the_folders_is_formatted(sources: Path) -> None:
    loose = [sources / "data" / "report-2010" / "au.ttl", sources / "shapes" / "actors.ttl"]
    for path in loose:
        path.write_text(LOOSE)
    result = run()
    assert result.exit_code == 0
    assert result.stdout == "data/report-2010/au.ttl\nshapes/actors.ttl\n"
    assert result.stderr == "2 of 3 files rewritten\n"
    assert [path.read_text() for path in loose] == [CANONICAL, CANONICAL]
    assert run("--check").exit_code == 0


def test_check_names_the_first_line_that_differs_and_changes_nothing(sources: Path) -> None:
    path = sources / "loose.ttl"
    path.write_text(LOOSE)
    result = run("--check", "loose.ttl")
    assert result.exit_code == 1
    assert result.stdout == "loose.ttl:2: '@prefix ex: <http://example.org/> .' should be ''\n"
    assert result.stderr == "1 of 1 files not canonical\n"
    assert path.read_text() == LOOSE


def test_check_tells_a_missing_line_at_the_end(sources: Path) -> None:
    (sources / "loose.ttl").write_text(CANONICAL.removesuffix("\n"))
    assert run("--check", "loose.ttl").stdout == "loose.ttl:9: the end of the file should be ''\n"


def test_line_endings_of_another_system_are_replaced(sources: Path) -> None:
    path = sources / "loose.ttl"
    path.write_bytes(CANONICAL.replace("\n", "\r\n").encode())
    assert run("--check", "loose.ttl").exit_code == 1
    assert run("loose.ttl").exit_code == 0
    assert path.read_bytes() == CANONICAL.encode()


def test_permissions_and_links_are_kept(sources: Path) -> None:
    path = sources / "loose.ttl"
    path.write_text(LOOSE)
    path.chmod(0o640)
    link = sources / "link.ttl"
    link.symlink_to(path)
    assert run("link.ttl").exit_code == 0
    assert link.is_symlink()
    assert path.read_text() == CANONICAL
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(entry.name for entry in sources.glob("*loose*")) == ["loose.ttl"]
    assert not list(sources.glob(".loose*"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.ttl", None, "missing.ttl does not exist"),
        ("data", None, "data is a folder, not a file"),
        ("facts.nt", b"", "facts.nt is no Turtle file"),
        ("facts.ttl", b"@prefix ex: <http://example.org/> .\nex:a ex:p", "facts.ttl:2:10: unexpected end"),
        ("facts.ttl", b"ex:a ex:p 1 .", "facts.ttl:1:1: the prefix ex: has not been declared"),
        ("facts.ttl", b"<http://example.org/a>\n\xff", "facts.ttl:2: the byte 0xff is not UTF-8"),
        (
            "facts.ttl",
            LOOSE.encode() + b"# end",
            "facts.ttl:5: a comment below the header would be lost: # end",
        ),
    ],
)
def test_one_bad_file_is_named_and_nothing_is_changed(
    sources: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (sources / name).write_bytes(content)
    good = sources / "good.ttl"
    good.write_text(LOOSE)
    result = run("good.ttl", name)
    assert result.exit_code == 3, result.stderr
    assert result.stderr.startswith(f"error: {message}")
    assert "\nhint: " in result.stderr
    assert good.read_text() == LOOSE


def test_a_folder_that_is_no_root_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--root", str(tmp_path), "format"])
    assert result.exit_code == 3
    assert "is not a tipgraph folder" in result.stderr
