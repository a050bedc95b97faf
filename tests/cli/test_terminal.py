"""What a person at a terminal sees."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tipgraph.cli.terminal import table_text, wait_for


def run_at_terminal(*arguments: str, columns: int) -> str:
    """What ``tipgraph`` writes to a terminal of ``columns`` columns, without its control sequences."""
    parent, child = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "LINES": "50", "TERM": "xterm"}
    command = [sys.executable, "-m", "tipgraph", *arguments]
    with subprocess.Popen(command, stdin=child, stdout=child, stderr=child, env=environment) as process:
        os.close(child)
        output = b""
        while True:
            try:
                piece = os.read(parent, 65536)
            except OSError:
                break
            if not piece:
                break
            output += piece
    os.close(parent)
    assert process.returncode == 0, output
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output.decode())


def test_a_table_wraps_and_loses_nothing(small_root: Path) -> None:
    label = "some text that is far too long for the narrow terminal in which it is shown to somebody"
    text = f'SELECT ("{label}" AS ?label) (12345 AS ?number) {{}}'
    shown = run_at_terminal("--root", str(small_root), "query", "--text", text, columns=40)
    assert max(map(len, shown.splitlines())) <= 40
    words = re.sub(r"[^\w]", " ", shown).split()
    assert words.count("12345") == 1
    assert [word for word in words if word not in ("label", "number", "12345")] == label.split()


def test_rows_of_many_columns_are_blocks_of_lines_on_a_narrow_terminal(small_root: Path) -> None:
    names = ["first", "second", "third", "fourth"]
    iri = "<http://example.org/a-name-that-is-far-too-long-for-a-column>"
    asked = " ".join(f"({iri} AS ?{name})" for name in names)
    text = f'SELECT {asked} ("a b c" AS ?words) ("" AS ?none) {{}}'
    shown = run_at_terminal("--root", str(small_root), "query", "--text", text, columns=70)
    assert shown.splitlines() == ["", *(f"{name:<8}{iri}" for name in names), "words   a b c"]


def test_brackets_in_a_value_are_no_markup(small_root: Path) -> None:
    text = 'SELECT ("[red]as it is[/red]" AS ?label) {}'
    assert "[red]as it is[/red]" in run_at_terminal(
        "--root", str(small_root), "query", "--text", text, columns=80
    )


def test_a_plain_table_is_as_wide_as_it_needs() -> None:
    text = table_text(("name", "n"), [("x" * 300, "1"), ("y", "22")], numeric={1})
    assert text.splitlines() == [
        "name" + " " * 298 + " n",
        "-" * 300 + "  --",
        "x" * 300 + "   1",
        "y" + " " * 299 + "  22",
    ]


def test_waiting_gives_the_value_or_the_error_of_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ValueError("of the work")

    assert wait_for(lambda: 7, "Working") == 7
    with pytest.raises(ValueError, match="of the work"):
        wait_for(fail, "Working")
    # Longer than anybody's patience; but nobody looks.
    assert wait_for(lambda: time.sleep(1.1), "Working") is None
    assert capsys.readouterr() == ("", "")
