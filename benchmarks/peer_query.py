"""What one would write with rdflib alone: parse the files of a folder, close them, ask, print CSV.

``python peer_query.py ROOT QUERY.rq [--owlrl] [NAME=IRI ...]``
"""

import sys
from pathlib import Path

import rdflib

root, query, *rest = sys.argv[1:]
graph = rdflib.Graph()
for folder in ("ontology", "data"):
    for path in sorted(Path(root, folder).rglob("*.ttl")):
        graph.parse(path)
if "--owlrl" in rest:
    import owlrl

    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
bound = dict(word.split("=", 1) for word in rest if "=" in word)
answer = graph.query(
    Path(query).read_text(encoding="utf-8"),
    initBindings={name: rdflib.URIRef(iri) for name, iri in bound.items()},
)
sys.stdout.write((answer.serialize(format="csv") or b"").decode().replace("\r\n", "\n"))
