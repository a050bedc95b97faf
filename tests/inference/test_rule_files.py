"""The rules of files: what they may use, the order in which they run, and the project's own."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from closure import PREFIXES, closure_of, inferred, triples_of

from tipgraph.errors import OntologyError
from tipgraph.inference import REASONERS, Reasoner, infer
from tipgraph.inference.rule_files import read_rules
from tipgraph.sources import Sources
from tipgraph.store import Dataset
from tipgraph.vocabulary import TIP

ROOT = Path(__file__).parents[2]


def write_rules(folder: Path, *rules: str) -> Path:
    for number, rule in enumerate(rules, 1):
        (folder / f"rule-{number}.rq").write_text(rule)
    return folder


RULES = {
    "patterns": (
        "CONSTRUCT { ?a :uncle ?c } WHERE { ?a :parent ?b . ?b :brother ?c }",
        ":a :parent :b . :b :brother :c .",
        ":a :uncle :c .",
    ),
    "several predicates and objects": (
        "CONSTRUCT { ?a a :Both } WHERE { ?a :p ?b, ?c ; :q ?d ; . FILTER(?b != ?c) }",
        ":a :p 1, 2 ; :q 3 . :b :p 1 ; :q 3 . :c :p 1, 2 .",
        ":a a :Both .",
    ),
    "several triples": (
        "CONSTRUCT { ?a :x ?b . ?b :y ?a ; :z 1 } WHERE { ?a :p ?b }",
        ":a :p :b .",
        ":a :x :b . :b :y :a ; :z 1 .",
    ),
    "its own prefixes": (
        "PREFIX e: <http://example.org/>\nCONSTRUCT { ?a e:q ?b } WHERE { ?a e:p ?b }",
        ":a :p :b .",
        ":a :q :b .",
    ),
    "comments": (
        "# What it does.\nCONSTRUCT { ?a :q ?b } # this\nWHERE { ?a :p ?b # and that\n}",
        ":a :p :b .",
        ":a :q :b .",
    ),
    "its own answer": (
        "CONSTRUCT { ?a :near ?c } WHERE { ?a :near ?b . ?b :near ?c }",
        ":a :near :b . :b :near :c . :c :near :d . :d :near :e .",
        ":a :near :c, :d, :e . :b :near :d, :e . :c :near :e .",
    ),
    "paths": (
        "CONSTRUCT { ?a :q ?b } WHERE { ?a :p/(^:r|:s)*/:t? ?b . ?b a :End }",
        ":a :p :b . :c :r :b . :c :s :d . :d :t :e . :b a :End . :d a :End . :e a :End . :x :p :y .",
        ":a :q :b, :d, :e .",
    ),
    "a filter that is a function": (
        "CONSTRUCT { ?a a :Long } WHERE { ?a :p ?b FILTER(STRLEN(?b) > 2) FILTER regex(?b, '^a') }",
        ":a :p 'abc' . :b :p 'a' . :c :p 'bcd' .",
        ":a a :Long .",
    ),
    "a value": (
        "CONSTRUCT { ?a :half ?h } WHERE { VALUES ?a { :a } ?a :p ?b BIND(?b / 2 AS ?h) }",
        ":a :p 3 . :b :p 3 .",
        ":a :half 1.5 .",
    ),
    "a choice": (
        "CONSTRUCT { ?a a :Some } WHERE { { ?a :p ?b } UNION { ?a :q ?b } }",
        ":a :p 1 . :b :q 1 . :c :r 1 .",
        ":a a :Some . :b a :Some .",
    ),
    "a graph": (
        "CONSTRUCT { ?a a :Told } WHERE { GRAPH :asserted { ?a :p ?b } }",
        ":a :p 1 . :q rdfs:subPropertyOf :p . :b :q 1 .",
        ":a a :Told . :b :p 1 .",
    ),
    "something present": (
        "CONSTRUCT { ?a a :Full } WHERE { ?a a :Box FILTER EXISTS { ?a :holds ?b } }",
        ":a a :Box ; :holds 1 . :b a :Box .",
        ":a a :Full .",
    ),
    "something absent": (
        "CONSTRUCT { ?a a :Empty } WHERE { ?a a :Box FILTER NOT EXISTS { ?a :holds ?b } }",
        ":a a :Box ; :holds 1 . :b a :Box .",
        ":b a :Empty .",
    ),
    "something absent in an expression": (
        "CONSTRUCT { ?a a :Odd } WHERE { ?a a :Box FILTER(?a = :c || NOT EXISTS { ?a :holds ?b }) }",
        ":a a :Box ; :holds 1 . :b a :Box . :c a :Box ; :holds 1 .",
        ":b a :Odd . :c a :Odd .",
    ),
    "something taken away": (
        "CONSTRUCT { ?a a :Empty } WHERE { ?a a :Box MINUS { ?a :holds ?b } }",
        ":a a :Box ; :holds 1 . :b a :Box .",
        ":b a :Empty .",
    ),
    "something optional": (
        "CONSTRUCT { ?a :size ?s } WHERE { ?a a :Box OPTIONAL { ?a :holds ?b } BIND(COALESCE(?b, 0) AS ?s) }",
        ":a a :Box ; :holds 1 . :b a :Box .",
        ":a :size 1 . :b :size 0 .",
    ),
    "literals": (
        "CONSTRUCT { ?a :x 'a'@en ; :y '2010'^^xsd:gYear ; :z -1 } WHERE { ?a :p true ; :q 1.5, \"b\" }",
        ":a :p true ; :q 1.5, 'b' .",
        ":a :x 'a'@en ; :y '2010'^^xsd:gYear ; :z -1 .",
    ),
}
"""What a rule uses → the rule, what is said, and all that follows."""


@pytest.mark.parametrize("reasoner", REASONERS)
@pytest.mark.parametrize(("rule", "said", "follows"), RULES.values(), ids=RULES)
def test_what_a_rule_may_use(rule: str, said: str, follows: str, reasoner: Reasoner, tmp_path: Path) -> None:
    assert closure_of(said, write_rules(tmp_path, rule), reasoner) == triples_of(follows)


@pytest.mark.parametrize("reasoner", REASONERS)
def test_rules_and_axioms_feed_each_other(reasoner: Reasoner, tmp_path: Path) -> None:
    rules = write_rules(
        tmp_path,
        "CONSTRUCT { ?a :knows ?c } WHERE { ?a :met ?b . ?b :met ?c }",
        "CONSTRUCT { ?a a :Social } WHERE { ?a a :Person ; :knows ?b }",
    )
    said = (
        ":knows rdfs:domain :Person . :sees rdfs:subPropertyOf :met . :met a owl:SymmetricProperty ."
        " :Social rdfs:subClassOf :Being . :a :sees :b . :b :sees :c ."
    )
    follows = (
        ":a :met :b ; :knows :c, :a . :b :met :a, :c ; :knows :b . :c :met :b ; :knows :a, :c ."
        " :a a :Person, :Social, :Being . :b a :Person, :Social, :Being . :c a :Person, :Social, :Being ."
    )
    assert closure_of(said, rules, reasoner) == triples_of(follows)


@pytest.mark.parametrize("reasoner", REASONERS)
def test_what_is_held_for_absent_is_derived_first(reasoner: Reasoner, tmp_path: Path) -> None:
    # In the order of their names they would run the wrong way round.
    rules = write_rules(
        tmp_path,
        "CONSTRUCT { ?a a :Poor } WHERE { ?a a :Person FILTER NOT EXISTS { ?a a :Rich } }",
        "CONSTRUCT { ?a a :Wealthy } WHERE { ?a a :Person FILTER NOT EXISTS { ?a a :Indebted } ?a :owns ?b }",
        "CONSTRUCT { ?a a :Indebted } WHERE { ?a :owes ?b }",
    )
    said = ":Wealthy rdfs:subClassOf :Rich . :a a :Person ; :owns 1 . :b a :Person ; :owns 1 ; :owes 1 ."
    assert closure_of(said, rules, reasoner) == triples_of(":a a :Wealthy, :Rich . :b a :Indebted, :Poor .")


@pytest.mark.parametrize(
    "rules",
    [
        ["CONSTRUCT { ?a a :Q } WHERE { ?a a :P FILTER NOT EXISTS { ?a a :Q } }"],
        [
            "CONSTRUCT { ?a a :Q } WHERE { ?a a :P FILTER NOT EXISTS { ?a :r ?b } }",
            "CONSTRUCT { ?a :r 1 } WHERE { ?a a :Q }",
        ],
        ["CONSTRUCT { ?a a :Q } WHERE { ?a a :P MINUS { ?a a :R } }", ":Q rdfs:subClassOf :R ."],
        ["CONSTRUCT { ?a a :Q } WHERE { ?a a :P FILTER NOT EXISTS { ?a ?any ?b } }"],
        ["CONSTRUCT { ?a ?p ?b } WHERE { ?a :q ?b . ?p :r 1 FILTER NOT EXISTS { ?a a :Q } }"],
    ],
)
def test_a_cycle_through_absence_is_an_error(rules: list[str], tmp_path: Path) -> None:
    said = "".join(rule for rule in rules if not rule.startswith("CONSTRUCT"))
    folder = write_rules(tmp_path, *(rule for rule in rules if rule.startswith("CONSTRUCT")))
    with pytest.raises(OntologyError, match=r"^the rule rule-1 holds .* for absent, but this depends on"):
        closure_of(f"{said} :a a :P .", folder)


def test_a_rule_that_might_never_be_done_is_an_error(tmp_path: Path) -> None:
    rules = write_rules(tmp_path, "CONSTRUCT { ?a :n ?m } WHERE { ?a :n ?n BIND(?n + 1 AS ?m) }")
    with pytest.raises(OntologyError, match=r"the rule rule-1 .* might never be done"):
        closure_of(":a :n 1 .", rules)


REFUSED = {
    "SELECT ?a WHERE { ?a :p ?b }": ":1: a rule may not use SELECT",
    "ASK { ?a :p ?b }": ":1: a rule is a CONSTRUCT query",
    "CONSTRUCT WHERE { ?a :p ?b }": ":1: a rule has a template between CONSTRUCT and WHERE",
    "CONSTRUCT { } WHERE { ?a :p ?b }": "the template of a rule has at least one triple",
    "CONSTRUCT { ?a :q ?b }\nWHERE { ?a :p ?b } LIMIT 1": ":2: a rule may not use LIMIT",
    "CONSTRUCT { ?a :q ?b } WHERE { SERVICE :x { ?a :p ?b } }": ":1: a rule may not use SERVICE",
    "CONSTRUCT { ?a :q ?b } WHERE { { SELECT ?a ?b { ?a :p ?b } } }": ":1: a rule may not use SELECT",
    "CONSTRUCT { ?a :q ?n } WHERE { ?a :p ?b BIND(UUID() AS ?n) }": ":1: a rule may not use UUID",
    "CONSTRUCT { ?a :q [] } WHERE { ?a :p ?b }": ":1: a rule has no blank nodes and lists",
    "CONSTRUCT { ?a :q _:b } WHERE { ?a :p ?b }": ":1: a rule has no blank nodes and lists",
    "CONSTRUCT { ?a :q 1 }\nWHERE {\n  ?a :p [] }": ":3: a rule has no blank nodes and lists",
    "CONSTRUCT { ?a :q 1 } WHERE { ?a !:p 1 }": ":1: a rule may not use a negated property set",
    "CONSTRUCT { ?a :q ?unbound } WHERE { ?a :p ?b }": "the variable ?unbound of the template",
    "CONSTRUCT { ?a :q ?b } WHERE { ?a :p ?b": "rule-1.rq: ",
    "CONSTRUCT { ?a nope:q ?b } WHERE { ?a :p ?b }": "rule-1.rq: ",
}


@pytest.mark.parametrize(("rule", "message"), REFUSED.items())
def test_what_a_rule_may_not_use(rule: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(OntologyError) as caught:
        read_rules(write_rules(tmp_path, rule), PREFIXES)
    assert message in caught.value.message
    assert str(tmp_path / "rule-1.rq") in caught.value.message
    assert caught.value.hint


def test_a_folder_without_rules_has_none(tmp_path: Path) -> None:
    assert read_rules(tmp_path, PREFIXES) == []


STATES = """
    id:a a tip:State . id:b a tip:State . id:c a tip:State .
    id:org a tip:SubRegionalMechanism ; tip:member id:a, id:b .
    id:council a tip:Body ; org:unitOf id:commission . id:commission a tip:Body ; org:unitOf id:org .
    id:group a tip:ActorGroup ; tip:partOf id:org .
