from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tipgraph.cli import main

ROOT = Path(__file__).parents[2]
REPORT = ROOT.parent / "shared" / "source" / "report-2010.txt"
needs_report = pytest.mark.skipif(
    not REPORT.is_file(), reason="the text of the report is not at ../shared/source/report-2010.txt"
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["--root", str(ROOT), "evidence", *arguments])


def test_coverage_names_every_section_and_its_sentences() -> None:
    result = run("coverage")
    assert result.exit_code == 0
    rows = {line.split()[0]: line.split()[1:4] for line in result.stdout.splitlines()[1:]}
    assert rows["ecowas"] == ["16", "16", "0"]
    assert rows["all"] == ["307", "307", "0"]
    assert len(rows) == 22  # twenty sections and notes with a name of their own, two notes, and all


def test_show_lists_the_passages_of_a_resource() -> None:
    result = run("show", "SAARC Convention")
    assert result.exit_code == 0
    assert "id:saarc-convention rests on" in result.stdout
    assert "saarc-01-s3" in result.stdout


def test_show_of_an_unknown_name_is_an_error() -> None:
    result = run("show", "Convention of Nowhere")
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")


def test_check_of_a_text_that_is_not_the_report_fails(tmp_path: Path) -> None:
    path = tmp_path / "other.txt"
    path.write_text("Another text altogether.\n")
    result = run("check", "--source", str(path))
    assert result.exit_code == 1
    assert "data/source/au.ttl:" in result.stdout
    assert "the text carries no words with this digest" in result.stdout


def test_check_of_a_missing_text_names_it(tmp_path: Path) -> None:
    result = run("check", "--source", str(tmp_path / "missing.txt"))
    assert result.exit_code == 3
    assert "missing.txt" in result.stderr


def test_check_without_a_text_says_what_is_missing() -> None:
    result = run("check")
    assert result.exit_code == 2
    assert "--source" in result.stderr


@needs_report
def test_check_of_the_report_holds() -> None:
    result = run("check", "--source", str(REPORT))
    assert result.exit_code == 0, result.stdout
    assert "all carried by their evidence" in result.stdout


@needs_report
def test_show_gives_the_words_where_the_text_is_at_hand() -> None:
    result = run("show", "SAARC Convention", "--source", str(REPORT))
    assert result.exit_code == 0
    assert "entered into force in 2006" in result.stdout
