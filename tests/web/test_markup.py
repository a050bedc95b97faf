"""The pages are well-formed, accessible, lead somewhere and load nothing from elsewhere."""

from __future__ import annotations

from collections import deque
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from flask.testing import FlaskClient

HTML = {"Accept": "text/html"}
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
PAGES = [
    "/",
    "/sparql",
    "/sparql?query=SELECT * { ?s a tip:Treaty }",
    "/sparql?query=CONSTRUCT WHERE { ?s a tip:Treaty }",
    "/sparql?query=ASK {}",
    "/sparql?query=SELECT nonsense",
    "/queries/by-theme",
    "/ontology",
    "/id/ecowas",
    "/id/coe-convention",
    "/concept/prevention",
    "/passage/au-05-s1",
    "/graph/report-2010",
    "/problem/busy",
    "/nowhere",
]


class Page(HTMLParser):
    """What a page is made of, and what is wrong with it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.faults: list[str] = []
        self.headings: list[int] = []
        self.feed(text)
        self.close()
        if self.open:
            self.faults.append(f"not closed: {self.open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()} closes something else")

    def values(self, attribute: str) -> list[str]:
        return [found for _, attributes in self.tags if (found := attributes.get(attribute)) is not None]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_well_formed_and_accessible(client: FlaskClient, path: str) -> None:
    page = Page(client.get(path, headers=HTML).text)
    assert page.faults == []
    identifiers = page.values("id")
    assert len(identifiers) == len(set(identifiers))
    assert page.headings.count(1) == 1
    assert page.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    labelled = {attributes.get("for") for tag, attributes in page.tags if tag == "label"}
    for tag, attributes in page.tags:
        if tag in ("input", "select", "textarea"):
            assert attributes["id"] in labelled
        if tag == "img":
            assert "alt" in attributes
        if tag == "html":
            assert attributes["lang"] == "en"
        if tag in ("a", "button", "input", "select", "summary", "textarea"):
            assert "hidden" not in (attributes.get("class") or "").split(), "what takes the focus is seen"
    for reference in (*page.values("aria-labelledby"), *page.values("aria-describedby")):
        assert reference in identifiers
    assert "viewport" in page.values("name")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_no_script_and_loads_nothing_from_elsewhere(client: FlaskClient, path: str) -> None:
    page = Page(client.get(path, headers=HTML).text)
    assert "script" not in {tag for tag, _ in page.tags}
    assert page.values("style") == []
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    loaded = page.values("src") + [
        str(attributes["href"])
        for tag, attributes in page.tags
        if tag == "link" and attributes.get("rel") != "alternate"
    ]
    assert loaded
    for address in loaded:
        with client.get(address) as response:
            assert address.startswith("/static/")
            assert response.status_code == 200


def test_links_lead_somewhere(client: FlaskClient) -> None:
    """From the start page on, the first fifteen addresses of each kind of page and their anchors exist."""
    ahead = deque(["/"])
    seen: dict[str, Page] = {}
    budget: dict[str, int] = {}
    anchors = []
    while ahead:
        address = ahead.popleft()
        kind = urlsplit(address).path.split("/")[1]
        budget[kind] = budget.get(kind, 0) + 1
        if address in seen or budget[kind] > 15:
            continue
        with client.get(address, headers=HTML) as response:
            assert response.status_code in (200, 303), f"{address} is {response.status_code}"
            seen[address] = Page(response.get_data(as_text=True) if response.mimetype == "text/html" else "")
        for tag, attributes in seen[address].tags:
            link = attributes.get("href")
            if tag == "a" and link is not None and urlsplit(link).netloc == "":
                target, anchor = urldefrag(urljoin(address, link))
                ahead.append(target)
                if anchor:
                    anchors.append((target, anchor))
    assert len(seen) > 80
    assert {"id", "passage", "concept", "graph", "queries", "ontology", "sparql"} <= set(budget)
    checked = [(target, anchor) for target, anchor in anchors if target in seen]
    assert len(checked) > 50
    for target, anchor in set(checked):
        assert anchor in seen[target].values("id"), f"{target}#{anchor}"
