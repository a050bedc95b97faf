"""The files of the pages: compressed, told apart by version, and kept for good by who has the right one."""

from __future__ import annotations

import gzip
import re

import pytest
import zstandard
from flask.testing import FlaskClient

from tipgraph.web import static_files

STYLE = "/static/style.css"


def style_of_page(client: FlaskClient) -> str:
    page = client.get("/", headers={"Accept": "text/html"}).text
    found = re.search(r'href="(/static/style\.css\?v=[0-9a-f]+)"', page)
    assert found is not None
    return found[1]


def test_each_coding_holds_the_same_file_under_its_own_tag(client: FlaskClient) -> None:
    plain = client.get(STYLE)
    packed = {coding: client.get(STYLE, headers={"Accept-Encoding": coding}) for coding in ("gzip", "zstd")}
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed["gzip"].data) == plain.data
    assert zstandard.ZstdDecompressor().decompress(packed["zstd"].data) == plain.data
    answers = [plain, *packed.values()]
    assert len({answer.headers["ETag"] for answer in answers}) == 3
    for coding, answer in packed.items():
        assert answer.headers["Content-Encoding"] == coding
        assert int(answer.headers["Content-Length"]) == len(answer.data) < len(plain.data) / 2
    for answer in answers:
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
def test_who_has_a_form_gets_304_for_that_form_only(client: FlaskClient, coding: str) -> None:
    tag = client.get(STYLE, headers={"Accept-Encoding": coding}).headers["ETag"]
    again = client.get(STYLE, headers={"Accept-Encoding": coding, "If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert "Content-Encoding" not in again.headers
    other = "gzip" if coding != "gzip" else "zstd"
    assert client.get(STYLE, headers={"Accept-Encoding": other, "If-None-Match": tag}).status_code == 200


def test_the_version_that_a_page_names_is_kept_for_good(client: FlaskClient) -> None:
    named = client.get(style_of_page(client))
    assert "immutable" in named.headers["Cache-Control"]
    for other in (STYLE, f"{STYLE}?v=0000"):
        answer = client.get(other)
        assert answer.data == named.data
        assert answer.headers["Cache-Control"] == "no-cache"


def test_head_is_the_head_of_get(client: FlaskClient) -> None:
    head, got = (
        client.open(STYLE, method=method, headers={"Accept-Encoding": "gzip"}) for method in ("HEAD", "GET")
    )
    assert head.data == b""
    for name in ("Content-Length", "Content-Encoding", "ETag", "Cache-Control"):
        assert head.headers[name] == got.headers[name]


def test_what_is_small_is_sent_as_it_is(client: FlaskClient) -> None:
    answer = client.get("/static/mark.svg", headers={"Accept-Encoding": "gzip, zstd"})
    assert "Content-Encoding" not in answer.headers
    assert answer.content_type == "image/svg+xml"


@pytest.mark.parametrize("name", ["none.css", "../web/site.py", "%2e%2e/site.py", ""])
def test_nothing_else_is_there(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_every_file_is_of_a_type_that_is_known() -> None:
    assert {path.suffix for path in static_files._FOLDER.iterdir()} <= set(static_files._TYPES)
