"""An update that may be sent to a store: well-formed, and reaching out to nobody."""

from __future__ import annotations

import pytest

from tipgraph.errors import QuerySyntaxError, ServiceRefusedError
from tipgraph.sparql.updates import check_update

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
