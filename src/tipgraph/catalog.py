"""What a dataset says of itself: how much of what it holds, how to get at it and what it can be asked.

The vocabularies are VoID and the SPARQL Service Description for what is in it, DCAT for where it is, and
SHACL for its prefixes and the queries of the library. The counts are those of before: what is written here is
not counted, but in the number of triples, which is exact.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import quote

import pyoxigraph as ox

from tipgraph.queryfile import Parameter, QueryFile
from tipgraph.serialization import SYNTAXES
from tipgraph.store import Dataset
from tipgraph.terms import datatype_of
from tipgraph.tokens import read_tokens
from tipgraph.vocabulary import (
    BASE,
    DATASET,
    DCTERMS,
    ENDPOINT,
    FOAF,
    FUNCTION,
    GRAPH,
    GRAPH_CATALOG,
    GRAPH_INFERRED,
    QUERY,
    RDF,
    RDFS,
    SH,
    TIP,
    XSD,
    shorten,
)

VOID: Final = "http://rdfs.org/ns/void#"
SD: Final = "http://www.w3.org/ns/sparql-service-description#"
DCAT: Final = "http://www.w3.org/ns/dcat#"
SCHEMA: Final = "http://schema.org/"
_FORMATS: Final = "http://www.w3.org/ns/formats/"

DATA: Final = f"{BASE}data"
"""Where the dataset and its graphs are read by the Graph Store Protocol."""

FORMAT_IRIS: Final[Mapping[str, str]] = {
    "turtle": f"{_FORMATS}Turtle",
    "n-triples": f"{_FORMATS}N-Triples",
    "json-ld": f"{_FORMATS}JSON-LD",
    "rdf-xml": f"{_FORMATS}RDF_XML",
    "trig": f"{_FORMATS}TriG",
    "n-quads": f"{_FORMATS}N-Quads",
    "n3": f"{_FORMATS}N3",
    "json": f"{_FORMATS}SPARQL_Results_JSON",
    "xml": f"{_FORMATS}SPARQL_Results_XML",
    "csv": f"{_FORMATS}SPARQL_Results_CSV",
    "tsv": f"{_FORMATS}SPARQL_Results_TSV",
}
"""Name of a format → its IRI among the unique URIs for file formats of the W3C."""

_FUNCTIONS: Final = (
    (
        "matches",
        "matches a search",
        "Whether the search for the words, its second argument, finds the resource, its first.",
    ),
    (
        "score",
        "score of a search",
        "How well the search for the words, its second argument, finds the resource, its first: 1 is best. "
        "It is unbound for what is not found.",
    ),
)
_DUMPS: Final = ("trig", "n-quads")
_FORMS: Final = {"SELECT": "Select", "ASK": "Ask", "CONSTRUCT": "Construct", "DESCRIBE": "Describe"}

_TYPE: Final = f"<{RDF}type>"
_NO_KIND: Final = frozenset[str]()
_VOID_CLASS: Final = ox.NamedNode(f"{VOID}class")
_VOID_PROPERTY: Final = ox.NamedNode(f"{VOID}property")
_VOID_TRIPLES: Final = ox.NamedNode(f"{VOID}triples")
_PROPERTY_PARTITION: Final = ox.NamedNode(f"{VOID}propertyPartition")
_UNION: Final = ""
"""Stands for the union of the graphs where a graph is asked for; no graph has this name."""
_CATALOG: Final = ox.NamedNode(GRAPH_CATALOG)


def catalog_quads(dataset: Dataset, queries: Iterable[QueryFile]) -> Iterator[ox.Quad]:
    """The self-description of ``dataset``, which a query of ``queries`` can be put to, in ``graph:catalog``.

    The same dataset and queries give the same quads; none is in the dataset already.
    """
    counts = _count(dataset)
    known = set(dataset.store.quads_for_pattern(None, None, None, _CATALOG))
    described = (ox.Quad(*triple, _CATALOG) for triple in _describe(dataset, counts, queries))
    fresh = [quad for quad in described if quad not in known]
    # Those that tell the size are counted too, one for each place that tells it.
    sizes = list(_sizes(counts, {}))
    grown = {name: count.triples for name, count in counts.items()}
    for name in (_UNION, GRAPH_CATALOG):
        grown[name] = grown.get(name, 0) + len(fresh) + len(sizes)
    yield from fresh
    for triple in _sizes(counts, grown):
        yield ox.Quad(*triple, _CATALOG)


_Triple: TypeAlias = tuple[ox.NamedNode, ox.NamedNode, ox.NamedNode | ox.Literal]


@dataclass
class _Count:
    """What one graph holds."""

    triples: int = 0
    subjects: int = 0
    entities: int = 0
    """Subjects that have a class."""
    classes: Counter[str] = field(default_factory=Counter)
    """Class → its instances."""
    properties: Counter[str] = field(default_factory=Counter)
    """Property → the triples that have it."""
    of_class: dict[str, Counter[str]] = field(default_factory=dict)
    """Class → property → the triples whose subject is of the class."""


def _count(dataset: Dataset) -> dict[str, _Count]:
    """The counts of each named graph by its IRI, and those of their union."""
    lines = {name: _read_lines(dataset, name) for name in dataset.graph_names()}
    counts = {name: _count_lines(content, lambda found: True) for name, content in lines.items()}
    told = {found for name, count in counts.items() if name != GRAPH_INFERRED for found in count.classes}
    if GRAPH_INFERRED in counts:
        # What only follows is told by number: the narrower classes have the same properties.
        counts[GRAPH_INFERRED].of_class.clear()
    union = set[str]().union(*lines.values())
    return {_UNION: _count_lines(union, lambda found: found in told or found.startswith(TIP)), **counts}


def _read_lines(dataset: Dataset, graph: str) -> list[str]:
    """The triples of a graph as N-Triples, which is several times faster to go through than quads are."""
    content = dataset.store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.NamedNode(graph)) or b""
    return content.decode().split("\n")[:-1]


def _count_lines(lines: Collection[str], is_broken_down: Callable[[str], bool]) -> _Count:
    """What ``lines`` hold; the properties are told of those classes that are broken down."""
    classes: defaultdict[str, list[str]] = defaultdict(list)
    for line in lines:
        if _TYPE in line:
            subject, predicate, rest = line.split(" ", 2)
            if predicate == _TYPE and rest.startswith("<"):
                classes[subject].append(rest[1:-3])
    # Few subjects differ in their classes, so that the classes are gone through once for each set of them.
    kinds = {subject: frozenset(found) for subject, found in classes.items()}
    predicates: defaultdict[frozenset[str], list[str]] = defaultdict(list)
    append = {subject: predicates[kind].append for subject, kind in kinds.items()}
    append_untyped = predicates[_NO_KIND].append
    subjects = set()
    for line in lines:
        subject, predicate, _ = line.split(" ", 2)
        subjects.add(subject)
        append.get(subject, append_untyped)(predicate)
    count = _Count(len(lines), len(subjects), len(kinds))
    for kind, number in Counter(kinds.values()).items():
        for found in kind:
            count.classes[found] += number
    for kind, found_predicates in predicates.items():
        broken_down = [count.of_class.setdefault(found, Counter()) for found in kind if is_broken_down(found)]
        for angled, number in Counter(found_predicates).items():
            predicate = angled[1:-1]
            for counter in (count.properties, *broken_down):
                counter[predicate] += number
    return count


def _describe(
    dataset: Dataset, counts: Mapping[str, _Count], queries: Iterable[QueryFile]
) -> Iterator[_Triple]:
    graphs = [name for name in counts if name != _UNION]
    yield from _describe_dataset(dataset, graphs)
    yield from _describe_service()
    for name, count in counts.items():
        yield from _describe_counts(name, count, dataset.prefixes)
    for name in graphs:
        yield from _describe_graph(name)
    yield from _describe_prefixes(dataset.prefixes)
    for query in sorted(queries, key=lambda query: query.name):
        yield from _describe_query(query)


def _describe_dataset(dataset: Dataset, graphs: Iterable[str]) -> Iterator[_Triple]:
    for kind in (f"{VOID}Dataset", f"{SD}Dataset", f"{DCAT}Dataset"):
        yield _link(DATASET, f"{RDF}type", kind)
    for predicate in (f"{DCTERMS}title", f"{DCTERMS}description", f"{DCTERMS}license"):
        for quad in dataset.store.quads_for_pattern(_CATALOG, ox.NamedNode(predicate), None, _CATALOG):
            if isinstance(quad.object, ox.NamedNode | ox.Literal):
                yield ox.NamedNode(DATASET), quad.predicate, quad.object
    yield _link(GRAPH_CATALOG, f"{DCAT}dataset", DATASET)
    yield _link(GRAPH_CATALOG, f"{DCAT}service", ENDPOINT)
    yield _link(DATASET, f"{FOAF}homepage", BASE)
    yield _link(DATASET, f"{VOID}sparqlEndpoint", ENDPOINT)
    yield _say(DATASET, f"{VOID}uriSpace", BASE)
    for name in graphs:
        yield _link(DATASET, f"{VOID}subset", name)
        yield _link(DATASET, f"{SD}namedGraph", _node_of(name))
    yield _link(DATASET, f"{SD}defaultGraph", _node_of(_UNION))
    yield _link(_node_of(_UNION), f"{RDF}type", f"{SD}Graph")
    yield from _describe_dumps()


def _describe_dumps() -> Iterator[_Triple]:
    for name in _DUMPS:
        syntax = SYNTAXES[name]
        dump, address = f"{DATASET}#distribution/{name}", f"{DATA}?format={name}"
        yield _link(DATASET, f"{VOID}dataDump", address)
        yield _link(DATASET, f"{DCAT}distribution", dump)
        yield _link(dump, f"{RDF}type", f"{DCAT}Distribution")
        yield _link(dump, f"{DCAT}downloadURL", address)
        yield _link(dump, f"{DCAT}accessURL", DATA)
        yield _link(dump, f"{DCTERMS}format", FORMAT_IRIS[name])
        yield _link(
            dump, f"{DCAT}mediaType", f"https://www.iana.org/assignments/media-types/{syntax.media_type}"
        )


def _describe_service() -> Iterator[_Triple]:
    for kind in (f"{SD}Service", f"{DCAT}DataService"):
        yield _link(ENDPOINT, f"{RDF}type", kind)
    yield _say(ENDPOINT, f"{DCTERMS}title", "SPARQL endpoint", "en")
    yield _link(ENDPOINT, f"{SD}endpoint", ENDPOINT)
    yield _link(ENDPOINT, f"{DCAT}endpointURL", ENDPOINT)
    yield _link(ENDPOINT, f"{DCAT}endpointDescription", f"{BASE}openapi.json")
    yield _link(ENDPOINT, f"{DCAT}servesDataset", DATASET)
    yield _link(ENDPOINT, f"{SD}defaultDataset", DATASET)
    for name, label, about in _FUNCTIONS:
        yield _link(ENDPOINT, f"{SD}extensionFunction", FUNCTION + name)
        yield _link(FUNCTION + name, f"{RDF}type", f"{SD}Function")
        yield _say(FUNCTION + name, f"{RDFS}label", label, "en")
        yield _say(FUNCTION + name, f"{RDFS}comment", about, "en")
    yield _link(ENDPOINT, f"{DCTERMS}conformsTo", "https://www.w3.org/TR/sparql11-protocol/")


def _describe_graph(name: str) -> Iterator[_Triple]:
    node, address = _node_of(name), f"{DATA}?graph={quote(name, safe='')}"
    yield _link(node, f"{RDF}type", f"{SD}NamedGraph")
    yield _link(node, f"{SD}name", name)
    yield _link(node, f"{SD}graph", name)
    yield _link(name, f"{RDF}type", f"{VOID}Dataset")
    yield _link(name, f"{RDF}type", f"{SD}Graph")
    distribution = f"{DATASET}#distribution/{_local(name)}"
    yield _link(name, f"{DCAT}distribution", distribution)
    yield _link(distribution, f"{RDF}type", f"{DCAT}Distribution")
    yield _link(distribution, f"{DCAT}accessURL", address)


def _describe_counts(name: str, count: _Count, prefixes: Mapping[str, str]) -> Iterator[_Triple]:
    # The graph of the service description and the one of VoID are one resource.
    subject = name or DATASET
    yield _say(subject, f"{VOID}entities", count.entities)
    yield _say(subject, f"{VOID}distinctSubjects", count.subjects)
    yield _say(subject, f"{VOID}classes", len(count.classes))
    yield _say(subject, f"{VOID}properties", len(count.properties))
    short: dict[str, str] = {}

    def shortened(iri: str) -> str:
        if iri not in short:
            short[iri] = _readable(iri, prefixes)
        return short[iri]

    yield from _partition(subject, _node_of(name), count.properties, shortened)
    for found, number in sorted(count.classes.items()):
        part = f"{_node_of(name)}/{shortened(found)}"
        yield _link(subject, f"{VOID}classPartition", part)
        yield ox.NamedNode(part), _VOID_CLASS, ox.NamedNode(found)
        yield _say(part, f"{VOID}entities", number)
        yield from _partition(part, part, count.of_class.get(found, {}), shortened)


def _partition(
    subject: str,
    part_of: str,
    properties: Mapping[str, int],
    shortened: Callable[[str], str],
) -> Iterator[_Triple]:
    """How many triples of ``subject`` have which property."""
    whole = ox.NamedNode(subject)
    for predicate, number in sorted(properties.items()):
        part = ox.NamedNode(f"{part_of}/{shortened(predicate)}")
        yield whole, _PROPERTY_PARTITION, part
        yield part, _VOID_PROPERTY, ox.NamedNode(predicate)
        yield part, _VOID_TRIPLES, ox.Literal(number)


def _sizes(counts: Mapping[str, _Count], triples: Mapping[str, int]) -> Iterator[_Triple]:
    """How many triples each graph holds, of which ``triples`` tells."""
    for name in counts:
        yield _say(name or DATASET, f"{VOID}triples", triples.get(name, 0))
    yield _say(_node_of(_UNION), f"{VOID}triples", triples.get(_UNION, 0))
    if GRAPH_CATALOG not in counts:
        yield _say(GRAPH_CATALOG, f"{VOID}triples", triples.get(GRAPH_CATALOG, 0))


def _describe_prefixes(prefixes: Mapping[str, str]) -> Iterator[_Triple]:
    for prefix, namespace in prefixes.items():
        declaration = f"{DATASET}#prefix/{prefix}"
        yield _link(DATASET, f"{SH}declare", declaration)
        yield _say(declaration, f"{SH}prefix", prefix)
        yield (
            ox.NamedNode(declaration),
            ox.NamedNode(f"{SH}namespace"),
            ox.Literal(namespace, datatype=ox.NamedNode(f"{XSD}anyURI")),
        )


def _describe_query(query: QueryFile) -> Iterator[_Triple]:
    """The query as the examples of the Swiss Institute of Bioinformatics have it, which editors offer."""
    iri = QUERY + quote(query.name)
    form = _FORMS[_form_of(query.text)]
    yield _link(iri, f"{RDF}type", f"{SH}SPARQLExecutable")
    # SHACL has no class for DESCRIBE, nor a property.
    if form == "Describe":
        yield _say(iri, f"{SCHEMA}text", query.text)
    else:
        yield _link(iri, f"{RDF}type", f"{SH}SPARQL{form}Executable")
        yield _say(iri, f"{SH}{form.lower()}", query.text)
    if query.title:
        yield _say(iri, f"{RDFS}comment", query.title, "en")
        yield _say(iri, f"{DCTERMS}title", query.title, "en")
    if query.about:
        yield _say(iri, f"{DCTERMS}description", query.about, "en")
    for keyword in query.keywords:
        yield _say(iri, f"{SCHEMA}keywords", keyword)
    yield _link(iri, f"{SH}prefixes", DATASET)
    yield _link(iri, f"{SCHEMA}target", ENDPOINT)
    for number, parameter in enumerate(query.parameters):
        yield from _describe_parameter(iri, parameter, number)


def _describe_parameter(query: str, parameter: Parameter, number: int) -> Iterator[_Triple]:
    """The parameter as SHACL Advanced Features, section 5.1, describes one."""
    iri = f"{query}#{parameter.name}"
    yield _link(query, f"{SH}parameter", iri)
    yield _link(iri, f"{RDF}type", f"{SH}Parameter")
    yield _link(iri, f"{SH}path", iri)
    yield _say(iri, f"{SH}name", parameter.name)
    yield _say(iri, f"{SH}order", number)
    if parameter.about:
        yield _say(iri, f"{SH}description", parameter.about, "en")
    if parameter.default is not None:
        yield _say(iri, f"{SH}defaultValue", parameter.default)
    datatype = datatype_of(parameter.type)
    if datatype is not None:
        yield _link(iri, f"{SH}datatype", datatype)
        if parameter.until is not None:
            latest = ox.Literal(parameter.until, datatype=ox.NamedNode(datatype))
            yield ox.NamedNode(iri), ox.NamedNode(f"{SH}maxInclusive"), latest
    else:
        yield _link(iri, f"{SH}nodeKind", f"{SH}IRI")


def _form_of(text: str) -> str:
    """The keyword with which the query begins after its prologue; ``SELECT`` where it has none."""
    for token in read_tokens(text):
        if token.is_word(*_FORMS):
            return token.text.upper()
    return "SELECT"


def _local(graph: str) -> str:
    """A graph by the end of its IRI, else by all of it."""
    return quote(graph.removeprefix(GRAPH), safe="")


def _node_of(graph: str) -> str:
    """The node of the service description that stands for a graph of the dataset."""
    return f"{DATASET}#graph/{_local(graph)}" if graph else f"{DATASET}#default"


def _readable(iri: str, prefixes: Mapping[str, str]) -> str:
    """``iri`` as it may stand in a fragment, by its prefix where it has one."""
    name = shorten(iri, prefixes)
    return quote(iri, safe="") if name.startswith("<") else name


def _link(subject: str, predicate: str, target: str) -> _Triple:
    return ox.NamedNode(subject), ox.NamedNode(predicate), ox.NamedNode(target)


def _say(subject: str, predicate: str, value: str | int, language: str | None = None) -> _Triple:
    literal = ox.Literal(value, language=language) if isinstance(value, str) else ox.Literal(value)
    return ox.NamedNode(subject), ox.NamedNode(predicate), literal
