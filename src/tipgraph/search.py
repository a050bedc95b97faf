"""Full-text search over the names and descriptions of everything the graph describes.

The index is a table of SQLite's FTS5, which folds case and diacritics and ranks by BM25. Every word that is
looked for matches the words that begin with it or with its stem, so that "convention" finds conventions, and
what is being typed finds what it may become. Resources that match all words come first; where there are none,
those that match any.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from tipgraph.errors import SourceError
from tipgraph.store import Dataset
from tipgraph.terms import Term
from tipgraph.vocabulary import (
    BASE,
    CONCEPT,
    DATASET,
    DCTERMS,
    ENDPOINT,
    FUNCTION,
    GRAPH,
    ID,
    QUERY,
    RDFS,
    SKOS,
    TIP,
    shorten,
)

MATCHES: Final = ox.NamedNode(f"{FUNCTION}matches")
"""``function:matches(?resource, "words")``: whether the search for the words finds the resource."""
SCORE: Final = ox.NamedNode(f"{FUNCTION}score")
"""``function:score(?resource, "words")``: how well it does, from 1 downwards; unbound where it does not."""

_NAMES: Final = tuple(
    f"{space}{name}"
    for space, name in (
        (SKOS, "prefLabel"),
        (RDFS, "label"),
        (DCTERMS, "title"),
        (SKOS, "altLabel"),
        (SKOS, "notation"),
    )
)
"""What a resource is called, what it is called first of all in front."""
_DESCRIPTIONS: Final = tuple(
    f"{space}{name}"
    for space, name in ((DCTERMS, "description"), (SKOS, "definition"), (RDFS, "comment"), (SKOS, "note"))
)
TEXTS: Final = (*_NAMES, *_DESCRIPTIONS)
"""All properties whose texts are searched."""
_SPACES: Final = (ID, CONCEPT, TIP, GRAPH, BASE)
"""Of resources that match equally well, those of the first namespace come first."""

_NOT_FOUND: Final = (QUERY, FUNCTION, DATASET, ENDPOINT)
"""What stands for no thing of the world: a search is for things."""

_WORD: Final = re.compile(r"[^\W_]+")
_SMALL_WORDS: Final = frozenset(
    ("a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with")
)
_MOST_WORDS: Final = 16
_SHORTEST_STEM: Final = 4
"""Letters of a stem that is looked for; shorter ones begin too many words."""
_LONGEST_ENDING: Final = 3
_NEAREST: Final = 4
_RANKED: Final = 1000
"""Matches that are ranked by more than BM25; nobody reads on so far."""
_SEPARATOR: Final = "\x1f"
"""Between the names of a resource; no name has it, and no tokenizer takes it for part of a word."""

_SCHEMA: Final = """
CREATE VIRTUAL TABLE resource USING fts5(
    iri UNINDEXED, label, names, description, place UNINDEXED,
    tokenize = "unicode61 remove_diacritics 2", prefix = '2 3'
)
"""
_FIND: Final = """
SELECT iri, label, names, description, bm25(resource, 0, 12, 8, 1) FROM resource
WHERE resource MATCH ? ORDER BY 5, place, iri LIMIT ?
"""


@dataclass(frozen=True)
class SearchHit:
    """A resource that a search finds: its IRI, its name, its description and how well it matches, 1 best."""

    iri: str
    label: str
    description: str
    score: float


@dataclass(frozen=True)
class SearchResult:
    """The hits that were asked for, best first, and how many there are in all."""

    hits: tuple[SearchHit, ...]
    total: int
    matches_all: bool
    """Whether each hit matches every word; else none does, and each matches at least one."""


@dataclass
class _Document:
    names: list[tuple[int, int, str]] = field(default_factory=list)
    """How the name is said, how far its language is from English, and the name."""
    descriptions: list[tuple[int, str]] = field(default_factory=list)


class SearchIndex:
    """The index of a dataset, in memory or in a file; it does not change, so threads may share it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def build(cls, dataset: Dataset, path: Path | None = None) -> SearchIndex:
        """The index of ``dataset``, written to the new file ``path`` where one is named.

        Raises ``OSError`` where that cannot be written.
        """
        connection = None
        try:
            connection = sqlite3.connect(path or ":memory:", check_same_thread=False)
            with connection:
                # Nothing has to be taken back: a file that is cut off is never opened.
                connection.execute("PRAGMA journal_mode = OFF")
                connection.execute(_SCHEMA)
                connection.executemany("INSERT INTO resource VALUES (?, ?, ?, ?, ?)", _rows(dataset))
                connection.execute("INSERT INTO resource(resource) VALUES ('optimize')")
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise OSError(f"the search index cannot be written: {error}") from error
        return cls(connection)

    @classmethod
    def open(cls, path: Path) -> SearchIndex:
        """The index that ``build`` wrote to ``path``; raises ``SourceError`` where there is none."""
        try:
            connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            # Who searches may not be allowed to write files.
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("SELECT iri FROM resource LIMIT 1").fetchall()
        except sqlite3.Error as error:
            raise SourceError(f"{path} holds no search index: {error}", "build it again") from error
        return cls(connection)

    def search(self, text: str, *, limit: int = 20, offset: int = 0) -> SearchResult:
        """The resources that match ``text``, best first; nothing matches a text without words."""
        wanted = _Wanted(text)
        for matches_all in (True, False):
            expression = wanted.expression(matches_all)
            rows = self._select(_FIND, expression, _RANKED) if expression else []
            if rows:
                total = len(rows) if len(rows) < _RANKED else self._count(expression)
                hits = _rank(rows, wanted)[offset : offset + limit]
                return SearchResult(tuple(hits), total, matches_all)
        return SearchResult((), 0, True)

    def scores(self, text: str) -> Mapping[str, float]:
        """IRI → score of what ``search`` finds."""
        return {hit.iri: hit.score for hit in self.search(text, limit=_RANKED).hits}

    def close(self) -> None:
        """Give back the file; no search may follow."""
        self._connection.close()

    def _count(self, expression: str) -> int:
        return int(self._select("SELECT count(*) FROM resource WHERE resource MATCH ?", expression)[0][0])

    def _select(self, statement: str, *values: str | int) -> list[tuple[str, str, str, str, float]]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()


