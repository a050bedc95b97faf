"""What is kept between runs answers as what is built afresh, and is never out of date."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pyoxigraph as ox
import pytest

from tipgraph import KnowledgeGraph, OntologyError, ParseError
from tipgraph.cache import Cache
from tipgraph.canonical import label_blank_nodes
from tipgraph.cli import Settings, main
from tipgraph.compiled import CompiledGraph, digest_of, open_compiled, write_portable
from tipgraph.errors import SourceError
from tipgraph.sources import Sources
from tipgraph.sparql.execution import QueryRequest, run_query
from tipgraph.sparql.results import AskResult
from tipgraph.vocabulary import GRAPH_INFERRED

ROOT = Path(__file__).parent.parent
RULE = """\
# title: Whoever adopted a plan is busy
# about: A rule of the tests.
CONSTRUCT { ?by tip:isBusy true } WHERE { ?plan tip:adoptedBy ?by }
"""


@pytest.fixture
def root(small_root: Path, tmp_path: Path) -> Path:
    """A copy of the small graph with a rule and a blank node, for a test to change."""
    copied = Path(shutil.copytree(small_root, tmp_path / "root"))
    (copied / "ontology" / "rules").mkdir()
    (copied / "ontology" / "rules" / "busy.rq").write_text(RULE)
    (copied / "data" / "example" / "more.ttl").write_text(
        "@prefix id: <https://w3id.org/tipgraph/id/> .\n"
        "@prefix tip: <https://w3id.org/tipgraph/ontology#> .\n"
        'id:beta tip:count 7 ; tip:note [ tip:says "relative"@en , <here> ] .\n'
    )
    return copied


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows with each dataset that is built from files rather than opened."""
    import tipgraph.compiled

    built: list[str] = []
    build = tipgraph.compiled._build

    def count(sources: Sources, reasoner: object) -> object:
        built.append(str(reasoner))
        return build(sources, reasoner)  # type: ignore[arg-type]

    monkeypatch.setattr(tipgraph.compiled, "_build", count)
    return built


def contents(graph: KnowledgeGraph) -> ox.Dataset:
    """The quads, without regard to how blank nodes are called."""
    quads = ox.Dataset(graph.dataset.store)
    quads.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return quads


def named_quads(graph: KnowledgeGraph) -> set[ox.Quad]:
    """The quads without blank nodes."""
    return {
        quad
        for quad in graph.dataset.store
        if not isinstance(quad.subject, ox.BlankNode) and not isinstance(quad.object, ox.BlankNode)
    }


FORMS = pytest.mark.parametrize("on_disk", [False, True], ids=["in memory", "on disk"])


