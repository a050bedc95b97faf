"""``tipgraph serve`` where it cannot: what runs is tested in ``tests/web/test_server.py``."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest
from click.testing import Result

from tipgraph.web.limits import FIXED, Limits

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


LIMITS = {
    "--timeout": "deadline",
    "--max-timeout": "longest_deadline",
    "--max-rows": "rows",
    "--max-bytes": "answer",
    "--memory": "memory",
    "--processes": "processes",
    "--workers": "workers",
    "--slow-workers": "slow_workers",
    "--response-cache": "cache",
    "--rate": "rate",
    "--burst": "burst",
    "--concurrency": "concurrency",
    "--max-body": "body",
    "--header-timeout": "header_timeout",
    "--body-timeout": "body_timeout",
    "--connections": "connections",
}


def test_every_limit_has_an_option_or_a_reason_for_none() -> None:
    names = [field.name for field in fields(Limits)]
    assert sorted([*LIMITS.values(), *FIXED]) == sorted(names)


def test_each_option_sets_its_limit_and_no_other(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data.nt"
    data.write_text("<http://s> <http://p> <http://o> .\n", encoding="utf-8")
    served: list[Limits] = []
    monkeypatch.setattr(
        "tipgraph.cli.serve.run_server", lambda backend, address, limits, **_: served.append(limits)
    )
    defaults = Limits()
    value, in_mebibytes = 2000, ("--memory", "--response-cache")
    for option, name in LIMITS.items():
        number = 60 if option in ("--processes", "--workers", "--slow-workers") else value
        result = call("serve", "--port", "0", option, str(number), "--data", str(data))
        assert result.exit_code == 0, result.stderr
        expected = number << 20 if option in in_mebibytes else number
        assert served.pop() == replace(defaults, **{name: expected})


def test_operating_tells_of_every_limit_that_can_be_set() -> None:
    text = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    assert [option for option in LIMITS if f"| `{option}` |" not in text] == []
