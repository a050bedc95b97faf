"""Every IRI of the project at its path, as a page or as RDF; any other IRI at ``/describe``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final
from urllib.parse import quote, quote_plus, unquote

import flask
import pyoxigraph as ox

from tipgraph.describe import Description, Fact, FactGroup, Named, describe, is_part_of_catalog, name_term
from tipgraph.errors import ResultTooLargeError, UnknownNameError
from tipgraph.serialization import SYNTAXES, serialize_quads
from tipgraph.store import Dataset, load_files, noting_cuts
from tipgraph.vocabulary import (
    BASE,
    DATASET,
    DCTERMS,
    GRAPH,
    GRAPH_CATALOG,
    GRAPH_ONTOLOGY,
    PASSAGE,
    QUERY,
    RDF,
    RDFS,
    SHAPE,
    SKOS,
    TIP,
)
from tipgraph.web.formats import PAGE, Download, Representation, choose_graph, graph_downloads
from tipgraph.web.ontology import OntologyPage
from tipgraph.web.problems import RequestError
from tipgraph.web.restraint import mark_cut
from tipgraph.web.site import Site, current_site
from tipgraph.web.views import SPACES, TermView, by_text

resources = flask.Blueprint("resources", __name__)

_PLACE: Final = ("section", "paragraph number", "sentence number", "in document", "has selector")
_FOR_PROGRAMS: Final = ("class partition", "property partition", "declare")
_DIGEST: Final = "SHA-256 digest"
_CATALOG: Final = GRAPH_CATALOG.removeprefix(GRAPH)
_SHOWN: Final = 12
"""Values of a property that a page shows before the reader asks for more."""
_MOST_SENT: Final = 1_000_000
_LABELS: Final = tuple(ox.NamedNode(iri) for iri in (f"{SKOS}prefLabel", f"{RDFS}label", f"{DCTERMS}title"))
_PREPOSITIONS: Final = ("by", "to", "of", "in", "on", "for", "at", "from", "through")


@dataclass(frozen=True)
class Value:
    """A fact of a group: its other end, and whether it alone only follows from other facts."""

    term: TermView
    is_inferred: bool = False
    why: str | None = None
    """The address of its explanation."""


@dataclass(frozen=True)
class Group:
    """The facts of one property under its name."""

    name: str
    values: list[Value]
    href: str | None = None
    about: str | None = None
    shown: int = _SHOWN
    is_inferred: bool = False
    """Whether all of them only follow from other facts."""


@dataclass
class ResourcePage:
    """What ``resource.html`` shows."""

    iri: str
    label: str
    kinds: list[TermView]
    names: Sequence[str]
    description: str
    facts: list[Group]
    mentions: list[Group]
    mentions_title: str
    evidence: list[tuple[TermView, list[TermView]]]
    """Section, and the passages in it."""
    document: TermView | None
    downloads: list[Download] = field(default_factory=list)
    previous: TermView | None = None
    next: TermView | None = None
    cuts: Sequence[str] = ()
    """What is not shown in full."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether its IRI leads to another site, which tells more of it."""
        return self.iri.startswith(("http://", "https://")) and not self.iri.startswith(BASE)


@resources.get(f"/<any({', '.join(SPACES)}):space>/<path:name>")
def show(space: str, name: str) -> flask.Response:
    """What the graph says of a resource of the project."""
    return _answer(f"{BASE}{space}/{quote(name)}")


@resources.get("/shape/", defaults={"name": ""})
@resources.get("/shape/<path:name>")
def shape(name: str) -> flask.Response:
    """What the SHACL shapes say of one of them; they stand beside the dataset."""
    site = current_site()
    if not site.is_own:
        raise _unknown(SHAPE + quote(name))
    return _answer(SHAPE + quote(name), site.remember("shapes", lambda: _read_shapes(site)))


def _read_shapes(site: Site) -> Dataset:
    return load_files(sorted(site.graph.sources.shapes.glob("*.ttl")), site.graph.prefixes)


@resources.get("/dataset")
def dataset() -> flask.Response:
    """The dataset as a whole: its page, or the catalog, which holds all its parts."""
    if not current_site().is_own:
        raise _unknown(DATASET)
    chosen = _choose()
    return _answer(DATASET) if chosen.format == PAGE else send_graph(GRAPH_CATALOG, chosen)


