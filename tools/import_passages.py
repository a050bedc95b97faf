"""Write data/source/ from the table that cuts the report into sentences.

    python tools/import_passages.py PASSAGES.TSV [--output FOLDER]

The table has one row for each sentence: passage, section, paragraph, sentence, ranges, sha256, text. The text
is read to check its digest and to compute that of its paragraph, and is not written: the project holds
positions and digests only.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import SourceError, TipgraphError
from tipgraph.sources import locate_sources, read_text
from tipgraph.turtle import serialize_graph
from tipgraph.vocabulary import ID, OA, PASSAGE, RDF, TIP, XSD

COLUMNS: Final = ["passage", "section", "paragraph", "sentence", "ranges", "sha256", "text"]

MECHANISMS: Final = {
    "coe-note": "coe",
    "eu-note": "eu",
    "bali": "bali-process",
    "africa-other": "inter-african-conference-on-social-security",
}
"""Section → the mechanism that it describes, where the two do not bear the same name."""

Range = tuple[int, int]


@dataclass(frozen=True)
class Sentence:
    """A row of the table; ``ranges`` are code points of the report, end exclusive."""

    name: str
    section: str
    paragraph: int
    number: int
    ranges: tuple[Range, ...]
    text: str

    @property
    def paragraph_name(self) -> str:
        """The name of the paragraph that the sentence is part of."""
        return self.name.rpartition("-")[0]


def read_sentences(path: Path) -> list[Sentence]:
    """The rows of the table ``path``, in its order.

    Raises ``SourceError`` on a row that lacks a column or does not bear the digest of its text.
    """
    rows = csv.DictReader(read_text(path).split("\n"), delimiter="\t", quoting=csv.QUOTE_NONE)
    if rows.fieldnames != COLUMNS:
        raise SourceError(f"{path}:1: the columns are not {', '.join(COLUMNS)}", "give the table of passages")
    sentences = []
    for row in rows:
        try:
            sentences.append(_read_row(row))
        except (TypeError, ValueError) as error:
            raise SourceError(f"{path}:{rows.line_num}: {error}", "correct the row") from error
    return sentences


def _read_row(row: dict[str, str]) -> Sentence:
    sentence = Sentence(
        row["passage"],
        row["section"],
        int(row["paragraph"]),
        int(row["sentence"]),
        tuple(_parse_range(cut) for cut in row["ranges"].split(";")),
        row["text"],
    )
    expected = f"{sentence.section}-{sentence.paragraph:02}-s{sentence.number}"
    if sentence.name != expected:
        raise ValueError(f"the passage {sentence.name} should be named {expected}")
    if digest(sentence.text) != row["sha256"]:
        raise ValueError(f"the text of {sentence.name} does not bear its digest")
    return sentence


def digest(text: str) -> str:
    """The SHA-256 of ``text`` with white space folded, in hexadecimal."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()


def merge_ranges(ranges: Iterable[Range]) -> list[Range]:
    """``ranges`` in order, those with at most one character between them taken as one."""
    merged: list[Range] = []
    for start, end in sorted(ranges):
        if merged and start - merged[-1][1] <= 1:
            start = merged.pop()[0]
        merged.append((start, end))
    return merged


def describe_section(sentences: Sequence[Sentence]) -> Iterator[ox.Triple]:
    """The triples of every sentence and paragraph of one section."""
    for name, group in groupby(sentences, key=lambda sentence: sentence.paragraph_name):
        parts = list(group)
        paragraph = _passage(name)
        yield from _describe_passage(
            parts[0],
            name,
            merge_ranges(cut for part in parts for cut in part.ranges),
            digest(" ".join(part.text for part in parts)),
        )
        for part in parts:
            yield ox.Triple(paragraph, _tip("hasPart"), _passage(part.name))
            yield ox.Triple(_passage(part.name), _tip("sentenceNumber"), _integer(part.number))
            yield from _describe_passage(part, part.name, part.ranges, digest(part.text))


def _describe_passage(
    sentence: Sentence, name: str, ranges: Iterable[Range], sha256: str
) -> Iterator[ox.Triple]:
    passage = _passage(name)
    mechanism = MECHANISMS.get(sentence.section, sentence.section)
    yield ox.Triple(passage, ox.NamedNode(f"{RDF}type"), _tip("Passage"))
    yield ox.Triple(passage, _tip("inDocument"), ox.NamedNode(f"{ID}report-2010"))
    yield ox.Triple(passage, _tip("section"), ox.NamedNode(f"{ID}{mechanism}"))
    yield ox.Triple(passage, _tip("paragraphNumber"), _integer(sentence.paragraph))
    yield ox.Triple(passage, _tip("sha256"), ox.Literal(sha256))
    for number, (start, end) in enumerate(ranges, 1):
        selector = _passage(f"{name}-range-{number}")
        yield ox.Triple(passage, ox.NamedNode(f"{OA}hasSelector"), selector)
        yield ox.Triple(selector, ox.NamedNode(f"{RDF}type"), ox.NamedNode(f"{OA}TextPositionSelector"))
        yield ox.Triple(selector, ox.NamedNode(f"{OA}start"), _integer(start))
        yield ox.Triple(selector, ox.NamedNode(f"{OA}end"), _integer(end))


def _parse_range(text: str) -> Range:
    found = re.fullmatch(r"(\d+)-(\d+)", text)
    if found is None or int(found[1]) >= int(found[2]):
        raise ValueError(f"{text!r} is no range of characters")
    return int(found[1]), int(found[2])


def _passage(name: str) -> ox.NamedNode:
    return ox.NamedNode(PASSAGE + name)


def _tip(name: str) -> ox.NamedNode:
    return ox.NamedNode(TIP + name)


def _integer(value: int) -> ox.Literal:
    return ox.Literal(str(value), datatype=ox.NamedNode(f"{XSD}integer"))


def write_sections(table: Path, folder: Path, prefixes: dict[str, str]) -> list[Path]:
    """The files written to ``folder``, one for each section of ``table``."""
    written = []
    sentences = sorted(read_sentences(table), key=lambda one: (one.section, one.paragraph, one.number))
    for section, group in groupby(sentences, key=lambda sentence: sentence.section):
        path = folder / f"{section}.ttl"
        header = f"# Passages of the section {section}: positions and digests, without the words."
        text = serialize_graph(describe_section(list(group)), prefixes, header)
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    return written


def main() -> int:
    """Run the command line; the exit code."""
    parser = argparse.ArgumentParser(
        description="Write data/source/ from the table of the report's sentences."
    )
    parser.add_argument("table", type=Path, metavar="PASSAGES.TSV")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="default: data/source of this checkout")
    arguments = parser.parse_args()
    try:
        sources = locate_sources()
        for path in write_sections(
            arguments.table, arguments.output or sources.data / "source", sources.prefixes()
        ):
            print(path)
    except TipgraphError as error:
        print(f"error: {error.message}\nhint: {error.hint}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
