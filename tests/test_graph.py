"""The Python API, as someone uses it who has read only its documentation."""

from __future__ import annotations

import doctest
import inspect
import shutil
import threading
from datetime import date
from pathlib import Path

import pyoxigraph as ox
import pytest

import tipgraph
from tipgraph import IRI, KnowledgeGraph, errors
from tipgraph.errors import (
    ParameterError,
    ParseError,
    QueryError,
    QuerySyntaxError,
    SourceError,
    TipgraphError,
    UnknownNameError,
)
from tipgraph.sparql.results import AskResult, GraphResult, SelectResult
from tipgraph.vocabulary import GRAPH_INFERRED, ID, TIP


@pytest.fixture(scope="module")
def kg(small_root: Path) -> KnowledgeGraph:
    return KnowledgeGraph.open(small_root)


def test_the_public_names_are_exact_and_sorted() -> None:
    kinds = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, TipgraphError) and value.__module__ == errors.__name__
    }
    assert set(tipgraph.__all__) == kinds | {"IRI", "BlankNode", "KnowledgeGraph"}
    # The order of ruff's RUF022: constants, then classes.
    assert tipgraph.__all__ == sorted(tipgraph.__all__, key=lambda name: (not name.isupper(), name))
    assert all(hasattr(tipgraph, name) for name in tipgraph.__all__)


def test_select_gives_python_values(kg: KnowledgeGraph) -> None:
    rows = kg.select(
        "SELECT ?plan ?on ?count { ?plan tip:adoptedOn ?on OPTIONAL { ?plan tip:count ?count } }"
        "ORDER BY ?plan"
    )
    assert rows == [
        {"plan": IRI(f"{ID}alpha"), "on": date(2009, 5, 1), "count": None},
        {"plan": IRI(f"{ID}beta"), "on": 2010, "count": 7},
    ]
    assert type(rows[0]["plan"]) is IRI


def test_parameters_are_values_not_text(kg: KnowledgeGraph) -> None:
    text = "SELECT ?plan { ?plan ?property ?value } ORDER BY ?plan"
    for value in ("id:union", IRI(f"{ID}union"), ox.NamedNode(f"{ID}union")):
        assert kg.select(text, property="tip:adoptedBy", value=value) == [{"plan": f"{ID}alpha"}]
    assert kg.select(text, property="tip:adoptedOn", value=date(2009, 5, 1)) == [{"plan": f"{ID}alpha"}]
    assert kg.select(text, property="tip:count", value=7) == [{"plan": f"{ID}beta"}]
    assert kg.select(text, property="tip:count", value="7") == []


def test_what_is_inferred_is_found_unless_it_is_left_out(kg: KnowledgeGraph, small_root: Path) -> None:
    text = "ASK { id:alpha a tip:Instrument }"
    assert kg.ask(text) is True
    assert kg.query(text, asserted_only=True) == AskResult(False)
    assert GRAPH_INFERRED in kg.dataset.graph_names()
    plain = KnowledgeGraph.open(str(small_root), infer=False)
    assert plain.ask(text) is False
    assert GRAPH_INFERRED not in plain.dataset.graph_names()


def test_construct_gives_triples(kg: KnowledgeGraph) -> None:
    triples = kg.construct("CONSTRUCT WHERE { ?plan tip:adoptedBy ?by }", by="id:union")
    assert [str(triple.subject) for triple in triples] == [f"<{ID}alpha>"]


def test_query_answers_any_form(kg: KnowledgeGraph) -> None:
    kinds = {type(kg.query(text)) for text in ("SELECT * { ?s ?p ?o }", "ASK {}", "DESCRIBE id:alpha")}
    assert kinds == {SelectResult, AskResult, GraphResult}


@pytest.mark.parametrize(
    ("method", "text", "says"),
    [
        ("select", "ASK {}", "the query is an ASK, not SELECT"),
        ("ask", "SELECT * { ?s ?p ?o }", "the query is a SELECT, not ASK"),
        ("construct", "ASK {}", "the query is an ASK, not CONSTRUCT or DESCRIBE"),
    ],
)
def test_another_form_than_the_method_answers_is_an_error(
    kg: KnowledgeGraph, method: str, text: str, says: str
) -> None:
    with pytest.raises(QueryError, match=says):
        getattr(kg, method)(text)


