"""Each rule of the OWL 2 Profiles (tables 4 to 9) by a small example, and both reasoners agree on it."""

from __future__ import annotations

import pytest
from closure import closure_of, triples_of
from test_contradictions import CONTRADICTIONS

from tipgraph.inference import OMISSIONS

EXAMPLES = {
    "eq-sym": (":a owl:sameAs :b .", ":b owl:sameAs :a ."),
    "eq-trans": (
        ":a owl:sameAs :b . :b owl:sameAs :c .",
        ":b owl:sameAs :a . :c owl:sameAs :b, :a . :a owl:sameAs :c .",
    ),
    "eq-rep-s": (":a owl:sameAs :b ; :p 1 .", ":b owl:sameAs :a ; :p 1 ."),
    "eq-rep-p": (":p owl:sameAs :q . :x :p :y .", ":q owl:sameAs :p . :x :q :y ."),
    "eq-rep-o": (":a owl:sameAs :b . :x :p :a .", ":b owl:sameAs :a . :x :p :b ."),
    "eq-rep in an axiom": (
        ":C owl:sameAs :D . :D rdfs:subClassOf :E . :x a :C .",
        ":D owl:sameAs :C . :C rdfs:subClassOf :E . :x a :D, :E .",
    ),
    "prp-dom": (":p rdfs:domain :C . :x :p 1 .", ":x a :C ."),
    "prp-rng": (":p rdfs:range :C . :x :p :y .", ":y a :C ."),
    "prp-rng over a literal": (":p rdfs:range :C . :x :p 1 .", ""),
    "prp-fp": (
        ":p a owl:FunctionalProperty . :x :p :a, :b . :a :q 1 .",
        ":a owl:sameAs :b . :b owl:sameAs :a ; :q 1 .",
    ),
    "prp-fp over equal literals": (":p a owl:FunctionalProperty . :x :p 1, 1.0 .", ""),
    "prp-ifp": (
        ":p a owl:InverseFunctionalProperty . :a :p :y . :b :p :y .",
        ":a owl:sameAs :b . :b owl:sameAs :a .",
    ),
    "prp-ifp over a literal": (
        ":p a owl:InverseFunctionalProperty . :a :p 1 . :b :p 1 .",
        ":a owl:sameAs :b . :b owl:sameAs :a .",
    ),
    "prp-symp": (":p a owl:SymmetricProperty . :x :p :y .", ":y :p :x ."),
    "prp-trp": (
        ":p a owl:TransitiveProperty . :a :p :b . :b :p :c . :c :p :d .",
        ":a :p :c, :d . :b :p :d .",
    ),
    "prp-trp in a circle": (
        ":p a owl:TransitiveProperty . :a :p :b . :b :p :a .",
        ":a :p :a . :b :p :b .",
    ),
    "prp-spo1": (":p rdfs:subPropertyOf :q . :x :p 1 .", ":x :q 1 ."),
    "prp-spo1 to an inverse": (":p rdfs:subPropertyOf [ owl:inverseOf :q ] . :x :p :y .", ":y :q :x ."),
    "prp-spo1 from an inverse": ("[ owl:inverseOf :q ] rdfs:subPropertyOf :p . :y :q :x .", ":x :p :y ."),
    "prp-spo2": (":p owl:propertyChainAxiom (:q :r) . :a :q :b . :b :r :c .", ":a :p :c ."),
    "prp-spo2 of three, to itself": (
        ":p owl:propertyChainAxiom (:q :r :p) . :a :q :b . :b :r :c . :c :p :d . :z :q :y . :y :r :a .",
        ":a :p :d . :z :p :d .",
    ),
    "prp-spo2 with an inverse": (
        ":p owl:propertyChainAxiom (:q [ owl:inverseOf :r ]) . :a :q :b . :c :r :b .",
        ":a :p :c .",
    ),
    "prp-eqp1": (
        ":p owl:equivalentProperty :q . :x :p 1 .",
        ":x :q 1 . :p rdfs:subPropertyOf :q . :q rdfs:subPropertyOf :p ; owl:equivalentProperty :p .",
    ),
    "prp-eqp2": (
        ":q owl:equivalentProperty :p . :x :p 1 .",
        ":x :q 1 . :p rdfs:subPropertyOf :q ; owl:equivalentProperty :q . :q rdfs:subPropertyOf :p .",
    ),
    "prp-inv1": (":p owl:inverseOf :q . :x :p :y .", ":y :q :x ."),
    "prp-inv2": (":q owl:inverseOf :p . :x :p :y .", ":y :q :x ."),
    "prp-inv1 over a literal": (":p owl:inverseOf :q . :x :p 1 .", ""),
    "prp-key": (
        ":C owl:hasKey (:p) . :a a :C ; :p 1 . :b a :C ; :p 1 . :c a :C ; :p 2 . :d :p 1 .",
        ":a owl:sameAs :b . :b owl:sameAs :a .",
    ),
    "prp-key of two": (
        ":C owl:hasKey (:p :q) . :a a :C ; :p 1 ; :q :x . :b a :C ; :p 1 ; :q :x . :c a :C ; :p 1 ; :q :y .",
        ":a owl:sameAs :b . :b owl:sameAs :a .",
    ),
    "cls-int1": (
        ":C owl:equivalentClass [ owl:intersectionOf (:A :B) ] . :x a :A, :B . :y a :A .",
        ":x a :C . :C rdfs:subClassOf :A, :B .",
    ),
    "cls-int2": (
        ":C rdfs:subClassOf [ owl:intersectionOf (:A :B) ] . :x a :C .",
        ":x a :A, :B . :C rdfs:subClassOf :A, :B .",
    ),
    "cls-int2 of a name": (
        ":C owl:intersectionOf (:A :B) . :x a :C . :y a :A, :B .",
        ":x a :A, :B . :y a :C . :C rdfs:subClassOf :A, :B .",
    ),
    "cls-uni": (
        "[ owl:unionOf (:A :B) ] rdfs:subClassOf :C . :x a :A . :y a :B .",
        ":x a :C . :y a :C . :A rdfs:subClassOf :C . :B rdfs:subClassOf :C .",
    ),
    "cls-svf1": (
        "[ owl:onProperty :p ; owl:someValuesFrom :D ] rdfs:subClassOf :C . :x :p :y . :y a :D . :z :p :x .",
        ":x a :C .",
    ),
    "cls-svf1 over an inverse": (
        "[ owl:onProperty [ owl:inverseOf :p ] ; owl:someValuesFrom :D ] rdfs:subClassOf :C ."
        " :y :p :x . :y a :D .",
        ":x a :C .",
    ),
    "cls-svf1 of a datatype": (
        "[ owl:onProperty :p ; owl:someValuesFrom xsd:integer ] rdfs:subClassOf :C . :x :p 1 . :y :p 'one' .",
        ":x a :C .",
    ),
    "cls-svf2": (
        "[ owl:onProperty :p ; owl:someValuesFrom owl:Thing ] rdfs:subClassOf :C . :x :p :y .",
        ":x a :C .",
    ),
    "cls-avf": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:allValuesFrom :D ] . :x a :C ; :p :y . :z :p :x .",
        ":y a :D .",
    ),
    "cls-hv1": (":C rdfs:subClassOf [ owl:onProperty :p ; owl:hasValue :v ] . :x a :C .", ":x :p :v ."),
    "cls-hv1 of a literal": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:hasValue 1 ] . :x a :C .",
        ":x :p 1 .",
    ),
    "cls-hv2": (
        "[ owl:onProperty :p ; owl:hasValue :v ] rdfs:subClassOf :C . :x :p :v . :y :p :w .",
        ":x a :C .",
    ),
    "cls-maxc2": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:maxCardinality 1 ] ."
        " :x a :C ; :p :a, :b . :y :p :a, :c .",
        ":a owl:sameAs :b . :b owl:sameAs :a . :y :p :b .",
    ),
    "cls-maxqc3": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:maxQualifiedCardinality 1 ; owl:onClass :D ] ."
        " :x a :C ; :p :a, :b, :c . :a a :D . :b a :D .",
        ":a owl:sameAs :b . :b owl:sameAs :a .",
    ),
    "cls-maxqc3 of individuals": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:maxQualifiedCardinality 1 ;"
        " owl:onClass [ owl:oneOf (:a :b) ] ] . :x a :C ; :p :a, :b, :c .",
        ":a owl:sameAs :b . :b owl:sameAs :a .",
    ),
    "cls-maxqc4": (
        ":C rdfs:subClassOf [ owl:onProperty :p ; owl:maxQualifiedCardinality 1 ; owl:onClass owl:Thing ] ."
        " :x a :C ; :p :a, :b .",
        ":a owl:sameAs :b . :b owl:sameAs :a .",
    ),
    "cls-oo": ("[ owl:oneOf (:a :b) ] rdfs:subClassOf :C .", ":a a :C . :b a :C ."),
    "cls of an assertion": (":x a [ owl:onProperty :p ; owl:allValuesFrom :D ] ; :p :y .", ":y a :D ."),
    "cax-sco": (
        ":C rdfs:subClassOf :D . :D rdfs:subClassOf :E . :x a :C .",
        ":x a :D, :E . :C rdfs:subClassOf :E .",
    ),
    "cax-eqc1 and cax-eqc2": (
        ":C owl:equivalentClass :D . :x a :C . :y a :D .",
        ":x a :D . :y a :C . :C rdfs:subClassOf :D . :D rdfs:subClassOf :C ; owl:equivalentClass :C .",
    ),
    "scm-sco": (":C rdfs:subClassOf :D . :D rdfs:subClassOf :E .", ":C rdfs:subClassOf :E ."),
    "scm-eqc1": (
        ":C owl:equivalentClass :D .",
        ":C rdfs:subClassOf :D . :D rdfs:subClassOf :C ; owl:equivalentClass :C .",
    ),
    "scm-eqc2": (
        ":C rdfs:subClassOf :D . :D rdfs:subClassOf :C .",
        ":C owl:equivalentClass :D . :D owl:equivalentClass :C .",
    ),
    "scm-spo": (":p rdfs:subPropertyOf :q . :q rdfs:subPropertyOf :r .", ":p rdfs:subPropertyOf :r ."),
    "scm-eqp1": (
        ":p owl:equivalentProperty :q .",
        ":p rdfs:subPropertyOf :q . :q rdfs:subPropertyOf :p ; owl:equivalentProperty :p .",
    ),
    "scm-eqp2": (
        ":p rdfs:subPropertyOf :q . :q rdfs:subPropertyOf :p .",
        ":p owl:equivalentProperty :q . :q owl:equivalentProperty :p .",
    ),
    "scm-dom1": (":p rdfs:domain :C . :C rdfs:subClassOf :D .", ":p rdfs:domain :D ."),
    "scm-dom2": (":p rdfs:domain :C . :q rdfs:subPropertyOf :p .", ":q rdfs:domain :C ."),
    "scm-rng1": (":p rdfs:range :C . :C rdfs:subClassOf :D .", ":p rdfs:range :D ."),
    "scm-rng2": (":p rdfs:range :C . :q rdfs:subPropertyOf :p .", ":q rdfs:range :C ."),
    "scm-int": (
        ":C owl:equivalentClass [ owl:intersectionOf (:A [ owl:intersectionOf (:B :D) ]) ] .",
        ":C rdfs:subClassOf :A, :B, :D .",
    ),
    "scm-int in a domain": (":p rdfs:domain [ owl:intersectionOf (:A :B) ] .", ":p rdfs:domain :A, :B ."),
    "scm-uni": (
        "[ owl:unionOf (:A :B) ] rdfs:subClassOf :C .",
        ":A rdfs:subClassOf :C . :B rdfs:subClassOf :C .",
    ),
    "scm-svf1 and scm-svf2": (
        ":x :q :y . :y a :C . :C rdfs:subClassOf :D . :q rdfs:subPropertyOf :p ."
        " [ owl:onProperty :p ; owl:someValuesFrom :D ] rdfs:subClassOf :B .",
        ":x :p :y ; a :B . :y a :D .",
    ),
    "scm-avf1 and scm-avf2": (
        ":x a :A ; :q :y . :A rdfs:subClassOf [ owl:onProperty :p ; owl:allValuesFrom :C ] ."
        " :C rdfs:subClassOf :D . :q rdfs:subPropertyOf :p .",
        ":x :p :y . :y a :C, :D .",
    ),
    "scm-hv": (
        ":A rdfs:subClassOf [ owl:onProperty :p ; owl:hasValue :v ] . :p rdfs:subPropertyOf :q ."
        " [ owl:onProperty :q ; owl:hasValue :v ] rdfs:subClassOf :B .",
        ":A rdfs:subClassOf :B .",
    ),
}
"""The rule that an example is for → what is said, and all that follows."""


