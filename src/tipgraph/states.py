"""A state at a glance: found by any of its names or codes, with what reaches it and what binds it.

An instrument *covers* a state that it reaches: because an organization to which the state belongs adopted it,
or because the state itself adopted, signed or joined it. An instrument *binds* a state only when it binds in
law and the state is party to it. What covers a state need not bind it; no organization binds its
members by adopting a text.
"""

from __future__ import annotations

import calendar
import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import AmbiguousNameError, UnknownNameError
from tipgraph.store import Dataset
from tipgraph.terms import to_python
from tipgraph.vocabulary import DCTERMS, GRAPH, ID, SKOS, expand, shorten

PROTOCOL: Final = f"{ID}palermo-protocol"
REFERENCE_DAY: Final = date(2010, 12, 31)
"""The day as at which the graph derives who is party to what: see ``ontology/rules/party.rq``."""

_MOST_SUGGESTIONS: Final = 6
_LEAST_PART: Final = 3
"""How many letters a part of a name has, at least, for names that contain it to be suggested."""


@dataclass(frozen=True)
class Name:
    """A name of a state in one language."""

    text: str
    language: str
    is_preferred: bool


@dataclass(frozen=True)
class Standing:
    """What a state is in an organization, by which sources."""

    organization: str
    label: str
    role: str
    since: int | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Reach:
    """An instrument that reaches a state, and how: through whom, or as what it takes part itself."""

    instrument: str
    label: str
    through: tuple[str, ...]
    is_binding: bool | None
    """Whether it binds in law those whom it binds; ``None`` where the graph does not say."""


@dataclass(frozen=True)
class Action:
    """What a state did towards a treaty, and on which day."""

    kind: str
    day: date
    is_consent: bool


@dataclass(frozen=True)
class Mention:
    """A fact of the report about a state, in words, with the passages that carry the resource it is about."""

    resource: str
    label: str
    relation: str
    passages: tuple[str, ...]


@dataclass(frozen=True)
class Conflict:
    """A matter of this state on which sources do not agree."""

    text: str
    explanation: str


@dataclass(frozen=True)
class StateProfile:
    """All that the graph tells of a state; IRIs are shortened by the prefixes of the dataset."""

    state: str
    label: str
    codes: tuple[str, ...]
    names: tuple[Name, ...]
    regions: tuple[str, ...]
    """From the narrowest to the widest."""
    memberships: tuple[Standing, ...]
    bound_by: tuple[Reach, ...]
    covered_by: tuple[Reach, ...]
    """Without those that bind it."""
    exempted_by: tuple[Reach, ...]
    protocol: tuple[Action, ...]
    conflicts: tuple[Conflict, ...]
    mentions: tuple[Mention, ...]
    protocol_known_until: date | None = None
    """The last day of which the source of ``protocol`` tells."""

    def is_party_on(self, day: date) -> bool | None:
        """Whether the state had consented by the end of ``day`` to be bound by the Palermo Protocol.

        ``None`` where it may have done so after the day on which the source ends.
        """
        if any(action.is_consent and action.day <= day for action in self.protocol):
            return True
        return None if self.protocol_known_until is not None and day > self.protocol_known_until else False


def find_state(dataset: Dataset, name: str) -> str:
    """The IRI of the state that is called ``name`` in any language, or has it as a code.

    Case, accents and runs of spaces do not matter. Raises ``UnknownNameError``, with the nearest names, and
    ``AmbiguousNameError``, with the candidates.
    """
    names = _read_names(dataset)
    iri = expand(name.strip(), dataset.prefixes)
    if iri is not None and any(iri in rank for ranks in names.values() for rank in ranks.values()):
        return iri
    wanted = _normalize(name)
    ranks = names.get(wanted, {})
    if not ranks:
        raise UnknownNameError(f"no state is called {name!r}", _suggest(dataset, names, wanted))
    # A code or a name of its own goes before another name: Niger is the state, not a part of another name.
    best = ranks[min(ranks)]
    if len(best) > 1:
        candidates = ", ".join(_label(dataset, iri) for iri in sorted(best))
        raise AmbiguousNameError(f"{name!r} may be any of {len(best)} states", f"choose one of {candidates}")
    return next(iter(best))


def describe_state(dataset: Dataset, iri: str) -> StateProfile:
    """What the graph tells of the state ``iri``; what is derived needs a dataset that was inferred.

    Raises ``UnknownNameError`` when the dataset has no such state.
    """
    reader = _Reader(dataset, iri)
    names = reader.names()
    label = next((name.text for name in names if name.language == "en" and name.is_preferred), None)
    if label is None:
        raise UnknownNameError(f"the graph knows no state <{iri}>", "tipgraph state takes any name or code")
    bound_by = reader.reached_by("binds")
    bound = {reach.instrument for reach in bound_by}
    return StateProfile(
        state=shorten(iri, dataset.prefixes),
        label=label,
        codes=reader.codes(),
        names=names,
        regions=reader.regions(),
        memberships=reader.memberships(),
        bound_by=bound_by,
        covered_by=tuple(reach for reach in reader.reached_by("covers") if reach.instrument not in bound),
        exempted_by=reader.reached_by("exempts"),
        protocol=reader.protocol(),
        conflicts=reader.conflicts(),
        mentions=reader.mentions(),
        protocol_known_until=reader.protocol_known_until(),
    )


