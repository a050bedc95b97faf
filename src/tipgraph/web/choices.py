"""What a reader may give a parameter of a question: the kin of what it has by default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tipgraph.queryfile import Parameter
from tipgraph.vocabulary import expand
from tipgraph.web.site import Site

_MOST: Final = 400
_CONCEPTS: Final = """
SELECT DISTINCT ?choice ?name {
  ?given skos:inScheme ?scheme .
  ?choice skos:inScheme ?scheme ; skos:prefLabel ?name .
  FILTER (LANG(?name) = "en")
} ORDER BY ?name
"""
_RESOURCES: Final = """
SELECT DISTINCT ?choice ?name {
  { SELECT ?class {
    VALUES (?class ?rank) { (tip:Mechanism 1) (tip:State 2) (tip:Instrument 3) (tip:Actor 4) }
    ?given a ?class
  } ORDER BY ?rank LIMIT 1 }
  ?choice a ?class ; skos:prefLabel ?name .
  FILTER (LANG(?name) = "en")
} ORDER BY ?name
"""
_QUERIES: Final = {"concept": _CONCEPTS, "resource": _RESOURCES}

Choice = tuple[str, str]
"""What is given, and its label."""


def list_choices(site: Site, parameter: Parameter) -> Sequence[Choice]:
    """What ``parameter`` may be given, as far as it can be told: suggestions, which a form does not enforce.

    They are the concepts of the scheme, or the resources of the kind, of what it has by default.
    """
    given = expand(parameter.default or "", site.graph.prefixes)
    if parameter.type not in _QUERIES or given is None or not (site.is_own and site.graph.is_at_hand):
        return ()

    def look_up() -> Sequence[Choice]:
        query = _QUERIES[parameter.type].replace("?given", f"<{given}>")
        rows = site.graph.select(query)
        return [(site.terms.shorten(row["choice"]), row["name"]) for row in rows[:_MOST]]

    return site.remember(f"choices {parameter.type} {given}", look_up)
