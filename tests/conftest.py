"""What several test files share."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from freeze_outside_terms import SCOPE, TABLE, read_table
from hypothesis import settings

# A busy machine makes a slow example, not a wrong one.
settings.register_profile("tipgraph", deadline=None)
settings.load_profile("tipgraph")


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that keeps compiled graphs during the tests, which leave the user's own alone."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("TIPGRAPH_CACHE", raising=False)
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder / "tipgraph"


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the vocabularies' own files, in the versions in which their terms were frozen."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("vocabularies")
    frozen = read_table(Path(__file__).parent.parent / TABLE)
    packages = {f"{row.package}@{row.version}" for row in frozen if row.package.startswith(f"{SCOPE}/")}
    command = [npm, "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run([*command, *sorted(packages)], check=True, capture_output=True, timeout=300)
    return folder / "node_modules"


SMALL_GRAPH = {
    "ontology/actors.ttl": """
        @prefix owl: <http://www.w3.org/2002/07/owl#> .
        @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
        @prefix tip: <https://w3id.org/tipgraph/ontology#> .
        tip:Plan a owl:Class ; rdfs:label "plan"@en ; rdfs:subClassOf tip:Instrument .
        tip:Instrument a owl:Class ; rdfs:label "instrument"@en .
        tip:adoptedBy a owl:ObjectProperty ; rdfs:label "adopted by"@en .
        """,
    "data/example/plans.ttl": """
        @prefix id: <https://w3id.org/tipgraph/id/> .
        @prefix dcterms: <http://purl.org/dc/terms/> .
        @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        @prefix tip: <https://w3id.org/tipgraph/ontology#> .
        @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        id:alpha a tip:Plan ; skos:prefLabel "Plan Alpha"@en ; skos:altLabel "PA"@en ;
          dcterms:description "A plan that was adopted."@en ;
          tip:adoptedBy id:union ; tip:adoptedOn "2009-05-01"^^xsd:date .
        id:beta a tip:Plan ; skos:prefLabel "Plan Beta"@en ; tip:adoptedOn "2010"^^xsd:gYear ; tip:count 7 .
        id:union skos:prefLabel "The Union"@en ; skos:altLabel "TU"@en .
        """,
    "queries/plans-by-adopter.rq": """\
# title: Which plans did an actor adopt?
# about: The plans of one actor.
# param: adopter resource = id:union — who adopted
SELECT ?plan ?label { ?plan tip:adoptedBy ?adopter ; skos:prefLabel ?label } ORDER BY ?plan
""",
    "queries/plans-since.rq": """\
# title: Which plans were adopted since a day?
# about: The plans that were adopted on that day or later.
# param: since date — the first day
SELECT ?plan ?on { ?plan tip:adoptedOn ?on FILTER(?on >= ?since) } ORDER BY ?plan
""",
}
"""A graph that is small enough to load for every test."""


@pytest.fixture(scope="session")
def small_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for ``--root`` with two plans, an ontology of two classes and two queries."""
    root = tmp_path_factory.mktemp("small")
    (root / "shapes").mkdir()
    for name, content in SMALL_GRAPH.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    shutil.copy(Path(__file__).parent.parent / "ontology" / "prefixes.ttl", root / "ontology")
    return root
