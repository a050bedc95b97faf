from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tipgraph.errors import ParseError, SourceError
from tipgraph.turtle import format_turtle, index_lines, serialize_graph
from tipgraph.vocabulary import RDF, XSD

EX = "http://example.org/"
PREFIXES = {"ex": EX, "owl": "http://www.w3.org/2002/07/owl#", "rdf": RDF, "xsd": XSD}
HERE = Path("facts.ttl")


def parse(text: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)]


def canonical(triples: list[ox.Triple]) -> ox.Dataset:
    dataset = ox.Dataset(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


def formatted(body: str, *, header: str = "") -> str:
    declared = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
    return format_turtle(header + declared + body, path=HERE)


def body_of(text: str) -> str:
    return "\n\n".join(block for block in text.split("\n\n") if not block.startswith("@prefix"))


iris = st.sampled_from([f"{EX}{name}" for name in ("a", "b", "a-5", "a-15", "a/b", "", "é", "a.b", "_x")])
names = st.one_of(
    iris.map(ox.NamedNode), st.sampled_from([ox.NamedNode(f"{RDF}nil"), ox.NamedNode(f"{RDF}type")])
)
predicates = st.one_of(
    iris.map(ox.NamedNode),
    st.sampled_from([ox.NamedNode(f"{RDF}{name}") for name in ("type", "first", "rest")]),
)
texts = st.text(
    st.one_of(st.sampled_from("\"\\\n\r\t\x00\x7f'#<é\u2028"), st.characters(exclude_categories=["Cs"]))
)
literals = st.one_of(
    texts.map(ox.Literal),
    st.builds(lambda value: ox.Literal(value, language="en"), texts),
    st.builds(
        lambda value, datatype: ox.Literal(value, datatype=ox.NamedNode(datatype)),
        st.one_of(
            texts, st.sampled_from(["1", "+007", "-1", "1.5", ".5", "1.", "true", "1e3", "2010-03", "TRUE"])
        ),
        st.sampled_from(
            [f"{XSD}{name}" for name in ("integer", "decimal", "boolean", "double", "gYearMonth")]
        ),
    ),
)
blanks = st.sampled_from("pqrst").map(ox.BlankNode)
graphs = st.lists(
    st.builds(ox.Triple, st.one_of(names, blanks), predicates, st.one_of(names, literals, blanks, blanks)),
    max_size=12,
)


@st.composite
def trees(draw: st.DrawFn) -> list[ox.Triple]:
    """Triples in which each blank node is the object of at most one triple, and lists are well-formed."""
    triples: list[ox.Triple] = []

    def grow(subject: ox.NamedNode | ox.BlankNode, depth: int) -> None:
        for _ in range(draw(st.integers(1, 3))):
            triples.append(ox.Triple(subject, draw(predicates), value(depth)))

    def value(depth: int) -> ox.NamedNode | ox.BlankNode | ox.Literal:
        kind = draw(st.sampled_from(["term", "term", "tree", "list", "empty"] if depth else ["term"]))
        if kind == "term":
            return draw(st.one_of(names, literals))
        node = ox.BlankNode()
        if kind == "tree":
            grow(node, depth - 1)
        if kind == "list":
            cell = node
            for last in [*[False] * draw(st.integers(0, 12)), True]:
                rest = ox.NamedNode(f"{RDF}nil") if last else ox.BlankNode()
                triples.append(ox.Triple(cell, ox.NamedNode(f"{RDF}first"), value(depth - 1)))
                triples.append(ox.Triple(cell, ox.NamedNode(f"{RDF}rest"), rest))
                if isinstance(rest, ox.BlankNode):
                    cell = rest
        return node

    for subject in draw(st.lists(st.one_of(names, st.builds(ox.BlankNode)), max_size=3)):
        grow(subject, 2)
    return triples


@given(graphs)
def test_any_graph_is_written_without_loss_and_the_same_way_each_time(triples: list[ox.Triple]) -> None:
    text = serialize_graph(triples, PREFIXES)
    assert canonical(parse(text)) == canonical(triples)
    again = parse(text)
    random.Random(7).shuffle(again)
    assert serialize_graph(again, PREFIXES) == text


@given(trees())
@settings(max_examples=60)
def test_formatting_keeps_the_triples_and_is_done_once(triples: list[ox.Triple]) -> None:
    ntriples = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    assert ntriples is not None
    text = format_turtle(ntriples.decode(), path=HERE, prefixes=PREFIXES)
    assert canonical(parse(text)) == canonical(triples)
    assert format_turtle(text, path=HERE) == text
    assert text == serialize_graph(triples, PREFIXES)
    assert "_:" not in "".join(line for line in text.split("\n") if '"' not in line)


@given(trees())
@settings(max_examples=60)
def test_every_triple_stands_on_the_line_that_the_index_gives(triples: list[ox.Triple]) -> None:
    text = serialize_graph(triples, PREFIXES)
    lines = ["", *text.split("\n")]
    index = index_lines(text)
    for triple in triples:
        subject, predicate, obj = triple
        if isinstance(subject, ox.NamedNode) and not isinstance(obj, ox.BlankNode):
            alone = serialize_graph([triple], PREFIXES).split("\n\n")[-1].split("\n")
            last = index.line_of(subject, predicate, obj)
            first = index.line_of(subject)
            assert last is not None
            assert first is not None
            assert lines[last : last + len(alone) - 3] == alone[1:-2]
            assert lines[first] == alone[0]


def test_the_canonical_form() -> None:
    header = "# Two lines\n# of header.\n\n\n\n# And a third.\n\n"
    body = """
    ex:z-15 ex:p 1, 2 .   ex:z-5 ex:p 10 ; ex:p 9 ; a ex:Thing ; ex:A true ; ex:when "2010"^^xsd:gYear .
    [] a owl:AllDisjointClasses ; owl:members (ex:A ex:B) .
    <http://example.com/other> ex:p "word"@en, 1.5, "a \\"word\\"" .
    """
    assert formatted(body, header=header) == (
        "# Two lines\n"
        "# of header.\n"
        "\n"
        "# And a third.\n"
        "\n"
        "@prefix ex: <http://example.org/> .\n"
        "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
        "\n"
        "<http://example.com/other>\n"
        "    ex:p 1.5 ;\n"
        '    ex:p "a \\"word\\"" ;\n'
        '    ex:p "word"@en ;\n'
        "    .\n"
        "\n"
        "ex:z-5\n"
        "    a ex:Thing ;\n"
        "    ex:A true ;\n"
        "    ex:p 9 ;\n"
        "    ex:p 10 ;\n"
        '    ex:when "2010"^^xsd:gYear ;\n'
        "    .\n"
        "\n"
        "ex:z-15\n"
        "    ex:p 1 ;\n"
        "    ex:p 2 ;\n"
        "    .\n"
        "\n"
        "[]\n"
        "    a owl:AllDisjointClasses ;\n"
        "    owl:members ( ex:A ex:B ) ;\n"
        "    .\n"
    )


def test_one_new_fact_is_one_new_line() -> None:
    before = formatted("ex:a ex:p ex:b, ex:d ; ex:q 1 . ex:b ex:p ex:a .")
    after = formatted("ex:a ex:p ex:b, ex:c, ex:d ; ex:q 1 . ex:b ex:p ex:a .")
    lines = after.split("\n")
    lines.remove("    ex:p ex:c ;")
    assert lines == before.split("\n")


def test_a_tree_that_is_too_wide_has_one_statement_on_a_line() -> None:
    members = " ".join(f"ex:member-{number}" for number in range(10))
    text = body_of(formatted(f"ex:a owl:unionOf ({members}) ; ex:p [ ex:q [ ex:r ({members}) ; ex:s 1 ] ] ."))
    spread = [f"ex:member-{number}" for number in range(10)]
    assert text.split("\n") == [
        "ex:a",
        "    ex:p [",
        "        ex:q [",
        "            ex:r (",
        *(f"                {member}" for member in spread),
        "            ) ;",
        "            ex:s 1 ;",
        "        ] ;",
        "    ] ;",
        "    owl:unionOf (",
        *(f"        {member}" for member in spread),
        "    ) ;",
        "    .",
        "",
    ]


def test_a_text_of_several_lines_stays_readable() -> None:
    text = formatted('ex:a ex:p "SELECT *\\nWHERE { ?s ?p \\"x\\", \\"\\" }\\n\\"" .')
    assert '    ex:p """SELECT *\nWHERE { ?s ?p "x", \\"" }\n\\"""" ;\n' in text


def test_a_name_is_taken_from_the_project_before_the_file() -> None:
    text = format_turtle(
        f"@prefix mine: <{EX}> .\nmine:a mine:p <http://www.w3.org/2002/07/owl#Thing> .",
        path=HERE,
        prefixes=PREFIXES,
    )
    assert "ex:a\n    ex:p owl:Thing ;\n" in text
    assert "mine" not in text


def test_an_empty_text_stays_empty_and_a_lone_comment_stays() -> None:
    assert format_turtle("\n\n", path=HERE) == ""
    assert format_turtle("# nothing yet", path=HERE) == "# nothing yet\n"


@pytest.mark.parametrize(
    "body",
    [
        "# below\nex:a ex:p 1 .",
        "ex:a ex:p 1 . # beside",
        'ex:a ex:p "a # b" ;\n# below\n ex:q 1 .',
        "ex:a ex:p '''a\n'# b''' . # beside",
        "ex:a ex:p ex:b\\#c . # beside",
        "ex:a ex:p 1 .\n# at the end",
    ],
)
def test_a_comment_that_would_be_lost_is_named(body: str) -> None:
    text = "# Header # stays\n" + "".join(f"@prefix {p}: <{iri}> .\n" for p, iri in PREFIXES.items()) + body
    comment = next(part for part in ("# below", "# beside", "# at the end") if part in body)
    line = text[: text.rindex(comment)].count("\n") + 1
    with pytest.raises(SourceError, match=rf"^facts\.ttl:{line}: a comment .* would be lost: {comment}$"):
        format_turtle(text, path=HERE)


def test_a_hash_inside_a_token_is_no_comment() -> None:
    text = formatted('<http://example.org/a#b> ex:p "# one", \'# two\', """\n# three "" """, ex:a\\#b .')
    assert "# three" in text


@pytest.mark.parametrize(
    "body",
    [
        "ex:a ex:p _:shared . ex:b ex:p _:shared .",
        "_:shared ex:p [ ex:q _:shared ] .",
        "_:shared ex:p _:shared .",
    ],
)
def test_a_blank_node_that_is_no_tree_is_named(body: str) -> None:
    with pytest.raises(SourceError, match=r"^facts\.ttl:6: the blank node _:shared is no tree"):
        formatted("\n" + body)


def test_a_label_that_is_not_needed_is_dropped() -> None:
    assert "    ex:p [ ex:q 1 ] ;" in formatted("ex:a ex:p _:once . _:once ex:q 1 .")


def test_blank_nodes_that_lie_too_deep_are_named() -> None:
    with pytest.raises(SourceError, match=r"^facts\.ttl: blank nodes lie more than 50 deep in each other"):
        formatted(f"ex:a ex:p {'[ ex:p ' * 60}1{' ]' * 60} .")


def test_a_chain_that_is_too_deep_is_cut() -> None:
    chain: list[ox.NamedNode | ox.BlankNode] = [ox.NamedNode(EX + "a"), *(ox.BlankNode() for _ in range(60))]
    triples = [ox.Triple(one, ox.NamedNode(EX + "p"), other) for one, other in pairwise(chain)]
    text = serialize_graph(triples, PREFIXES)
    assert canonical(parse(text)) == canonical(triples)
    assert text.count("\n_:") == 1


def test_a_list_of_any_length_is_written() -> None:
    text = formatted(f"ex:a ex:p ({' 1' * 2000} [ ex:q 2 ] ) .")
    assert text.count("\n        1") == 2000
    assert "\n        [ ex:q 2 ]\n    ) ;\n" in text


def test_malformed_turtle_is_named_with_line_and_column() -> None:
    with pytest.raises(ParseError) as caught:
        format_turtle("@prefix ex: <http://example.org/> .\n\nex:a ex:b zz .", path=HERE)
    assert caught.value.message == "facts.ttl:3:11: zz is not a valid RDF object"
    assert (caught.value.path, caught.value.line, caught.value.column) == (HERE, 3, 11)


def test_a_triple_term_is_refused() -> None:
    with pytest.raises(SourceError, match="triple term"):
        format_turtle(f"<{EX}a> <{EX}b> <<( <{EX}c> <{EX}d> 1 )>> .", path=HERE)


def test_the_index_reads_any_layout() -> None:
    index = index_lines(
        f"@prefix ex: <{EX}> .\nex:a ex:p ex:b ,\n  ex:c ; ex:q [\n ex:r 1\n ] .\n\n ex:b ex:p 'x' ."
    )
    a, b, c, p, q = (ox.NamedNode(EX + name) for name in "abcpq")
    assert index.line_of(a, p, b) == 2
    assert index.line_of(a, p, c) == 3
    assert index.line_of(a, p) == 2
    assert index.line_of(a) == 2
    assert index.line_of(a, q, ox.BlankNode()) == 4
    assert index.line_of(b, p, ox.Literal("x")) == 7
    assert index.line_of(b, p, ox.Literal("y")) is None
    assert index.line_of(c) is None


def test_the_index_resolves_relative_iris() -> None:
    index = index_lines("\n<#a> <#p> 1 .", base_iri="http://example.org/facts.ttl")
    assert index.line_of(ox.NamedNode("http://example.org/facts.ttl#a")) == 2
