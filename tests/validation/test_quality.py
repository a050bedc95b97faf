"""Every check of the ontology fires on what it is for, and on nothing else."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from tipgraph.cli.check import find_uses
from tipgraph.errors import ParseError, QueryError, SourceError
from tipgraph.sources import Sources
from tipgraph.store import Dataset, load_dataset
from tipgraph.validation.quality import Level, check_quality, checks_folder, read_checks
from tipgraph.vocabulary import TIP

SOURCES = Sources(Path(__file__).parents[2])
CHECKS = read_checks(checks_folder(SOURCES))
QUERIES = [*SOURCES.queries.glob("*.rq"), *SOURCES.rules.glob("*.rq")]

PREFIXES = """
@prefix ex: <http://example.org/o#> .
@prefix c: <http://example.org/c/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""
ABOUT = (
    'rdfs:isDefinedBy <http://example.org/o> ; skos:definition "A thing that is so."@en ; skos:example "x"@en'
)
SOUND = f"""{PREFIXES}
<http://example.org/o> a owl:Ontology ; owl:versionIRI <http://example.org/o/1> ; dcterms:title "O"@en ;
  dcterms:description "An ontology."@en ; dcterms:license <http://example.org/licence> .
ex:Thing a owl:Class ; rdfs:label "thing"@en ; {ABOUT} .
ex:Part a owl:Class ; rdfs:label "part"@en ; rdfs:subClassOf ex:Thing ; {ABOUT} .
ex:hasPart a owl:ObjectProperty ; rdfs:label "has part"@en ; rdfs:domain ex:Thing ; {ABOUT} ;
  owl:inverseOf ex:partOf .
ex:partOf a owl:ObjectProperty ; rdfs:label "part of"@en ; rdfs:range ex:Thing ; {ABOUT} .
ex:size a owl:DatatypeProperty ; rdfs:label "size"@en ; rdfs:domain ex:Thing ; {ABOUT} .
c:sizes a skos:ConceptScheme ; skos:prefLabel "sizes"@en .
c:large a skos:Concept ; skos:prefLabel "large"@en ; skos:inScheme c:sizes ; skos:topConceptOf c:sizes ;
  skos:definition "A size that is large."@en ; rdfs:isDefinedBy <http://example.org/o> ;
  skos:exactMatch <http://other.org/large> .
c:huge a skos:Concept ; skos:prefLabel "huge"@en ; skos:inScheme c:sizes ; skos:broader c:large ;
  skos:definition "A size that is huge."@en ; rdfs:isDefinedBy <http://example.org/o> .
ex:a a ex:Part ; ex:size 1 .
"""
"""An ontology in which nothing is wrong."""

