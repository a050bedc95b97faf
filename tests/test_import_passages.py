from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyoxigraph as ox
import pytest
from import_passages import COLUMNS, MECHANISMS, digest, main, merge_ranges, read_sentences, write_sections

from tipgraph.errors import SourceError
from tipgraph.sources import Sources
from tipgraph.vocabulary import ID, OA, TIP

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data" / "source"
REPORT = ROOT.parent / "shared" / "source" / "report-2010.txt"
TABLE = REPORT.with_name("passages.tsv")
PREFIXES = Sources(ROOT).prefixes()

needs_report = pytest.mark.skipif(not REPORT.exists(), reason="the report's text is not beside the checkout")

FIRST = "A  first sentence."
SECOND = "A second one\ncut by a page."


def write_table(folder: Path, *rows: Sequence[object]) -> Path:
    path = folder / "passages.tsv"
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in [COLUMNS, *rows]))
    return path


def row(name: str, ranges: str, words: str, **changes: object) -> list[object]:
    section, paragraph, sentence = name.rsplit("-", 2)
    cells = dict(
        zip(
            COLUMNS,
            [name, section, int(paragraph), int(sentence[1:]), ranges, digest(words), words],
            strict=True,
        )
    )
    return list((cells | changes).values())


def test_sentences_and_their_paragraph_are_described(tmp_path: Path) -> None:
    second = " ".join(SECOND.split())
    table = write_table(
        tmp_path,
        row("bali-01-s2", "19-31;60-75", second),
        row("bali-01-s1", "0-18", FIRST),
        row("au-02-s1", "90-99", "x"),
    )
    assert [path.name for path in write_sections(table, tmp_path, PREFIXES)] == ["au.ttl", "bali.ttl"]
    text = (tmp_path / "bali.ttl").read_text()
    assert text.startswith(
        "# Passages of the section bali: positions and digests, without the words.\n\n@prefix id:"
    )
    paragraph = text[text.index("\npassage:bali-01\n") + 1 : text.index("\npassage:bali-01-range-1\n")]
    assert paragraph == (
        "passage:bali-01\n"
        "    a tip:Passage ;\n"
        "    oa:hasSelector passage:bali-01-range-1 ;\n"
        "    oa:hasSelector passage:bali-01-range-2 ;\n"
        "    tip:hasPart passage:bali-01-s1 ;\n"
        "    tip:hasPart passage:bali-01-s2 ;\n"
        "    tip:inDocument id:report-2010 ;\n"
        "    tip:paragraphNumber 1 ;\n"
        "    tip:section id:bali-process ;\n"
        f'    tip:sha256 "{digest(f"{FIRST} {second}")}" ;\n'
        "    .\n"
    )
    assert (
        "passage:bali-01-range-1\n    a oa:TextPositionSelector ;\n    oa:end 31 ;\n    oa:start 0 ;\n"
        in text
    )
    assert (
        "passage:bali-01-s2-range-2\n    a oa:TextPositionSelector ;\n    oa:end 75 ;\n    oa:start 60 ;\n"
        in text
    )
    assert "first" not in text


def test_ranges_are_merged_over_one_character_only() -> None:
    assert merge_ranges([(20, 30), (0, 10), (11, 19), (32, 40)]) == [(0, 30), (32, 40)]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            row("au-01-s1", "0-18", FIRST, text="Another sentence."),
            "the text of au-01-s1 does not bear its digest",
        ),
        (row("au-01-s1", "18-0", FIRST), "'18-0' is no range of characters"),
        (row("au-01-s1", "0-18", FIRST, sentence=2), "the passage au-01-s1 should be named au-01-s2"),
        (row("au-01-s1", "0-18", FIRST, paragraph="one"), "invalid literal for int"),
    ],
)
def test_a_row_that_is_wrong_is_named(tmp_path: Path, bad: list[object], message: str) -> None:
    table = write_table(tmp_path, row("au-01-s1", "0-18", FIRST), bad)
    with pytest.raises(SourceError, match=rf"passages\.tsv:3: {message}"):
        read_sentences(table)


def test_another_table_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "other.tsv"
    table.write_text("a\tb\n1\t2\n")
    monkeypatch.setattr("sys.argv", ["import_passages.py", str(table)])
    assert main() == 3
    assert capsys.readouterr().err.startswith(f"error: {table}:1: the columns are not passage, section")


@needs_report
def test_the_table_gives_the_files_that_stand(tmp_path: Path) -> None:
    written = write_sections(TABLE, tmp_path, PREFIXES)
    assert len(written) == 21
    for path in written:
        assert path.read_text() == (DATA / path.name).read_text(), path.name


@needs_report
def test_every_passage_bears_the_digest_of_its_ranges_in_the_report() -> None:
    report = REPORT.read_bytes().decode()
    ranges: dict[str, list[tuple[int, int]]] = {}
    digests: dict[str, str] = {}
    for row in ask(f"""
        SELECT ?passage ?digest ?start ?end {{
            ?passage <{TIP}sha256> ?digest ; <{OA}hasSelector> [ <{OA}start> ?start ; <{OA}end> ?end ] .
        }}"""):
        digests[row["passage"].value] = row["digest"].value
        ranges.setdefault(row["passage"].value, []).append((int(row["start"].value), int(row["end"].value)))
    assert len(digests) == 307 + 116
    for passage, recorded in digests.items():
        words = " ".join(report[start:end] for start, end in sorted(ranges[passage]))
        assert digest(words) == recorded, passage


def test_every_sentence_and_paragraph_of_the_report_is_there() -> None:
    sentence = f"?passage <{TIP}sentenceNumber> ?number"
    assert len(list(ask(f"SELECT ?passage {{ {sentence} }}"))) == 307
    assert len(list(ask(f"SELECT ?passage {{ ?passage a <{TIP}Passage> MINUS {{ {sentence} }} }}"))) == 116
    sections = {
        row["section"].value for row in ask(f"SELECT DISTINCT ?section {{ ?p <{TIP}section> ?section }}")
    }
    assert {f"{ID}{mechanism}" for mechanism in MECHANISMS.values()} < sections
    assert len(sections) == 19


def ask(query: str) -> ox.QuerySolutions:
    store = ox.Store()
    for path in DATA.glob("*.ttl"):
        store.load(path.read_bytes(), format=ox.RdfFormat.TURTLE)
    solutions = store.query(query)
    assert isinstance(solutions, ox.QuerySolutions)
    return solutions
