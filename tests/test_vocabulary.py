from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipgraph import vocabulary
from tipgraph.sources import Sources
from tipgraph.vocabulary import expand, read_prefixes, shorten

PREFIXES = Sources(Path(__file__).parents[1]).prefixes()

NAMESPACES = {
    name: value
    for name, value in vars(vocabulary).items()
    if isinstance(value, str) and value.startswith("http") and value.endswith(("#", "/")) and name != "BASE"
}


def test_the_prefix_table_knows_every_namespace_of_the_code() -> None:
    assert len(NAMESPACES) >= 12
    for name, namespace in NAMESPACES.items():
        assert PREFIXES[name.lower()] == namespace


def test_the_prefix_table_is_sorted_and_names_each_namespace_once() -> None:
    assert list(PREFIXES) == sorted(PREFIXES)
    assert len(set(PREFIXES.values())) == len(PREFIXES)


def test_the_prefix_table_is_read_from_declarations() -> None:
    turtle = b"""
    @prefix sh: <http://www.w3.org/ns/shacl#> .
    <http://example.org/>
        sh:declare [ sh:prefix "b" ; sh:namespace "http://b/" ] ;
        sh:declare [ sh:prefix "a" ; sh:namespace "http://a/" ] ;
        sh:declare [ sh:prefix "unfinished" ] .
    """
    assert list(read_prefixes(turtle).items()) == [("a", "http://a/"), ("b", "http://b/")]


@pytest.mark.parametrize(
    ("iri", "name"),
    [
        ("https://w3id.org/tipgraph/id/ecowas", "id:ecowas"),
        ("https://w3id.org/tipgraph/ontology#Treaty", "tip:Treaty"),
        ("https://w3id.org/tipgraph/ontology", "<https://w3id.org/tipgraph/ontology>"),
        ("https://w3id.org/tipgraph/id/", "<https://w3id.org/tipgraph/id/>"),
        ("https://w3id.org/tipgraph/id/a/b", "<https://w3id.org/tipgraph/id/a/b>"),
        ("https://w3id.org/tipgraph/id/a.b", "<https://w3id.org/tipgraph/id/a.b>"),
        ("https://w3id.org/tipgraph/id/a-", "<https://w3id.org/tipgraph/id/a->"),
        ("http://example.org/a", "<http://example.org/a>"),
    ],
)
def test_an_iri_is_shortened_where_its_local_name_is_simple(iri: str, name: str) -> None:
    assert shorten(iri, PREFIXES) == name


def test_the_longest_namespace_is_taken() -> None:
    assert shorten("http://a/b/c", {"short": "http://a/", "long": "http://a/b/"}) == "long:c"


@pytest.mark.parametrize("name", ["ECOWAS", "nobody:ecowas", "id:two words", "", ":"])
def test_what_is_no_name_of_a_resource_expands_to_nothing(name: str) -> None:
    assert expand(name, PREFIXES) is None


@given(st.sampled_from(sorted(PREFIXES.values())), st.text(alphabet="abc-_./#1 é", max_size=6))
def test_a_shortened_name_expands_to_its_iri(namespace: str, local: str) -> None:
    iri = namespace + local
    assert expand(shorten(iri, PREFIXES), PREFIXES) == iri
    assert expand(iri, PREFIXES) == iri