@pytest.mark.parametrize(("said", "follows"), EXAMPLES.values(), ids=EXAMPLES)
def test_what_follows(said: str, follows: str) -> None:
    assert closure_of(said) == triples_of(follows)


@pytest.mark.parametrize(("said", "follows"), EXAMPLES.values(), ids=EXAMPLES)
def test_owlrl_says_the_same(said: str, follows: str) -> None:
    assert closure_of(said, reasoner="owlrl") == triples_of(follows)


PROFILE = [
    "eq-ref",
    "eq-sym",
    "eq-trans",
    "eq-rep-s",
    "eq-rep-p",
    "eq-rep-o",
    "eq-diff1",
    "eq-diff2",
    "eq-diff3",
    "prp-ap",
    "prp-dom",
    "prp-rng",
    "prp-fp",
    "prp-ifp",
    "prp-irp",
    "prp-symp",
    "prp-asyp",
    "prp-trp",
    "prp-spo1",
    "prp-spo2",
    "prp-eqp1",
    "prp-eqp2",
    "prp-pdw",
    "prp-adp",
    "prp-inv1",
    "prp-inv2",
    "prp-key",
    "prp-npa1",
    "prp-npa2",
    "cls-thing",
    "cls-nothing1",
    "cls-nothing2",
    "cls-int1",
    "cls-int2",
    "cls-uni",
    "cls-com",
    "cls-svf1",
    "cls-svf2",
    "cls-avf",
    "cls-hv1",
    "cls-hv2",
    "cls-maxc1",
    "cls-maxc2",
    "cls-maxqc1",
    "cls-maxqc2",
    "cls-maxqc3",
    "cls-maxqc4",
    "cls-oo",
    "cax-sco",
    "cax-eqc1",
    "cax-eqc2",
    "cax-dw",
    "cax-adc",
    "dt-type1",
    "dt-type2",
    "dt-eq",
    "dt-diff",
    "dt-not-type",
    "scm-cls",
    "scm-sco",
    "scm-eqc1",
    "scm-eqc2",
    "scm-op",
    "scm-dp",
    "scm-spo",
    "scm-eqp1",
    "scm-eqp2",
    "scm-dom1",
    "scm-dom2",
    "scm-rng1",
    "scm-rng2",
    "scm-hv",
    "scm-svf1",
    "scm-svf2",
    "scm-avf1",
    "scm-avf2",
    "scm-int",
    "scm-uni",
]
"""The rules of the OWL 2 Profiles, tables 4 to 9."""


def test_every_rule_of_the_profile_has_an_example_or_is_left_out_with_a_reason() -> None:
    assert len(PROFILE) == 78
    shown = " ".join([*EXAMPLES, *CONTRADICTIONS]).split()
    left_out = {rule for omission in OMISSIONS for rule in omission.rules}
    assert [rule for rule in PROFILE if rule not in shown and rule not in left_out] == []
