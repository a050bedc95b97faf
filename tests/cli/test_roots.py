"""What is wrong with the folder of ``--root``, said once and clearly by every command that reads it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Call = Callable[..., Result]
COMMANDS = (
    ["query", "--text", "ASK {}"],
    ["show", "alpha"],
    ["stats"],
    ["export", "--format", "trig"],
)


@pytest.fixture
def root(small_root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_root, tmp_path / "root"))


def error_of(result: Result) -> tuple[str, str]:
    assert result.exit_code == 3, result.output
    assert result.stdout == ""
    message, hint = result.stderr.splitlines()
    return message.removeprefix("error: "), hint.removeprefix("hint: ")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
def test_malformed_turtle_is_named_with_its_place(call: Call, root: Path, command: list[str]) -> None:
    path = root / "data" / "example" / "broken.ttl"
    path.write_text("@prefix id: <https://w3id.org/tipgraph/id/> .\nid:x a id:y\nid:z a id:y .\n")
    message, hint = error_of(call(*command, root=root))
    assert message.startswith(f"{path.resolve()}:3:")
    assert hint


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
def test_a_folder_without_a_graph_is_named(call: Call, tmp_path: Path, command: list[str]) -> None:
    message, hint = error_of(call(*command, root=tmp_path))
    assert message.startswith(f"{tmp_path} is not a tipgraph folder")
    assert "--root" in hint


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command[0]))
def test_a_root_that_does_not_exist_is_named(call: Call, tmp_path: Path, command: list[str]) -> None:
    missing = tmp_path / "missing"
    assert str(missing) in error_of(call(*command, root=missing))[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_an_unreadable_file_is_named(call: Call, root: Path) -> None:
    path = root / "data" / "example" / "plans.ttl"
    path.chmod(0)
    assert error_of(call("stats", root=root))[0] == f"{path.resolve()} cannot be read: permission denied"


def test_a_broken_library_query_is_named_with_its_place(call: Call, root: Path) -> None:
    path = root / "queries" / "broken.rq"
    path.write_text("# title: Why?\n# param: x\nASK { ?x ?p ?o }\n")
    message, _ = error_of(call("query", "--list", root=root))
    assert message == f"{path.resolve()}:2: 'x' declares no parameter"


def test_a_root_without_queries_is_said(call: Call, root: Path) -> None:
    shutil.rmtree(root / "queries")
    message, _ = error_of(call("query", "anything", root=root))
    folder = (root / "queries").resolve()
    assert message == f"the queries of {folder} cannot be read: no such file or directory"
