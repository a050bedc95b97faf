"""Every question of the library, against its golden answer.

``python tests/test_queries.py`` writes the golden answers anew; the change is then reviewed like any other.
"""

from __future__ import annotations

import calendar
import csv
import io
import re
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from tipgraph import KnowledgeGraph
from tipgraph.errors import ParameterError
from tipgraph.queryfile import QueryFile, read_query_folder

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).with_name("queries")
QUERIES = read_query_folder(ROOT / "queries")


@pytest.fixture(scope="module")
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.open(ROOT)


def answer(graph: KnowledgeGraph, query: QueryFile) -> str:
    """The solutions of ``query`` with its default parameters, as CSV."""
    rows: list[dict[str, Any]] = graph.select(query)
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return out.getvalue()


def test_no_day_is_asked_of_which_the_source_tells_nothing(graph: KnowledgeGraph) -> None:
    (row,) = graph.select(
        "SELECT ?valid { <https://w3id.org/tipgraph/graph/un-tip-protocol> dcterms:valid ?valid }"
    )
    until = {one.until for query in QUERIES.values() for one in query.parameters if one.name == "asOf"}
    (last,) = until
    assert last is not None
    year, month = map(int, str(row["valid"]).split("-"))
    assert last == f"{year}-{month:02}-{calendar.monthrange(year, month)[1]}"
    # Japan joined in 2017, and nobody may read here that it had not by 2020.
    assert graph.select("palermo-protocol-parties", asOf=last)
    for day in ("2014-02-01", date(2020, 1, 1), ox.Literal("2020-01-01")):
        with pytest.raises(ParameterError, match=f"its source ends with {last}"):
            graph.select("palermo-protocol-parties", asOf=day)


def test_the_library_is_large_enough() -> None:
    assert len(QUERIES) >= 40


@pytest.mark.parametrize("name", QUERIES)
def test_the_answer_is_the_golden_one(graph: KnowledgeGraph, name: str) -> None:
    golden = GOLDEN / f"{name}.csv"
    assert golden.is_file(), "no golden answer yet: run python tests/test_queries.py and review it"
    assert answer(graph, QUERIES[name]) == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", QUERIES)
def test_a_question_says_what_it_asks(name: str) -> None:
    query = QUERIES[name]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert query.title.endswith("?")
    assert query.about.endswith(".")
    assert query.keywords
    assert re.search(r"^ORDER BY ", query.text, re.MULTILINE), "the order of the answer is left to chance"
    assert all(parameter.about for parameter in query.parameters)
    assert all(parameter.default for parameter in query.parameters), "a question can be tried without values"


@pytest.mark.parametrize("name", QUERIES)
def test_every_iri_of_a_question_exists(graph: KnowledgeGraph, name: str) -> None:
    query = QUERIES[name]
    prefixes = dict(re.findall(r"PREFIX (\w+): <([^>]+)>", query.text))
    body = re.sub(r"^(#|PREFIX).*$", "", query.text, flags=re.MULTILINE)
    body = re.sub(r'"[^"]*"', "", body)
    found = {prefixes[prefix] + local for prefix, local in re.findall(r"\b(\w+):([\w-]+)", body)}
    found |= set(re.findall(r"<(https?://[^>\s]+)>", body))
    unknown = {
        iri
        for iri in found
        if not graph.ask(
            f"ASK {{ {{ <{iri}> ?p ?o }} UNION {{ ?s <{iri}> ?o }} UNION {{ ?s ?p <{iri}> }} "
            f"UNION {{ GRAPH <{iri}> {{ ?s ?p ?o }} }} }}"
        )
    }
    assert unknown == set()


def test_no_golden_answer_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.glob("*.csv")} == set(QUERIES)


def test_the_readme_lists_every_question() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^- `([a-z0-9-]+)`: (.+)$", text, re.MULTILINE))
    assert listed == {name: query.title for name, query in QUERIES.items()}


def write_golden_answers() -> None:
    graph = KnowledgeGraph.open(ROOT)
    GOLDEN.mkdir(exist_ok=True)
    for name, query in QUERIES.items():
        (GOLDEN / f"{name}.csv").write_text(answer(graph, query), encoding="utf-8")


if __name__ == "__main__":
    write_golden_answers()