FAULTS = {
    "broader-and-related": "c:huge skos:related c:large .",
    "broken-match": "c:huge skos:closeMatch c:large .",
    "class-disjoint-with-parent": "ex:Part owl:disjointWith ex:Thing .",
    "concept-without-scheme": 'c:small a skos:Concept ; skos:prefLabel "small"@en .',
    "cycle-of-classes": "ex:Thing rdfs:subClassOf ex:Part .",
    "cycle-of-concepts": "c:large skos:broader c:huge .",
    "cycle-of-properties": "ex:partOf rdfs:subPropertyOf ex:hasPart . ex:hasPart rdfs:subPropertyOf ex:partOf .",
    "definition-without-parent": "ex:Odd a owl:Class ; rdfs:subClassOf ex:Thing ; "
    'rdfs:label "odd"@en ; skos:definition "Whatever is odd."@en ; skos:example "x"@en ; '
    "rdfs:isDefinedBy <http://example.org/o> . ex:b a ex:Odd .",
    "deprecated-term": "ex:size owl:deprecated true .",
    "label-of-two-concepts": 'c:huge skos:altLabel "Large"@en .',
    "label-of-two-terms": f'ex:Other a owl:Class ; rdfs:subClassOf ex:Thing ; rdfs:label "Part"@en ; {ABOUT} . ex:b a ex:Other .',
    "label-preferred-and-alternative": 'c:huge skos:altLabel "huge"@en .',
    "ontology-without-metadata": "<http://example.org/second> a owl:Ontology .",
    "property-of-two-kinds": "ex:size a owl:ObjectProperty .",
    "property-without-domain-and-range": 'ex:loose a owl:ObjectProperty ; rdfs:label "loose"@en ; '
    f"{ABOUT} . ex:a ex:loose ex:a .",
    "several-definitions": 'ex:Part skos:definition "A part that is otherwise."@en .',
    "several-preferred-labels": 'c:huge skos:prefLabel "enormous"@en .',
    "term-without-definition": 'ex:bare a owl:DatatypeProperty ; rdfs:label "bare"@en ; rdfs:domain ex:Thing ; '
    'skos:example "x"@en ; rdfs:isDefinedBy <http://example.org/o> . ex:a ex:bare 1 .',
    "term-without-example": 'ex:bare a owl:DatatypeProperty ; rdfs:label "bare"@en ; rdfs:domain ex:Thing ; '
    'skos:definition "A thing that is so."@en ; rdfs:isDefinedBy <http://example.org/o> . ex:a ex:bare 1 .',
    "term-without-home": 'ex:bare a owl:DatatypeProperty ; rdfs:label "bare"@en ; rdfs:domain ex:Thing ; '
    'skos:definition "A thing that is so."@en ; skos:example "x"@en . ex:a ex:bare 1 .',
    "term-without-label": f"ex:bare a owl:DatatypeProperty ; rdfs:domain ex:Thing ; {ABOUT} . ex:a ex:bare 1 .",
    "text-without-language": 'c:huge skos:altLabel "gigantic" .',
    "two-exact-matches": "c:huge skos:exactMatch <http://other.org/large> .",
    "two-inverses": f'ex:within a owl:ObjectProperty ; rdfs:label "within"@en ; rdfs:range ex:Thing ; {ABOUT} ; '
    "owl:inverseOf ex:hasPart .",
    "undeclared-term": "ex:a ex:sise 1 .",
    "untidy-text": 'c:huge skos:altLabel "gigantic "@en .',
    "unused-class": f'ex:Left a owl:Class ; rdfs:label "left"@en ; {ABOUT} .',
    "unused-property": f'ex:left a owl:DatatypeProperty ; rdfs:label "left"@en ; rdfs:domain ex:Thing ; {ABOUT} .',
    "wrong-name": f'ex:small_thing a owl:Class ; rdfs:subClassOf ex:Thing ; rdfs:label "small"@en ; {ABOUT} . ex:b a ex:small_thing .',
}
"""Check → what makes it fire, added to the sound ontology; it alone does."""


def fired(turtle: str) -> list[str]:
    store = ox.Store()
    store.load(turtle, format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode("http://example.org/g"))
    return sorted({fault.check.name for fault in check_quality(Dataset(store), CHECKS)})


def test_an_ontology_of_another_form_is_checked_as_well() -> None:
    for iri, space in (
        ("http://example.org/o/", "http://example.org/o/"),
        ("http://e.org/", "http://e.org/v#"),
    ):
        turtle = SOUND.replace("@prefix ex: <http://example.org/o#>", f"@prefix ex: <{space}>")
        turtle = turtle.replace("<http://example.org/o>", f"<{iri}>")
        if not space.startswith(iri) or space != iri:
            vann = "http://purl.org/vocab/vann/preferredNamespaceUri"
            turtle += f'<{iri}> <{vann}> "{space}" .\n'
        assert fired(turtle) == []
        assert fired(f"{turtle}\nex:Bare a owl:Class ; rdfs:subClassOf ex:Thing . ex:b a ex:Bare .") == [
            "term-without-definition",
            "term-without-example",
            "term-without-home",
            "term-without-label",
        ]
        assert fired(f"{turtle}\nex:a ex:sise 1 .") == ["undeclared-term"]


def test_a_file_without_an_ontology_is_not_called_clean() -> None:
    assert fired(f'{PREFIXES} ex:A a owl:Class ; rdfs:label "a"@en .') == ["term-without-ontology"]


def test_both_directions_of_a_hierarchy_are_read() -> None:
    turned = SOUND.replace("skos:broader c:large ;", "").replace("skos:topConceptOf c:sizes ;", "")
    turned += "c:large skos:narrower c:huge . c:sizes skos:hasTopConcept c:large .\n"
    assert fired(turned) == []
    assert fired(f"{turned} c:huge skos:narrower c:large .") == ["cycle-of-concepts"]


def test_every_check_has_a_case() -> None:
    # What is wrong with no file of an ontology has a test of its own.
    assert sorted([*FAULTS, "term-without-ontology", "undeclared-term-in-query"]) == sorted(
        check.name for check in CHECKS
    )
    assert len(CHECKS) >= 29


