"""Write tests/vocabularies/terms.csv: every outside term that the project uses, and where it was read.

    npm install --prefix FOLDER @zazuko/vocabularies
    python tools/freeze_outside_terms.py FOLDER/node_modules

Run it after a new outside term; it names each one that no vocabulary's own file declares. A term whose
vocabulary is in none of the packages is read elsewhere and written into the table by hand, with repository
and commit in the columns ``package`` and ``version``; such rows are kept while the term is used.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import pyoxigraph as ox
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Literal, URIRef

from tipgraph.sources import Sources, locate_sources
from tipgraph.vocabulary import BASE, DCTERMS, OWL, RDF, RDFS, SH, shorten

TABLE = Path("tests") / "vocabularies" / "terms.csv"
SCOPE = "@vocabulary"
"""The npm scope under which @zazuko/vocabularies keeps one package for each vocabulary."""

_STATUS = "http://www.w3.org/2003/06/sw-vocab-status/ns#term_status"
_SUPERSEDED = "http://schema.org/supersededBy"
_FUNCTIONAL = {f"{OWL}FunctionalProperty", f"{OWL}InverseFunctionalProperty"}
_KINDS = {"dcterms": DCTERMS, "owl": OWL, "rdf": RDF, "rdfs": RDFS}
_QUERY_TEXT = {f"{SH}select", f"{SH}ask", f"{SH}construct", f"{SH}update"}


@dataclass(frozen=True, order=True)
class OutsideTerm:
    """A term of another vocabulary as its own file declares it; ``kind`` lists its types, as in owl:Class."""

    term: str
    kind: str
    functional: str
    deprecated: str
    package: str
    version: str
    file: str


def collect_outside_terms(sources: Sources) -> dict[str, Path]:
    """Each outside term that ontology, data, shapes or queries use → the first file that does.

    A term is an IRI of a namespace of the prefix table that is not the project's, and besides every
    predicate, class of a resource and datatype, whatever its namespace. SPARQL in shapes is read too.
    """
    prefixes = sources.prefixes()
    namespaces = {name for name in prefixes.values() if not name.startswith(BASE)}
    found: dict[str, Path] = {}
    folders = (sources.ontology, sources.data, sources.shapes, sources.queries)
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        if path.parent == sources.ontology / "checks":
            # A check asks about terms that nothing need use.
            continue
        if path.suffix == ".ttl":
            names = _terms_of_turtle(path, prefixes, namespaces)
        elif path.suffix == ".rq":
            names = _terms_of_query(path.read_text("utf-8"), prefixes, namespaces)
        else:
            continue
        for name in names:
            found.setdefault(name, path)
    return found


def read_vocabularies(node_modules: Path, terms: Iterable[str]) -> dict[str, OutsideTerm]:
    """Each of ``terms`` that a vocabulary's own file declares → its declaration there."""
    wanted = set(terms)
    declared: dict[str, OutsideTerm] = {}
    for manifest in sorted((node_modules / SCOPE).glob("*/package.json")):
        package = json.loads(manifest.read_text("utf-8"))
        namespace, prefix = package["vocabulary"]["namespace"], package["vocabulary"]["prefix"]
        own = {term for term in wanted if term.startswith(namespace)}
        if own:
            origin = (package["name"], package["version"], f"{prefix}.nq")
            declared |= _read_vocabulary(manifest.parent / origin[2], own, origin)
    return declared


def read_table(path: Path) -> list[OutsideTerm]:
    """The rows of the frozen table, in its order."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [OutsideTerm(**row) for row in csv.DictReader(lines)]


def write_table(path: Path, rows: Iterable[OutsideTerm]) -> None:
    """Write the frozen table, sorted by term."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(field.name for field in fields(OutsideTerm))
        writer.writerows(astuple(row) for row in sorted(rows))


def _terms_of_turtle(path: Path, prefixes: Mapping[str, str], namespaces: set[str]) -> Iterator[str]:
    for quad in ox.parse(path=str(path), format=ox.RdfFormat.TURTLE):
        yield from _outside(quad.predicate.value)
        if isinstance(quad.subject, ox.NamedNode):
            yield from _outside(quad.subject.value, namespaces)
        if isinstance(quad.object, ox.NamedNode):
            is_class = quad.predicate.value == f"{RDF}type"
            yield from _outside(quad.object.value, None if is_class else namespaces)
        if isinstance(quad.object, ox.Literal):
            yield from _outside(quad.object.datatype.value)
            if quad.predicate.value in _QUERY_TEXT:
                yield from _terms_of_query(quad.object.value, prefixes, namespaces)


def _terms_of_query(text: str, prefixes: Mapping[str, str], namespaces: set[str]) -> Iterator[str]:
    known = dict(prefixes)
    for part in _parts(parseQuery(text)):
        if isinstance(part, CompValue):
            prefix = part.prefix or ""
            if part.name == "PrefixDecl":
                known[prefix] = str(part["iri"])
            else:
                yield from _outside(known[prefix] + (part.localname or ""), namespaces)
        else:
            yield from _outside(str(part), namespaces)


def _parts(tree: object) -> Iterator[CompValue | URIRef]:
    """Every prefix declaration, prefixed name and IRI of a parse tree, in the order of the text."""
    if isinstance(tree, URIRef) or (isinstance(tree, CompValue) and tree.name in ("PrefixDecl", "pname")):
        yield tree
    elif isinstance(tree, Literal):
        if tree.datatype is not None:
            yield tree.datatype
    elif isinstance(tree, Iterable) and not isinstance(tree, str):
        for value in tree.values() if isinstance(tree, CompValue) else tree:
            yield from _parts(value)


def _outside(iri: str, namespaces: set[str] | None = None) -> Iterator[str]:
    if iri.startswith(BASE):
        return
    if namespaces is None or any(iri.startswith(name) and iri != name for name in namespaces):
        yield iri


def _read_vocabulary(path: Path, terms: set[str], origin: tuple[str, str, str]) -> dict[str, OutsideTerm]:
    types: dict[str, set[str]] = defaultdict(set)
    deprecated = set()
    for quad in ox.parse(path=str(path), format=ox.RdfFormat.N_QUADS):
        subject = quad.subject.value
        if subject not in terms:
            continue
        if quad.predicate.value == f"{RDF}type":
            types[subject].add(quad.object.value)
        elif (
            quad.predicate.value == _SUPERSEDED
            or (quad.predicate.value == f"{OWL}deprecated" and quad.object.value == "true")
            or (quad.predicate.value == _STATUS and quad.object.value in ("deprecated", "archaic"))
        ):
            deprecated.add(subject)
    return {
        term: OutsideTerm(
            term,
            " ".join(sorted(shorten(kind, _KINDS) for kind in kinds - _FUNCTIONAL)),
            "yes" if kinds & _FUNCTIONAL else "no",
            "yes" if term in deprecated else "no",
            *origin,
        )
        for term, kinds in types.items()
    }


def main(arguments: list[str]) -> int:
    """Write the table; 1 if a term that is used is declared nowhere."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    sources = locate_sources()
    table = sources.root / TABLE
    used = collect_outside_terms(sources)
    declared = read_vocabularies(Path(arguments[0]), used)
    elsewhere = [row for row in read_table(table) if not row.package.startswith(f"{SCOPE}/")]
    declared |= {row.term: row for row in elsewhere if row.term in used and row.term not in declared}
    write_table(table, declared.values())
    missing = sorted(used.keys() - declared.keys())
    for term in missing:
        print(f"{used[term]}: {term} is declared by no vocabulary's own file", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
