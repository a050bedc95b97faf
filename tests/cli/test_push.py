"""``tipgraph push``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from tests.peer_server import Received, Reply, SmallStore, peer_at

Call = Callable[..., Result]


def test_the_graph_is_pushed_once(call: Call) -> None:
    there = SmallStore()
    with peer_at(there) as url:
        dry = call("push", "--to", url, "--dry-run")
        assert (dry.exit_code, len(there.store)) == (1, 0)
        pushed = call("push", "--to", url)
        assert (pushed.exit_code, pushed.stdout) == (0, "")
        assert ": pushed (" in pushed.stderr
        again = call("push", "--to", url, "--graph-store", url)
        assert again.exit_code == 0
        assert ": pushed (" not in again.stderr


def test_one_graph_and_own_files_can_be_pushed(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "own.ttl"
    file.write_text("<http://e/a> <http://e/p> 1 , 2 .")
    there = SmallStore()
    with peer_at(there) as url:
        assert call("push", "--to", url, "--graph", "ontology", "--asserted").exit_code == 0
        assert {str(quad.graph_name) for quad in there.store} == {
            "<https://w3id.org/tipgraph/graph/ontology>"
        }
        nameless = call("push", "--to", url, str(file))
        assert (nameless.exit_code, "--into" in nameless.stderr) == (3, True)
        named = call("push", "--to", url, str(file), "--into", "http://e/g")
        assert named.stderr.endswith("http://e/g: pushed (2 triples)\n")


def test_who_pushes_is_read_from_the_environment(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    there = SmallStore()
    monkeypatch.setenv("TIPGRAPH_TOKEN", "t0ken")
    with peer_at(there) as url:
        assert "t0ken" not in call("push", "--to", url).output
    assert {request.headers["authorization"] for request in there.requests} == {"Bearer t0ken"}


def test_failures_are_told(call: Call) -> None:
    assert call("push").exit_code == 2
    assert call("push", "--to", "http://me:secret@h/").exit_code == 2

    def refuses(_: Received) -> Reply:
        return 403, {"Content-Type": "text/plain"}, b"read only\nsecond line"

    with peer_at(refuses) as url:
        refused = call("push", "--to", url)
    assert refused.exit_code == 3
    assert (
        f"error: the store at {url} answered POST with 403: read only\nhint: set TIPGRAPH_USER"
        in refused.stderr
    )
