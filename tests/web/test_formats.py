"""The names and media types of formats, beside what the endpoint shows of them."""

import pytest

from tipgraph.serialization import SYNTAXES, Syntax
from tipgraph.sparql.results import RESULT_FORMATS, ResultFormat
from tipgraph.web.formats import (
    FORM_CHOICES,
    choose_graph,
    choose_page,
    choose_result,
    graph_downloads,
    result_downloads,
)


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_every_syntax_is_chosen_by_each_of_its_names(syntax: Syntax) -> None:
    for wanted in (syntax.name, syntax.media_type, syntax.suffix.lstrip(".")):
        assert choose_graph(None, wanted).format == syntax.name
    assert choose_graph(syntax.media_type, None).media_type == syntax.media_type


@pytest.mark.parametrize("found", RESULT_FORMATS.values(), ids=RESULT_FORMATS)
def test_every_result_format_is_chosen_by_each_of_its_names(found: ResultFormat) -> None:
    assert choose_result(None, found.name).media_type == found.media_type
    assert choose_result(found.media_type, None).format == found.name


@pytest.mark.parametrize(
    ("accept", "wanted", "is_page"),
    [
        (None, None, False),
        ("*/*", None, False),
        ("text/html", None, True),
        ("text/html,*/*;q=0.8", None, True),
        ("text/turtle,text/html;q=0.5", None, False),
        ("text/html", "json", False),
        ("*/*", "html", True),
    ],
)
def test_a_page_is_for_whoever_asks_for_one(accept: str | None, wanted: str | None, is_page: bool) -> None:
    assert choose_page(accept, wanted) is is_page


def test_links_to_other_formats_choose_them() -> None:
    for link in graph_downloads("/id/au"):
        assert link.href.startswith("/id/au?format=")
        assert choose_graph(None, link.href.rpartition("=")[2]).media_type == link.media_type
    for link in result_downloads("/sparql?query=x"):
        assert link.href.startswith("/sparql?query=x&format=")
        assert choose_result(None, link.href.rpartition("=")[2]).media_type == link.media_type


def test_the_form_offers_what_can_be_chosen() -> None:
    (page,), results, graphs = (dict(names) for _, names in FORM_CHOICES)
    assert page == "html"
    assert [choose_result(None, name).format for name in results] == list(results)
    assert [choose_graph(None, name).format for name in graphs] == list(graphs)
    assert len(results) == len(graphs) == 4