def test_the_library_is_asked_by_name_and_takes_what_people_write(kg: KnowledgeGraph) -> None:
    assert [query.name for query in kg.queries()] == ["plans-by-adopter", "plans-since"]
    by_adopter = kg.library_query("plans-by-adopter")
    expected = [{"plan": f"{ID}alpha", "label": "Plan Alpha"}]
    assert kg.select(by_adopter) == expected
    for name in ("TU", "the union", "id:union", "union", IRI(f"{ID}union"), ox.NamedNode(f"{ID}union")):
        assert kg.select(by_adopter, adopter=name) == expected
    since = kg.library_query("plans-since")
    assert kg.select(since, since=date(2009, 1, 1)) == kg.select(since, since="2009-01-01") != []


def test_a_query_of_the_library_is_asked_by_its_name_alone(kg: KnowledgeGraph) -> None:
    assert kg.select("plans-by-adopter", adopter="TU") == kg.select(kg.library_query("plans-by-adopter"))
    with pytest.raises(UnknownNameError, match="'plan-by-adopter'"):
        kg.select("plan-by-adopter")
    with pytest.raises(QuerySyntaxError, match="'plans' begins no query"):
        kg.select("plans")


def test_a_single_path_or_name_is_taken_for_what_it_is(small_root: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.ttl"
    own.write_text("<http://example.org/a> a <http://example.org/b> .")
    assert repr(KnowledgeGraph.from_files(str(own))) == "<KnowledgeGraph of 1 quads>"
    root = Path(shutil.copytree(small_root, tmp_path / "root"))
    (root / "shapes" / "plans.ttl").write_text(SHAPE)
    kg = KnowledgeGraph.open(root)
    assert repr(kg.validate(own)) == "<Report of 0 results on 1 resources>"
    assert len(kg.validate(focus="Plan Beta").results) == 1
    assert kg.export("turtle", graphs="example") == kg.export("turtle", graphs=["example"])


def test_the_examples_of_its_documentation_are_true() -> None:
    names = {"KnowledgeGraph": KnowledgeGraph}
    (found,) = doctest.DocTestFinder(recurse=False).find(KnowledgeGraph, globs=names)
    results = doctest.DocTestRunner().run(found)
    assert (results.failed, results.attempted > 4) == (0, True)


@pytest.mark.parametrize(
    ("name", "parameters", "says"),
    [
        ("plans-since", {}, "the parameter since of plans-since is not given"),
        ("plans-since", {"since": "May"}, "parameter since: 'May' is no date"),
        ("plans-since", {"since": "2009-01-01", "till": "2010-01-01"}, "plans-since has no parameter till"),
        ("plans-by-adopter", {"adopter": []}, "no RDF term"),
    ],
)
def test_a_wrong_parameter_is_named(
    kg: KnowledgeGraph, name: str, parameters: dict[str, object], says: str
) -> None:
    with pytest.raises(ParameterError, match=says) as caught:
        kg.query(kg.library_query(name), parameters)
    assert caught.value.hint


def test_a_resource_that_is_not_in_the_graph_is_no_value(kg: KnowledgeGraph) -> None:
    with pytest.raises(UnknownNameError, match="'nobody'"):
        kg.select(kg.library_query("plans-by-adopter"), adopter="nobody")


def test_an_unknown_query_suggests_the_nearest(kg: KnowledgeGraph) -> None:
    with pytest.raises(UnknownNameError, match="'plan-by-adopter'") as caught:
        kg.library_query("plan-by-adopter")
    assert "plans-by-adopter" in str(caught.value.hint)


def test_a_syntax_error_in_a_file_names_the_file(small_root: Path, tmp_path: Path) -> None:
    from tipgraph.queryfile import read_query_file

    path = tmp_path / "broken.rq"
    path.write_text("SELECT *\n{ ?s ?p }")
    with pytest.raises(QuerySyntaxError, match=r"broken\.rq: line 2, column 9") as caught:
        KnowledgeGraph.open(small_root, infer=False).query(read_query_file(path))
    assert (caught.value.line, caught.value.column) == (2, 9)


def test_resources_are_described_by_name(kg: KnowledgeGraph) -> None:
    assert kg.find("pa") == f"{ID}alpha"
    assert kg.describe("pa").resource.label == "Plan Alpha"
    assert [kind.name for kind in kg.describe("pa").wider_kinds] == ["tip:Instrument"]


def test_statistics_and_export_are_of_the_whole(kg: KnowledgeGraph) -> None:
    counts = kg.statistics()
    assert counts.resources == 2
    assert counts.triples == len({quad.triple for quad in kg.dataset.store})
    assert f"<{TIP}Plan>".encode() in kg.export("n-quads")
    assert b"Plan Beta" in kg.export("turtle", graphs=["example"])
    assert b"Class" not in kg.export("turtle", graphs=["example"])


SHAPE = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix tip: <https://w3id.org/tipgraph/ontology#> .
@prefix shape: <https://w3id.org/tipgraph/shape/> .
shape:Plan a sh:NodeShape ; sh:targetClass tip:Plan ; sh:property shape:Plan-adoptedBy .
shape:Plan-adoptedBy a sh:PropertyShape ; sh:path tip:adoptedBy ; sh:minCount 1 ;
  sh:message "say who adopted the plan" ; sh:severity sh:Violation .
"""


def test_the_graph_and_own_files_are_validated(small_root: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(small_root, tmp_path / "root"))
    (root / "shapes" / "plans.ttl").write_text(SHAPE)
    kg = KnowledgeGraph.open(root)
    assert [str(result.focus_node) for result in kg.validate().results] == [f"<{ID}beta>"]
    own = tmp_path / "own.ttl"
    own.write_text(f"<{ID}gamma> a <{TIP}Plan> . <{ID}delta> a <{TIP}Plan> ; <{TIP}adoptedBy> <{ID}union> .")
    assert [str(result.focus_node) for result in kg.validate([own]).results] == [f"<{ID}gamma>"]


@pytest.mark.filterwarnings("ignore:Dataset.default_context is deprecated:DeprecationWarning")
def test_rdflib_gets_a_copy(kg: KnowledgeGraph) -> None:
    copy = kg.to_rdflib()
    rows = list(copy.query("SELECT ?label { ?plan tip:adoptedBy id:union ; skos:prefLabel ?label }"))
    assert [str(row[0]) for row in rows if isinstance(row, tuple)] == ["Plan Alpha"]


def test_own_files_are_served_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "own.trig"
    path.write_text("@prefix ex: <http://example.org/> . ex:a ex:p 1 . ex:g { ex:a ex:p 1 , 2 }")
    kg = KnowledgeGraph.from_files([path])
    assert kg.select("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == [{"n": 2}]
    assert kg.dataset.graph_names() == ["http://example.org/g"]
    assert "tip" in kg.prefixes


def test_threads_share_a_graph(small_root: Path) -> None:
    kg = KnowledgeGraph.open(small_root)
    answers: list[bool] = []
    threads = [
        threading.Thread(target=lambda: answers.append(kg.ask("ASK { id:alpha a tip:Instrument }")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 8


def test_what_cannot_be_opened_says_why(tmp_path: Path, small_root: Path) -> None:
    with pytest.raises(SourceError, match="not a tipgraph folder"):
        KnowledgeGraph.open(tmp_path)
    with pytest.raises(SourceError, match="does not exist"):
        KnowledgeGraph.from_files([tmp_path / "missing.ttl"], root=small_root)
    (tmp_path / "bad.ttl").write_text("@prefix ex: <http://example.org/> .\nex:a ex:p")
    with pytest.raises(ParseError, match=r"bad\.ttl"):
        KnowledgeGraph.from_files([tmp_path / "bad.ttl"], root=small_root)


def test_a_fact_is_explained(kg: KnowledgeGraph) -> None:
    derivation = kg.explain("Plan Alpha", "a", "tip:Instrument")
    assert not derivation.is_asserted
    assert [leaf.places[0].line is not None for leaf in derivation.leaves()] == [True]
    stated = kg.explain("id:alpha", "tip:adoptedOn", "2009-05-01")
    assert stated.is_asserted
    assert kg.explain("id:alpha", "tip:adoptedOn", stated.triple.object) == stated


def test_a_fact_that_does_not_hold_is_not_explained(kg: KnowledgeGraph) -> None:
    with pytest.raises(UnknownNameError):
        kg.explain("nobody", "a", "tip:Plan")
    with pytest.raises(UnknownNameError, match=r"does not hold|neither"):
        kg.explain("Plan Beta", "tip:adoptedBy", "The Union")
