"""An update of a store on disk is there whole or not at all, and the union stays what the graphs make it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from tipgraph import KnowledgeGraph
from tipgraph.cli import main
from tipgraph.errors import BusyError, QueryError, SourceError
from tipgraph.ondisk import load_to_disk, open_on_disk, update_on_disk, version_of
from tipgraph.ondisk.layout import changing
from tipgraph.sizes import measure_dataset

EX = "http://example.org/"
PREFIXES = f"PREFIX ex: <{EX}> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
TRIG = """
@prefix ex: <http://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
ex:g { ex:a ex:p 1 , 2 . ex:b ex:p [ ex:q "x" ] ; rdfs:label "Beta"@en }
ex:h { ex:a ex:p 2 , 3 ; a ex:T }
ex:a ex:p 4 .
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "data.trig").write_text(TRIG)
    load_to_disk([tmp_path / "data.trig"], tmp_path / "store")
    return tmp_path / "store"


def plain(quads: Iterable[ox.Quad]) -> set[str]:
    """Those without blank nodes, as text."""
    return {str(quad) for quad in quads if "_:" not in str(quad)}


def states(store: Path) -> list[str]:
    return sorted(path.name for path in store.glob("state-*"))


UPDATES = {
    "a triple into a graph": "INSERT DATA { GRAPH ex:g { ex:c ex:p 5 } }",
    "a triple of another graph": "INSERT DATA { GRAPH ex:h { ex:a ex:p 1 } }",
    "a new graph": "INSERT DATA { GRAPH ex:new { ex:c ex:p 5 } }",
    "one of two graphs": "DELETE DATA { GRAPH ex:g { ex:a ex:p 2 } }",
    "the only one": "DELETE DATA { GRAPH ex:g { ex:a ex:p 1 } }",
    "a triple that lay outside": "DELETE DATA { ex:a ex:p 4 }",
    "a triple that lies in a graph only": "DELETE DATA { ex:a ex:p 1 }",
    "a whole graph": "DROP GRAPH ex:g",
    "a graph that becomes empty": "DELETE WHERE { GRAPH ex:h { ?s ?p ?o } }",
    "everything": "CLEAR ALL",
    "what lies outside": "CLEAR DEFAULT",
    "all graphs": "DROP NAMED",
    "one graph over another": "COPY GRAPH ex:g TO GRAPH ex:h",
    "from the union": "INSERT { GRAPH ex:copy { ?s ?p ?o } } WHERE { ?s ?p ?o }",
    "several": "DROP GRAPH ex:g ; INSERT DATA { GRAPH ex:k { ex:a ex:p 2 } } ; CLEAR GRAPH ex:h",
    "with a graph": "WITH ex:g DELETE { ?s ?p ?o } INSERT { ?s ex:q 1 } WHERE { ?s ex:p ?o . ?o ex:q ?x }",
    "nothing": "DELETE WHERE { GRAPH ?g { ?s ex:none ?o } }",
}


@pytest.mark.parametrize("update", UPDATES.values(), ids=UPDATES)
def test_the_union_and_the_sizes_are_those_of_the_graphs(store: Path, tmp_path: Path, update: str) -> None:
    # The same in memory, where what lies outside is kept apart; patterns there match the union as well.
    expected = ox.Store()
    expected.load(TRIG, format=ox.RdfFormat.TRIG)
    everywhere = "WHERE { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    expected.update(PREFIXES + update.replace("WHERE { ?s ?p ?o }", everywhere))

    done = update_on_disk(store, PREFIXES + update)

    found = open_on_disk(store, {})
    named = {quad for quad in found.dataset.store if quad.graph_name != ox.DefaultGraph()}
    union = set(found.dataset.store.quads_for_pattern(None, None, None, ox.DefaultGraph()))
    assert plain(named) == plain(q for q in expected if q.graph_name != ox.DefaultGraph())
    assert {quad.triple for quad in named} <= {quad.triple for quad in union}
    assert plain(union) == {str(ox.Quad(*quad.triple)) for quad in expected if "_:" not in str(quad)}
    assert found.sizes == measure_dataset(found.dataset)
    assert (done.before, done.after) == (9, found.sizes.quads)
    assert states(store) == [Path(found.dataset.reader._state.path).name]  # type: ignore[attr-defined]


def test_names_and_words_follow(store: Path) -> None:
    update_on_disk(
        store,
        PREFIXES + "DELETE WHERE { GRAPH ex:g { ex:b rdfs:label ?l } } ;"
        'INSERT DATA { GRAPH ex:g { ex:b rdfs:label "Omega"@en } }',
    )
    graph = KnowledgeGraph.open_store(store)
    graph.prepare()
    assert graph.find("Omega") == f"{EX}b"
    assert [hit.iri for hit in graph.search("ome").hits] == [f"{EX}b"]
    assert not graph.search("beta").hits


@pytest.mark.parametrize("content", ["<urn:a> <urn:p> 1 , 2 .", ""], ids=["triples", "nothing"])
def test_a_store_without_named_graphs_is_updated_as_one_graph(tmp_path: Path, content: str) -> None:
    (tmp_path / "plain.ttl").write_text(content)
    load_to_disk([tmp_path / "plain.ttl"], tmp_path / "store")
    update_on_disk(
        tmp_path / "store", "DELETE DATA { <urn:a> <urn:p> 1 } ; INSERT DATA { <urn:a> <urn:p> 3 }"
    )
    graph = KnowledgeGraph.open_store(tmp_path / "store")
    rows = graph.select("SELECT ?o { ?s ?p ?o } ORDER BY ?o")
    assert [row["o"] for row in rows] == ([2, 3] if content else [3])
    assert graph.sizes().graphs == {"": len(rows)}


