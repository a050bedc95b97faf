"""Passages of the source: their positions and digests, and their words wherever a text carries them.

Positions are those of ``oa:TextPositionSelector`` (Web Annotation Data Model, section 4.2.5): Unicode code
points of the text, end exclusive. A digest is the SHA-256 of the words in UTF-8 with every run of white space
folded to one space; a passage with several ranges is their words joined by one space.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from tipgraph.store import Dataset
from tipgraph.vocabulary import ID, OA, PASSAGE, TIP

_FURNITURE: Final = re.compile(r"^[ \t]*(\d{1,4}|[ivxlc]{1,6})[ \t]*$", re.MULTILINE)
"""A line that holds a page number and nothing else."""
_BLOCK_END: Final = re.compile(r"\f|\n[ \t]*\n")
_BLOCKS_AHEAD: Final = 6
"""How many blocks (footnotes, captions) may stand between the two halves of a passage that a page cuts."""
_LIGATURES: Final = str.maketrans(
    {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\u00ad": None}
    | dict.fromkeys("\u200b\u200c\u200d\ufeff")
)


@dataclass(frozen=True)
class PassageRecord:
    """A passage as the graph knows it: ``ranges`` are (start, end), ``sentence`` is None for a paragraph."""

    iri: str
    section: str
    paragraph: int
    sentence: int | None
    ranges: tuple[tuple[int, int], ...]
    digest: str
    parts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the passage without its namespace, as in ``ecowas-05-s1``."""
        return self.iri.removeprefix(PASSAGE)

    @property
    def length(self) -> int:
        """The number of code points of the words with white space folded."""
        return sum(end - start for start, end in self.ranges) + len(self.ranges) - 1


def read_passages(dataset: Dataset) -> dict[str, PassageRecord]:
    """Every passage of ``dataset`` by its IRI, in the order in which they stand in the source."""
    ranges: dict[str, set[tuple[int, int]]] = defaultdict(set)
    facts: dict[str, tuple[str, int, int | None, str]] = {}
    for iri, section, paragraph, sentence, digest, start, end in _rows(
        dataset,
        f"""PREFIX tip: <{TIP}> PREFIX oa: <{OA}>
        SELECT ?passage ?section ?paragraph ?sentence ?digest ?start ?end WHERE {{
          ?passage a tip:Passage ; tip:section ?section ; tip:paragraphNumber ?paragraph ;
            tip:sha256 ?digest ; oa:hasSelector ?selector .
          ?selector oa:start ?start ; oa:end ?end .
          OPTIONAL {{ ?passage tip:sentenceNumber ?sentence }}
        }}""",
    ):
        ranges[iri].add((int(start), int(end)))
        facts[iri] = (section.removeprefix(ID), int(paragraph), int(sentence) if sentence else None, digest)
    parts: dict[str, set[str]] = defaultdict(set)
    for whole, part in _rows(
        dataset, f"PREFIX tip: <{TIP}> SELECT ?whole ?part {{ ?whole a tip:Passage ; tip:hasPart ?part }}"
    ):
        parts[whole].add(part)
    found = []
    for iri, (of, number, place, own_digest) in facts.items():
        own = tuple(sorted(ranges[iri]))
        sentences = tuple(sorted(parts[iri], key=lambda part: sorted(ranges[part])))
        found.append(PassageRecord(iri, of, number, place, own, own_digest, sentences))
    return {record.iri: record for record in sorted(found, key=lambda record: (record.ranges, record.length))}


def _rows(dataset: Dataset, query: str) -> Iterator[tuple[str, ...]]:
    """The values of each solution over the union of the graphs; an unbound one is an empty string."""
    solutions = dataset.store.query(query, use_default_graph_as_union=True)
    assert isinstance(solutions, ox.QuerySolutions)
    names = solutions.variables
    for solution in solutions:
        terms = [solution[name] for name in names]
        yield tuple(term.value if isinstance(term, ox.NamedNode | ox.Literal) else "" for term in terms)


def passages_of(
    dataset: Dataset, resource: str, passages: Mapping[str, PassageRecord]
) -> list[PassageRecord]:
    """The passages that ``resource`` cites as evidence, in the order of the source."""
    quads = dataset.store.quads_for_pattern(
        ox.NamedNode(resource), ox.NamedNode(f"{TIP}evidence"), None, None
    )
    cited = {quad.object.value for quad in quads if isinstance(quad.object, ox.NamedNode)}
    return [record for iri, record in passages.items() if iri in cited]


