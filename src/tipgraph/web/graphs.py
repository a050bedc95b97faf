"""The dataset and its graphs by the Graph Store Protocol, and what the service says of itself.

``/data`` is the read side of the SPARQL 1.1 Graph Store HTTP Protocol; its other methods are not allowed.
``/.well-known/void`` is where VoID, section 7.2, lets a client look for a description.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import Final

import flask
import pyoxigraph as ox

from tipgraph.catalog import FORMAT_IRIS, SD, VOID
from tipgraph.errors import UnknownNameError
from tipgraph.serialization import SYNTAXES, serialize_quads
from tipgraph.sparql.results import RESULT_FORMATS
from tipgraph.vocabulary import BASE, DATASET, GRAPH, GRAPH_CATALOG, GRAPH_INFERRED, RDF
from tipgraph.web.formats import PAGE, Representation, choose_dataset, choose_graph
from tipgraph.web.problems import RequestError
from tipgraph.web.resources import check_sendable, send_graph
from tipgraph.web.site import Site, current_site

graphs = flask.Blueprint("graphs", __name__)

_ENTAILMENT: Final = "http://www.w3.org/ns/entailment/"
_RL: Final = "http://www.w3.org/ns/owl-profile/RL"
_LONGEST_NAME: Final = 200
_MOST_COMPARED: Final = 200
"""To guess what was meant must stay cheap, whatever is asked and however many graphs there are."""


@graphs.get("/data")
def data() -> flask.typing.ResponseReturnValue:
    """A graph by its name, the default graph, or the whole dataset (Graph Store Protocol, section 4)."""
    site = current_site()
    arguments = flask.request.args
    names = arguments.getlist("graph")
    if len(names) > 1 or (names and "default" in arguments):
        raise RequestError("the request names more than one graph", "give graph or default, once")
    accept, wanted = flask.request.headers.get("Accept"), arguments.get("format")
    if not names and "default" not in arguments:
        chosen = choose_dataset(accept, wanted)
        return _send_all(site, chosen) if chosen.format != PAGE else flask.redirect("/", 303)
    chosen = choose_graph(accept, wanted)
    if not names:
        return _send_union(site, chosen) if chosen.format != PAGE else flask.redirect("/", 303)
    name = names[0]
    known = site.graph.dataset.graph_names()
    if name not in known:
        near = [iri for iri in known if iri == GRAPH + name]
        near = near or difflib.get_close_matches(name[:_LONGEST_NAME], known[:_MOST_COMPARED], n=1)
        hint = f"did you mean <{near[0]}>?" if near else "GET /data has all of them"
        raise UnknownNameError(f"there is no graph <{name}>", hint)
    if chosen.format == PAGE:
        return flask.redirect(site.terms.href(name) or "/", 303)
    return send_graph(name, chosen)


@graphs.get("/.well-known/void")
def well_known() -> flask.typing.ResponseReturnValue:
    """The catalog as RDF; to a browser, the page of the dataset."""
    chosen = choose_graph(flask.request.headers.get("Accept"), flask.request.args.get("format"))
    if not current_site().is_own:
        raise UnknownNameError("this dataset has no description", "its graphs are told at /sparql")
    if chosen.format == PAGE:
        return flask.redirect(flask.url_for("resources.dataset"), 303)
    return send_graph(GRAPH_CATALOG, chosen)


def _send_all(site: Site, chosen: Representation) -> flask.Response:
    check_sendable(site.graph.sizes().quads)
    return _send(site, f"all {chosen.format}", site.graph.dataset.reader.read_all, chosen)


def _send_union(site: Site, chosen: Representation) -> flask.Response:
    # Where the dataset has no graphs, its triples are those of the default graph.
    check_sendable(site.graph.sizes().quads)
    reader = site.graph.dataset.reader

    def read_union() -> Iterator[ox.Quad]:
        return (ox.Quad(quad.subject, quad.predicate, quad.object) for quad in reader.read_all())

    return _send(site, f"union {chosen.format}", read_union, chosen)


def _send(
    site: Site, key: str, read: Callable[[], Iterator[ox.Quad]], chosen: Representation
) -> flask.Response:
    def write() -> bytes:
        return serialize_quads(read(), SYNTAXES[chosen.format], site.graph.prefixes)

    content = site.remember(key, write)
    return flask.Response(content, content_type=chosen.content_type)


def service_description(chosen: Representation) -> flask.Response:
    """What the endpoint is, by SPARQL 1.1 Service Description."""
    site = current_site()
    quads = (ox.Quad(*triple) for triple in _describe_service(site))
    content = serialize_quads(quads, SYNTAXES[chosen.format], site.graph.prefixes)
    return flask.Response(content, content_type=chosen.content_type)


def _describe_service(site: Site) -> Iterator[tuple[ox.NamedNode, ox.NamedNode, ox.NamedNode | ox.Literal]]:
    address = flask.url_for("endpoint.answer", _external=True)
    dataset = f"{address}#dataset"

    def link(subject: str, name: str, target: str) -> tuple[ox.NamedNode, ox.NamedNode, ox.NamedNode]:
        return ox.NamedNode(subject), ox.NamedNode(f"{SD}{name}"), ox.NamedNode(target)

    def type_of(subject: str, kind: str) -> tuple[ox.NamedNode, ox.NamedNode, ox.NamedNode]:
        return ox.NamedNode(subject), ox.NamedNode(f"{RDF}type"), ox.NamedNode(kind)

    yield type_of(address, f"{SD}Service")
    yield link(address, "endpoint", address)
    yield link(address, "supportedLanguage", f"{SD}SPARQL10Query")
    yield link(address, "supportedLanguage", f"{SD}SPARQL11Query")
    if site.writer is not None:
        yield link(address, "supportedLanguage", f"{SD}SPARQL11Update")
    yield link(address, "feature", f"{SD}UnionDefaultGraph")
    for name in (*RESULT_FORMATS, *SYNTAXES):
        yield link(address, "resultFormat", FORMAT_IRIS[name])
    for function in site.graph.functions:
        yield link(address, "extensionFunction", function)
        yield type_of(function, f"{SD}Function")
    sizes = site.graph.sizes()
    names = [name for name in sizes.graphs if name]
    if GRAPH_INFERRED in names:
        yield link(address, "defaultEntailmentRegime", f"{_ENTAILMENT}OWL-RDF-Based")
        yield link(address, "defaultSupportedEntailmentProfile", _RL)
    else:
        yield link(address, "defaultEntailmentRegime", f"{_ENTAILMENT}Simple")
    yield link(address, "defaultDataset", dataset)
    yield link(address, "availableGraphs", dataset)
    yield type_of(dataset, f"{SD}Dataset")
    yield type_of(dataset, f"{SD}GraphCollection")
    yield link(dataset, "defaultGraph", f"{dataset}/default")
    yield type_of(f"{dataset}/default", f"{SD}Graph")
    yield ox.NamedNode(f"{dataset}/default"), ox.NamedNode(f"{VOID}triples"), ox.Literal(sizes.triples)
    for number, name in enumerate(names, start=1):
        node = f"{dataset}/{name.rpartition('/')[2]}" if name.startswith(BASE) else f"{dataset}/{number}"
        yield link(dataset, "namedGraph", node)
        yield type_of(node, f"{SD}NamedGraph")
        yield link(node, "name", name)
        yield link(node, "graph", name)
        yield type_of(name, f"{SD}Graph")
        yield ox.NamedNode(name), ox.NamedNode(f"{VOID}triples"), ox.Literal(sizes.graphs[name])
    if site.is_own:
        yield (
            ox.NamedNode(address),
            ox.NamedNode("http://www.w3.org/ns/dcat#servesDataset"),
            ox.NamedNode(DATASET),
        )
