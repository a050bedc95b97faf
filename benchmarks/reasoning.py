"""Reasoning: the native reasoner, ``owlrl`` and ``reasonable`` over the same facts and axioms.

Each contestant has its facts in its own store before the time starts. Answers are the entailed triples
without those that ``tipgraph.inference.OMISSIONS`` leaves out, which say nothing. The rules of
``ontology/rules/``, which only the native reasoner knows, do not run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from benchmarks.measuring import MismatchError, Standing, Work, compare_answers, compete
from benchmarks.topic import Plan, Topic, contestant, standings_table
from tipgraph.inference import infer
from tipgraph.inference.facts import INFERRED
from tipgraph.inference.omissions import is_omitted
from tipgraph.store import Dataset, load_files
from tipgraph.vocabulary import OWL, RDFS

if TYPE_CHECKING:
    import rdflib

NATIVE, OWLRL, REASONABLE = "tipgraph", "owlrl", "reasonable"
_WITHOUT_CHAINS = "tipgraph without chains"
_CHAIN = ox.NamedNode(f"{OWL}propertyChainAxiom")
_SCHEMA = tuple(f"> <{RDFS}{name}> <" for name in ("domain", "range", "subPropertyOf"))
"""How a line shows that it is about the vocabulary: what the ``scm-`` rules derive."""


def close_natively(path: str, *, chains: bool = True) -> Work:
    """The native reasoner; without ``chains``, as if the ontology had no property chains."""
    dataset = load_files([Path(path)])
    if not chains:
        for quad in list(dataset.store.quads_for_pattern(None, _CHAIN, None, None)):
            dataset.store.remove(quad)

    def answer(_: object) -> Iterator[str]:
        for quad in dataset.store.quads_for_pattern(None, None, None, INFERRED):
            yield str(quad.triple)

    return Work(lambda: infer(dataset, None), answer)


def close_with_owlrl(path: str) -> Work:
    """``owlrl`` as its documentation has it, without the axiomatic triples, over an rdflib graph."""
    import owlrl

    from benchmarks.rdflib_terms import to_rdflib

    dataset = load_files([Path(path)])
    graph = to_rdflib(_triples(dataset))
    said = set(graph)
    closure = owlrl.DeductiveClosure(
        owlrl.OWLRL_Semantics, axiomatic_triples=False, datatype_axioms=False, rdfs_closure=False
    )

    def run() -> rdflib.Graph:
        closure.expand(graph)
        return graph

    return Work(run, lambda closed: _entailed(triple for triple in closed if triple not in said))


def close_with_reasonable(path: str) -> Work:
    """``reasonable``, from a file that holds the same triples."""
    import tempfile

    import reasonable

    from benchmarks.rdflib_terms import to_ox

    dataset = load_files([Path(path)])
    reasoner = reasonable.PyReasoner()
    with tempfile.NamedTemporaryFile(suffix=".ttl") as file:
        ox.serialize(_triples(dataset), file.name, format=ox.RdfFormat.N_TRIPLES)
        reasoner.load_file(file.name)

    def answer(found: Iterable[Any]) -> Iterator[str]:
        said = _triples(dataset)
        return _entailed(triple for triple in found if to_ox(triple) not in said)

    return Work(reasoner.reason, answer)


def check_closures(standings: Sequence[Standing]) -> None:
    """``owlrl`` derives the same; ``reasonable`` no more, and all but what it says it lacks.

    It has no property chains and no rules about the vocabulary itself (``scm-``).
    """
    by_name = {one.contestant.name: one for one in standings if one.runs}
    native = by_name[NATIVE]
    if OWLRL in by_name:
        compare_answers(native, by_name[OWLRL])
    if REASONABLE in by_name:
        found = by_name[REASONABLE].runs[0].answer
        extra = found - native.runs[0].answer
        without_chains = by_name[_WITHOUT_CHAINS].runs[0].answer
        lost = {line for line in without_chains - found if not any(part in line for part in _SCHEMA)}
        if extra or lost:
            raise MismatchError(
                f"{REASONABLE} derives {len(extra)} triples that do not follow, lacks {len(lost)} that do: "
                f"{sorted(extra | lost)[:3]}"
            )


def _triples(dataset: Dataset) -> set[ox.Triple]:
    """The union of all graphs."""
    return {quad.triple for quad in dataset.store}


def _entailed(triples: Iterable[Any]) -> Iterator[str]:
    from benchmarks.rdflib_terms import to_ox

    for triple in map(to_ox, triples):
        if triple is not None and not is_omitted(triple):
            yield str(triple)


def _measure(plan: Plan) -> str:
    text = ""
    for size in plan.sizes:
        path = str(plan.workspace.quads(size))
        plan.tell(f"reasoning over {size:,} triples")
        standings = compete(
            [
                contestant(NATIVE, close_natively, path=path),
                contestant(OWLRL, close_with_owlrl, path=path),
                contestant(REASONABLE, close_with_reasonable, path=path),
                contestant(_WITHOUT_CHAINS, close_natively, path=path, chains=False),
            ],
            rounds=plan.rounds,
            limit=plan.limit,
            check=check_closures,
            tell=plan.tell,
        )
        native, owlrl, reasonable, _ = standings
        notes = {}
        if native.runs and reasonable.runs:
            missing = native.runs[0].answer - reasonable.runs[0].answer
            schema = sum(any(part in line for part in _SCHEMA) for line in missing)
            notes[REASONABLE] = (
                f"{len(missing):,} triples missing: {len(missing) - schema:,} of property chains, "
                f"{schema:,} about the vocabulary"
            )
        if owlrl.runs:
            notes[OWLRL] = "equal closure"
        count = len(native.runs[0].answer) if native.runs else 0
        text += f"{size:,} triples, which entail {count:,} more:\n\n"
        text += standings_table(standings[:3], notes) + "\n"
    return text


def make_topic() -> Topic:
    """The topic."""
    return Topic(
        "reasoning",
        "Reasoning",
        "The OWL 2 RL closure, from facts in each one's own store to its result in memory. The answers are "
        "held against each other as sets of triples, without what `tipgraph.inference.OMISSIONS` leaves out.",
        _measure,
    )