@FORMS
@pytest.mark.parametrize("infer", [True, False])
def test_what_is_opened_is_what_was_built(
    root: Path, folder: Path, builds: list[str], on_disk: bool, infer: bool
) -> None:
    fresh = KnowledgeGraph.open(root, infer=infer)
    first = KnowledgeGraph.open(root, infer=infer, cache=folder, on_disk=on_disk)
    second = KnowledgeGraph.open(root, infer=infer, cache=folder, on_disk=on_disk)
    assert len(builds) == 2, "the fresh one and the first"
    assert contents(fresh) == contents(first) == contents(second)
    assert (GRAPH_INFERRED in second.dataset.graph_names()) is infer
    assert second.dataset.files == fresh.dataset.files != ()
    assert second.prefixes == fresh.prefixes
    everything = (
        "SELECT ?g ?s ?p ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } "
        "FILTER(!isBlank(?s) && !isBlank(?o)) }"
    )
    for query in (everything, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"):
        for asserted_only in (False, True):
            answers = [
                sorted(map(str, graph.query(query, asserted_only=asserted_only).rows))  # type: ignore[union-attr]
                for graph in (fresh, first, second)
            ]
            assert answers[0] == answers[1] == answers[2] != []


@FORMS
def test_names_are_found_as_in_what_was_built(root: Path, folder: Path, on_disk: bool) -> None:
    fresh = KnowledgeGraph.open(root)
    for _ in range(2):
        kept = KnowledgeGraph.open(root, cache=folder, on_disk=on_disk)
        assert kept._names == fresh._names != {}
        assert kept.find("the union") == "https://w3id.org/tipgraph/id/union"
        assert kept.select(kept.library_query("plans-by-adopter"), adopter="TU") == fresh.select(
            fresh.library_query("plans-by-adopter"), adopter="TU"
        )
        assert kept.describe("Plan Alpha") == fresh.describe("Plan Alpha")


def test_the_shipped_graph_is_opened_as_it_is_built(folder: Path) -> None:
    fresh = KnowledgeGraph.open(ROOT)
    KnowledgeGraph.open(ROOT, cache=folder)
    assert contents(fresh) == contents(KnowledgeGraph.open(ROOT, cache=folder))
    for _ in range(2):
        kept = KnowledgeGraph.open(ROOT, cache=folder, on_disk=True)
        assert named_quads(kept) == named_quads(fresh)
        assert len(kept.dataset.store) == len(fresh.dataset.store)
        assert kept.ask("ASK { GRAPH graph:inferred { ?s ?p ?o } ?s ?p ?o }")


INPUTS = (
    "ontology/actors.ttl",
    "ontology/prefixes.ttl",
    "ontology/rules/busy.rq",
    "data/example/plans.ttl",
)


@FORMS
@pytest.mark.parametrize("name", INPUTS)
def test_one_byte_that_changes_in_any_input_makes_it_anew(
    root: Path, folder: Path, builds: list[str], on_disk: bool, name: str
) -> None:
    KnowledgeGraph.open(root, cache=folder, on_disk=on_disk)
    content = (root / name).read_bytes()
    (root / name).write_bytes(content + b"\n")
    KnowledgeGraph.open(root, cache=folder, on_disk=on_disk)
    assert len(builds) == 2
    (root / name).write_bytes(content)
    KnowledgeGraph.open(root, cache=folder, on_disk=on_disk)
    assert len(builds) == 2, "what it was made from is there again"


def add_a_file(root: Path) -> None:
    shutil.copy(root / "data/example/more.ttl", root / "data/example/most.ttl")


def rename_a_file(root: Path) -> None:
    (root / "data/example/more.ttl").rename(root / "data/example/most.ttl")


def move_to_another_graph(root: Path) -> None:
    (root / "data" / "example").rename(root / "data" / "other")


def remove_a_rule(root: Path) -> None:
    (root / "ontology" / "rules" / "busy.rq").unlink()


@pytest.mark.parametrize("change", [add_a_file, rename_a_file, move_to_another_graph, remove_a_rule])
def test_a_file_that_comes_goes_or_moves_makes_it_anew(root: Path, change: Callable[[Path], None]) -> None:
    before = digest_of(Sources(root), "native")
    change(root)
    assert digest_of(Sources(root), "native") != before


def test_the_reasoner_and_the_place_are_part_of_the_digest(root: Path, tmp_path: Path) -> None:
    # A relative IRI of a file depends on where it lies.
    moved = Path(shutil.copytree(root, tmp_path / "moved"))
    digests = {digest_of(Sources(root), reasoner) for reasoner in ("native", "owlrl", None)}
    assert len(digests | {digest_of(Sources(moved), "native")}) == 4


def test_the_code_and_the_engine_are_part_of_the_digest(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tipgraph.compiled

    before = digest_of(Sources(root), "native")
    monkeypatch.setattr(ox, "__version__", "0.0.0")
    assert digest_of(Sources(root), "native") != before
    monkeypatch.undo()
    code = root.parent / "package"
    shutil.copytree(ROOT / "src" / "tipgraph", code, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(tipgraph.compiled, "__file__", str(code / "compiled.py"))
    assert digest_of(Sources(root), "native") == before
    with (code / "cli" / "query.py").open("a") as file:
        file.write("# not read\n")
    assert digest_of(Sources(root), "native") == before
    with (code / "inference" / "rules.py").open("a") as file:
        file.write("# read\n")
    assert digest_of(Sources(root), "native") != before


@FORMS
def test_an_input_that_changes_while_it_is_read_is_not_kept(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, on_disk: bool
) -> None:
    import tipgraph.compiled

    build = tipgraph.compiled._build

    def change_and_build(sources: Sources, reasoner: object) -> object:
        with (root / "data/example/more.ttl").open("a") as file:
            file.write("<https://example.org/late> a <https://example.org/Late> .\n")
        return build(sources, reasoner)  # type: ignore[arg-type]

    monkeypatch.setattr(tipgraph.compiled, "_build", change_and_build)
    KnowledgeGraph.open(root, cache=folder, on_disk=on_disk)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("on_disk", "pattern"),
    [
        (False, "manifest.json"),
        (False, "dataset.trig"),
        (True, "manifest.json"),
        (True, "names.json"),
        (True, "dataset/MANIFEST-*"),
        (True, "dataset/*.sst"),
        (True, "union/CURRENT"),
        (True, "union/*.sst"),
    ],
)
def test_a_file_that_is_cut_off_is_found_out_and_written_anew(
    root: Path, folder: Path, builds: list[str], on_disk: bool, pattern: str
) -> None:
    expected = contents(KnowledgeGraph.open(root, cache=folder, on_disk=on_disk))
    path = max(folder.glob(f"*/{pattern}"), key=lambda path: path.stat().st_size)
    os.truncate(path, path.stat().st_size // 2)
    for _ in range(2):
        assert contents(KnowledgeGraph.open(root, cache=folder, on_disk=on_disk)) == expected
    assert len(builds) == 2, "at first and after the damage"


@FORMS
def test_an_entry_that_goes_away_after_it_was_found_is_made_anew(
    root: Path, folder: Path, builds: list[str], monkeypatch: pytest.MonkeyPatch, on_disk: bool
) -> None:
    KnowledgeGraph.open(root, cache=folder, on_disk=on_disk)
    find = Cache.find

    def find_and_lose(cache: Cache, key: str) -> Path | None:
        entry = find(cache, key)
        if entry is not None:
            shutil.rmtree(entry)
        return entry

    monkeypatch.setattr(Cache, "find", find_and_lose)
    graph = KnowledgeGraph.open(root, cache=folder, on_disk=on_disk)
    assert graph.ask("ASK { id:alpha a tip:Instrument }")
    assert len(builds) == 2


@FORMS
def test_a_graph_that_is_open_outlives_its_entry(root: Path, folder: Path, on_disk: bool) -> None:
    for _ in range(2):
        graph = KnowledgeGraph.open(root, cache=folder, on_disk=on_disk)
    shutil.rmtree(folder)
    assert graph.select("SELECT ?p { ?p a tip:Plan } ORDER BY ?p")[0]["p"].endswith("alpha")
    assert graph.find("Plan Beta").endswith("beta")


def test_errors_are_told_every_time(root: Path, folder: Path) -> None:
    KnowledgeGraph.open(root, cache=folder)
    (root / "data/example/more.ttl").write_text("<a> <b>\n")
    for _ in range(2):
        with pytest.raises(ParseError, match=r"more\.ttl:2"):
            KnowledgeGraph.open(root, cache=folder)
    (root / "data/example/more.ttl").write_text(
        "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        "<http://e/a> owl:sameAs <http://e/b> ; owl:differentFrom <http://e/b> .\n"
    )
    for _ in range(2):
        with pytest.raises(OntologyError):
            KnowledgeGraph.open(root, cache=folder)


QUESTION = ("query", "--format", "csv", "--text", "SELECT ?p { ?p a tip:Instrument } ORDER BY ?p")
ANSWER = "p\nhttps://w3id.org/tipgraph/id/alpha\nhttps://w3id.org/tipgraph/id/beta\n"


def command(root: Path, folder: Path) -> list[str]:
    return [sys.executable, "-m", "tipgraph", "--root", str(root), "--cache", str(folder), *QUESTION]


def test_processes_that_start_at_once_do_each_other_no_harm(root: Path, folder: Path) -> None:
    processes = [
        subprocess.Popen(command(root, folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out, err) == (0, ANSWER, "")
    (entry,) = folder.iterdir()
    assert (entry / "manifest.json").is_file()


def test_a_folder_that_cannot_be_used_stops_nobody_and_makes_no_noise(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for _ in range(2):
        finished = subprocess.run(
            command(root, tmp_path / "file"), capture_output=True, text=True, check=False, timeout=60
        )
        assert (finished.returncode, finished.stdout, finished.stderr) == (0, ANSWER, "")


@pytest.mark.parametrize("most", [1_000, 20_000, 60_000])
def test_a_disk_that_is_full_stops_nobody_and_makes_no_noise(root: Path, folder: Path, most: int) -> None:
    import resource

    finished = subprocess.run(
        command(root, folder),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, ANSWER, "")
    assert list(folder.iterdir()) == []


def settings_of(monkeypatch: pytest.MonkeyPatch, *arguments: str, **environment: str | None) -> Settings:
    """What the command line says with these ``arguments`` in this ``environment``."""
    for name, value in environment.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    with main.make_context("tipgraph", [*arguments, "stats"]) as context:
        main.callback(**context.params)  # type: ignore[misc]
        settings: Settings = context.obj
    return settings


def test_the_folder_is_that_of_the_option_of_the_environment_or_of_the_platform(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def cache(*arguments: str, **environment: str | None) -> Path | None:
        return settings_of(monkeypatch, *arguments, **environment).cache

    monkeypatch.setenv("HOME", "/home/someone")
    assert cache(XDG_CACHE_HOME=None) == Path("/home/someone/.cache/tipgraph")
    assert cache(XDG_CACHE_HOME="relative") == Path("/home/someone/.cache/tipgraph")
    assert cache(XDG_CACHE_HOME="/elsewhere") == Path("/elsewhere/tipgraph")
    assert cache(TIPGRAPH_CACHE="/mine") == Path("/mine")
    assert cache("--cache", "/ours") == Path("/ours")
    assert cache("--cache", "off") is None
    assert cache(TIPGRAPH_CACHE="off") is None


@pytest.fixture
def carrying_root(small_root: Path, tmp_path: Path) -> Path:
    """A root that carries its graph in the portable form."""
    root = Path(shutil.copytree(small_root, tmp_path / "root"))
    write_portable(Sources(root), root / "compiled")
    return root


def names_of(graph: CompiledGraph) -> set[str]:
    return {str(quad) for quad in label_blank_nodes(graph.dataset.store)}


def test_the_portable_form_is_the_same_wherever_it_is_made(carrying_root: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(carrying_root, tmp_path / "another" / "place"))
    shutil.rmtree(other / "compiled")
    write_portable(Sources(other), other / "compiled")
    files = sorted(path.name for path in (carrying_root / "compiled").iterdir())
    assert len(files) == 4
    for name in files:
        assert (other / "compiled" / name).read_bytes() == (carrying_root / "compiled" / name).read_bytes()


def test_the_portable_form_is_opened_instead_of_built(
    carrying_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = open_compiled(Sources(carrying_root), None, reasoner="owlrl")
    monkeypatch.setattr("tipgraph.compiled._build", refuse_to_build)
    opened = open_compiled(Sources(carrying_root), None, reasoner="native")
    assert names_of(opened) == names_of(built)
    rows = run_query(opened.queryable, QueryRequest("ASK { id:alpha a tip:Instrument }"))
    assert rows == AskResult(True)


def refuse_to_build(*_: object) -> NoReturn:
    raise AssertionError("it was built")


@pytest.mark.parametrize("name", ["dataset.nq.gz", "union.nt.gz", "names.json.gz", "digests.json"])
@pytest.mark.parametrize("damage", ["cut", "changed", "missing", "empty"])
def test_a_portable_form_that_is_not_whole_is_not_believed(
    carrying_root: Path, name: str, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = carrying_root / "compiled" / name
    content = path.read_bytes()
    match damage:
        case "cut":
            path.write_bytes(content[:-7])
        case "changed":
            middle = len(content) // 2
            path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        case "missing":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
    monkeypatch.setattr("tipgraph.compiled._build", refuse_to_build)
    with pytest.raises(AssertionError, match="it was built"):
        open_compiled(Sources(carrying_root), None, reasoner="native")


@pytest.mark.parametrize(
    "changed", ["data/example/plans.ttl", "ontology/actors.ttl", "ontology/rules/new.rq"]
)
def test_a_portable_form_of_other_files_is_not_believed(carrying_root: Path, changed: str) -> None:
    path = carrying_root / changed
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".rq":
        path.write_text(
            "PREFIX tip: <https://w3id.org/tipgraph/ontology#>\n"
            "CONSTRUCT { ?a tip:adoptedBy ?a } WHERE { ?a a tip:Plan }"
        )
    else:
        path.write_text(
            f"{path.read_text()}\n<https://w3id.org/tipgraph/id/new> "
            "a <https://w3id.org/tipgraph/ontology#Plan> ."
        )
    opened = open_compiled(Sources(carrying_root), None, reasoner="native")
    new = ("id/new>", "ontology#adoptedBy> <https://w3id.org/tipgraph/id/beta>")
    assert any(text in quad for quad in names_of(opened) for text in new)


def test_a_relative_iri_cannot_travel(carrying_root: Path) -> None:
    path = carrying_root / "data" / "example" / "plans.ttl"
    path.write_text(path.read_text() + "\n<relative> a <https://w3id.org/tipgraph/ontology#Plan> .")
    with pytest.raises(SourceError, match="depends on where the files are"):
        write_portable(Sources(carrying_root), carrying_root / "again")
    assert not (carrying_root / "again").exists()
