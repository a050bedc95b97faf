"""RDF of a stranger: what could end the process that parses it is refused before it is parsed."""

from __future__ import annotations

import socket

import pytest

from tipgraph.errors import ParseError, SourceError
from tipgraph.serialization import SYNTAXES
from tipgraph.untrusted import UploadLimits, load_untrusted

RDF_XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:x="http://x/">'
    '<rdf:Description rdf:about="http://a"><x:p>{}</x:p></rdf:Description></rdf:RDF>'
)


def xml(entities: str, value: str) -> bytes:
    return f'<?xml version="1.0"?><!DOCTYPE r [{entities}]>{RDF_XML.format(value)}'.encode()


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("text/turtle", "<http://a> <http://b> ( 1 [ <http://c> \"[[[(((\" ] '''{{{''' ) . # ((("),
        ("application/n-triples", '<http://a> <http://b> "\\"(((" .'),
        ("application/trig", "<http://g> { <http://a> <http://b> <<( <http://a> <http://b> 1 )>> }"),
        ("application/ld+json", '{"@id": "http://a", "http://b": [{"http://c": "{{{[["}]}'),
        ("application/rdf+xml; charset=utf-8", RDF_XML.format("<!-- <a><b> -->&amp;")),
        ("TEXT/TURTLE", "\ufeff<http://a> <http://b> 1 ."),
    ],
)
def test_what_is_within_the_limits_is_read(media_type: str, content: str) -> None:
    assert len(load_untrusted(content.encode(), media_type, UploadLimits(depth=6))) > 0


def test_entities_as_editors_of_ontologies_write_them_are_read() -> None:
    store = load_untrusted(xml('<!ENTITY x "http://x/" >', "&x;y &lt;"), "application/rdf+xml")
    assert [quad.object.value for quad in store] == ["http://x/y <"]


LAUGHS = '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (xml(LAUGHS, "&i;"), "entity b is made of others"),
        (xml(f'<!ENTITY a "{"x" * 10_000}">', "&a;" * 2000), "with its entities it is larger"),
        (xml('<!ENTITY a SYSTEM "file:///etc/passwd">', "&a;"), "entity a lies outside it"),
        (xml('<!ENTITY % a SYSTEM "http://127.0.0.1:1/">', "x"), "entity a lies outside it"),
    ],
    ids=["nested", "repeated", "file", "parameter"],
)
def test_entities_that_grow_or_lie_elsewhere_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        load_untrusted(content, "application/rdf+xml")


@pytest.mark.parametrize(
    ("syntax", "content"),
    [
        ("turtle", "<http://a> <http://b> " + "[<http://p> " * 5000 + "1" + "]" * 5000 + " ."),
        ("turtle", "<http://a> <http://b> " + "(" * 5000 + ")" * 5000 + " ."),
        (
            "turtle",
            "<http://a> <http://b> " + "<<( <http://a> <http://b> " * 5000 + "1" + ")>>" * 5000 + ".",
        ),
        ("n3", "{" * 5000 + "}" * 5000 + " <http://b> 1 ."),
        ("json-ld", '{"http://b":' * 5000 + "1" + "}" * 5000),
        ("rdf-xml", RDF_XML.format("<x:a><x:b y='>'>" * 3000 + "</x:b></x:a>" * 3000)),
    ],
)
def test_what_is_nested_too_deeply_is_refused(syntax: str, content: str) -> None:
    with pytest.raises(SourceError, match=r"nested more than 100 deep in line 1"):
        load_untrusted(content.encode(), SYNTAXES[syntax].media_type)


def test_size_and_number_of_statements_are_limited() -> None:
    content = b"".join(b"<http://a> <http://b> %d .\n" % n for n in range(20))
    with pytest.raises(SourceError, match="larger than 100 bytes"):
        load_untrusted(content, "text/turtle", UploadLimits(size=100))
    with pytest.raises(SourceError, match="more than 19 statements"):
        load_untrusted(content, "text/turtle", UploadLimits(statements=19))
    assert len(load_untrusted(content, "text/turtle", UploadLimits(statements=20))) == 20


def test_no_context_is_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/context"
        content = f'{{"@context": "{address}", "@id": "http://a", "b": 1}}'
        with pytest.raises(ParseError, match="nothing is fetched"):
            load_untrusted(content.encode(), "application/ld+json")
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    ("content", "media_type", "message"),
    [
        (b"<a> <b> .", "text/turtle", "upload:1:"),
        (b"\xff\xfe<", "text/turtle", "not UTF-8"),
        (b"<rdf:RDF>", "application/rdf+xml", "upload"),
        (b"{}", "application/x-unknown", "no RDF syntax"),
    ],
)
def test_what_is_malformed_is_told(content: bytes, media_type: str, message: str) -> None:
    with pytest.raises((ParseError, SourceError), match=message):
        load_untrusted(content, media_type)