def result_values(found: SearchResult, prefixes: Mapping[str, str]) -> dict[str, Any]:
    """What is found as plain values, for JSON."""
    return {
        "total": found.total,
        "matchesAll": found.matches_all,
        "hits": [
            {
                "iri": hit.iri,
                "name": shorten(hit.iri, prefixes),
                "label": hit.label,
                "description": hit.description,
                "score": hit.score,
            }
            for hit in found.hits
        ],
    }


def search_functions(
    index: Callable[[], SearchIndex],
) -> dict[ox.NamedNode, Callable[..., Term | None]]:
    """The functions by which a query searches (SPARQL 1.1, section 17.6), over what ``index`` returns."""

    @lru_cache(maxsize=16)
    def scores(text: str) -> Mapping[str, float]:
        return index().scores(text)

    def score(*arguments: Term) -> Term | None:
        match arguments:
            case (ox.NamedNode() as resource, ox.Literal() as text):
                found = scores(text.value).get(resource.value)
                return None if found is None else ox.Literal(found)
        return None

    def matches(*arguments: Term) -> Term | None:
        match arguments:
            case (ox.NamedNode() | ox.BlankNode(), ox.Literal()):
                return ox.Literal(score(*arguments) is not None)
        return None

    return {MATCHES: matches, SCORE: score}


