"""The public Python API: one object that loads a graph, infers, and answers.

::

    from tipgraph import KnowledgeGraph

    kg = KnowledgeGraph.open()
    kg.select("SELECT ?plan ?label { ?plan a tip:ActionPlan ; skos:prefLabel ?label } ORDER BY ?label")
    kg.select("SELECT ?text { ?text tip:adoptedBy ?by }", by="id:ecowas")
    kg.describe("ECOWAS")
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pyoxigraph as ox

from tipgraph.compiled import CompiledGraph, open_compiled
from tipgraph.describe import Description, Names, describe, find_resource, find_to_the_letter
from tipgraph.errors import ParameterError, QueryError, QuerySyntaxError, UnknownNameError
from tipgraph.export import export_dataset, find_graphs
from tipgraph.ondisk import open_on_disk
from tipgraph.protocol import PeerAnswer, PeerQuery
from tipgraph.queryfile import Parameter, QueryFile, parse_query_file, read_query_folder
from tipgraph.search import SearchResult
from tipgraph.sizes import Sizes
from tipgraph.sources import Sources, locate_sources
from tipgraph.sparql.analysis import QueryForm
from tipgraph.sparql.execution import QueryRequest, run_query, serialize_query
from tipgraph.sparql.results import RESULT_FORMATS, AskResult, GraphResult, QueryResult, SelectResult
from tipgraph.sparql.rewriting import fill_in
from tipgraph.states import StateProfile, describe_state, find_state
from tipgraph.statistics import Statistics, count_resources
from tipgraph.store import Dataset, load_files
from tipgraph.terms import Term, read_term, read_typed, to_python, to_term
from tipgraph.vocabulary import CONCEPT, ID, RDF

if TYPE_CHECKING:
    import rdflib

    from tipgraph.inference import Derivation, Explanations, Reasoner
    from tipgraph.peer import Peer
    from tipgraph.remote.facts import RemoteFacts
    from tipgraph.validation import Engine, Report
    from tipgraph.validation.uploads import UploadValidator

_LIBRARY_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NAMESPACES: Final = {"resource": ID, "concept": CONCEPT}
"""Parameter type → where what it names is looked for."""

_Result = TypeVar("_Result", SelectResult, AskResult, GraphResult)


class KnowledgeGraph:
    """A dataset that answers queries. It does not change once it is opened, so threads may share it.

    >>> kg = KnowledgeGraph.open()
    >>> kg.select("court-cases")[0]["name"]
    'Siliadin case'
    >>> kg.select("palermo-protocol-parties", asOf="2002-01-01")[0]["name"]
    'Monaco'
    >>> kg.ask("ASK { id:ecowas tip:member id:benin }")
    True
    >>> [place.passage.name for place in kg.describe("COMP.ACT").evidence]
    ['passage:coe-11-s5', 'passage:coe-11-s6', 'passage:osce-09-s1']
    >>> [leaf.sources for leaf in kg.explain("Benin", "ISO 3166-1 alpha-3 code", "BEN").leaves()]
    [('https://w3id.org/tipgraph/id/country-codes', 'https://w3id.org/tipgraph/id/natural-earth')]
    """

    def __init__(self, dataset: Dataset, sources: Sources, *, compiled: CompiledGraph | None = None) -> None:
        self._compiled: Final = compiled or CompiledGraph.in_memory(dataset)
        self.dataset: Final = dataset
        """The dataset itself, with its Oxigraph store."""
        self.sources: Final = sources
        """Where the ontology, the shapes and the query library are."""

    def __repr__(self) -> str:
        if self.peer is not None:
            return f"<{type(self).__name__} in another store>"
        return f"<{type(self).__name__} of {self.sizes().quads:,} quads>"

    @classmethod
    def open(
        cls,
        root: str | PathLike[str] | None = None,
        *,
        infer: bool = True,
        reasoner: Reasoner = "native",
        cache: str | PathLike[str] | None = None,
        on_disk: bool = False,
    ) -> KnowledgeGraph:
        """The graph of the folder ``root``: the checkout around the working folder, else the package's own.

        What it entails is in ``graph:inferred``, unless ``infer`` is false. With ``cache``, a folder for it,
        the graph is built once and then opened as long as no file of it changes. With ``on_disk`` too it is
        answered from there: it opens at once, reads much slower, and a fork of the process must not use it.
        Raises ``SourceError``, ``ParseError`` and ``OntologyError`` when it cannot be loaded.
        """
        sources = locate_sources(Path(root) if root is not None else None)
        compiled = open_compiled(
            sources,
            Path(cache) if cache is not None else None,
            reasoner=reasoner if infer else None,
            on_disk=on_disk,
        )
        return cls(compiled.dataset, sources, compiled=compiled)

    @classmethod
    def from_files(
        cls,
        paths: str | PathLike[str] | Iterable[str | PathLike[str]],
        *,
        root: str | PathLike[str] | None = None,
    ) -> KnowledgeGraph:
        """A graph of one or more RDF files in any syntax, not the project's own; nothing is inferred."""
        sources = locate_sources(Path(root) if root is not None else None)
        dataset = load_files(_read_paths(paths), sources.prefixes())
        return cls(dataset, sources)

    @classmethod
    def open_store(
        cls, folder: str | PathLike[str], *, root: str | PathLike[str] | None = None
    ) -> KnowledgeGraph:
        """The graph that ``tipgraph load`` put into ``folder``, answered from disk: see ``ondisk``.

        A fork of the process must open it anew. Raises ``SourceError`` where the folder holds no store.
        """
        sources = locate_sources(Path(root) if root is not None else None)
        found = open_on_disk(Path(folder), sources.prefixes())
        compiled = CompiledGraph.on_disk(found.dataset, found.sizes, found.names, found.search_index)
        return cls(found.dataset, sources, compiled=compiled)

    @classmethod
    def open_endpoint(
        cls,
        peer: Peer,
        *,
        union: str | None = None,
        facts: RemoteFacts | None = None,
        root: str | PathLike[str] | None = None,
    ) -> KnowledgeGraph:
        """The graph in the SPARQL 1.1 store at ``peer``, which answers: see ``remote``.

        ``union`` names the graph that is the union of all others; ``facts`` are what ``read_facts`` read
        before. Raises ``PeerError`` and its kin, and ``SourceError``.
        """
        from tipgraph.remote.facts import read_facts

        sources = locate_sources(Path(root) if root is not None else None)
        prefixes = sources.prefixes()
        compiled = CompiledGraph.in_store(peer, facts or read_facts(peer, prefixes, union=union), prefixes)
        return cls(compiled.dataset, sources, compiled=compiled)

    @property
    def peer(self) -> Peer | None:
        """The store that the graph lies in; ``None`` where it is at hand."""
        return self._compiled.peer

    @property
    def is_at_hand(self) -> bool:
        """Whether all of the graph is in memory, be it as a copy, so that it can be read from end to end."""
        remote = self._compiled.remote
        return remote.facts.copy is not None if remote else self.dataset.reader.is_whole

    @property
    def functions(self) -> tuple[str, ...]:
        """The IRIs of the functions that a query may call beside SPARQL's own."""
        return tuple(function.value for function in self._compiled.queryable.functions)

    @property
    def prefixes(self) -> Mapping[str, str]:
        """The prefixes that a query need not declare."""
        return self.dataset.prefixes

    def run(self, request: QueryRequest) -> QueryResult:
        """The result of ``request``; a function of plain values, for a worker process to run."""
        if self._compiled.peer is not None and self._compiled.remote is not None:
            return self.read_answer(self._compiled.peer.ask(self._write_query(request)), request)
        return run_query(self._compiled.queryable, request)

    def peer_query(self, request: QueryRequest) -> PeerQuery | None:
        """What to ask the store that the graph lies in; ``None`` where it is at hand. Raises as ``run``."""
        return None if self._compiled.remote is None else self._write_query(request)

    def read_answer(self, answer: PeerAnswer, request: QueryRequest) -> QueryResult:
        """The result of ``request`` that the store's ``answer`` to ``peer_query`` is."""
        assert self._compiled.remote is not None
        query = self._compiled.queryable.check(request.text, request.base_iri)
        return self._compiled.remote.read(answer, request, query)

    def _write_query(self, request: QueryRequest) -> PeerQuery:
        assert self._compiled.remote is not None
        query = self._compiled.queryable.check(request.text, request.base_iri)
        return self._compiled.remote.write(request, query)

    def form(self, request: QueryRequest) -> QueryForm:
        """The form of the query; raises as ``run`` does on one that may not run."""
        return self._compiled.queryable.check(request.text, request.base_iri).form

    def write_query(self, request: QueryRequest) -> str:
        """The SPARQL of ``request`` with its parameters written in; raises as ``run`` does."""
        query = self._compiled.queryable.check(request.text, request.base_iri)
        return fill_in(query, request.parameters, self.prefixes, base_iri=request.base_iri)

    def serialize(self, request: QueryRequest, format_name: str, most_bytes: int) -> bytes | None:
        """The result in a format of ``RESULT_FORMATS``, the fast way; ``None`` where ``run`` must do it."""
        return serialize_query(
            self._compiled.queryable, request, RESULT_FORMATS[format_name].format, most_bytes
        )

    def prepare(self) -> None:
        """Build what the first queries would build, so that processes forked from this one share it."""
        if self._compiled.remote is not None:
            return
        # In this order both are built: what names no graph is answered much faster where there are none.
        for with_graphs in (False, True):
            self._compiled.queryable.store(asserted_only=False, with_graphs=with_graphs)
        if self._compiled.read_names is not None:
            _ = self._names
            self._compiled.search_index()

    def prepare_services(self) -> None:
        """Read all that explanations and the validation of uploads need, so that they open no file later."""
        self._explanations.read_files()
        if self.has_shapes:
            _ = self._uploads

    @cached_property
    def has_shapes(self) -> bool:
        """Whether there are shapes to hold anything against."""
        return any(self.sources.shapes.glob("*.ttl"))

    def query(
        self,
        query: str | QueryFile,
        parameters: Mapping[str, Any] | None = None,
        *,
        asserted_only: bool = False,
    ) -> QueryResult:
        """The result of a query of any form, as RDF terms.

        ``query`` is SPARQL, or a query of the library or its name. Where its header declares ``parameters``,
        they are read as it says, and those left out have their defaults; any other variable may be given an
        RDF term or a Python value (see ``terms``). Raises ``QueryError`` and its kin.
        """
        request = self.request(query, parameters, asserted_only=asserted_only)
        try:
            return self.run(request)
        except QuerySyntaxError as error:
            if isinstance(query, str) or query.path is None:
                raise
            message = f"{query.path}: {error.message}"
            raise QuerySyntaxError(message, error.hint, line=error.line, column=error.column) from None

    def request(
        self,
        query: str | QueryFile,
        parameters: Mapping[str, Any] | None = None,
        *,
        asserted_only: bool = False,
    ) -> QueryRequest:
        """What ``query`` would run, with every parameter as an RDF term."""
        if isinstance(query, str):
            query = self._read_query(query)
        given = dict(parameters or {})
        terms: dict[str, Term] = {}
        for parameter in query.parameters:
            value = given.pop(parameter.name, parameter.default)
            if value is None:
                raise ParameterError(
                    f"the parameter {parameter.name} of {query.name} is not given",
                    f"give {parameter.name}, a {parameter.type}"
                    + (f": {parameter.about}" if parameter.about else ""),
                )
            terms[parameter.name] = self._read_parameter(parameter, value)
        if given and query.parameters:
            declared = ", ".join(parameter.name for parameter in query.parameters)
            raise ParameterError(
                f"{query.name} has no parameter {next(iter(given))}", f"its parameters are {declared}"
            )
        terms |= {name: to_term(value, self.prefixes) for name, value in given.items()}
        return QueryRequest(query.text, terms, asserted_only)

    def _read_query(self, text: str) -> QueryFile:
        # No query in SPARQL is a single word, let alone one with hyphens.
        if _LIBRARY_NAME.fullmatch(text):
            if "-" in text:
                return self.library_query(text)
            library = read_query_folder(self.sources.queries)
            if text in library:
                return library[text]
        return parse_query_file(text, "the query")

    def select(self, query: str | QueryFile, /, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a SELECT as dictionaries of Python values: see ``terms`` for what becomes what."""
        result = _expect(self.query(query, parameters), SelectResult, "SELECT")
        return [dict(zip(result.variables, map(to_python, row), strict=True)) for row in result.rows]

    def ask(self, query: str | QueryFile, /, **parameters: Any) -> bool:
        """The answer of an ASK."""
        return _expect(self.query(query, parameters), AskResult, "ASK").answer

    def construct(self, query: str | QueryFile, /, **parameters: Any) -> list[ox.Triple]:
        """The triples of a CONSTRUCT or DESCRIBE."""
        return list(_expect(self.query(query, parameters), GraphResult, "CONSTRUCT or DESCRIBE").triples)

    def queries(self) -> tuple[QueryFile, ...]:
        """The query library, sorted by name."""
        return tuple(read_query_folder(self.sources.queries).values())

    def library_query(self, name: str) -> QueryFile:
        """The query of the library called ``name``; raises ``UnknownNameError`` with the nearest names."""
        library = read_query_folder(self.sources.queries)
        if name not in library:
            nearest = difflib.get_close_matches(name, library, n=3)
            hint = f"did you mean {' or '.join(nearest)}?" if nearest else "tipgraph query --list names them"
            raise UnknownNameError(f"the library has no query {name!r}", hint)
        return library[name]

    def find(self, name: str) -> str:
        """The IRI of what a person calls ``name``: see ``describe.find_resource``."""
        return self._find(name)

    def search(self, text: str, *, limit: int = 20, offset: int = 0) -> SearchResult:
        """The resources whose names and descriptions match ``text``, best first: see ``search``."""
        return self._compiled.search_index().search(text, limit=limit, offset=offset)

    def describe(self, name: str, *, everything: bool = False) -> Description:
        """What the graph says of the resource called ``name``: see ``describe.describe``."""
        return describe(self.dataset, self.find(name), everything=everything)

    def state(self, name: str) -> StateProfile:
        """The state of that name, in any language, or code: see ``states.find_state``."""
        return describe_state(self.dataset, find_state(self.dataset, name))

    def explain(self, subject: str, predicate: str, object: str | Term) -> Derivation:
        """Why a fact holds: the fewest steps that lead to it from what the files say.

        Subject and predicate are names as ``find`` reads them, or ``a``; the object is one too, or a value as
        it stands in the graph, or as Turtle writes it. Raises ``UnknownNameError`` on a name that nothing
        bears, and when the fact does not hold.
        """
        return self._explanations.explain(self._read_triple(subject, predicate, object))

    def _read_triple(self, subject: str, predicate: str, object: str | Term) -> ox.Triple:
        source = ox.NamedNode(self.find(subject))
        relation = ox.NamedNode(f"{RDF}type" if predicate == "a" else self.find(predicate))
        if not isinstance(object, str):
            return ox.Triple(source, relation, object)
        # A value is meant as it stands in the graph, whatever its datatype or language.
        store = self.dataset.store
        values = {quad.object for quad in store.quads_for_pattern(source, relation, None, None)}
        for value in sorted(values, key=str):
            if isinstance(value, ox.Literal) and value.value == object:
                return ox.Triple(source, relation, value)
        return ox.Triple(source, relation, self._read_object(object))

    def _read_object(self, text: str) -> Term:
        try:
            return ox.NamedNode(self.find(text))
        except UnknownNameError:
            term = read_term(text, self.prefixes)
            is_bare = isinstance(term, ox.Literal) and not text.startswith('"')
            if is_bare and isinstance(term, ox.Literal) and term.datatype.value.endswith("string"):
                raise
            return term

    def sizes(self) -> Sizes:
        """How large it is, which a store on disk knows without being read."""
        return self._compiled.measure()

    def statistics(self) -> Statistics:
        """How much of what the graph holds."""
        return count_resources(self.dataset)

    def validate(
        self,
        paths: str | PathLike[str] | Iterable[str | PathLike[str]] = (),
        *,
        engine: Engine = "rudof",
        shapes: str | PathLike[str] | None = None,
        focus: str | Iterable[str] | None = None,
    ) -> Report:
        """What breaks the shapes: in this graph, or in the RDF files ``paths``, which may refer to it.

        ``shapes`` is a file or folder to take instead of those of the graph; ``focus`` names the resources to
        look at. Raises ``SourceError`` where the shapes cannot be read, or need what the engine lacks.
        """
        # Loaded here, because the SHACL engines take longer to load than most queries to run.
        from tipgraph.validation import validate_dataset, validate_files

        files = _read_paths(paths)
        place = self.sources.shapes if shapes is None else Path(shapes)
        focus = (focus,) if isinstance(focus, str) else focus
        nodes = None if focus is None else {ox.NamedNode(self.find(name)) for name in focus}
        if files:
            return validate_files(files, self.dataset, place, engine=engine, focus=nodes)
        return validate_dataset(self.dataset, place, engine=engine, focus=nodes)

    def export(self, format: str = "trig", *, graphs: str | Iterable[str] | None = None) -> bytes:
        """The dataset, or the graphs of it that are named, in RDF: see ``export.export_dataset``."""
        graphs = (graphs,) if isinstance(graphs, str) else graphs
        return export_dataset(
            self.dataset, format, None if graphs is None else find_graphs(self.dataset, graphs)
        )

    def to_rdflib(self) -> rdflib.Dataset:
        """A copy as an rdflib dataset with the same named graphs, whose default graph is their union."""
        from tipgraph.export.rdflib_copy import copy_to_rdflib

        return copy_to_rdflib(self.dataset)

    @cached_property
    def _names(self) -> Names:
        assert self._compiled.read_names is not None
        return self._compiled.read_names()

    @cached_property
    def _explanations(self) -> Explanations:
        # Loaded here, because few who open a graph explain it.
        from tipgraph.inference import Explanations

        return Explanations(self.dataset, self.sources.rules)

    @cached_property
    def _uploads(self) -> UploadValidator:
        from tipgraph.validation.uploads import UploadValidator

        return UploadValidator(self.dataset, self.sources.shapes)

    def validate_upload(self, content: bytes, media_type: str) -> Report:
        """What breaks the shapes of RDF that a stranger sent: see ``validation.uploads``."""
        return self._uploads.validate(content, media_type)

    def _find(self, name: str, namespace: str | None = None) -> str:
        if self._compiled.remote is not None:
            return self._compiled.remote.find(name, namespace)
        if self._compiled.read_names is None:
            return find_to_the_letter(self.dataset, name, namespace)
        # An IRI is found without the names, which take a while to gather.
        return find_resource(self.dataset, name, namespace, names=lambda: self._names)

    def _read_parameter(self, parameter: Parameter, value: Any) -> Term:
        """The term of ``value``, which a declared type lets be written as people write it."""
        found = self._read_value(parameter, value)
        day = getattr(found, "value", "")
        # Days are in the order of their texts.
        if parameter.until is not None and day[:10] > parameter.until:
            raise ParameterError(
                f"parameter {parameter.name}: nothing is known of {day}, as its source ends with "
                f"{parameter.until}",
                f"ask for {parameter.until} or an earlier day",
            )
        return found

    def _read_value(self, parameter: Parameter, value: Any) -> Term:
        if not isinstance(value, str | int | float | date):
            return to_term(value, self.prefixes)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        try:
            if parameter.type in _NAMESPACES:
                return ox.NamedNode(self._find(text, _NAMESPACES[parameter.type]))
            return read_typed(text, parameter.type, self.prefixes)
        except ParameterError as error:
            raise ParameterError(f"parameter {parameter.name}: {error.message}", error.hint) from None


def _read_paths(paths: str | PathLike[str] | Iterable[str | PathLike[str]]) -> list[Path]:
    # A text is an iterable too, of letters, which nobody means.
    return [Path(paths)] if isinstance(paths, str | PathLike) else [Path(path) for path in paths]


def _expect(result: QueryResult, kind: type[_Result], form: str) -> _Result:
    if not isinstance(result, kind):
        asked = {SelectResult: "a SELECT", AskResult: "an ASK", GraphResult: "a CONSTRUCT or DESCRIBE"}[
            type(result)
        ]
        raise QueryError(f"the query is {asked}, not {form}", "call query() for a result of any form")
    return result
