"""``tipgraph query``."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tipgraph.cli.query import query
from tipgraph.queryfile import read_query_folder
from tipgraph.sources import locate_sources

Call = Callable[..., Result]
SELECT = "SELECT ?plan ?n { ?plan a tip:Plan OPTIONAL { ?plan tip:count ?n } } ORDER BY ?plan"


def error_of(result: Result, exit_code: int) -> tuple[str, str]:
    """The message and the hint of a call that failed as it should: two lines on stderr and nothing else."""
    assert result.exit_code == exit_code, result.output
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert [line.split(":")[0] for line in lines] == ["error", "hint"]
    return lines[0].removeprefix("error: "), lines[1].removeprefix("hint: ")


def test_a_table_is_plain_when_nobody_looks(call: Call) -> None:
    assert call("query", "--text", SELECT).stdout == (
        "plan      n\n"
        "--------  -\n"
        "id:alpha\n"
        "id:beta   7\n"
    )  # fmt: skip


def test_a_query_is_text_a_file_a_name_or_standard_input(
    call: Call, small_root: Path, tmp_path: Path
) -> None:
    path = small_root / "queries" / "plans-by-adopter.rq"
    expected = "plan      label\n--------  ----------\nid:alpha  Plan Alpha\n"
    elsewhere = tmp_path / "copy.sparql"
    elsewhere.write_text(path.read_text())
    for arguments in (["plans-by-adopter"], [str(path)], [str(elsewhere)], ["--text", path.read_text()]):
        assert call("query", *arguments).stdout == expected
    assert call("query", "-", stdin=path.read_text()).stdout == expected


def test_the_library_is_listed(call: Call) -> None:
    lines = call("query", "--list").stdout.splitlines()
    assert lines[0].split() == ["name", "question", "parameters"]
    assert lines[3] == "plans-since       Which plans were adopted since a day?  since (date)"


@pytest.mark.parametrize(
    ("arguments", "plans"),
    [
        (["plans-by-adopter", "--param", "adopter=TU"], ["alpha"]),
        (["plans-by-adopter", "--param", "adopter=id:beta"], []),
        (["plans-since", "--param", "since=2009-05-01"], ["alpha"]),
        (["plans-since", "--param", "?since=2009-05-02"], []),
        (
            ["--text", "SELECT ?plan { ?plan tip:count ?n FILTER(?n > ?least) }", "--param", "least=6"],
            ["beta"],
        ),
        (["--text", "SELECT ?plan { ?plan tip:adoptedOn ?on }", "--param", 'on="2010"^^xsd:gYear'], ["beta"]),
        (
            ["--text", "SELECT ?plan { ?plan skos:altLabel ?l FILTER(STR(?l) = ?s) }", "--param", "s=PA"],
            ["alpha"],
        ),
    ],
)
def test_parameters_are_given_by_name(call: Call, arguments: list[str], plans: list[str]) -> None:
    result = call("query", *arguments, "--format", "json")
    found = [row["plan"]["value"].rsplit("/")[-1] for row in json.loads(result.stdout)["results"]["bindings"]]
    assert found == plans


@pytest.mark.parametrize(
    ("format_name", "begins"),
    [
        ("json", '{"head":{"vars":["plan","n"]}'),
        ("xml", '<?xml version="1.0"?><sparql'),
        ("csv", "plan,n\r\nhttps://w3id.org/tipgraph/id/alpha,\r\n"),
        ("tsv", "?plan\t?n\n<https://w3id.org/tipgraph/id/alpha>\t\n"),
    ],
)
def test_rows_are_written_in_every_format(call: Call, format_name: str, begins: str) -> None:
    content = call("query", "--text", SELECT, "--format", format_name).stdout_bytes.decode()
    assert content.startswith(begins)
    assert content.endswith("\n")


@pytest.mark.parametrize(
    ("format_name", "begins"),
    [
        (None, "@prefix id: <https://w3id.org/tipgraph/id/> ."),
        ("turtle", "@prefix id: <https://w3id.org/tipgraph/id/> ."),
        ("n-triples", "<https://w3id.org/tipgraph/id/alpha> <"),
        ("json-ld", '{\n  "@context": {'),
        ("rdf-xml", "<?xml version"),
        ("trig", "@prefix id:"),
        ("n-quads", "<https://w3id.org/tipgraph/id/alpha> <"),
        ("n3", "@prefix id:"),
    ],
)
def test_graphs_are_written_in_every_syntax(call: Call, format_name: str | None, begins: str) -> None:
    text = "CONSTRUCT WHERE { ?plan tip:adoptedBy ?by }"
    chosen = ["--format", format_name] if format_name else []
    assert call("query", "--text", text, *chosen).stdout.startswith(begins)


@pytest.mark.parametrize(
    ("text", "answer", "code"),
    [("ASK { id:alpha ?p ?o }", "true\n", 0), ("ASK { id:x ?p ?o }", "false\n", 1)],
)
def test_no_is_an_answer_and_an_exit_code(call: Call, text: str, answer: str, code: int) -> None:
    result = call("query", "--text", text)
    assert (result.stdout, result.exit_code) == (answer, code)


def test_what_is_inferred_can_be_left_out(call: Call) -> None:
    text = "ASK { id:alpha a tip:Instrument }"
    assert call("query", "--text", text).stdout == "true\n"
    assert call("query", "--text", text, "--asserted").stdout == "false\n"


def test_no_rows_is_said_aside(call: Call) -> None:
    result = call("query", "--text", "SELECT ?a { ?a tip:none ?b }")
    assert (result.stdout, result.stderr, result.exit_code) == ("a\n-\n", "no solutions\n", 0)


def test_an_answer_can_go_to_a_file(call: Call, tmp_path: Path) -> None:
    for number, chosen in enumerate((["--format", "json"], [])):
        path = tmp_path / str(number)
        result = call("query", "--text", SELECT, *chosen, "-o", str(path))
        assert (result.stdout, result.exit_code) == ("", 0)
        assert "beta" in path.read_text()
    assert sorted(found.name for found in tmp_path.iterdir()) == ["0", "1"]


def test_a_cell_stays_on_one_line(call: Call) -> None:
    text = 'SELECT ("one\\ntwo\\t three" AS ?x) ("中文" AS ?y) ("z" AS ?z) {}'
    assert call("query", "--text", text).stdout.splitlines()[2] == "one two three  中文  z"


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (["--text", ""], 3, "the query is empty", "SELECT"),
        (
            ["--text", "SELECT * { ?s nope:p ?o }"],
            3,
            "line 1, column 15: the prefix nope: is not declared",
            "PREFIX",
        ),
        (["--text", "SELECT * {"], 3, "line 1, column 10: the { is never closed", "close"),
        (
            ["--text", "DELETE WHERE { ?s ?p ?o }"],
            3,
            "DELETE is an update, and the graph is read-only",
            "SELECT",
        ),
        (
            ["--text", "ASK { SERVICE <http://example.org/> {} }"],
            3,
            "SERVICE would call another endpoint",
            "take",
        ),
        (["--text", "ASK FROM <http://example.org/> {}"], 3, "the dataset holds no graph", "graph:example"),
        (["no-such-query"], 3, "the library has no query 'no-such-query'", "--list"),
        (
            ["plans-by-adoptr"],
            3,
            "the library has no query 'plans-by-adoptr'",
            "did you mean plans-by-adopter",
        ),
        (["missing.rq"], 3, "missing.rq does not exist", "path"),
        (["plans-since"], 3, "the parameter since of plans-since is not given", "date"),
        (
            ["plans-since", "--param", "since=1.5.2009"],
            3,
            "parameter since: '1.5.2009' is no date",
            "2010-09-13",
        ),
        (
            ["plans-since", "--param", "since=2009-05-01", "--param", "x=1"],
            3,
            "plans-since has no parameter x",
            "since",
        ),
        (["plans-by-adopter", "--param", "adopter=nobody"], 3, "no resource is called 'nobody'", "search"),
        (["--text", "ASK {}", "--param", "x=1"], 3, "the query has no variable ?x", "none"),
        (["--text", "ASK {}", "--param", "x"], 2, "'x' gives no parameter a value", "name=value"),
        (
            ["--text", "ASK {}", "--param", "x=1", "--param", "x=2"],
            2,
            "the parameter x is given twice",
            "once",
        ),
        (["--text", "ASK {}", "--format", "xls"], 2, "invalid value for '--format': 'xls'", "--help"),
        (["--text", "ASK {}", "--format", "turtle"], 2, "the answer to a ASK", "table, json"),
        (
            ["--text", "DESCRIBE id:alpha", "--format", "csv"],
            2,
            "the answer to a CONSTRUCT or DESCRIBE",
            "turtle",
        ),
        (["ASK {}"], 2, "that is a query, not the name of one", "--text"),
        ([], 2, "give one query", "--list"),
        (["plans-since", "--text", "ASK {}"], 2, "give one query", "--list"),
    ],
)
def test_each_mistake_gets_one_clear_error(
    call: Call, arguments: list[str], code: int, message: str, hint: str
) -> None:
    found_message, found_hint = error_of(call("query", *arguments), code)
    assert found_message.startswith(message)
    assert hint in found_hint


def test_a_folder_is_no_query(call: Call, tmp_path: Path) -> None:
    assert error_of(call("query", str(tmp_path)), 3)[0] == f"{tmp_path} is a folder, not a file"


def test_an_output_that_cannot_be_written_is_named(call: Call, tmp_path: Path) -> None:
    message, hint = error_of(call("query", "--text", "ASK {}", "-o", str(tmp_path)), 3)
    assert message == f"{tmp_path} cannot be written: is a directory"
    assert hint == "name a file in that folder"
    path = tmp_path / "none" / "answer.csv"
    message, hint = error_of(call("query", "--text", "ASK {}", "-o", str(path)), 3)
    assert message == f"{path} cannot be written: no such file or directory"
    assert hint == f"make the folder {path.parent} first"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_an_unreadable_file_is_named(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "secret.rq"
    path.write_text("ASK {}")
    path.chmod(0)
    assert error_of(call("query", str(path)), 3)[0] == f"{path} cannot be read: permission denied"


def test_standard_input_has_to_be_utf8(call: Call) -> None:
    result = call("query", "-", stdin="ASK { ?s ?p 'caf\xe9' }".encode("latin-1"))
    assert error_of(result, 3)[0] == "standard input is not UTF-8"


def test_the_examples_of_the_help_name_queries_of_the_library() -> None:
    named = re.findall(
        r"^  tipgraph query ([a-z][a-z-]+(?!\S))((?: --param \w+=\S+)*)", str(query.epilog), re.MULTILINE
    )
    library = {found.name: found for found in read_query_folder(locate_sources().queries).values()}
    examples = [(name, re.findall(r"--param (\w+)=", rest)) for name, rest in named]
    assert len(examples) >= 1
    for name, parameters in examples:
        assert set(parameters) <= {parameter.name for parameter in library[name].parameters}
