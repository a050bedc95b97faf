"""Answers are compressed as the client wants it, and each form has its own entity tag."""

from __future__ import annotations

import gzip

import pytest
import zstandard
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

LARGE = "/graph/states?format=turtle"
SMALL = "/sparql?query=ASK%20%7B%7D&format=json"


def get(client: FlaskClient, path: str, coding: str | None, **headers: str) -> TestResponse:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(path, headers=given if coding is None else {"Accept-Encoding": coding, **given})


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("*", "zstd"),
        ("zstd;q=0, *;q=0.3", "gzip"),
        ("br", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("GZIP", "gzip"),
    ],
)
def test_the_client_gets_what_it_wants_most(
    client: FlaskClient, header: str | None, coding: str | None
) -> None:
    answer = get(client, LARGE, header)
    assert answer.headers.get("Content-Encoding") == coding
    assert {"Accept", "Accept-Encoding"} <= {name.strip() for name in answer.headers["Vary"].split(",")}


def test_each_coding_holds_the_same_bytes(client: FlaskClient) -> None:
    plain = get(client, LARGE, None).data
    packed = get(client, LARGE, "gzip")
    assert gzip.decompress(packed.data) == plain
    assert len(packed.data) == int(packed.headers["Content-Length"]) < len(plain) / 4
    assert zstandard.ZstdDecompressor().decompress(get(client, LARGE, "zstd").data) == plain


def test_each_coding_has_its_entity_tag(client: FlaskClient) -> None:
    tags = {coding: get(client, LARGE, coding).headers["ETag"] for coding in ("identity", "gzip", "zstd")}
    assert len(set(tags.values())) == 3
    assert not any(tag.startswith("W/") for tag in tags.values())
    for coding, tag in tags.items():
        answer = get(client, LARGE, coding, If_None_Match=tag)
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == tag
        assert "Content-Encoding" not in answer.headers
    assert get(client, LARGE, "gzip", If_None_Match=tags["zstd"]).status_code == 200


def test_a_small_answer_is_sent_as_it_is(client: FlaskClient) -> None:
    assert "Content-Encoding" not in get(client, SMALL, "gzip, zstd").headers


def test_an_answer_to_post_is_compressed_too(client: FlaskClient) -> None:
    answer = client.post(
        "/sparql",
        data={"query": "SELECT * { ?s a tip:Mechanism ; ?p ?o }"},
        headers={"Accept": "text/csv", "Accept-Encoding": "gzip"},
    )
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data).startswith(b"s,p,o\r\n")


def test_head_tells_the_length_of_the_coded_answer(client: FlaskClient) -> None:
    head = client.head(LARGE, headers={"Accept-Encoding": "gzip"})
    got = get(client, LARGE, "gzip")
    for name in ("Content-Length", "Content-Encoding", "ETag"):
        assert head.headers[name] == got.headers[name]


def test_a_page_says_its_language(client: FlaskClient) -> None:
    assert get(client, "/", None, Accept="text/html").headers["Content-Language"] == "en"
    assert "Content-Language" not in get(client, LARGE, None).headers
