"""``tipgraph export``."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import Result

from tipgraph.serialization import SYNTAXES

Call = Callable[..., Result]


@pytest.mark.parametrize("name", list(SYNTAXES))
def test_each_syntax_is_well_formed_and_the_same_each_time(call: Call, name: str) -> None:
    first = call("export", "--format", name).stdout_bytes
    assert len(list(ox.parse(first, format=SYNTAXES[name].format))) > 20
    assert call("export", "--format", name).stdout_bytes == first


def test_a_graph_can_be_chosen_and_what_is_inferred_left_out(call: Call) -> None:
    def graphs(*arguments: str) -> set[str]:
        content = call("export", "--format", "n-quads", *arguments).stdout_bytes
        quads = ox.parse(content, format=ox.RdfFormat.N_QUADS)
        return {str(quad.graph_name).rsplit("/", 1)[-1].rstrip(">") for quad in quads}

    assert graphs() == {"catalog", "ontology", "example", "inferred"}
    assert graphs("--asserted") == {"catalog", "ontology", "example"}
    assert graphs("--graph", "example") == {"example"}
    assert graphs("--graph", "example", "--graph", "graph:ontology") == {"ontology", "example"}


def test_a_file_is_replaced_in_one_step(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "out.ttl"
    path.write_text("old")
    path.chmod(0o640)
    result = call("export", "--format", "turtle", "-o", str(path))
    assert (result.exit_code, result.stdout) == (0, "")
    assert path.read_bytes() == call("export", "--format", "turtle").stdout_bytes
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [found.name for found in tmp_path.iterdir()] == ["out.ttl"]


def test_a_link_stays_a_link(call: Call, tmp_path: Path) -> None:
    (tmp_path / "target.nt").write_text("old")
    link = tmp_path / "link.nt"
    link.symlink_to("target.nt")
    assert call("export", "--format", "n-triples", "-o", str(link)).exit_code == 0
    assert link.is_symlink()
    assert (tmp_path / "target.nt").read_text() != "old"


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        ([], 2, "missing option '--format'", "see tipgraph export --help"),
        (["--format", "xml"], 2, "invalid value for '--format': 'xml'", "see tipgraph export --help"),
        (["--format", "trig", "--graph", "exmple"], 3, "there is no graph 'exmple'", "did you mean example?"),
        (
            ["--format", "trig", "--asserted", "--graph", "inferred"],
            3,
            "there is no graph 'inferred'",
            "the graphs",
        ),
        (
            ["--format", "trig", "-o", "/no/such/folder/x"],
            3,
            "/no/such/folder/x cannot be written",
            "make the folder",
        ),
    ],
)
def test_each_mistake_gets_one_clear_error(
    call: Call, arguments: list[str], code: int, message: str, hint: str
) -> None:
    result = call("export", *arguments)
    assert result.exit_code == code
    assert result.stdout == ""
    error_line, hint_line = result.stderr.splitlines()
    assert error_line.startswith(f"error: {message}")
    assert hint_line.startswith(f"hint: {hint}")