def _rows(dataset: Dataset) -> Iterator[tuple[str, str, str, str, int]]:
    documents: defaultdict[str, _Document] = defaultdict(_Document)
    for how, predicate in enumerate(_NAMES):
        for subject, text in _texts(dataset, predicate):
            documents[subject].names.append((how, _foreignness(text), text.value))
    for how, predicate in enumerate(_DESCRIPTIONS):
        for subject, text in _texts(dataset, predicate):
            if not _foreignness(text):
                documents[subject].descriptions.append((how, text.value))
    for iri, document in sorted(documents.items()):
        names = list(dict.fromkeys(name for _, _, name in sorted(document.names)))
        descriptions = dict.fromkeys(text for _, text in sorted(document.descriptions))
        place = next((number for number, space in enumerate(_SPACES) if iri.startswith(space)), len(_SPACES))
        local = re.split("[/#]", iri)[-1]
        yield (
            iri,
            names[0] if names else local,
            _SEPARATOR.join(names[1:] if names else []),
            "\n".join(descriptions),
            place,
        )


def _texts(dataset: Dataset, predicate: str) -> Iterator[tuple[str, ox.Literal]]:
    seen = set()
    for quad in dataset.reader.quads_for_pattern(None, ox.NamedNode(predicate), None, None):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
            if quad.subject.value.startswith(_NOT_FOUND):
                continue
            said = quad.subject.value, quad.object
            if said not in seen:
                seen.add(said)
                yield said


def _foreignness(text: ox.Literal) -> int:
    """0 for what is in English or in no language, 1 for the others."""
    return int(not (text.language is None or text.language == "en" or text.language.startswith("en-")))


def fold(text: str) -> str:
    """``text`` without case and diacritics, as the index has it.

    >>> fold("Côte d'Ivoire")
    "cote d'ivoire"
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


class _Wanted:
    """The words that are looked for, folded, and what each may begin with."""

    def __init__(self, text: str) -> None:
        said = list(dict.fromkeys(_WORD.findall(fold(text))))[:_MOST_WORDS]
        self.name: Final = " ".join(said)
        words = [word for word in said if word not in _SMALL_WORDS] or said
        # Loaded here, because it takes as long as most queries.
        import snowballstemmer

        stemmer = snowballstemmer.stemmer("english")
        # The stem of "policies" and of "policy" is "polici", with which the latter does not begin.
        stems = {word: str(stemmer.stemWord(word)).removesuffix("i") for word in words}
        self.stems: Final = {
            word: stem if len(stem) >= _SHORTEST_STEM and word.startswith(stem) else word
            for word, stem in stems.items()
        }

    def expression(self, matches_all: bool) -> str:
        """The search as FTS5 has it: letters and digits in quotation marks, whatever was typed."""
        # Of one word, any is all.
        if not matches_all and len(self.stems) < 2:
            return ""
        choices = (" OR ".join(f'"{start}"*' for start in dict.fromkeys(pair)) for pair in self.stems.items())
        return (" AND " if matches_all else " OR ").join(f"({choice})" for choice in choices)

    def nearness(self, name: str) -> int:
        """How near ``name`` comes to what is looked for.

        4: it is the name; 3: it begins so; 2: it has all words in some form; 1: it has words that begin so.
        """
        own = _WORD.findall(fold(name))
        said = " ".join(own)
        if said == self.name:
            return _NEAREST
        if f"{said} ".startswith(f"{self.name} "):
            return 3
        if all(any(_is_form(mine, stem) for mine in own) for stem in self.stems.values()):
            return 2
        return int(all(any(mine.startswith(word) for mine in own) for word in self.stems))


def _is_form(word: str, stem: str) -> bool:
    return word.startswith(stem) and len(word) - len(stem) <= _LONGEST_ENDING


def _rank(rows: list[tuple[str, str, str, str, float]], wanted: _Wanted) -> list[SearchHit]:
    """The rows as hits, those whose name is what was looked for in front of those that only contain it."""
    # BM25 is negative, the best first.
    best = min((row[4] for row in rows), default=-1.0) or -1.0
    hits = []
    for iri, label, names, description, bm25 in rows:
        nearness = max(map(wanted.nearness, [label, *names.split(_SEPARATOR)]))
        score = (nearness + max(0.0, min(1.0, bm25 / best))) / (_NEAREST + 1)
        hits.append(SearchHit(iri, label, description, max(round(score, 4), 0.0001)))
    # Sorting is stable: those that are as near stay in the order of BM25 and namespace.
    return sorted(hits, key=lambda hit: -hit.score)
