"""``tipgraph validate``: which results are shown, in which form, and what is wrong with a call."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix shape: <https://w3id.org/tipgraph/shape/> .
@prefix tip: <https://w3id.org/tipgraph/ontology#> .
shape:Plan a sh:NodeShape ; sh:targetClass tip:Plan ; sh:property shape:Plan-adoptedBy , shape:Plan-count .
shape:Plan-adoptedBy a sh:PropertyShape ; sh:path tip:adoptedBy ; sh:minCount 1 ; sh:message "Say who." .
shape:Plan-count a sh:PropertyShape ; sh:path tip:count ; sh:maxCount 0 ; sh:message "Count nothing." ;
  sh:severity sh:Warning .
"""
Call = Callable[..., Result]


@pytest.fixture(scope="module")
def root(small_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = Path(shutil.copytree(small_root, tmp_path_factory.mktemp("validate") / "root"))
    (copy / "shapes" / "plans.ttl").write_text(SHAPES)
    return copy


@pytest.fixture
def shown(call: Call, root: Path) -> Callable[..., list[str]]:
    """The messages of the results that a call shows."""

    def names(*options: str) -> list[str]:
        found = call("validate", "--format", "json", *options, root=root)
        return sorted(row["message"] for row in json.loads(found.stdout)["results"])

    return names


def test_results_are_chosen(shown: Callable[..., list[str]]) -> None:
    assert shown() == ["Count nothing.", "Say who."]
    assert shown("--severity", "violation") == ["Say who."]
    assert shown("--shape", "Plan-count") == ["Count nothing."]
    assert shown("--shape", "shape:Plan") == ["Count nothing.", "Say who."]
    assert shown("--focus", "Plan Alpha") == []
    assert shown("--focus", "id:beta", "--focus", "Plan Alpha") == ["Count nothing.", "Say who."]


def test_the_exit_code_is_that_of_what_is_shown(call: Call, root: Path) -> None:
    assert call("validate", root=root).exit_code == 1
    assert call("validate", "--shape", "Plan-count", root=root).exit_code == 0
    assert call("validate", "--focus", "Plan Alpha", root=root).exit_code == 0


def test_other_shapes_can_be_taken(call: Call, root: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.ttl"
    own.write_text(SHAPES.replace("Say who.", "By whom?"))
    found = call("validate", "--shapes", str(own), root=root)
    assert "By whom?" in found.stdout
    assert "plans.ttl:" in found.stdout


def test_a_table_has_a_row_for_each_result(call: Call, root: Path) -> None:
    found = call("validate", "--format", "table", root=root)
    head, _, *rows = found.stdout.splitlines()
    assert head.split("  ")[0] == "place"
    assert len(rows) == 2
    assert "2 resources checked" not in found.stdout
    assert "1 violation, 1 warning" in found.stderr


DATA = {
    ".ttl": "@prefix e: <http://e/> .\ne:a a e:C ; e:p 1 ,\n   2 . e:b a e:C ; e:p 3 .",
    ".trig": "@prefix e: <http://e/> .\ne:g { e:a a e:C ; e:p 1 ,\n   2 }",
    ".nt": "<http://e/a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://e/C> .\n"
    '<http://e/a> <http://e/p> "1" .\n<http://e/a> <http://e/p> "2" .',
    ".rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">\n'
    '<e:C rdf:about="http://e/a"><e:p>1</e:p>\n<e:p>2</e:p></e:C></rdf:RDF>',
    ".jsonld": '{"@context": {"e": "http://e/"},\n\n"@id": "e:a", "@type": "e:C", "e:p": ["1", "2"]}',
}
"""Suffix → a file in which the statement at fault, or at least its subject, stands on the third line."""


@pytest.mark.parametrize("suffix", DATA)
def test_the_line_is_named_in_every_syntax(suffix: str, call: Call, root: Path, tmp_path: Path) -> None:
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix e: <http://e/> . "
        "e:S a sh:NodeShape ; sh:targetClass e:C ; sh:property e:S-p . "
        'e:S-p a sh:PropertyShape ; sh:path e:p ; sh:pattern "^[13]" ; sh:message "Not two." .'
    )
    own = tmp_path / f"own{suffix}"
    own.write_text(DATA[suffix])
    found = call("validate", str(own), "--shapes", str(shapes), "--format", "json", root=root)
    rows = json.loads(found.stdout)["results"]
    assert [(row["message"], row["line"]) for row in rows] == [("Not two.", 3)]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--shape", "Plam"], 3, "there is no shape 'Plam'"),
        (["--focus", "Plan Gamma"], 3, "no resource is called 'Plan Gamma'"),
        (["--engine", "fast"], 2, "'fast' is not one of"),
        (["--format", "pdf"], 2, "'pdf' is not one of"),
        (["--severity", "bad"], 2, "'bad' is not one of"),
        (["--shapes", "nowhere"], 3, "nowhere does not exist"),
        (["nowhere.ttl"], 3, "nowhere.ttl"),
        (["--watch", "--format", "json"], 2, "--watch shows reports on the screen"),
        (["--format", "table", "-o", "x"], 2, "a table is written to the screen"),
        (["-o", "no/such/folder/x"], 3, "cannot be written"),
    ],
)
def test_a_wrong_call_is_told(call: Call, root: Path, options: list[str], code: int, message: str) -> None:
    found = call("validate", *options, root=root)
    assert found.exit_code == code
    assert message in found.stderr
    assert "hint: " in found.stderr


def test_shapes_beyond_the_engine_are_told(call: Call, root: Path, tmp_path: Path) -> None:
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n@prefix e: <http://e/> .\n"
        "e:S a sh:NodeShape ;\n sh:targetClass e:C ; sh:expression [ sh:path e:p ] ."
    )
    found = call("validate", "--shapes", str(shapes), root=root)
    assert found.exit_code == 3
    assert f"{shapes}:3: the shape <http://e/S> uses sh:expression, an expression constraint" in found.stderr
    assert call("validate", "--shapes", str(shapes), "--engine", "pyshacl", root=root).exit_code == 0


def test_a_watch_validates_again_and_ends_with_ctrl_c(root: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(root, tmp_path / "root"))
    plans = copy / "data" / "example" / "plans.ttl"
    command = [sys.executable, "-m", "tipgraph", "--root", str(copy), "validate", "--watch"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        assert process.stderr is not None
        giving_up = threading.Timer(60, process.kill)
        giving_up.start()
        is_seen = threading.Event()

        def save_until_seen() -> None:
            # The system may tell of changes only a moment after it is asked to.
            for _ in range(200):
                plans.write_text(f"broken {time.time()}")
                if is_seen.wait(0.3):
                    return

        try:
            assert "watching" in process.stderr.readline()
            threading.Thread(target=save_until_seen, daemon=True).start()
            assert "plans.ttl:1:" in process.stderr.readline()
            is_seen.set()
            process.send_signal(signal.SIGINT)
            process.communicate()
        finally:
            giving_up.cancel()
            process.kill()
    assert process.returncode == 0