def test_a_sound_ontology_has_no_fault() -> None:
    assert fired(SOUND) == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_check_fires_on_its_case_alone(name: str) -> None:
    assert fired(f"{SOUND}\n{FAULTS[name]}") == [name]


def test_the_shipped_ontology_has_neither_errors_nor_warnings() -> None:
    faults = check_quality(
        load_dataset(SOURCES),
        CHECKS,
        shapes=SOURCES.shapes.glob("*.ttl"),
        uses=find_uses(QUERIES, SOURCES.prefixes()),
    )
    assert [fault for fault in faults if fault.check.level > Level.INFO] == []
    # What is only worth a look is told with its place.
    assert faults
    assert all(fault.file is not None and fault.line for fault in faults)


def test_a_term_that_only_a_shape_uses_counts(tmp_path: Path) -> None:
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(
        "<http://example.org/s> <http://www.w3.org/ns/shacl#path> <http://example.org/o#sise> ."
    )
    store = ox.Store()
    store.load(SOUND, format=ox.RdfFormat.TURTLE)
    (fault,) = check_quality(Dataset(store), CHECKS, shapes=[shapes])
    assert (fault.check.name, str(fault.entity), fault.file) == (
        "undeclared-term",
        "<http://example.org/o#sise>",
        shapes,
    )
    shapes.write_text("broken")
    with pytest.raises(ParseError, match=r"shapes\.ttl:1:"):
        check_quality(Dataset(store), CHECKS, shapes=[shapes])


def test_a_term_that_only_a_query_names_is_told_with_its_place(tmp_path: Path) -> None:
    query = tmp_path / "query.rq"
    query.write_text(
        "# about: ex:none, in a comment\n"
        "PREFIX ex: <http://example.org/o#>\n"
        "PREFIX other: <http://other.org/o#>\n"
        "SELECT ?part ('ex:none' AS ?text) {\n"
        "  ?part a ex:Part ; ex:sise ?size ; other:sise ?size .\n"
        "  OPTIONAL { ?part ex:size|<http://example.org/o#sise> ?x ; unknown:sise ?size }\n"
        "}\n",
        encoding="utf-8",
    )
    store = ox.Store()
    store.load(SOUND, format=ox.RdfFormat.TURTLE)
    faults = check_quality(Dataset(store), CHECKS, uses=find_uses([query], {}))
    assert [(fault.check.name, str(fault.entity), fault.file, fault.line) for fault in faults] == [
        ("undeclared-term-in-query", "<http://example.org/o#sise>", query, 5),
        ("undeclared-term-in-query", "<http://example.org/o#sise>", query, 6),
    ]


def test_to_be_named_in_a_query_is_no_use(tmp_path: Path) -> None:
    query = tmp_path / "query.rq"
    query.write_text("SELECT ?x { ?x a <http://example.org/o#Left> }", encoding="utf-8")
    store = ox.Store()
    store.load(f"{SOUND}\n{FAULTS['unused-class']}", format=ox.RdfFormat.TURTLE)
    faults = check_quality(Dataset(store), CHECKS, uses=find_uses([query], {}))
    assert [fault.check.name for fault in faults] == ["unused-class"]


def test_rules_and_queries_of_the_project_are_read() -> None:
    uses = find_uses(QUERIES, SOURCES.prefixes())
    assert {use.file for use in uses} == set(QUERIES)
    covers = next(use for use in uses if use.file.name == "covers.rq" and use.iri == f"{TIP}covers")
    assert "tip:covers" in covers.file.read_text(encoding="utf-8").splitlines()[covers.line - 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT ?entity {}", "the check has no title"),
        ("# title: T\n# level: bad\n# problem: P\n# solution: S\n", "'bad' is no level"),
        ("# title: T\n# title: T\n", "x.rq:2: title is given twice"),
    ],
)
def test_a_wrong_header_is_told(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "x.rq").write_text(text)
    with pytest.raises(QueryError, match=message):
        read_checks(tmp_path)


@pytest.mark.parametrize("query", ["SELECT ?x {}", "ASK {}", "SELECT"])
def test_a_check_selects_entities(query: str, tmp_path: Path) -> None:
    (tmp_path / "x.rq").write_text(f"# title: T\n# level: info\n# problem: P\n# solution: S\n{query}")
    with pytest.raises(QueryError, match="the check x is"):
        check_quality(Dataset(ox.Store()), read_checks(tmp_path))


def test_a_folder_without_checks_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no checks"):
        read_checks(tmp_path)