@resources.get("/query/<name>")
def query(name: str) -> flask.typing.ResponseReturnValue:
    """A query of the library: to a browser its answer, else what the catalog says of it."""
    site = current_site()
    found = site.find_query(name)
    chosen = _choose()
    if chosen.format == PAGE:
        return flask.redirect(flask.url_for("endpoint.answer_question", name=name), 303)
    store, iri = site.graph.dataset.reader, QUERY + quote(name)
    nodes = [iri, *(f"{iri}#{parameter.name}" for parameter in found.parameters)]
    return _send_quads(
        [quad for node in nodes for quad in store.quads_for_pattern(ox.NamedNode(node), None, None, None)],
        chosen,
    )


@resources.get("/describe")
def describe_any() -> flask.Response:
    """What the graph says of any resource, by its IRI."""
    iri = flask.request.args.get("iri", "").strip()
    if not iri:
        raise RequestError("there is no IRI to describe", "give it as the parameter iri")
    return _answer(iri)


@resources.get("/ontology")
def ontology() -> flask.Response:
    """The classes and properties, as a page or as the graph that defines them."""
    site = current_site()
    if not site.is_own:
        raise UnknownNameError("this dataset has no ontology of tipgraph", None)
    chosen = _choose()
    if chosen.format != PAGE:
        return send_graph(GRAPH_ONTOLOGY, chosen)
    page = site.remember("ontology", lambda: OntologyPage(site.graph.dataset.reader, site.terms))
    return _send_page(
        flask.render_template("ontology.html", page=page, downloads=graph_downloads(flask.request.path))
    )


def _answer(iri: str, dataset: Dataset | None = None) -> flask.Response:
    dataset = dataset or current_site().graph.dataset
    resource = _named_node(iri)
    chosen = _choose()
    is_graph = iri in dataset.graph_names()
    if is_graph and chosen.format != PAGE:
        return send_graph(iri, chosen)
    with noting_cuts() as cuts:
        if chosen.format == PAGE:
            page = _read_page(iri, dataset, is_graph=is_graph)
            page.cuts = list(dict.fromkeys(cuts))
            response = _send_page(flask.render_template("resource.html", page=page))
        else:
            quads = list(bounded_description(dataset, resource))
            if not quads:
                raise _unknown(iri)
            response = _send_quads(quads, chosen)
    return mark_cut(response) if cuts else response


def _choose() -> Representation:
    return choose_graph(flask.request.headers.get("Accept"), flask.request.args.get("format"))


def _send_page(content: str) -> flask.Response:
    return flask.Response(content, content_type="text/html; charset=utf-8")


def send_graph(graph: str, chosen: Representation) -> flask.Response:
    """A whole named graph; written once, since some take their time."""
    site = current_site()
    check_sendable(site.graph.sizes().graphs.get(graph, 0))

    def write() -> flask.Response:
        return _send_quads(site.graph.dataset.reader.read_graph(ox.NamedNode(graph)), chosen)

    content = site.remember(f"{graph} {chosen.format}", lambda: write().get_data())
    return flask.Response(content, content_type=chosen.content_type)


def check_sendable(triples: int) -> None:
    """Raise ``ResultTooLargeError`` where so many triples of a large dataset are not sent at once."""
    if triples > _MOST_SENT and not current_site().graph.dataset.reader.is_whole:
        raise ResultTooLargeError(
            f"these are {triples:,} triples, and no more than {_MOST_SENT:,} are sent at once",
            "ask for parts of them at /sparql, with CONSTRUCT, LIMIT and OFFSET",
        )


def _send_quads(quads: Iterable[ox.Quad], chosen: Representation) -> flask.Response:
    if chosen.format not in ("trig", "n-quads"):
        # JSON-LD could keep the graphs too, but a client of one resource expects its properties at the top.
        quads = [ox.Quad(quad.subject, quad.predicate, quad.object) for quad in quads]
    prefixes = current_site().graph.prefixes
    content = serialize_quads(quads, SYNTAXES[chosen.format], prefixes)
    return flask.Response(content, content_type=chosen.content_type)