def test_who_reads_goes_on_with_what_was_and_its_files_stay(store: Path) -> None:
    reader = KnowledgeGraph.open_store(store)
    version = version_of(store)
    for number in range(3):
        update_on_disk(store, f"INSERT DATA {{ GRAPH <urn:n> {{ <urn:a> <urn:p> {number} }} }}")
    assert version_of(store) != version
    assert reader.ask(f"ASK {{ <{EX}a> <{EX}p> 4 }}")
    assert not reader.ask("ASK { <urn:a> ?p ?o }")
    # That which holds and that which is read; those between are gone.
    assert len(states(store)) == 2
    del reader
    update_on_disk(store, "CLEAR ALL")
    assert len(states(store)) == 1


@pytest.mark.parametrize(
    ("update", "said"),
    [
        ("DROP GRAPH <urn:none>", "graph <urn:none> does not exist"),
        ("CREATE GRAPH ex:g", "already exists"),
    ],
)
def test_an_update_that_fails_changes_nothing(store: Path, update: str, said: str) -> None:
    version, before = version_of(store), states(store)
    with pytest.raises(QueryError, match=said):
        update_on_disk(store, f"{PREFIXES} INSERT DATA {{ GRAPH ex:g {{ ex:c ex:p 1 }} }} ; {update}")
    assert (version_of(store), states(store)) == (version, before)
    assert open_on_disk(store, {}).sizes.quads == 9


@pytest.mark.parametrize("update", ["INSERT DATA { ex:a ex:p 5 }", "MOVE ex:h TO DEFAULT"])
def test_nothing_is_inserted_outside_of_graphs_where_there_are_some(store: Path, update: str) -> None:
    version = version_of(store)
    with pytest.raises(QueryError, match="into which one it inserts"):
        update_on_disk(store, PREFIXES + update)
    assert (version_of(store), len(states(store))) == (version, 1)


def test_one_updates_at_a_time(store: Path) -> None:
    with changing(store, patience=0), pytest.raises(BusyError, match="is being updated"):
        update_on_disk(store, "CLEAR ALL", patience=0.2)
    update_on_disk(store, "CLEAR ALL", patience=0)


RUN = """
import os, resource, signal, sys
from pathlib import Path
from tipgraph.errors import SourceError
from tipgraph.ondisk import update_on_disk

def tell(doing):
    if sys.argv[2] == doing:
        os.kill(os.getpid(), signal.SIGKILL)
    if sys.argv[2] == "full":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))

try:
    update_on_disk(Path(sys.argv[1]), sys.argv[3], tell=tell)
except SourceError as error:
    print(error.message)
"""
MANY = f"INSERT DATA {{ GRAPH <urn:g> {{ {' '.join(f'<urn:{n}> <urn:p> {n} .' for n in range(999))} }} }}"


def run(store: Path, until: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUN, str(store), until, MANY], capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    "until", ["running the update", "making the union of the graphs", "gathering names and texts"]
)
def test_a_killed_update_changes_nothing_and_the_next_tidies_up(store: Path, until: str) -> None:
    version = version_of(store)
    assert run(store, until).returncode == -signal.SIGKILL
    assert (version_of(store), len(states(store))) == (version, 2)
    assert open_on_disk(store, {}).sizes.quads == 9
    assert update_on_disk(store, "INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:p> 1 } }").after == 10
    assert len(states(store)) == 1


def test_a_disk_that_is_full_is_told_and_changes_nothing(store: Path) -> None:
    version = version_of(store)
    done = run(store, "full")
    assert f"{store} cannot be written" in done.stdout, done.stderr
    assert (version_of(store), len(states(store))) == (version, 1)
    assert open_on_disk(store, {}).sizes.quads == 9


def test_a_store_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no store"):
        update_on_disk(tmp_path / "none", "CLEAR ALL")


# -- the command


def test_the_command_says_what_it_has_done(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "changes.ru"
    file.write_text("INSERT DATA { GRAPH <urn:g> { id:x a tip:Treaty } }")
    for arguments, text in (([str(file)], ""), (["-"], file.read_text()), (["--text", "CLEAR ALL"], "")):
        result = CliRunner().invoke(main, ["update", *arguments, "--store", str(store)], input=text)
        assert result.exit_code == 0, result.output
        assert "running the update" in result.stderr
        assert result.stdout == ""
    assert result.stderr.endswith(f"{store} holds 0 quads, 10 before\n")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "give one update"),
        (["x.ru", "--text", "CLEAR ALL"], 2, "give one update"),
        (["none.ru"], 3, "none.ru does not exist"),
        (["--text", "CLEAR"], 3, "line 1, column 6"),
        (["--text", "LOAD <http://example.org/>"], 3, "SERVICE and LOAD"),
        (["--text", "SELECT * {}"], 3, "the update is malformed"),
        (["--text", "DROP GRAPH <urn:none>"], 3, "does not exist"),
    ],
)
def test_what_is_no_update_is_told(store: Path, arguments: list[str], code: int, said: str) -> None:
    result = CliRunner().invoke(main, ["update", *arguments, "--store", str(store)])
    assert (result.exit_code, said in result.stderr) == (code, True), result.output
    assert open_on_disk(store, {}).sizes.quads == 9
