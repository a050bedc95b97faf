"""The cases of RFC 9110, section 12.5.1, and the headers that real clients send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipgraph.negotiation import MediaRange, negotiate, parse_accept

RESULTS = [
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
]
GRAPHS = ["text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml"]
PAGE = ["text/html", *RESULTS]


@pytest.mark.parametrize(
    ("header", "offers", "chosen"),
    [
        # Nothing said: what the server likes best.
        (None, RESULTS, "application/sparql-results+json"),
        ("", RESULTS, "application/sparql-results+json"),
        ("*/*", RESULTS, "application/sparql-results+json"),
        # One type, and its spelling.
        ("text/csv", RESULTS, "text/csv"),
        ("Text/CSV", RESULTS, "text/csv"),
        ("application/sparql-results+json;charset=utf-8", RESULTS, "application/sparql-results+json"),
        ('text/csv; charset="UTF-8"', RESULTS, "text/csv"),
        ("application/sparql-results+xml;q=0.1", RESULTS, "application/sparql-results+xml"),
        # Wildcards: the first offer that fits.
        ("text/*", RESULTS, "text/csv"),
        ("application/*", RESULTS, "application/sparql-results+json"),
        ("text/*", GRAPHS, "text/turtle"),
        # Nothing fits.
        ("text/foo", RESULTS, None),
        ("foo/*", RESULTS, None),
        ("text/csv;q=0", RESULTS, None),
        ("*/*;q=0", RESULTS, None),
        # Weights.
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.8", RESULTS, "application/sparql-results+xml"),
        ("text/csv;q=0.123, text/tab-separated-values;q=0.124", RESULTS, "text/tab-separated-values"),
        ("text/csv; q=0.9 , */*; q=0.1", RESULTS, "text/csv"),
        ("text/csv;Q=0.2, */*;q=0.1", RESULTS, "text/csv"),
        # The most specific range decides on an offer, wherever it stands.
        ("*/*, application/sparql-results+json;q=0", RESULTS, "application/sparql-results+xml"),
        ("text/*;q=0.9, text/csv;q=0.1", RESULTS, "text/tab-separated-values"),
        ("text/*, text/csv;q=0, text/tab-separated-values;q=0", RESULTS, None),
        ("application/ld+json;profile=x;q=0, application/ld+json", GRAPHS, "application/ld+json"),
        # Equal weights: the closer range, then the client's order, then the server's.
        ("text/*, application/sparql-results+json", ["text/csv", RESULTS[0]], RESULTS[0]),
        ("application/n-triples, text/turtle", GRAPHS, "application/n-triples"),
        ("text/turtle, application/n-triples", GRAPHS, "text/turtle"),
        # A parameter that no offer has does not fit.
        ("text/turtle;version=9", GRAPHS, None),
        ("text/turtle;version=9, application/rdf+xml;q=0.1", GRAPHS, "application/rdf+xml"),
        # But for a profile, which changes nothing of what the type means.
        (
            'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"',
            GRAPHS,
            "application/ld+json",
        ),
        ("application/ld+json;profile=x;q=0.5, text/turtle;q=0.1", GRAPHS, "text/turtle"),
        ("application/ld+json;profile=x;q=0", GRAPHS, None),
        ("text/*;profile=x, text/csv;q=0, text/tab-separated-values;q=0", RESULTS, None),
        # Elements that are not well-formed are passed over.
        ("text, text/csv", RESULTS, "text/csv"),
        ("text/csv;q=2, text/tab-separated-values;q=0.1", RESULTS, "text/tab-separated-values"),
        (",, text/csv ,,", RESULTS, "text/csv"),
        ("*/csv, text/tab-separated-values", RESULTS, "text/tab-separated-values"),
        ("nonsense", RESULTS, "application/sparql-results+json"),
        # A comma inside quotes does not end an element.
        ('text/turtle;title="a, text/csv", application/n-triples;q=0.5', GRAPHS, "application/n-triples"),
        # Firefox, Chrome, Safari.
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", PAGE, "text/html"),
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
            "application/signed-exchange;v=b3;q=0.7",
            PAGE,
            "text/html",
        ),
        # Apache Jena, RDF4J, rdflib's SPARQLStore, Java's URLConnection, Yasgui.
        (
            "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,*/*;q=0.3",
            GRAPHS,
            "text/turtle",
        ),
        (
            "application/x-binary-rdf-results-table;q=0.8, application/sparql-results+json;q=0.8, "
            "application/sparql-results+xml;q=0.8, text/tab-separated-values;q=0.8",
            RESULTS,
            "application/sparql-results+json",
        ),
        ("application/sparql-results+xml, application/rdf+xml", RESULTS, "application/sparql-results+xml"),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", RESULTS, "application/sparql-results+json"),
        ("application/sparql-results+json,*/*;q=0.9", PAGE, "application/sparql-results+json"),
    ],
)
def test_choice(header: str | None, offers: list[str], chosen: str | None) -> None:
    assert negotiate(header, offers) == chosen


def test_example_of_the_specification() -> None:
    header = (
        "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5"
    )
    offers = {
        "text/plain;format=flowed": 1.0,
        "text/plain": 0.7,
        "text/html": 0.3,
        "image/jpeg": 0.5,
        "text/plain;format=fixed": 0.4,
        "text/html;level=3": 0.3,
    }
    in_order = []
    left = list(offers)
    while chosen := negotiate(header, left):
        in_order.append(chosen)
        left.remove(chosen)
    assert [offers[offer] for offer in in_order] == [1.0, 0.7, 0.5, 0.4, 0.3, 0.3]


def test_parameters_after_the_weight_do_not_count() -> None:
    assert parse_accept("text/html;level=1;q=0.5;ext=1") == (
        MediaRange("text", "html", frozenset({("level", "1")}), 0.5),
    )


@pytest.mark.parametrize("offer", ["text", "text/*", "*/*", "", "text/csv, text/html"])
def test_offer_that_is_no_media_type_is_a_mistake_of_the_caller(offer: str) -> None:
    with pytest.raises(ValueError, match="is not a media type"):
        negotiate("*/*", [offer])


@given(st.text(alphabet='abt*/;,q=.01"\\ \x00é'))
def test_any_header_gives_an_offer_or_none(header: str) -> None:
    assert negotiate(header, RESULTS) in {None, *RESULTS}


@given(st.lists(st.sampled_from([*RESULTS, "text/*", "application/*", "*/*"]), min_size=1), st.data())
def test_weights_rank_the_offers(ranges: list[str], data: st.DataObject) -> None:
    """The chosen offer is in a range, and none with an exact range of greater weight lost to it."""
    weights = [data.draw(st.integers(0, 10)) / 10 for _ in ranges]
    header = ", ".join(f"{name};q={weight}" for name, weight in zip(ranges, weights, strict=True))
    chosen = negotiate(header, RESULTS)
    exact: dict[str, float] = {}
    for name, weight in zip(ranges, weights, strict=True):
        exact.setdefault(name, weight)
    if chosen is None:
        assert not any(exact.get(offer, 0) for offer in RESULTS)
        return
    main = chosen.partition("/")[0]
    own = exact.get(chosen, exact.get(f"{main}/*", exact.get("*/*", 0)))
    assert own > 0
    assert all(exact.get(offer, 0) <= own for offer in RESULTS)
