"""The namespaces of the project and its prefix table.

The prefix table is read from ``ontology/prefixes.ttl``, which declares every prefix once with ``sh:declare``
(SHACL, section 5.2.1); nothing in the code repeats it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import pyoxigraph as ox

BASE: Final = "https://w3id.org/tipgraph/"
TIP: Final = f"{BASE}ontology#"
ID: Final = f"{BASE}id/"
CONCEPT: Final = f"{BASE}concept/"
PASSAGE: Final = f"{BASE}passage/"
GRAPH: Final = f"{BASE}graph/"
SHAPE: Final = f"{BASE}shape/"
FUNCTION: Final = f"{BASE}function/"
ONTOLOGY: Final = f"{BASE}ontology"
QUERY: Final = f"{BASE}query/"
DATASET: Final = f"{BASE}dataset"
"""The dataset itself; what describes its parts is named by fragments of it."""
ENDPOINT: Final = f"{BASE}sparql"

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
OWL: Final = "http://www.w3.org/2002/07/owl#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
DCTERMS: Final = "http://purl.org/dc/terms/"
SH: Final = "http://www.w3.org/ns/shacl#"
ORG: Final = "http://www.w3.org/ns/org#"
FOAF: Final = "http://xmlns.com/foaf/0.1/"
OA: Final = "http://www.w3.org/ns/oa#"

_SIMPLE_LOCAL_NAME: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?")

GRAPH_ONTOLOGY: Final = f"{GRAPH}ontology"
GRAPH_INFERRED: Final = f"{GRAPH}inferred"
GRAPH_CATALOG: Final = f"{GRAPH}catalog"


def read_prefixes(turtle: bytes) -> dict[str, str]:
    """Prefix → namespace IRI, in alphabetical order of the prefixes, as ``turtle`` declares them.

    Raises ``SyntaxError`` when it is not Turtle.
    """
    declared: dict[str, dict[str, str]] = {}
    for quad in ox.parse(turtle, format=ox.RdfFormat.TURTLE):
        if quad.predicate.value in (f"{SH}prefix", f"{SH}namespace") and isinstance(quad.object, ox.Literal):
            declared.setdefault(str(quad.subject), {})[quad.predicate.value] = quad.object.value
    table = {row[f"{SH}prefix"]: row[f"{SH}namespace"] for row in declared.values() if len(row) == 2}
    return dict(sorted(table.items()))


def shorten(iri: str, prefixes: Mapping[str, str]) -> str:
    """The prefixed name of ``iri`` where a prefix fits and the local part is simple, else ``<iri>``.

    >>> shorten("https://w3id.org/tipgraph/id/ecowas", {"id": ID})
    'id:ecowas'
    >>> shorten("http://example.org/a/b", {"ex": "http://example.org/"})
    '<http://example.org/a/b>'
    """
    fitting = [prefix for prefix, namespace in prefixes.items() if iri.startswith(namespace)]
    if fitting:
        prefix = max(fitting, key=lambda fit: len(prefixes[fit]))
        local = iri[len(prefixes[prefix]) :]
        if _SIMPLE_LOCAL_NAME.fullmatch(local):
            return f"{prefix}:{local}"
    return f"<{iri}>"


def expand(name: str, prefixes: Mapping[str, str]) -> str | None:
    """The IRI that ``name`` stands for: a prefixed name, ``<iri>`` or a bare absolute IRI; else ``None``.

    >>> expand("id:ecowas", {"id": ID})
    'https://w3id.org/tipgraph/id/ecowas'
    >>> expand("ECOWAS", {"id": ID}) is None
    True
    """
    if name.startswith("<") and name.endswith(">"):
        return name[1:-1]
    if name.startswith(("http://", "https://", "urn:")):
        return name
    prefix, colon, local = name.partition(":")
    if colon and prefix in prefixes and " " not in local:
        return prefixes[prefix] + local
    return None
