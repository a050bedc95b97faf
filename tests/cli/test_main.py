"""The command line as a whole: help, exit codes, and errors in one wording."""

from __future__ import annotations

import importlib.metadata
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tipgraph.cli import COMMANDS, main
from tipgraph.graph import KnowledgeGraph

Call = Callable[..., Result]
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def run(*arguments: str, root: Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tipgraph", "--root", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)  # type: ignore[call-overload,no-any-return]


def test_every_command_of_the_table_has_help_with_examples(call: Call) -> None:
    assert len(COMMANDS) >= 5
    for name in COMMANDS:
        result = call(name, "--help")
        assert result.exit_code == 0, name
        assert "Examples:" in result.output, name
        assert f"  tipgraph {name}" in result.output, name


def test_the_commands_are_listed_in_order() -> None:
    listed = CliRunner().invoke(main, ["--help"]).output.split("Commands:")[1]
    names = [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2] != " "]
    assert names[: len(COMMANDS)] == list(COMMANDS)


def test_the_version_is_that_of_the_package() -> None:
    result = CliRunner().invoke(main, ["--version"], prog_name="tipgraph")
    assert result.output == f"tipgraph {importlib.metadata.version('tipgraph')}\n"


def test_nothing_to_do_is_an_error_that_shows_the_help() -> None:
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Commands:" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["qeury"], "error: there is no command 'qeury'", "hint: did you mean query?"),
        (["xyzzy"], "error: there is no command 'xyzzy'", "hint: the commands are query"),
        (["--rot", "x"], "error: no such option", "hint: see tipgraph --help"),
        (
            ["stats", "--format", "xls"],
            "error: invalid value for '--format'",
            "hint: see tipgraph stats --help",
        ),
        (["show"], "error: missing argument 'NAME-OR-IRI", "hint: see tipgraph show --help"),
        (["stats", "more"], "error: got unexpected extra argument (more)", "hint: see tipgraph stats --help"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], message: str, hint: str) -> None:
    result = CliRunner().invoke(main, arguments, prog_name="tipgraph")
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(message)
    assert lines[1].startswith(hint)


def test_what_nobody_expected_exits_with_4_and_one_line(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("lost\nkey")

    monkeypatch.setattr(KnowledgeGraph, "open", fail)
    result = call("stats")
    assert result.exit_code == 4
    error, hint = result.stderr.splitlines()
    assert error == "error: tipgraph met what it did not expect: KeyError: 'lost\\nkey'"
    assert hint.startswith("hint: this is a bug; run again with TIPGRAPH_DEBUG=1")
    monkeypatch.setenv("TIPGRAPH_DEBUG", "1")
    assert "Traceback" in call("stats").stderr


def test_a_command_loads_nothing_that_it_does_not_need(small_root: Path) -> None:
    code = (
        "import sys; from tipgraph.cli import main\n"
        f"main(['--root', {str(small_root)!r}, 'query', '--text', 'ASK {{}}'], standalone_mode=False)\n"
        "slow = {'flask', 'pyshacl', 'pyrudof', 'owlrl', 'rdflib', 'rich', 'granian'}\n"
        "print(*sorted(slow & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout == "true\n\n"


def test_the_root_may_come_from_the_environment(small_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIPGRAPH_ROOT", str(small_root))
    assert "plans-since" in CliRunner().invoke(main, ["query", "--list"]).output


def test_a_root_that_is_none_is_named(call: Call, tmp_path: Path) -> None:
    result = call("stats", root=tmp_path)
    assert result.exit_code == 3
    assert result.stderr.startswith(f"error: {tmp_path} is not a tipgraph folder")


def test_a_reader_that_goes_away_is_no_error(small_root: Path) -> None:
    command = f"{sys.executable} -m tipgraph --root {small_root} query --text '{{}}' --format tsv | head -n 1"
    text = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } LIMIT 20000"
    result = subprocess.run(
        ["bash", "-c", command.format(text) + '; echo "${PIPESTATUS[0]}"'],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert result.stdout.splitlines()[1:] == ["141"]
    assert result.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("how", ["stdout", "--output"])
def test_a_full_disk_is_said(small_root: Path, how: str) -> None:
    arguments = ["export", "--format", "n-quads"]
    if how == "--output":
        result = run(*arguments, "-o", "/dev/full", root=small_root)
    else:
        with Path("/dev/full").open("w") as full:
            command = [sys.executable, "-m", "tipgraph", "--root", str(small_root), *arguments]
            result = subprocess.run(
                command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
            )
    assert result.returncode == 3
    assert "no space left on device" in result.stderr.splitlines()[0]
    assert result.stderr.splitlines()[1].startswith("hint: ")
    assert len(result.stderr.splitlines()) == 2


def test_an_interruption_ends_a_query_at_once(small_root: Path) -> None:
    command = [sys.executable, "-m", "tipgraph", "--root", str(small_root), "query", "--text", ENDLESS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(3)
        assert process.poll() is None, "the query must still run when it is interrupted"
        process.send_signal(signal.SIGINT)
        begin = time.monotonic()
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.strip() == "error: interrupted"
    assert time.monotonic() - begin < 20


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with click.Context(main) as context:
        main.callback(None, None)  # type: ignore[misc]
        assert context.color is False


def test_output_is_utf8_in_a_plain_locale(small_root: Path) -> None:
    text = 'SELECT ("São Tomé" AS ?name) {}'
    environment = {**os.environ, "LC_ALL": "C", "LANG": "C"}
    assert (
        "São Tomé" in run("query", "--text", text, root=small_root, env=environment, encoding="utf-8").stdout
    )
