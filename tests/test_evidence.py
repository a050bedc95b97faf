from __future__ import annotations

import os
from pathlib import Path

import pytest

from tipgraph.evidence import (
    PassageRecord,
    check_evidence,
    find_passages,
    measure_coverage,
    passages_of,
    read_passages,
)
from tipgraph.evidence.names import (
    carries_date,
    carries_number,
    carries_word,
    forms_of,
    is_acronym_of,
    words_of,
)
from tipgraph.evidence.passages import digest_of
from tipgraph.sources import Sources
from tipgraph.store import Dataset, load_dataset

ROOT = Path(__file__).parents[1]
REPORT = Path(os.environ.get("TIPGRAPH_REPORT", ROOT.parent / "shared" / "source" / "report-2010.txt"))
needs_report = pytest.mark.skipif(
    not REPORT.is_file(), reason="the text of the report is not at ../shared/source/report-2010.txt"
)

FIRST = "The League met in Cairo on 5 March 2008 and adopted the Nile Plan."
SECOND = "Twenty-two states took part, and 1,000 copies were handed out."
TEXT = f"League of Rivers (LOR)\n\n{FIRST} {SECOND}\n"
DATA = """
@prefix id: <https://w3id.org/tipgraph/id/> .
@prefix passage: <https://w3id.org/tipgraph/passage/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix tip: <https://w3id.org/tipgraph/ontology#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

id:league a tip:RegionalMechanism ;
    skos:prefLabel "League of Rivers"@en ;
    skos:altLabel "LOR"@en ;
    tip:evidence passage:lor-01-s1 .
id:plan a tip:ActionPlan ;
    skos:prefLabel "Nile Plan"@en ;
    tip:adoptedOn "2008-03-05"^^xsd:date ;
    tip:evidence passage:lor-01-s1 .
id:states a tip:Observation ;
    skos:prefLabel "States that took part"@en ;
    tip:count 22 ;
    tip:evidence passage:lor-01-s2 .
"""


