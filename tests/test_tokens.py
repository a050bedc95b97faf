"""The tokens of SPARQL, where each kind begins and ends."""

from __future__ import annotations

import time

import pytest

from tipgraph.tokens import locate, read_tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT ?s $t", [("word", "SELECT"), ("variable", "?s"), ("variable", "$t")]),
        ("<http://a/#x> # <b>\n<c>", [("iri", "<http://a/#x>"), ("iri", "<c>")]),
        ("?a < ?b", [("variable", "?a"), ("other", "<"), ("variable", "?b")]),
        ("'it\\'s' \"a # b\"", [("string", "'it\\'s'"), ("string", '"a # b"')]),
        ("'''a ' b '' c''' ''", [("string", "'''a ' b '' c'''"), ("string", "''")]),
        ('"x"@en-GB', [("string", '"x"'), ("language", "@en-GB")]),
        ("ex:a.b. :x ex:", [("name", "ex:a.b"), ("other", "."), ("name", ":x"), ("name", "ex:")]),
        ("ex:a\\,b%20c", [("name", "ex:a\\,b%20c")]),
        ("_:b0 1.5e3 .5", [("blank", "_:b0"), ("number", "1.5e3"), ("number", ".5")]),
        (
            "{[()]}",
            [("open", "{"), ("open", "["), ("open", "("), ("close", ")"), ("close", "]"), ("close", "}")],
        ),
        ("'open ?x\n?y", [("unclosed", "'open ?x"), ("variable", "?y")]),
        ('"""open\n?y', [("unclosed", '"""open\n?y')]),
    ],
)
def test_each_kind_is_told_apart(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(token.kind, token.text) for token in read_tokens(text)] == expected


def test_tokens_know_their_place_and_depth() -> None:
    text = "ASK {\n  ?s ?p ( 1 )\n}"
    tokens = {token.text: token for token in read_tokens(text)}
    assert [tokens[piece].depth for piece in ("ASK", "{", "?s", "(", "1", ")", "}")] == [0, 0, 1, 1, 2, 1, 0]
    assert locate(text, tokens["("].start) == (2, 9)
    assert text[tokens["?p"].start : tokens["?p"].end] == "?p"


@pytest.mark.parametrize("piece", ["a.", "a.b-", "'\\", "'''a", "<a", ":", "@a-", "_:a.", "1e", '"', "a:b."])
def test_a_long_text_is_read_in_linear_time(piece: str) -> None:
    begin = time.process_time()
    read_tokens(piece * 50_000)
    assert time.process_time() - begin < 5
