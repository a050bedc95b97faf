"""How much of the source the facts account for: which sentences are evidence, and of how many resources."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import pyoxigraph as ox

from tipgraph.evidence.passages import PassageRecord
from tipgraph.store import Dataset
from tipgraph.vocabulary import TIP


@dataclass(frozen=True)
class SectionCoverage:
    """The sentences of one section: how many, how many links to resources, and the names without any."""

    section: str
    sentences: int
    citations: int
    uncovered: tuple[str, ...]

    @property
    def covered(self) -> int:
        """The number of sentences that are the evidence of at least one resource."""
        return self.sentences - len(self.uncovered)


@dataclass(frozen=True)
class Coverage:
    """The coverage of every section, in the order of the source."""

    sections: tuple[SectionCoverage, ...]

    @property
    def sentences(self) -> int:
        """The number of sentences of the source."""
        return sum(section.sentences for section in self.sections)

    @property
    def covered(self) -> int:
        """The number of sentences that are the evidence of at least one resource."""
        return sum(section.covered for section in self.sections)

    @property
    def citations(self) -> int:
        """The number of links from a resource to a sentence."""
        return sum(section.citations for section in self.sections)


def measure_coverage(dataset: Dataset, passages: dict[str, PassageRecord]) -> Coverage:
    """The coverage of the source, section by section.

    A paragraph that is cited covers each of its sentences.
    """
    cited: dict[str, int] = defaultdict(int)
    for quad in dataset.store.quads_for_pattern(None, ox.NamedNode(f"{TIP}evidence"), None, None):
        if isinstance(quad.object, ox.NamedNode) and (record := passages.get(quad.object.value)):
            for iri in record.parts or (record.iri,):
                cited[iri] += 1
    by_section: dict[str, list[PassageRecord]] = defaultdict(list)
    for record in passages.values():
        if record.sentence is not None:
            by_section[record.name.rsplit("-", 2)[0]].append(record)
    return Coverage(
        tuple(
            SectionCoverage(
                section,
                len(sentences),
                sum(cited[sentence.iri] for sentence in sentences),
                tuple(sentence.name for sentence in sentences if not cited[sentence.iri]),
            )
            for section, sentences in by_section.items()
        )
    )