"""

PROJECT_RULES = {
    "a declaration covers the members of its adopter": (
        "id:i a tip:Declaration ; tip:adoptedBy id:org .",
        "id:i tip:covers id:a, id:b .",
    ),
    "so it does when a unit of a unit adopts": (
        "id:i a tip:Declaration ; tip:adoptedBy id:council .",
        "id:i tip:covers id:a, id:b .",
    ),
    "and when what is part of it adopts": (
        "id:i a tip:Declaration ; tip:adoptedBy id:group .",
        "id:i tip:covers id:a, id:b .",
    ),
    "but not the other way: a body's decision does not follow from its members'": (
        "id:i a tip:Decision ; tip:adoptedBy id:expert-group . id:expert-group a tip:Body ; tip:member id:c ."
        " id:org org:unitOf id:elsewhere .",
        "id:i tip:covers id:c .",
    ),
    "an instrument covers its own adopter, signatory, partner and party": (
        "id:i a tip:Agreement ; tip:adoptedBy id:a . id:j a tip:Agreement ; tip:signatory id:a ."
        " id:k a tip:Agreement ; tip:partner id:a . id:l a tip:Agreement ; tip:party id:a .",
        "id:i tip:covers id:a . id:j tip:covers id:a . id:k tip:covers id:a . id:l tip:covers id:a .",
    ),
    "it covers only states": ("id:i a tip:Agreement ; tip:signatory id:org .", ""),
    "and only an instrument covers": ("id:x a tip:Partnership ; tip:partner id:a .", ""),
    "it does not cover whom it exempts": (
        "id:i a tip:Directive ; tip:adoptedBy id:org ; tip:signatory id:c ; tip:exempts id:a, id:c .",
        "id:i tip:covers id:b .",
    ),
    "observers, participants and addressees are not covered": (
        "id:org tip:observer id:c ; tip:participant id:c ."
        " id:i a tip:Declaration ; tip:adoptedBy id:org ; tip:addressedTo id:c ; tip:supportedBy id:c .",
        "id:i tip:covers id:a, id:b .",
    ),
    "a binding instrument binds its party": (
        "id:i a tip:Convention ; tip:bindingness concept:binding ; tip:party id:a ; tip:adoptedBy id:org .",
        "id:i tip:covers id:a, id:b ; tip:binds id:a .",
    ),
    "one that is not known to bind binds nobody": (
        "id:i a tip:Convention ; tip:party id:a . id:j a tip:Convention ; tip:party id:a ;"
        " tip:bindingness concept:non-binding .",
        "id:i tip:covers id:a . id:j tip:covers id:a .",
    ),
    "a signatory is not bound": (
        "id:i a tip:Convention ; tip:bindingness concept:binding ; tip:signatory id:a .",
        "id:i tip:covers id:a .",
    ),
    "it does not bind whom it exempts": (
        "id:i a tip:Directive ; tip:bindingness concept:binding ; tip:party id:a, id:b ; tip:exempts id:a .",
        "id:i tip:covers id:b ; tip:binds id:b .",
    ),
    "full and suspended members are members, and covered": (
        " ".join(
            f"[] a org:Membership ; org:organization id:org ; org:member id:{state} ;"
            f" org:role concept:{role}-member ."
            for state, role in (("c", "full"), ("d", "suspended"), ("e", "associate"))
        )
        + "id:d a tip:State . id:e a tip:State . id:i a tip:Declaration ; tip:adoptedBy id:org .",
        "id:org tip:member id:c, id:d . id:i tip:covers id:a, id:b, id:c, id:d .",
    ),
    "a membership without a role says nothing": (
        "[] a org:Membership ; org:organization id:org ; org:member id:c .",
        "",
    ),
}


@pytest.mark.parametrize(("said", "follows"), PROJECT_RULES.values(), ids=PROJECT_RULES)
def test_the_rules_of_the_project(said: str, follows: str) -> None:
    sources = Sources(ROOT)
    prologue = "".join(f"@prefix {prefix}: <{iri}> . " for prefix, iri in sources.prefixes().items())
    store = ox.Store()
    for file in sources.ontology.glob("*.ttl"):
        store.load(path=str(file), format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode("x:ontology"))
    facts = (prologue + STATES + said).encode()
    store.load(facts, format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode("x:facts"))
    dataset = Dataset(store, sources.prefixes())
    infer(dataset, sources.rules)
    expected = {quad.triple for quad in ox.parse((prologue + follows).encode(), format=ox.RdfFormat.TURTLE)}
    derived = {f"{TIP}covers", f"{TIP}binds", f"{TIP}member"}
    assert {triple for triple in inferred(dataset) if triple.predicate.value in derived} == expected


def test_each_rule_of_the_project_says_why() -> None:
    rules = read_rules(Sources(ROOT).rules, Sources(ROOT).prefixes())
    assert {rule.name for rule in rules} >= {"binds", "covers", "member"}
    for rule in rules:
        assert "OWL cannot say this" in rule.reason