class _Reader:
    """Reads one state by queries over the union of the graphs."""

    def __init__(self, dataset: Dataset, iri: str) -> None:
        self._dataset = dataset
        self._state = ox.NamedNode(iri)

    def _select(self, pattern: str) -> Iterable[ox.QuerySolution]:
        found = self._dataset.store.query(
            f"SELECT DISTINCT * {{ {pattern} }}",
            prefixes=self._dataset.prefixes,
            use_default_graph_as_union=True,
            substitutions={ox.Variable("state"): self._state},
        )
        assert isinstance(found, ox.QuerySolutions)
        return found

    def _short(self, term: object) -> str:
        assert isinstance(term, ox.NamedNode)
        return shorten(term.value, self._dataset.prefixes)

    def names(self) -> tuple[Name, ...]:
        """The names, the preferred ones first, in the order of the languages."""
        found = [
            Name(row["name"].value, row["name"].language or "", row["kind"].value.endswith("prefLabel"))
            for row in self._select(
                "VALUES ?kind { skos:prefLabel skos:altLabel } ?state a tip:State ; ?kind ?name"
            )
        ]
        return tuple(sorted(found, key=lambda name: (not name.is_preferred, name.language, name.text)))

    def codes(self) -> tuple[str, ...]:
        """The ISO alpha-2, ISO alpha-3 and M49 codes."""
        rows = self._select("?state tip:isoAlpha2 ?two ; tip:isoAlpha3 ?three ; tip:m49 ?m49")
        return next(((row["two"].value, row["three"].value, row["m49"].value) for row in rows), ())

    def regions(self) -> tuple[str, ...]:
        """The geographic regions, from the narrowest to the widest."""
        rows = self._select(
            "?state tip:geographicRegion/skos:broader* ?region . ?region skos:prefLabel ?label ."
            " OPTIONAL { ?region skos:broader+ ?above }"
        )
        above: defaultdict[str, int] = defaultdict(int)
        for row in rows:
            above[row["label"].value] += row["above"] is not None
        return tuple(sorted(above, key=lambda label: -above[label]))

    def memberships(self) -> tuple[Standing, ...]:
        """The standings, the members first."""
        rows = self._select(
            """
            ?membership org:member ?state ; org:organization ?organization ; org:role ?role ;
                dcterms:source ?source .
            ?organization skos:prefLabel ?label .
            ?role skos:prefLabel ?standing .
            OPTIONAL { ?membership tip:memberSince ?since }
            FILTER (LANG(?label) = "en" && LANG(?standing) = "en")
            """
        )
        sources: defaultdict[tuple[str, str, str, int | None], set[str]] = defaultdict(set)
        for row in rows:
            key = (
                self._short(row["organization"]),
                row["label"].value,
                row["standing"].value,
                to_python(row["since"]),
            )
            sources[key].add(self._short(row["source"]))
        found = [Standing(*key, tuple(sorted(by))) for key, by in sources.items()]
        return tuple(sorted(found, key=lambda one: ("member" not in one.role, one.label)))

    def reached_by(self, relation: str) -> tuple[Reach, ...]:
        """The instruments that have ``relation`` to the state."""
        rows = self._select(
            f"""
            ?instrument tip:{relation} ?state ; skos:prefLabel ?label .
            OPTIONAL {{ ?instrument tip:bindingness ?bindingness }}
            OPTIONAL {{
                {{
                    ?instrument tip:adoptedBy/(org:unitOf|tip:partOf)* ?organization .
                    ?organization a tip:Organization ; tip:member ?state ; skos:prefLabel ?through
                }}
                UNION
                {{
                    ?instrument ?part ?state . ?part rdfs:label ?through
                    VALUES ?part {{ tip:adoptedBy tip:signatory tip:partner tip:party }}
                }}
                FILTER (LANG(?through) = "en")
            }}
            FILTER (LANG(?label) = "en")
            """
        )
        found: dict[str, tuple[str, bool | None, set[str]]] = {}
        for row in rows:
            binding = None if row["bindingness"] is None else row["bindingness"].value.endswith("/binding")
            entry = found.setdefault(self._short(row["instrument"]), (row["label"].value, binding, set()))
            if row["through"] is not None:
                entry[2].add(row["through"].value)
        reached = [
            Reach(instrument, label, tuple(sorted(through)), binding)
            for instrument, (label, binding, through) in found.items()
        ]
        return tuple(sorted(reached, key=lambda reach: (reach.label, reach.instrument)))

    def protocol(self) -> tuple[Action, ...]:
        """The actions on the Palermo Protocol, by day."""
        rows = self._select(
            f"""
            ?action tip:actor ?state ; tip:ofInstrument <{PROTOCOL}> ; tip:actionKind ?kind ; tip:date ?day .
            ?kind skos:prefLabel ?label
            BIND (EXISTS {{ ?kind skos:broader* concept:consent-to-be-bound }} AS ?isConsent)
            FILTER (DATATYPE(?day) = xsd:date && LANG(?label) = "en")
            """
        )
        found = (
            Action(row["label"].value, date.fromisoformat(row["day"].value), to_python(row["isConsent"]))
            for row in rows
        )
        return tuple(sorted(found, key=lambda action: action.day))

    def protocol_known_until(self) -> date | None:
        """The last day of the month to which the graph of treaty actions is valid."""
        graph, valid = ox.NamedNode(f"{GRAPH}un-tip-protocol"), ox.NamedNode(f"{DCTERMS}valid")
        for quad in self._dataset.store.quads_for_pattern(graph, valid, None, None):
            found = re.match(r"(\d{4})-(\d\d)", getattr(quad.object, "value", ""))
            if found:
                year, month = int(found[1]), int(found[2])
                return date(year, month, calendar.monthrange(year, month)[1])
        return None

    def conflicts(self) -> tuple[Conflict, ...]:
        """The discrepancies about the state."""
        rows = self._select(
            "?conflict a tip:Discrepancy ; tip:about ?state ; skos:prefLabel ?label ;"
            " dcterms:description ?text ; tip:explanation ?explanation"
        )
        found = [
            Conflict(f"{row['label'].value}: {row['text'].value}", row["explanation"].value) for row in rows
        ]
        return tuple(sorted(found, key=lambda conflict: conflict.text))

    def mentions(self) -> tuple[Mention, ...]:
        """What the report says with the state as the other side, each with its passages."""
        rows = self._select(
            f"""
            GRAPH <{GRAPH}report-2010> {{ ?resource ?property ?state ; tip:evidence ?passage }}
            ?resource skos:prefLabel ?label . ?property rdfs:label ?relation
            FILTER (LANG(?label) = "en")
            """
        )
        passages: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
        for row in rows:
            key = (self._short(row["resource"]), row["label"].value, row["relation"].value)
            passages[key].add(self._short(row["passage"]))
        found = [Mention(*key, tuple(sorted(cited))) for key, cited in passages.items()]
        return tuple(sorted(found, key=lambda mention: (mention.label, mention.relation)))


