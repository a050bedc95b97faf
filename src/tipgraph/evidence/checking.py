"""Every fact held against the words of the passages that it cites."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.evidence.names import (
    carries_date,
    carries_number,
    carries_word,
    forms_of,
    is_acronym_of,
    significant_words,
    words_of,
)
from tipgraph.evidence.passages import PassageRecord, find_passages
from tipgraph.sources import SourceFile, read_text
from tipgraph.store import Dataset
from tipgraph.turtle import LineIndex, index_lines
from tipgraph.vocabulary import DCTERMS, GRAPH, ID, RDF, SKOS, TIP, XSD

GRAPH_OF_REPORT: Final = f"{GRAPH}report-2010"
_DATES: Final = frozenset((f"{XSD}gYear", f"{XSD}gYearMonth", f"{XSD}date"))
_DESCRIBED: Final = frozenset((f"{TIP}Measure", f"{TIP}Observation", f"{TIP}Provision"))
"""Classes whose labels describe; only the names inside those labels have to be in the passages."""
_HEADING_LINES: Final = 2
"""A section stands under its own heading and, where it is the first of its region, that of the region."""
_LABELS: Final = frozenset((f"{SKOS}prefLabel", f"{SKOS}altLabel"))


@dataclass(frozen=True)
class Failure:
    """One value that its passages do not carry, with the file and line where it is stated."""

    resource: str
    property: str
    value: str
    passages: tuple[str, ...]
    problem: str
    path: Path | None = None
    line: int | None = None


@dataclass(frozen=True)
class EvidenceReport:
    """What a check found: how much was checked, and every failure in the order of files and lines."""

    passages: int
    resources: int
    values: int
    failures: tuple[Failure, ...]

    @property
    def conforms(self) -> bool:
        """Whether nothing failed."""
        return not self.failures


@dataclass(frozen=True)
class _Statement:
    property: str
    value: ox.NamedNode | ox.Literal


def check_evidence(dataset: Dataset, passages: Mapping[str, PassageRecord], text: str) -> EvidenceReport:
    """The facts of ``graph:report-2010`` held against the words of ``text``.

    Checked are the digest of every passage; that every passage cited exists; that every resource cites one;
    that the parts of every date and every number occur in the passages, in digits or words; and that the
    significant words of every proper name do. A name is also carried when its acronym is, and in the heading
    of the section in which a passage stands. The date of the document carries an observation "as of" then.
    """
    words = find_passages(text, passages.values())
    headings = _headings(text, passages)
    lines = _Lines(dataset.files)
    failures = [
        Failure(
            record.iri,
            f"{TIP}sha256",
            record.digest,
            (record.name,),
            "the text carries no words with this digest",
            *lines.of(record.iri, f"{TIP}sha256"),
        )
        for record in passages.values()
        if record.iri not in words
    ]
    document_dates = {
        quad.object.value
        for quad in dataset.store.quads_for_pattern(None, ox.NamedNode(f"{DCTERMS}date"), None, None)
        if isinstance(quad.object, ox.Literal)
    }
    resources = values = 0
    for iri, statements in _resources(dataset):
        resources += 1
        cited = [s.value.value for s in statements if s.property == f"{TIP}evidence"]
        names = tuple(sorted(passage.rsplit("/", 1)[-1] for passage in cited))
        if not cited:
            problem = "the resource cites no passage"
            failures.append(Failure(iri, f"{TIP}evidence", "", (), problem, *lines.of(iri)))
        for passage in cited:
            if passage not in passages:
                problem = "no such passage exists"
                where = lines.of(iri, f"{TIP}evidence", ox.NamedNode(passage))
                failures.append(Failure(iri, f"{TIP}evidence", passage, names, problem, *where))
        known = [passages[passage] for passage in cited if passage in words and passage in passages]
        if len(known) < len(cited) or not cited:
            continue  # what the text does not carry has been reported; its values cannot be judged
        body = " ".join(words[record.iri] for record in known)
        context = " ".join([body, *(headings.get(record.name.rsplit("-", 2)[0], "") for record in known)])
        for statement, lack in _problems(statements, body, context, document_dates):
            values += 1
            if lack:
                where = lines.of(iri, statement.property, statement.value)
                failures.append(Failure(iri, statement.property, statement.value.value, names, lack, *where))
    failures.sort(key=lambda failure: (str(failure.path or ""), failure.line or 0, failure.resource))
    return EvidenceReport(len(passages), resources, values, tuple(failures))


def _problems(
    statements: list[_Statement], body: str, context: str, document_dates: set[str]
) -> Iterator[tuple[_Statement, str | None]]:
    """Each statement that can be checked, with what is wrong with it or None."""
    described = any(s.property == f"{RDF}type" and s.value.value in _DESCRIBED for s in statements)
    labels = [s.value.value for s in statements if s.property in _LABELS]
    forms = forms_of(words_of(context))
    for statement in statements:
        value = statement.value
        if not isinstance(value, ox.Literal):
            continue
        if value.datatype.value in _DATES:
            if statement.property == f"{TIP}asOf" and value.value in document_dates:
                continue
            missing = carries_date(body, value.value)
            yield statement, f"the passages do not give the {', '.join(missing)}" if missing else None
        elif value.datatype.value == f"{XSD}integer":
            carried = carries_number(body, int(value.value))
            yield statement, None if carried else "the passages do not give this number"
        elif statement.property == f"{TIP}number":
            carried = value.value.split("(")[0] in re.findall(r"\d+", body)
            yield statement, None if carried else "the passages do not give this number"
        elif statement.property in _LABELS:
            yield statement, _name_problem(value.value, labels, forms, described)


def _name_problem(name: str, labels: list[str], forms: set[str], described: bool) -> str | None:
    missing = [
        word for word in significant_words(name, capitalized_only=described) if not carries_word(forms, word)
    ]
    if not missing or any(
        is_acronym_of(label, name) and carries_word(forms, label) for label in labels if label != name
    ):
        return None
    return f"the passages do not carry {', '.join(repr(word) for word in missing)}"


def _resources(dataset: Dataset) -> Iterable[tuple[str, list[_Statement]]]:
    """The resources that ``graph:report-2010`` describes, each with its statements."""
    found: dict[str, list[_Statement]] = {}
    for quad in dataset.store.quads_for_pattern(None, None, None, ox.NamedNode(GRAPH_OF_REPORT)):
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(ID):
            statements = found.setdefault(quad.subject.value, [])
            if isinstance(quad.object, ox.NamedNode | ox.Literal):
                statements.append(_Statement(quad.predicate.value, quad.object))
    return sorted(found.items())


def _headings(text: str, passages: Mapping[str, PassageRecord]) -> dict[str, str]:
    """Section → the last lines above its first passage, which name it and its region."""
    taken = sorted((start, end) for record in passages.values() for start, end in record.ranges)
    first: dict[str, int] = {}
    for record in passages.values():
        section = record.name.rsplit("-", 2 if record.sentence is not None else 1)[0]
        start = record.ranges[0][0]
        first[section] = min(first.get(section, start), start)
    headings = {}
    for section, start in first.items():
        above = text[max((end for _, end in taken if end <= start), default=0) : start]
        headings[section] = " ".join([line for line in above.splitlines() if line.strip()][-_HEADING_LINES:])
    return headings


class _Lines:
    """Where statements stand, read from the files of a dataset the first time that somebody asks."""

    def __init__(self, files: Iterable[SourceFile]) -> None:
        self._files = files
        self._indexes: list[tuple[Path, LineIndex]] | None = None

    def of(
        self, subject: str, predicate: str | None = None, value: ox.NamedNode | ox.Literal | None = None
    ) -> tuple[Path | None, int | None]:
        if self._indexes is None:
            turtle = [file.path for file in self._files if file.path.suffix == ".ttl"]
            self._indexes = [(path, index_lines(read_text(path))) for path in turtle]
        for path, index in self._indexes:
            line = index.line_of(ox.NamedNode(subject), ox.NamedNode(predicate) if predicate else None, value)
            if line is not None:
                return path, line
        return None, None
