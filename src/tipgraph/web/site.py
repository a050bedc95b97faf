"""What every page shares: the graph, where its queries run, and how its terms are shown."""

from __future__ import annotations

import difflib
import importlib.metadata
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar

import flask

from tipgraph.errors import UnknownNameError
from tipgraph.graph import KnowledgeGraph
from tipgraph.queryfile import QueryFile
from tipgraph.vocabulary import GRAPH_ONTOLOGY
from tipgraph.web.answers import NameAnswer, NameRequest, SiteAnswer, SiteRequest
from tipgraph.web.formats import FORM_CHOICES
from tipgraph.web.updating import Writer
from tipgraph.web.views import TermViews
from tipgraph.web.workers import Executor

_KEY: Final = "tipgraph"
_REMEMBERED: Final = 60.0
"""Seconds that it is kept what was made of a graph that may change."""
_LONGEST_NAME: Final = 100
Made = TypeVar("Made")


@dataclass(frozen=True)
class QuestionLink:
    """A query of the library as a link to its answer."""

    title: str
    href: str
    about: str = ""


@dataclass
class Site:
    """A graph and what is needed to show it."""

    graph: KnowledgeGraph
    executor: Executor[SiteRequest, SiteAnswer]
    writer: Writer | None = None
    """Who runs updates; ``None`` where the graph is read-only."""
    query_formats: Sequence[tuple[str, Sequence[tuple[str, str]]]] = FORM_CHOICES
    version: str = field(default_factory=lambda: importlib.metadata.version("tipgraph"))
    _made: dict[str, tuple[float, Any]] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def is_own(self) -> bool:
        """Whether the graph is that of the project, and not a dataset of the user's own."""
        return GRAPH_ONTOLOGY in self.graph.dataset.graph_names()

    @property
    def is_explained(self) -> bool:
        """Whether facts are explained and RDF is validated, for which all of the graph has to be read."""
        return self.is_own and self.graph.is_at_hand

    @property
    def title(self) -> str:
        """The name of the site."""
        return "tipgraph" if self.is_own else "A dataset · tipgraph"

    @property
    def first_query(self) -> str:
        """What stands in the query form at first."""
        if self.is_own:
            return (
                "SELECT ?mechanism ?name {\n"
                "  ?mechanism a tip:Mechanism ;\n"
                "    skos:prefLabel ?name .\n"
                "}\nORDER BY ?name"
            )
        return "SELECT * {\n  ?subject ?predicate ?object\n}\nLIMIT 20"

    @cached_property
    def terms(self) -> TermViews:
        """How terms are shown."""
        return TermViews(self.graph.dataset)

    @property
    def navigation(self) -> list[tuple[str, str]]:
        """The pages that the header links to, by name."""
        links = [("SPARQL", flask.url_for("endpoint.answer"))]
        if self.is_own:
            links.insert(0, ("Questions", flask.url_for("library.index")))
            links.append(("Ontology", flask.url_for("resources.ontology")))
        if self.is_explained:
            links.append(("Explain", flask.url_for("services.explain")))
            links.append(("Validate", flask.url_for("services.validate")))
        return links

    @property
    def library(self) -> Mapping[str, QueryFile]:
        """Name → query of the library; none for a dataset of the user's own, of which it asks nothing."""
        return self.remember("library", lambda: {query.name: query for query in self._read_library()})

    def _read_library(self) -> Sequence[QueryFile]:
        return self.graph.queries() if self.is_own else ()

    def find_resource(self, name: str) -> str:
        """The IRI of what a person calls ``name``; raises what ``describe.find_resource`` does."""
        found = self.executor.run(NameRequest(name))
        if not isinstance(found, NameAnswer):
            raise TypeError(f"a name was answered with {type(found).__name__}")
        return found.iri

    def find_query(self, name: str) -> QueryFile:
        """The query of the library called ``name``."""
        if name not in self.library:
            # A name of any length takes no longer than one that somebody mistyped.
            nearest = difflib.get_close_matches(name[:_LONGEST_NAME], self.library, n=3)
            near = " or ".join(f"/queries/{found}" for found in nearest)
            hint = f"did you mean {near}?" if nearest else "/queries lists them"
            raise UnknownNameError(f"there is no query {name!r}", hint)
        return self.library[name]

    def questions(self, names: Iterable[str] | None = None) -> list[QuestionLink]:
        """The queries of the library as links: all, or those that ``names`` names, in its order."""
        return [
            QuestionLink(query.title, flask.url_for("endpoint.answer_question", name=query.name), query.about)
            for query in (self.library[name] for name in (self.library if names is None else names))
        ]

    def remember(self, name: str, make: Callable[[], Made]) -> Made:
        """What ``make`` makes, made once; of a graph in another store, which may change, once a minute."""
        when, made = self._made.get(name, (-math.inf, None))
        if when == -math.inf or (self.graph.peer is not None and when < time.monotonic() - _REMEMBERED):
            made = make()
            self._made[name] = time.monotonic(), made
        found: Made = made
        return found

    def forget(self) -> None:
        """Make everything anew, since the graph has changed."""
        self._made.clear()
        self.graph.dataset.reader.forget()

    def install(self, app: flask.Flask) -> None:
        """Make this the site of ``app``."""
        app.extensions[_KEY] = self
        # A global, since imported macros do not see what a context processor adds.
        app.jinja_env.globals["site"] = self


def current_site() -> Site:
    """The site of the app that answers the current request."""
    site: Site = flask.current_app.extensions[_KEY]
    return site
