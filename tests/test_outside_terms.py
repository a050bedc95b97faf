"""Every term of another vocabulary that the project uses is one that the vocabulary's own file declares."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest
from freeze_outside_terms import (
    SCOPE,
    TABLE,
    OutsideTerm,
    collect_outside_terms,
    main,
    read_table,
    read_vocabularies,
)

from tipgraph.sources import Sources, locate_sources
from tipgraph.vocabulary import ONTOLOGY, ORG, OWL, expand

SOURCES = locate_sources(Path(__file__).parent.parent)
HINT = "run tools/freeze_outside_terms.py"

# They look right, and their vocabularies do not have them.
INVENTED = (
    "http://www.w3.org/ns/org#membership",
    "http://www.w3.org/ns/org#Partnership",
    "http://schema.org/Treaty",
    "http://schema.org/Campaign",
    "http://www.w3.org/ns/prov#supersedes",
    "http://purl.org/ontology/bibo/Treaty",
    "http://data.europa.eu/eli/ontology#replaces",
)
# They exist and mean something else, or hold exact days only.
MISLEADING = (
    "http://data.europa.eu/eli/ontology#legal_value",
    "http://data.europa.eu/eli/ontology#implements",
    "http://data.europa.eu/eli/ontology#date_document",
    "http://data.europa.eu/eli/ontology#date_publication",
    "http://data.europa.eu/eli/ontology#date_applicability",
    "http://data.europa.eu/eli/ontology#date_no_longer_in_force",
    "http://data.europa.eu/eli/ontology#first_date_entry_in_force",
)


@pytest.fixture(scope="module")
def used() -> dict[str, Path]:
    return collect_outside_terms(SOURCES)


@pytest.fixture(scope="module")
def frozen() -> list[OutsideTerm]:
    return read_table(SOURCES.root / TABLE)


def test_every_outside_term_in_use_is_frozen(used: dict[str, Path], frozen: list[OutsideTerm]) -> None:
    assert len(used) > 100
    known = {row.term for row in frozen}
    assert {term: path.name for term, path in used.items() if term not in known} == {}, HINT


def test_no_frozen_term_is_unused(used: dict[str, Path], frozen: list[OutsideTerm]) -> None:
    assert [row.term for row in frozen if row.term not in used] == [], HINT


def test_frozen_rows_are_sorted_and_complete(frozen: list[OutsideTerm]) -> None:
    assert frozen == sorted(frozen)
    assert len({row.term for row in frozen}) == len(frozen)
    for row in frozen:
        assert row.kind, row
        assert {row.functional, row.deprecated} <= {"yes", "no"}, row
        released = r"\d+\.\d+\.\d+" if row.package.startswith(f"{SCOPE}/") else r"[0-9a-f]{40}"
        assert re.fullmatch(released, row.version), row


def test_no_deprecated_term_is_used(frozen: list[OutsideTerm]) -> None:
    assert [row.term for row in frozen if row.deprecated == "yes"] == []


def test_every_outside_term_has_a_prefix(used: dict[str, Path]) -> None:
    namespaces = tuple(SOURCES.prefixes().values())
    assert [term for term in used if not term.startswith(namespaces)] == []


@pytest.mark.parametrize("term", [*INVENTED, *MISLEADING])
def test_traps_are_not_used(term: str, used: dict[str, Path]) -> None:
    assert term not in used


def test_no_outside_ontology_is_imported() -> None:
    # org:member and org:organization are functional in ORG itself: imported, they would merge states.
    imported = {
        quad.object.value
        for path in SOURCES.turtle_files()
        for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)
        if quad.predicate.value == f"{OWL}imports" and isinstance(quad.object, ox.NamedNode)
    }
    assert imported <= {ONTOLOGY}


def test_terms_are_collected_from_turtle_shapes_and_queries(tmp_path: Path) -> None:
    for folder in ("ontology", "data", "shapes", "queries"):
        (tmp_path / folder).mkdir()
    shutil.copy(SOURCES.ontology / "prefixes.ttl", tmp_path / "ontology")
    (tmp_path / "data" / "a.ttl").write_text(
        "@prefix oa: <http://www.w3.org/ns/oa#> . @prefix e: <http://example.org/> .\n"
        'e:a a oa:Choice ; e:p e:o, oa:ltrDirection, "1"^^e:d .\n'
    )
    (tmp_path / "shapes" / "b.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        '<http://example.org/s> sh:select "SELECT $this { $this prov:used ?x FILTER(?x > 2.5) }" .\n'
    )
    (tmp_path / "queries" / "c.rq").write_text(
        "PREFIX o: <http://www.w3.org/ns/org#>\n"
        '# o:notThis\nASK { ?s o:hasPost/^o:holds "o:norThis" ; <http://www.w3.org/ns/org#purpose> ?p }\n'
    )
    found = {term.rpartition("/")[2] for term in collect_outside_terms(Sources(tmp_path))}
    assert found >= {"oa#Choice", "oa#ltrDirection", "p", "d", "prov#used", "XMLSchema#decimal"}
    assert found >= {"org#hasPost", "org#holds", "org#purpose"}
    assert not found & {"o", "org#notThis", "org#norThis"}


def test_tool_names_a_term_that_no_vocabulary_declares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("ontology", "data", "shapes", "queries", "tests/vocabularies", "node_modules"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(SOURCES.ontology / "prefixes.ttl", tmp_path / "ontology")
    shutil.copy(SOURCES.root / TABLE, tmp_path / TABLE)
    (tmp_path / "data" / "a.ttl").write_text(
        f"<http://example.org/a> <{ORG}membership> <http://example.org/b> .\n"
    )
    monkeypatch.chdir(tmp_path)
    assert main([str(tmp_path / "node_modules")]) == 1
    assert f"{ORG}membership is declared by no vocabulary's own file" in capsys.readouterr().err
    assert read_table(tmp_path / TABLE) == []


@pytest.mark.integration
def test_frozen_rows_are_what_the_vocabularies_say(node_modules: Path, frozen: list[OutsideTerm]) -> None:
    read = [row for row in frozen if row.package.startswith(f"{SCOPE}/")]
    assert read_vocabularies(node_modules, [row.term for row in read]) == {row.term: row for row in read}


@pytest.mark.integration
def test_invented_terms_are_not_declared(node_modules: Path) -> None:
    assert read_vocabularies(node_modules, INVENTED) == {}
    organization = expand("org:Organization", SOURCES.prefixes())
    assert organization is not None
    assert read_vocabularies(node_modules, [organization]).keys() == {organization}
