"""An update that may be sent to a store: well-formed, and reaching out to nobody."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from tipgraph.errors import QueryError, QuerySyntaxError, ServiceRefusedError
from tipgraph.sparql.updates import check_update, choose_graphs, inserts_outside_graphs

PREFIXES = {"ex": "http://example.org/", "other": "http://o/"}


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { ex:a ex:b 1 }",
        "DROP GRAPH <http://e/none>",
        "DELETE WHERE { ?s ?p ?o } ; INSERT DATA { ex:a ex:service 'load <http://e/>' }",
        "DELETE { ?load ex:p ?o } WHERE { ?load ex:load ?o } # SERVICE",
    ],
)
def test_an_update_is_sent_with_the_prefixes_that_it_uses(text: str) -> None:
    checked = check_update(text, PREFIXES)
    assert checked.endswith(text)
    assert ("PREFIX ex:" in checked, "PREFIX other:" in checked) == ("ex:" in text, False)


@pytest.mark.parametrize(
    "text",
    [
        "LOAD <http://169.254.169.254/> INTO GRAPH <a:>",
        "load silent <file:///etc/passwd>",
        "INSERT DATA { <a:> <b:> 1 } ; LOAD <http://e/>",
        "INSERT { ?s ?p ?o } WHERE { SERVICE <http://e/> { ?s ?p ?o } }",
        "INSERT { ?s ?p ?o } WHERE { SERVICE ?where { ?s ?p ?o } VALUES ?where { <http://e/> } }",
    ],
)
def test_nothing_reaches_out(text: str) -> None:
    with pytest.raises(ServiceRefusedError):
        check_update(text, PREFIXES)


def test_what_is_malformed_is_told_with_its_place() -> None:
    with pytest.raises(QuerySyntaxError, match="line 2, column 7") as caught:
        check_update("INSERT DATA { ex:a ex:b 1 } ;\nSELECT * { ?s ?p ?o }", PREFIXES)
    assert (caught.value.line, caught.value.column) == (2, 7)
    with pytest.raises(QuerySyntaxError):
        check_update("DELETE", PREFIXES)
    with pytest.raises(QuerySyntaxError, match="nested"):
        check_update("INSERT DATA " + "{" * 200 + "}" * 200, PREFIXES)


@pytest.mark.parametrize(
    ("text", "is_outside"),
    [
        ("INSERT DATA { <urn:a> <urn:p> 1 }", True),
        ("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:p> 1 } }", False),
        ("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:p> [] } . GRAPH <urn:h> { } }", False),
        ("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:p> 1 } <urn:a> <urn:p> 2 }", True),
        ("INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:p> 1 } [] <urn:p> 2 }", True),
        ("INSERT DATA { }", False),
        ("insert { graph ?g { ?s ?p ?o } } where { graph ?g { ?s ?p ?o } }", False),
        ("INSERT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }", True),
        ("WITH <urn:g> INSERT { ?s ?p ?o } WHERE { ?s ?p ?o }", False),
        ("WITH <urn:g> DELETE { ?s ?p ?o } INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }", False),
        ("WITH <urn:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o } ; INSERT DATA { <urn:a> <urn:p> 1 }", True),
        ("WITH <urn:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o } ; INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }", True),
        ("DELETE { ?s ?p ?o } USING <urn:g> WHERE { ?s ?p ?o }", False),
        ("COPY <urn:g> TO DEFAULT", True),
        ("MOVE SILENT GRAPH <urn:g> TO DEFAULT", True),
        ("ADD DEFAULT TO <urn:g> ; CLEAR DEFAULT ; DROP ALL ; CREATE GRAPH <urn:k>", False),
        ('DELETE WHERE { ?s ?p "INSERT DATA { <urn:a> <urn:p> 1 }" } # INSERT DATA { a b c }', False),
    ],
)
def test_what_inserts_outside_of_graphs(text: str, is_outside: bool) -> None:
    assert inserts_outside_graphs(check_update(text, {})) is is_outside
    # The engine agrees: over graphs that hold something, that is what reaches the default graph.
    store = ox.Store()
    store.load("<urn:g> { <urn:x> <urn:p> <urn:o> }", format=ox.RdfFormat.TRIG)
    store.update(text)
    assert any(quad.graph_name == ox.DefaultGraph() for quad in store) is is_outside or "?s ?p ?o" in text


def test_the_graphs_of_the_request_become_those_of_the_update() -> None:
    data = "<urn:g> { <urn:a> <urn:p> 1 } <urn:h> { <urn:a> <urn:p> 2 }"
    updates = (
        "DELETE WHERE { ?s ?p ?o }",
        "DELETE { ?s ?p ?o } # WHERE\nWHERE { ?s ?p ?o }",
        "DELETE { GRAPH <urn:g> { ?s ?p ?o } } INSERT { GRAPH <urn:n> { ?s ?p ?o } } WHERE { ?s ?p ?o }",
        'INSERT DATA { GRAPH <urn:n> { <urn:a> <urn:p> "WHERE" } }',
    )
    for update, expected in zip(updates, ({1, 2}, {1, 2}, {2, "new"}, {1, 2, "new"}), strict=True):
        store = ox.Store()
        store.load(data, format=ox.RdfFormat.TRIG)
        store.update(choose_graphs(update, ["urn:g"], []))
        new = {"new" for quad in store if quad.graph_name == ox.NamedNode("urn:n")}
        old = [quad.object for quad in store if quad.graph_name != ox.NamedNode("urn:n")]
        rest = {int(one.value) for one in old if isinstance(one, ox.Literal)}
        assert rest | new == expected, update
    several = choose_graphs(
        "DELETE WHERE { ?s ?p ?o } ; DELETE { ?s ?p 1 } WHERE { ?s ?p ?o }", ["urn:g"], ["urn:h"]
    )
    assert several.count("USING <urn:g> USING NAMED <urn:h> WHERE") == 2
    assert choose_graphs("CLEAR ALL", [], []) == "CLEAR ALL"


@pytest.mark.parametrize(
    ("text", "graph", "said"),
    [
        ("DELETE WHERE { ?s ?p ?o }", "no iri> } CLEAR ALL", "is no IRI of a graph"),
        ("WITH <urn:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", "urn:g", "with USING or WITH"),
        ("DELETE { ?s ?p ?o } USING <urn:g> WHERE { ?s ?p ?o }", "urn:g", "with USING or WITH"),
    ],
)
def test_graphs_that_cannot_be_chosen_are_told(text: str, graph: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        choose_graphs(text, [graph], [])
