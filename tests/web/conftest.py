"""The site of the shipped graph, and of a small dataset of a user's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from tipgraph.graph import KnowledgeGraph
from tipgraph.web import create_app
from tipgraph.web.answers import answer_from
from tipgraph.web.limits import Limits
from tipgraph.web.workers import WorkerPool

ROOT = Path(__file__).parents[2]

OWN_DATA = """
@prefix : <http://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:loose a :Thing ; rdfs:label "loose", "lâche"@fr .
:one { :alpha a :Thing ; :knows :beta, [ :name "nobody" ] ; :size 3 ; :note "<script>alert(1)</script>" . }
:two { :beta a :Thing ; rdfs:label "Beta"@en . }
"""


@pytest.fixture(scope="session")
def graph() -> KnowledgeGraph:
    return KnowledgeGraph.open(ROOT)


@pytest.fixture(scope="session")
def app(graph: KnowledgeGraph) -> Iterator[flask.Flask]:
    """The site as it is served: its queries run in workers."""
    with closing(WorkerPool(answer_from(graph), Limits(workers=2, deadline=30))) as pool:
        yield create_app(graph, pool)


@pytest.fixture
def client(app: flask.Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def own_graph(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    path = tmp_path_factory.mktemp("own") / "mine.trig"
    path.write_text(OWN_DATA, encoding="utf-8")
    return KnowledgeGraph.from_files([path], root=ROOT)


@pytest.fixture
def own_client(own_graph: KnowledgeGraph) -> FlaskClient:
    return create_app(own_graph).test_client()
