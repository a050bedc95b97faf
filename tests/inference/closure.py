"""Small datasets in, what they entail out."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.inference import Reasoner, infer
from tipgraph.inference.facts import INFERRED
from tipgraph.store import Dataset
from tipgraph.vocabulary import OWL, RDF, RDFS, XSD

PREFIXES: Final = {"": "http://example.org/", "owl": OWL, "rdf": RDF, "rdfs": RDFS, "xsd": XSD}
_PROLOGUE: Final = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
ASSERTED: Final = ox.NamedNode("http://example.org/asserted")


def dataset_of(turtle: str) -> Dataset:
    """The dataset of ``turtle``, under the prefixes of this module, in one named graph."""
    store = ox.Store()
    store.load((_PROLOGUE + turtle).encode(), format=ox.RdfFormat.TURTLE, to_graph=ASSERTED)
    return Dataset(store, PREFIXES)


def triples_of(turtle: str) -> set[ox.Triple]:
    """The triples of ``turtle``."""
    return {quad.triple for quad in ox.parse((_PROLOGUE + turtle).encode(), format=ox.RdfFormat.TURTLE)}


def inferred(dataset: Dataset) -> set[ox.Triple]:
    """What ``graph:inferred`` holds."""
    return {quad.triple for quad in dataset.store.quads_for_pattern(None, None, None, INFERRED)}


def closure_of(turtle: str, rules: Path | None = None, reasoner: Reasoner = "native") -> set[ox.Triple]:
    """What ``turtle`` entails and does not say."""
    dataset = dataset_of(turtle)
    infer(dataset, rules, reasoner=reasoner)
    return inferred(dataset)