def passage(name: str, words: str, sentence: int) -> str:
    start = TEXT.index(words)
    return f"""
<https://w3id.org/tipgraph/passage/{name}> a tip:Passage ; tip:section id:league ; tip:paragraphNumber 1 ;
    tip:sentenceNumber {sentence} ; tip:sha256 "{digest_of(words)}" ;
    <http://www.w3.org/ns/oa#hasSelector> <https://w3id.org/tipgraph/passage/{name}-range-1> .
<https://w3id.org/tipgraph/passage/{name}-range-1> a <http://www.w3.org/ns/oa#TextPositionSelector> ;
    <http://www.w3.org/ns/oa#start> {start} ; <http://www.w3.org/ns/oa#end> {start + len(words)} .
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("ontology", "data/report-2010", "data/source", "shapes", "queries"):
        (tmp_path / folder).mkdir(parents=True)
    prefixes = (ROOT / "ontology" / "prefixes.ttl").read_text()
    (tmp_path / "ontology" / "prefixes.ttl").write_text(prefixes)
    head = "\n".join(line for line in DATA.splitlines() if line.startswith("@prefix"))
    passages = passage("lor-01-s1", FIRST, 1) + passage("lor-01-s2", SECOND, 2)
    (tmp_path / "data" / "source" / "lor.ttl").write_text(head + passages)
    (tmp_path / "data" / "report-2010" / "lor.ttl").write_text(DATA)
    return tmp_path


def load(root: Path, old: str = "", new: str = "") -> Dataset:
    path = root / "data" / "report-2010" / "lor.ttl"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return load_dataset(Sources(root))


def problems(dataset: Dataset, text: str = TEXT) -> list[str]:
    report = check_evidence(dataset, read_passages(dataset), text)
    assert report.conforms is not bool(report.failures)
    return [f"{failure.resource.rsplit('/', 1)[-1]}: {failure.problem}" for failure in report.failures]


def test_facts_that_their_passages_carry_pass(root: Path) -> None:
    dataset = load(root)
    report = check_evidence(dataset, read_passages(dataset), TEXT)
    assert report.conforms
    # Five labels, dates and numbers: two labels of the league, one of the plan and its date, the count.
    assert (report.passages, report.resources, report.values) == (2, 3, 6)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"2008-03-05"^^xsd:date', '"2009-03-05"^^xsd:date', "plan: the passages do not give the year 2009"),
        (
            '"2008-03-05"^^xsd:date',
            '"2008-04-05"^^xsd:date',
            "plan: the passages do not give the month April",
        ),
        ('"2008-03-05"^^xsd:date', '"2008-03-06"^^xsd:date', "plan: the passages do not give the day 6"),
        ("tip:count 22", "tip:count 23", "states: the passages do not give this number"),
        ("Nile Plan", "Danube Plan", "plan: the passages do not carry 'Danube'"),
        ('"LOR"', '"LRS"', "league: the passages do not carry 'LRS'"),
        ("States that took", "Danube states that took", None),
        ("States that took", "States of the Danube that took", "states: the passages do not carry 'Danube'"),
        (
            "tip:evidence passage:lor-01-s2",
            "tip:evidence passage:lor-09-s9",
            "states: no such passage exists",
        ),
        ("    tip:count 22 ;\n    tip:evidence passage:lor-01-s2", "    tip:count 22", "cites no passage"),
    ],
)
def test_a_fact_that_its_passages_do_not_carry_fails(
    root: Path, old: str, new: str, problem: str | None
) -> None:
    found = problems(load(root, old, new))
    assert len(found) == (problem is not None)
    assert problem is None or problem in found[0]


def test_a_failure_names_file_line_and_passage(root: Path) -> None:
    dataset = load(root, "tip:count 22", "tip:count 23")
    (failure,) = check_evidence(dataset, read_passages(dataset), TEXT).failures
    path = root / "data" / "report-2010" / "lor.ttl"
    assert failure.path == path
    assert failure.line is not None
    assert "tip:count 23" in path.read_text().splitlines()[failure.line - 1]
    assert failure.passages == ("lor-01-s2",)
    assert failure.value == "23"


def test_a_changed_word_in_the_text_fails(root: Path) -> None:
    found = problems(load(root), TEXT.replace("Cairo", "Aswan"))
    assert found == ["lor-01-s1: the text carries no words with this digest"]


@pytest.mark.parametrize(
    "edition",
    [
        TEXT.replace(" ", "\n"),
        "A foreword of another publisher.\n\n" + TEXT,
        TEXT.replace("adopted", "\n\n12\n\n\fadopted"),
        TEXT.replace("adopted", "\n\n1 See the annex for more, at length.\n\n12\n\fadopted"),
        TEXT.replace("adopted", "ad-\nopted"),
        TEXT.replace("Twenty-two", "Twenty-\ntwo"),
        TEXT.replace("\n", "\r\n"),
    ],
    ids=["folded", "moved", "page", "footnote", "split word", "split at hyphen", "line ends"],
)
def test_words_are_found_in_another_edition(root: Path, edition: str) -> None:
    passages = read_passages(load(root))
    assert sorted(find_passages(edition, passages.values()).values()) == [FIRST, SECOND]


def test_words_that_are_not_the_same_are_not_found(root: Path) -> None:
    passages = read_passages(load(root))
    assert list(find_passages(TEXT.replace("Nile", "Blue Nile"), passages.values()).values()) == [SECOND]


def test_coverage_counts_sentences_with_and_without_resources(root: Path) -> None:
    dataset = load(root, "tip:evidence passage:lor-01-s2", "tip:evidence passage:lor-01-s1")
    coverage = measure_coverage(dataset, read_passages(dataset))
    (section,) = coverage.sections
    assert (section.section, section.sentences, section.covered) == ("lor", 2, 1)
    assert (section.citations, section.uncovered) == (3, ("lor-01-s2",))


def test_words_numbers_dates_and_acronyms() -> None:
    assert words_of("Côte d'Ivoire\u2019s plans") == ["cote", "d", "ivoire", "plans"]
    assert carries_word(forms_of(["prosecution"]), "prosecute")
    assert carries_word(forms_of(["organization"]), "Organisation")
    assert not carries_word(forms_of(["protection"]), "prevention")
    assert not carries_word(forms_of(["plan"]), "planet")
    assert not carries_word(forms_of(["police"]), "policy")
    assert carries_number("twenty-two states", 22)
    assert carries_number("1,000 T-shirts", 1000)
    assert not carries_number("12 states", 2)
    assert carries_number("no non-members have signed", 0)
    assert carries_date("13-15 Feb 2008", "2008-02-13") == []
    assert carries_date("the period 2007\u20132010", "2010") == []
    assert is_acronym_of("UNICEF", "United Nations Children's Fund")
    assert not is_acronym_of("UNICEF", "World Health Organization")


def test_every_sentence_of_the_report_is_evidence_of_a_resource() -> None:
    dataset = load_dataset(Sources(ROOT))
    coverage = measure_coverage(dataset, read_passages(dataset))
    assert coverage.sentences == 307
    assert [name for section in coverage.sections for name in section.uncovered] == []


@needs_report
def test_every_fact_of_the_report_is_carried_by_its_evidence() -> None:
    dataset = load_dataset(Sources(ROOT))
    report = check_evidence(dataset, read_passages(dataset), REPORT.read_text())
    assert report.passages == 423
    assert report.resources > 800
    assert [(failure.resource, failure.value, failure.problem) for failure in report.failures] == []


@needs_report
def test_the_passages_of_a_resource_come_in_the_order_of_the_report() -> None:
    dataset = load_dataset(Sources(ROOT))
    passages: dict[str, PassageRecord] = read_passages(dataset)
    cited = passages_of(dataset, "https://w3id.org/tipgraph/id/saarc-convention", passages)
    assert [record.name for record in cited][:3] == ["saarc-01-s1", "saarc-01-s2", "saarc-01-s3"]


@needs_report
def test_the_whole_report_is_found_in_another_layout() -> None:
    passages = read_passages(load_dataset(Sources(ROOT)))
    words = REPORT.read_text().split()
    pages = [words[start : start + 400] for start in range(0, len(words), 400)]
    layout = "\f".join(
        "\n".join(" ".join(page[line : line + 9]) for line in range(0, len(page), 9)) + f"\n\n{number}\n"
        for number, page in enumerate(pages, 1)
    )
    found = find_passages(layout, passages.values())
    lost = {record.name for record in passages.values() if record.iri not in found}
    # Only the sentences that a footnote of the original cuts have that footnote's words inside them here.
    assert len(lost) <= 12
