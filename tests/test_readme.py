"""The console blocks of README.md show what really happens.

In a block, ``$ `` begins a command, ``> `` continues it, and the other lines are its output, in which ``...``
stands for anything: alone on a line for any lines, inside a line for a part of it. The commands run one
after the other in one empty folder. One that fails must be followed by ``$ echo $?``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"

NOT_RUN = {
    "git clone": "it needs the network",
    "cd ": "the commands run in a folder of their own",
    "pip install": "tests/test_wheel.py installs the wheel",
    "make ": "make serve does not end, and the others run these tests",
    "tipgraph serve": "it does not end; tests/cli and tests/web start it",
    "curl ": "it asks a running endpoint; tests/web does",
}
"""How a command begins that is shown but not run here → why."""


@dataclass
class Command:
    """A command of a console block, with the output that the block shows."""

    line: int
    text: str
    output: list[str] = field(default_factory=list)

    @property
    def is_run(self) -> bool:
        return not self.text.startswith(tuple(NOT_RUN))


def read_commands(text: str) -> Iterator[Command]:
    for block in re.finditer(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        command = None
        first = text.count("\n", 0, block.start(1)) + 1
        for number, line in enumerate(block[1].splitlines(), first):
            if line.startswith("$ "):
                if command:
                    yield command
                command = Command(number, line[2:])
                continue
            assert command, f"README.md:{number}: output before any command"
            if line.startswith("> ") and not command.output:
                command.text += f"\n{line[2:]}"
            else:
                command.output.append(line)
        assert command, f"README.md:{first}: a console block without a command"
        yield command


def pattern_of(output: list[str]) -> str:
    """A regular expression for ``output``, in which ``...`` stands for anything."""
    lines = (
        (r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r"\n")
        for line in output
    )
    return "".join(lines)


def run_commands(commands: list[Command], folder: Path) -> None:
    """Run ``commands`` in a new folder under ``folder``; an assertion fails on output that is not shown."""
    tipgraph = folder / "bin" / "tipgraph"
    tipgraph.parent.mkdir()
    tipgraph.write_text(f"#!{sys.executable}\nfrom tipgraph.cli import main\nmain()\n")
    tipgraph.chmod(0o755)
    empty = folder / "empty"
    empty.mkdir()
    environment = {
        "PATH": f"{tipgraph.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
        "NO_COLOR": "1",
    }
    exit_code = 0
    for command in commands:
        place = f"README.md:{command.line}: $ {command.text}"
        assert exit_code == 0 or command.text == "echo $?", (
            f"{place}\nfollows a command that failed with {exit_code}"
        )
        finished = subprocess.run(
            ["bash", "-c", f"(exit {exit_code})\n{command.text}"],
            cwd=empty,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        exit_code = finished.returncode
        shown = "".join(f"{line.rstrip()}\n" for line in finished.stdout.splitlines())
        expected = "\n".join(command.output)
        assert re.fullmatch(pattern_of(command.output), shown), (
            f"{place}\nprints\n{shown}\nand not\n{expected}"
        )
    assert exit_code == 0, f"the last command failed with {exit_code}"


def test_the_console_blocks_of_the_readme_are_true(tmp_path: Path) -> None:
    commands = [command for command in read_commands(README.read_text()) if command.is_run]
    assert len(commands) >= 5
    run_commands(commands, tmp_path)


@pytest.mark.parametrize(
    ("block", "holds"),
    [
        ("$ echo one > file\n$ cat file\none\n", True),
        ("$ echo one\ntwo\n", False),
        ("$ echo one >&2\none\n", True),
        ("$ false\n$ echo $?\n1\n", True),
        ("$ false\n$ true\n", False),
        ("$ false\n", False),
        ("$ tipgraph --version\ntipgraph ...\n", True),
    ],
)
def test_a_block_holds_when_its_output_is_real(block: str, holds: bool, tmp_path: Path) -> None:
    commands = list(read_commands(f"```console\n{block}```\n"))
    if holds:
        run_commands(commands, tmp_path)
    else:
        with pytest.raises(AssertionError):
            run_commands(commands, tmp_path)


def test_blocks_are_read_with_continuations_and_output() -> None:
    first = "x\n```console\n$ one\n> more\nout\n> out\n$ make serve\n```\n"
    commands = list(read_commands(f"{first}```python\n$ no\n```\n```console\n$ two\n```\n"))
    assert [(command.line, command.text, command.output, command.is_run) for command in commands] == [
        (3, "one\nmore", ["out", "> out"], True),
        (7, "make serve", [], False),
        (13, "two", [], True),
    ]


@pytest.mark.parametrize(
    ("output", "real", "holds"),
    [
        (["a", "b"], "a\nb\n", True),
        (["a", "b"], "a\nb\nc\n", False),
        (["a", "...", "d"], "a\nb\nc\nd\n", True),
        (["a", "...", "d"], "a\nd\n", True),
        (["a ... (s)"], "a 12 (s)\n", True),
        (["a ... (s)"], "a 1\n2 (s)\n", False),
        (["a.b"], "axb\n", False),
        ([], "", True),
        ([], "a\n", False),
    ],
)
def test_dots_stand_for_anything(output: list[str], real: str, holds: bool) -> None:
    assert bool(re.fullmatch(pattern_of(output), real)) is holds
