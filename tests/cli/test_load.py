"""``tipgraph load`` and ``tipgraph query --store``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Call = Callable[..., Result]


def test_what_is_loaded_can_be_asked(call: Call, tmp_path: Path) -> None:
    file, store = tmp_path / "own.ttl", tmp_path / "store"
    file.write_text("<http://e/a> <http://e/p> 1 , 2 .")
    loaded = call("load", str(file), "--store", str(store))
    assert loaded.exit_code == 0
    assert loaded.stdout == ""
    assert loaded.stderr.endswith(f"{store} holds 2 quads\n")
    asked = call(
        "query", "--store", str(store), "--text", "SELECT ?o { ?s ?p ?o } ORDER BY ?o", "--format", "csv"
    )
    assert asked.stdout.split() == ["o", "1", "2"]


def test_wrong_calls_are_told(call: Call, tmp_path: Path) -> None:
    assert call("load", "--store", "x").exit_code == 2
    assert call("load", "x.ttl").exit_code == 2
    missing = call("load", "nowhere.ttl", "--store", str(tmp_path / "store"))
    assert (missing.exit_code, "nowhere.ttl does not exist" in missing.stderr) == (3, True)
    unknown = call("load", str(tmp_path / "x.pdf"), "--store", str(tmp_path / "store"))
    assert "stands for no RDF syntax" in unknown.stderr
    both = call("query", "--store", str(tmp_path), "--asserted", "--text", "ASK {}")
    assert (both.exit_code, "leave out --asserted" in both.stderr) == (2, True)
    no_store = call("query", "--store", str(tmp_path), "--text", "ASK {}")
    assert (no_store.exit_code, "holds no store" in no_store.stderr) == (3, True)
