"""Words of programs as pages show them: sentences, names of parameters, and hints that lead somewhere."""

from __future__ import annotations

import re
from typing import Final

from markupsafe import Markup, escape

from tipgraph.vocabulary import expand
from tipgraph.web.site import current_site

_ADDRESS: Final = (
    r"/(?:search\?q=[^\s,]*[^\s,.?]|queries(?:/[\w-]+)?|sparql|data|ontology(?:#\w+)?|id/[\w-]+)(?![\w/])"
)
_NAME: Final = r"\b(?:id|concept|passage|graph|tip|query):[\w.-]*\w"
_LEADS_SOMEWHERE: Final = re.compile(f"(?P<address>{_ADDRESS})|(?P<name>{_NAME})")


def sentence(text: str) -> str:
    """``text`` as a sentence; a first word that is a name is left as it is.

    >>> sentence("there is no such graph"), sentence("id:x tip:y id:z is not asserted"), sentence("why not?")
    ('There is no such graph.', 'id:x tip:y id:z is not asserted.', 'Why not?')
    """
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    begun = text if re.search("[:/<]", first.rstrip(":")) else text[:1].upper() + text[1:]
    return begun if begun.endswith((".", "?", "!")) else f"{begun}."


def words(name: str) -> str:
    """The words of the name of a parameter.

    >>> words("asOf"), words("target_group"), words("theme")
    ('As of', 'Target group', 'Theme')
    """
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").capitalize()


def linked(text: str) -> Markup:
    """``text`` with links where it names resources of the project, or addresses of this site."""
    site = current_site()
    made, place = Markup(), 0
    for found in _LEADS_SOMEWHERE.finditer(text):
        href = found["address"]
        if href is None:
            iri = expand(found["name"], site.graph.prefixes)
            href = iri and site.terms.href(iri)
        if href:
            made += escape(text[place : found.start()]) + Markup('<a href="{}">{}</a>').format(href, found[0])
            place = found.end()
    return made + escape(text[place:])
