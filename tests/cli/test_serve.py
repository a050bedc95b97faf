"""``tipgraph serve`` where it cannot: what runs is tested in ``tests/web/test_server.py``."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

Call = Callable[..., Result]


@pytest.fixture
def used_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_in_use(call: Call, used_port: int) -> None:
    result = call("serve", "--port", str(used_port))
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr == (
        f"error: port {used_port} of 127.0.0.1 is in use\n"
        "hint: stop the other server, or choose another with --port, as in --port 8001\n"
    )


def test_a_port_in_use_is_told_before_anything_is_loaded(call: Call, used_port: int) -> None:
    result = call("serve", "--port", str(used_port), "--data", "no-such-file.ttl")
    assert "in use" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["--port", "70000"], 2, "70000"),
        (["--port", "many"], 2, "many"),
        (["--timeout", "0"], 2, "0"),
        (["--host", "no-such-host.invalid"], 3, "error: the host 'no-such-host.invalid' is not known"),
        (["extra.ttl"], 2, "hint: to serve a file of your own, write --data extra.ttl"),
        (["--port", "0", "--data", "no-such-file.ttl"], 3, "error: no-such-file.ttl does not exist"),
    ],
)
def test_wrong_options(call: Call, arguments: list[str], exit_code: int, message: str) -> None:
    result = call("serve", *arguments)
    assert result.exit_code == exit_code
    assert message in result.stderr
    assert result.stderr.count("error: ") == 1


def test_data_that_cannot_be_read(call: Call, tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttl"
    broken.write_text("<a> <b> .", encoding="utf-8")
    for path, message in ((tmp_path, "is a folder"), (broken, "broken.ttl:1:")):
        result = call("serve", "--port", "0", "--data", str(path))
        assert result.exit_code == 3
        assert message in result.stderr


def test_help_has_examples(call: Call) -> None:
    result = call("serve", "--help")
    assert result.exit_code == 0
    assert "tipgraph serve --data mine.trig more.ttl" in result.stdout