def _named_node(iri: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(iri)
    except ValueError:
        raise RequestError(f"{iri!r} is no valid IRI", "give it in full, spaces as %20") from None


def _unknown(iri: str) -> UnknownNameError:
    plain = iri.rstrip("/")
    if plain != iri and iri.startswith(BASE):
        node, site = ox.NamedNode(plain), current_site()
        if next(site.graph.dataset.reader.quads_for_pattern(node, None, None, None), None) is not None:
            return UnknownNameError(
                f"the graph says nothing of <{iri}>", f"did you mean {site.terms.shorten(plain)}?"
            )
    name = re.split("[/#]", unquote(plain))[-1].replace("-", " ")
    return UnknownNameError(
        f"the graph says nothing of <{iri}>", f"look for it at /search?q={quote_plus(name)}"
    )


def bounded_description(dataset: Dataset, resource: ox.NamedNode) -> Iterator[ox.Quad]:
    """The symmetric concise bounded description of the resource, with the labels of its neighbours.

    That is, the statements from and to it, and those of the blank nodes that they lead to.
    """
    store = dataset.reader
    ahead: list[ox.NamedNode | ox.BlankNode] = [resource]
    seen: set[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple] = {resource}
    neighbours = set()
    while ahead:
        for quad in store.quads_for_pattern(ahead.pop(), None, None, None):
            yield quad
            if isinstance(quad.object, ox.BlankNode) and quad.object not in seen:
                seen.add(quad.object)
                ahead.append(quad.object)
            elif isinstance(quad.object, ox.NamedNode):
                neighbours.add(quad.object)
    for quad in store.quads_for_pattern(None, None, resource, None):
        if quad.subject not in seen and not is_part_of_catalog(quad.subject):
            yield quad
            if isinstance(quad.subject, ox.NamedNode):
                neighbours.add(quad.subject)
    store.prepare(neighbours)
    for neighbour in neighbours - {resource}:
        for label in _LABELS:
            yield from store.quads_for_pattern(neighbour, label, None, None)


def _read_page(iri: str, dataset: Dataset, *, is_graph: bool) -> ResourcePage:
    site = current_site()
    try:
        found = describe(dataset, iri)
    except UnknownNameError:
        if not is_graph:
            raise _unknown(iri) from None
        # A graph need not be described anywhere to be there.
        named = name_term(dataset, ox.NamedNode(iri))
        found = Description(named, (), (), (), "", (), (), ())
    terms = site.terms
    is_passage = iri.startswith(PASSAGE)
    # Shapes stand beside the graph, which alone is explained; where a passage is needs no reason.
    is_explained = site.is_explained and dataset is site.graph.dataset and not is_passage
    about = found.resource if is_explained else None
    page = ResourcePage(
        iri=iri,
        label=terms.label(iri),
        kinds=[terms.view_labelled(kind.term) for kind in found.kinds],
        names=found.alternative_labels,
        description=found.text,
        facts=[_read_group(group, about) for group in found.outgoing],
        mentions=[_read_group(group, about, incoming=True) for group in found.incoming],
        mentions_title="What it is evidence for" if is_passage else "What refers to it",
        evidence=_group_evidence(found),
        document=_find_document(found),
        downloads=graph_downloads(flask.request.full_path.rstrip("?")),
    )
    # What it counts of each class and property, and declares, is long, and for programs.
    page.facts.sort(key=lambda group: group.name in _FOR_PROGRAMS)
    if is_passage:
        # Where it stands comes first, and last the digest, which only programs compare.
        order = {name: place for place, name in enumerate((*_PLACE, "", _DIGEST))}
        page.facts.sort(key=lambda group: order.get(group.name, len(_PLACE)))
        page.previous, page.next = _find_neighbours(site, iri)
    if is_graph:
        page.facts += _read_contents(site, iri)
    return page


def _read_group(group: FactGroup, subject: Named | None, *, incoming: bool = False) -> Group:
    """The facts of a property; each leads to its explanation where it is one of ``subject``."""
    terms = current_site().terms
    predicate = group.predicate.term
    label = group.predicate.label.removeprefix("<").removesuffix(">")
    is_named = group.predicate.label != group.predicate.name
    href = about = None
    if isinstance(predicate, ox.NamedNode):
        href = terms.href(predicate.value)
        about = terms.text(predicate.value, f"{SKOS}definition") or terms.shorten(predicate.value)
    return Group(
        (name_backwards(label) if is_named else f"is {label} of") if incoming else label,
        [
            Value(
                terms.view_labelled(fact.value.term),
                fact.is_inferred and not group.is_inferred,
                _explanation(group.predicate, fact, subject, incoming=incoming) if subject else None,
            )
            for fact in group.facts
        ],
        href,
        about,
        is_inferred=group.is_inferred,
    )


def _explanation(predicate: Named, fact: Fact, resource: Named, *, incoming: bool) -> str | None:
    """Where it is said why a fact holds; not for what the catalog counts, nameless nodes and passages."""
    is_of_passage = isinstance(fact.value.term, ox.NamedNode) and fact.value.term.value.startswith(PASSAGE)
    if fact.graphs == (_CATALOG,) or isinstance(fact.value.term, ox.BlankNode) or is_of_passage:
        return None
    ends = [_say(resource), _say(fact.value)]
    subject, value = reversed(ends) if incoming else ends
    address = flask.url_for("services.explain")
    # Written by hand, since a page has hundreds of them.
    return f"{address}?subject={subject}&predicate={_say(predicate)}&object={value}"


def _say(named: Named) -> str:
    """A term as ``/explain`` reads it in an address."""
    if isinstance(named.term, ox.NamedNode):
        return quote(named.term.value if named.name.startswith("<") else named.name, safe=":/")
    return quote(str(named.term), safe=":/")


def name_backwards(label: str) -> str:
    """How a property is named at its far end: what comes before it are the resources that have it.

    >>> name_backwards("adopted by"), name_backwards("replaces"), name_backwards("pillar")
    ('… adopted by it', '… replaces it', '… has it as pillar')
    """
    label = label.removeprefix("has ")
    first, last = label.split()[0], label.split()[-1]
    is_verb = first.endswith("s") and not first.endswith(("ss", "us"))
    return f"… {label} it" if last in _PREPOSITIONS or is_verb else f"… has it as {label}"


def _group_evidence(found: Description) -> list[tuple[TermView, list[TermView]]]:
    terms = current_site().terms
    groups = []
    for section, places in groupby(found.evidence, key=lambda place: place.section):
        passages = []
        for place in places:
            sentence = f", sentence\u00a0{place.sentence}" if place.sentence else ""
            href = terms.view_labelled(place.passage.term).href
            passages.append(TermView(f"Paragraph\u00a0{place.paragraph}{sentence}", href))
        groups.append((terms.view_labelled(section.term), passages))
    return groups


def _find_document(found: Description) -> TermView | None:
    """The document that the evidence stands in."""
    terms = current_site().terms
    for place in found.evidence:
        if isinstance(place.passage.term, ox.NamedNode):
            document = terms.value(place.passage.term.value, f"{TIP}inDocument")
            if document is not None:
                return terms.view_labelled(document)
    return None


def _find_neighbours(site: Site, passage: str) -> tuple[TermView | None, TermView | None]:
    """The passages before and after this one in its section, sentences among sentences."""
    terms = site.terms
    section = terms.value(passage, f"{TIP}section")
    if section is None:
        return None, None
    is_sentence = terms.text(passage, f"{TIP}sentenceNumber") is not None
    of_section = site.graph.dataset.reader.quads_for_pattern(
        None, ox.NamedNode(f"{TIP}section"), section, None
    )
    places = {}
    for quad in of_section:
        if isinstance(quad.subject, ox.NamedNode):
            paragraph = terms.text(quad.subject.value, f"{TIP}paragraphNumber")
            sentence = terms.text(quad.subject.value, f"{TIP}sentenceNumber")
            if paragraph and (sentence is not None) == is_sentence:
                places[int(paragraph), int(sentence or 0)] = quad.subject
    ordered = [places[key] for key in sorted(places)]
    here = ordered.index(ox.NamedNode(passage)) if ox.NamedNode(passage) in ordered else None
    if here is None:
        return None, None
    before = terms.view_labelled(ordered[here - 1]) if here > 0 else None
    after = terms.view_labelled(ordered[here + 1]) if here + 1 < len(ordered) else None
    return before, after


def _read_contents(site: Site, graph: str) -> list[Group]:
    """What a named graph holds: its triples, and the instances of each class."""
    store, terms = site.graph.dataset.reader, site.terms
    pattern = None, ox.NamedNode(f"{RDF}type"), None, ox.NamedNode(graph)
    # Of a large graph that takes a query, which the reader may well ask.
    sizes = Counter(quad.object for quad in store.quads_for_pattern(*pattern)) if store.is_whole else {}
    classes = by_text(
        TermView(view.text, view.href, view.title, note=f"{count:,}")
        for view, count in ((terms.view_labelled(found), count) for found, count in sizes.items())
    )
    triples = TermView(f"{site.graph.sizes().graphs.get(graph, 0):,}", is_literal=True)
    groups = [Group("triples", [Value(triples)]), Group("instances of", [Value(view) for view in classes])]
    return [group for group in groups if group.values]