def find_passages(text: str, passages: Iterable[PassageRecord]) -> dict[str, str]:
    """Passage IRI → its words in ``text``, for every passage that the text carries.

    A passage is looked for at its position first. What is not there is searched for by its length and digest,
    so that other page breaks, other white space and the text layer of a PDF do no harm. Only words whose
    digest is the passage's own are returned.
    """
    records = list(passages)
    found = {}
    for record in records:
        words = fold(" ".join(text[start:end] for start, end in record.ranges))
        if digest_of(words) == record.digest:
            found[record.iri] = words
    for rewrite in _REWRITES:
        missing = [record for record in records if record.iri not in found and not record.parts]
        if missing:
            found |= _search(rewrite(text), missing)
    for record in records:
        if record.iri not in found and record.parts and all(part in found for part in record.parts):
            words = " ".join(found[part] for part in record.parts)
            if digest_of(words) == record.digest:
                found[record.iri] = words
    return found


def fold(text: str) -> str:
    """``text`` with every run of white space as one space and none at its ends."""
    return " ".join(text.split())


def digest_of(words: str) -> str:
    """The SHA-256 of ``words`` in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(words.encode()).hexdigest()


def _as_it_is(text: str) -> str:
    return text


def _without_ligatures(text: str) -> str:
    return text.translate(_LIGATURES)


def _with_split_words_joined(text: str) -> str:
    return re.sub(r"(?<=\w)-[ \t]*\n[ \t]*(?=\w)", "", _without_ligatures(text))


def _with_hyphens_kept(text: str) -> str:
    return re.sub(r"(?<=\w)-[ \t]*\n[ \t]*(?=\w)", "-", _without_ligatures(text))


_REWRITES: Final[tuple[Callable[[str], str], ...]] = (
    _as_it_is,
    _without_ligatures,
    _with_split_words_joined,
    _with_hyphens_kept,
)
"""What a text layer does to words, undone one way after the other."""


def _search(text: str, records: list[PassageRecord]) -> dict[str, str]:
    plain = _FURNITURE.sub("", text.replace("\r\n", "\n"))
    blocks = [block for block in map(fold, _BLOCK_END.split(plain)) if block]
    wanted: dict[int, dict[str, str]] = defaultdict(dict)
    for record in records:
        wanted[record.length][record.digest] = record.iri
    found: dict[str, str] = {}
    _match(_windows(" ".join(blocks), wanted), wanted, found)
    if any(wanted.values()):
        _match(_windows_across(blocks, wanted), wanted, found)
    return found


def _match(candidates: Iterator[str], wanted: dict[int, dict[str, str]], found: dict[str, str]) -> None:
    """Move from ``wanted`` to ``found`` whatever the candidates carry."""
    for words in candidates:
        iri = wanted[len(words)].pop(digest_of(words), None)
        if iri is not None:
            found[iri] = words


def _windows(text: str, wanted: Mapping[int, Mapping[str, str]]) -> Iterator[str]:
    """Every run of whole words of ``text`` that is as long as a passage still wanted."""
    starts = _word_starts(text)
    ends = {start - 1 for start in starts[1:]} | {len(text)}
    for length, digests in wanted.items():
        for start in starts:
            if not digests:
                break
            if start + length in ends:
                yield text[start : start + length]


def _windows_across(blocks: list[str], wanted: Mapping[int, Mapping[str, str]]) -> Iterator[str]:
    """Every end of a block joined to the beginning of one of the next blocks, as long as a wanted passage."""
    heads = [sorted({start - 1 for start in _word_starts(block)[1:]} | {len(block)}) for block in blocks]
    longest = max((length for length, digests in wanted.items() if digests), default=0)
    lengths = sorted(length for length, digests in wanted.items() if digests)
    for index, block in enumerate(blocks):
        for start in _word_starts(block):
            tail = block[start:]
            if len(tail) >= longest:
                continue
            for ahead in range(index + 1, min(index + 1 + _BLOCKS_AHEAD, len(blocks))):
                for length in lengths:
                    rest = length - len(tail) - 1
                    if rest <= 0 or not wanted[length]:
                        continue
                    place = bisect_left(heads[ahead], rest)
                    if place < len(heads[ahead]) and heads[ahead][place] == rest:
                        yield f"{tail} {blocks[ahead][:rest]}"


def _word_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer(" ", text))] if text else []