_Names = Mapping[str, Mapping[int, frozenset[str]]]
"""Normalized name → rank, 0 for what names one state and 1 for other names → the states so called."""


def _read_names(dataset: Dataset) -> _Names:
    rows = dataset.store.query(
        """
        SELECT ?state ?rank ?name {
            ?state a tip:State ; ?property ?name
            VALUES (?property ?rank) {
                (tip:isoAlpha2 0) (tip:isoAlpha3 0) (tip:m49 0) (skos:prefLabel 0) (skos:altLabel 1)
            }
        }
        """,
        prefixes=dataset.prefixes,
        use_default_graph_as_union=True,
    )
    assert isinstance(rows, ox.QuerySolutions)
    names: defaultdict[str, defaultdict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        names[_normalize(row["name"].value)][int(row["rank"].value)].add(row["state"].value)
        names[_normalize(row["state"].value.rpartition("/")[2])][0].add(row["state"].value)
    return {
        name: {rank: frozenset(states) for rank, states in ranks.items()} for name, ranks in names.items()
    }


def _normalize(name: str) -> str:
    """``name`` without accents, case, typographic marks and runs of spaces."""
    plain = unicodedata.normalize("NFKD", name.replace("\u2019", "'").replace("&", "and").casefold())
    return " ".join("".join(sign for sign in plain if not unicodedata.combining(sign)).split())


def _suggest(dataset: Dataset, names: _Names, wanted: str) -> str:
    near = sorted((name for name in names if len(wanted) >= _LEAST_PART and wanted in name), key=len)
    near = near or difflib.get_close_matches(wanted, names, n=_MOST_SUGGESTIONS, cutoff=0.7)
    states = dict.fromkeys(iri for name in near for ranks in names[name].values() for iri in sorted(ranks))
    if not states:
        return "give its name in a language of the United Nations, or its ISO or M49 code"
    shown = ", ".join(_label(dataset, iri) for iri in list(states)[:_MOST_SUGGESTIONS])
    return f"did you mean {shown}?"


def _label(dataset: Dataset, iri: str) -> str:
    labels = dataset.store.quads_for_pattern(ox.NamedNode(iri), ox.NamedNode(f"{SKOS}prefLabel"), None, None)
    english = (label.object for label in labels if isinstance(label.object, ox.Literal))
    return next((label.value for label in english if label.language == "en"), shorten(iri, dataset.prefixes))
