"""The dataset with what it entails, kept between runs so that it is opened and not built again.

What is kept is named by a digest of all that it is made from: the files of the graph, its rules and queries,
the code of this package and the version of Oxigraph. So it is never out of date; see ``cache`` for how it is
kept whole. There are three forms:

- **portable**, which the wheel carries: the dataset and the union of its graphs as sorted, compressed lines,
  the same bytes wherever they are made, with the digest of what they are made from;
- **on disk**, which queries are answered from at once: an Oxigraph database of the dataset, one of the union
  that queries run over, the names that resources are called by and the full-text index;
- **in memory**: the dataset as TriG, which is read in a fraction of the time that inferring it takes.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeVar

import pyoxigraph as ox

from tipgraph.cache import Cache
from tipgraph.canonical import label_blank_nodes
from tipgraph.describe import Names, decode_names, encode_names, read_names
from tipgraph.errors import SourceError, TipgraphError, UnknownNameError
from tipgraph.queryfile import SUFFIX, QueryFile, read_query_file
from tipgraph.search import SearchIndex, search_functions
from tipgraph.sizes import Sizes, measure_dataset
from tipgraph.sources import Sources, read_file
from tipgraph.sparql.execution import QueryableDataset, merge_graphs
from tipgraph.store import Dataset, load_dataset

if TYPE_CHECKING:
    from tipgraph.inference import Reasoner
    from tipgraph.peer import Peer
    from tipgraph.remote.facts import RemoteFacts
    from tipgraph.remote.queries import RemoteQueries

_DATASET: Final = "dataset"
_UNION: Final = "union"
_NAMES: Final = "names.json"
_SEARCH: Final = "search.sqlite"
_TRIG: Final = "dataset.trig"
_PORTABLE: Final = "compiled"
"""The folder of the portable form, beside the folders that it is made from."""
_QUADS: Final = "dataset.nq.gz"
_TRIPLES: Final = "union.nt.gz"
_PACKED_NAMES: Final = "names.json.gz"
_DIGESTS: Final = "digests.json"
_EDGES: Final = ("cli", "mcp", "web")
"""The parts of this package that what is kept cannot depend on."""

Made = TypeVar("Made")


@dataclass(frozen=True)
class CompiledGraph:
    """A dataset, ready to answer."""

    dataset: Dataset
    queryable: QueryableDataset
    read_names: Callable[[], Names] | None
    """Returns what ``describe.read_names`` does of the dataset; ``None`` where that is too large for it."""
    search_index: Callable[[], SearchIndex]
    """Returns the full-text index of the dataset; raises ``UnknownNameError`` where there is none."""
    measure: Callable[[], Sizes]
    """Returns how much the dataset holds."""
    remote: RemoteQueries | None = None
    """Who writes queries for the store that the dataset lies in; ``None`` where it is at hand."""
    peer: Peer | None = None
    """Who asks that store."""

    @classmethod
    def in_memory(
        cls,
        dataset: Dataset,
        merged: ox.Store | None = None,
        names: Callable[[], Names] | None = None,
    ) -> CompiledGraph:
        """``dataset`` with what is made of it when it is asked for.

        ``merged``, the union of its graphs, and ``names`` may be there already.
        """
        search_index = _once(lambda: SearchIndex.build(dataset))
        queryable = QueryableDataset(dataset, merged=merged, functions=search_functions(search_index))
        measure = _once(lambda: measure_dataset(dataset))
        return cls(dataset, queryable, names or (lambda: read_names(dataset)), search_index, measure)

    @classmethod
    def on_disk(
        cls, dataset: Dataset, sizes: Sizes, names: Callable[[], Names] | None, index: SearchIndex | None
    ) -> CompiledGraph:
        """``dataset``, whose default graph is the union of its graphs already, and what was made of it."""
        search_index = _given(index)
        functions = search_functions(search_index) if index is not None else {}
        queryable = QueryableDataset(dataset, dataset.store, functions=functions)
        return cls(dataset, queryable, names, search_index, lambda: sizes)

    @classmethod
    def in_store(cls, peer: Peer, facts: RemoteFacts, prefixes: dict[str, str]) -> CompiledGraph:
        """The dataset that lies in the store at ``peer``, of which ``facts`` are known."""
        # Loaded here, because it takes long, and few graphs lie in another store.
        from tipgraph.remote.queries import RemoteQueries
        from tipgraph.remote.reader import RemoteReader

        copy = _refuse_copy if facts.copy is None else facts.copy
        dataset = Dataset(copy, prefixes, reader=RemoteReader(peer, facts))
        return cls(
            dataset,
            QueryableDataset(dataset),
            lambda: facts.names,
            _given(facts.search_index),
            lambda: facts.sizes,
            RemoteQueries(facts, prefixes),
            peer,
        )


def _given(index: SearchIndex | None) -> Callable[[], SearchIndex]:
    """Returns ``index``; where there is none, raises ``UnknownNameError``."""

    def search_index() -> SearchIndex:
        if index is None:
            raise UnknownNameError(
                "the store is too large to be searched by words", "ask for a label with SPARQL"
            )
        return index

    return search_index


def _refuse_copy() -> ox.Store:
    raise SourceError("that needs the whole graph at hand, which lies in another store", "load it from files")


def _once(make: Callable[[], Made]) -> Callable[[], Made]:
    """What returns what ``make`` makes, which is called once, when it is first asked for."""
    lock = threading.Lock()
    made: list[Made] = []

    def get() -> Made:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return get


def open_compiled(
    sources: Sources, cache: Path | None, *, reasoner: Reasoner | None, on_disk: bool = False
) -> CompiledGraph:
    """The graph of ``sources``, opened from the folder ``cache`` where it is kept there, else built and kept.

    Nothing is inferred without ``reasoner``. Where the folder cannot be used, the graph is built all the
    same. ``on_disk`` it starts fastest, answers slower, and must not be used by a fork of the process, which
    would lack the threads of the database. Raises what ``load_dataset`` and ``infer`` raise.
    """
    if reasoner == "native" and (carried := _open_portable(sources)) is not None:
        return carried
    if cache is None:
        return CompiledGraph.in_memory(_build(sources, reasoner))
    kept = Cache(cache)
    digest = digest_of(sources, reasoner)
    found = _open_databases(kept, digest, sources) if on_disk else None
    if found is not None:
        return found
    dataset = _read_trig(kept, digest, sources)
    graph = CompiledGraph.in_memory(dataset or _build(sources, reasoner))
    # A file that was changed in the meantime may be in the graph and is not in the digest.
    if digest_of(sources, reasoner) == digest:
        if on_disk:
            kept.put(_key(digest, "on disk"), lambda folder: _write_databases(graph, folder))
            # What a query leaves open, such as the order of rows, is then the same at the first time too.
            return _open_databases(kept, digest, sources) or graph
        if dataset is None:
            kept.put(_key(digest, "in memory"), lambda folder: _write_trig(graph, folder))
    return graph


def digest_of(sources: Sources, reasoner: Reasoner | None) -> str:
    """A digest of all that the graph of ``sources`` is made from.

    Raises ``SourceError`` on a file that cannot be read.
    """
    return _digest(_parts(sources, reasoner))


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.hexdigest()


def _parts(sources: Sources, reasoner: Reasoner | None) -> Iterator[bytes]:
    yield ox.__version__.encode()
    # Relative IRIs in the files are resolved against the place of the folder.
    yield str(sources.root.resolve()).encode(errors="surrogateescape")
    yield from _contents(sources, reasoner)


def _contents(sources: Sources, reasoner: Reasoner | None) -> Iterator[bytes]:
    yield str(reasoner).encode()
    files = [(file.path, file.graph) for file in sources.graph_files()]
    if reasoner is not None:
        files += [(path, "rule") for path in sorted(sources.rules.glob("*.rq"))]
    files += [(path, "query") for path in _query_files(sources)]
    for path, role in files:
        yield str(path.relative_to(sources.root)).encode(errors="surrogateescape")
        yield role.encode()
        yield read_file(path)
    package = Path(__file__).parent
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package)
        if inside.parts[0] not in _EDGES:
            yield str(inside).encode()
            yield read_file(path)


def _key(digest: str, form: Literal["on disk", "in memory"]) -> str:
    return hashlib.sha256(f"{digest} {form}".encode()).hexdigest()


def write_portable(sources: Sources, folder: Path) -> None:
    """Write the graph of ``sources``, with what it entails, into the new folder ``folder``.

    The same sources and code give the same bytes. Raises what ``load_dataset`` and ``infer`` raise,
    ``SourceError`` where an IRI depends on the place of the files, and ``OSError`` on a disk that is full.
    """
    dataset = _build(sources, "native")
    labelled = label_blank_nodes(dataset.store)
    quads = {str(quad) for quad in labelled}
    place = sources.root.resolve().as_uri()
    for quad in quads:
        if place in quad:
            raise SourceError(f"a relative IRI depends on where the files are: {quad}", "write it in full")
    triples = {str(quad.triple) for quad in labelled}
    folder.mkdir(parents=True)
    written = {
        _QUADS: _compress(quads),
        _TRIPLES: _compress(triples),
        _PACKED_NAMES: gzip.compress(encode_names(read_names(dataset)).encode(), mtime=0),
    }
    for name, content in written.items():
        (folder / name).write_bytes(content)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in written.items()}
    digests["made from"] = _digest(_contents(sources, "native"))
    (folder / _DIGESTS).write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")


def _compress(statements: Iterable[str]) -> bytes:
    lines = "".join(f"{statement} .\n" for statement in sorted(statements))
    return gzip.compress(lines.encode(), mtime=0)


def _open_portable(sources: Sources) -> CompiledGraph | None:
    """The portable form beside the folders, where there is one that is whole and of just these files."""
    folder = sources.root / _PORTABLE
    try:
        digests = json.loads((folder / _DIGESTS).read_bytes())
        content = {name: (folder / name).read_bytes() for name in (_QUADS, _TRIPLES, _PACKED_NAMES)}
        if any(hashlib.sha256(content[name]).hexdigest() != digests[name] for name in content):
            return None
        if digests["made from"] != _digest(_contents(sources, "native")):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    union = _read_lines(content[_TRIPLES], ox.RdfFormat.N_TRIPLES)
    # Most queries need no named graph.
    dataset = _place(lambda: _read_lines(content[_QUADS], ox.RdfFormat.N_QUADS), sources)
    return CompiledGraph.in_memory(
        dataset, union, lambda: decode_names(gzip.decompress(content[_PACKED_NAMES]))
    )


def _read_lines(packed: bytes, syntax: ox.RdfFormat) -> ox.Store:
    store = ox.Store()
    store.bulk_load(gzip.decompress(packed), format=syntax)
    return store


def _build(sources: Sources, reasoner: Reasoner | None) -> Dataset:
    # Loaded here, because what is kept is opened without them.
    from tipgraph.catalog import catalog_quads

    dataset = load_dataset(sources)
    if reasoner is not None:
        from tipgraph.inference import infer

        infer(dataset, sources.rules, reasoner=reasoner)
    dataset.store.extend(catalog_quads(dataset, _read_queries(sources)))
    return dataset


def _read_queries(sources: Sources) -> Iterator[QueryFile]:
    """The queries of the library but those that are wrong, which whoever asks for them is told."""
    for path in _query_files(sources):
        with contextlib.suppress(TipgraphError):
            yield read_query_file(path)


def _query_files(sources: Sources) -> list[Path]:
    return sorted(sources.queries.glob(f"*{SUFFIX}"))


def _place(store: ox.Store | Callable[[], ox.Store], sources: Sources) -> Dataset:
    return Dataset(store, sources.prefixes(), tuple(sources.graph_files()))


def _read_trig(kept: Cache, digest: str, sources: Sources) -> Dataset | None:
    key = _key(digest, "in memory")
    entry = kept.find(key)
    if entry is None:
        return None
    store = ox.Store()
    try:
        store.bulk_load(path=entry / _TRIG, format=ox.RdfFormat.TRIG)
    except OSError:
        # Another process has removed it just now.
        return None
    return _place(store, sources)


def _write_trig(graph: CompiledGraph, folder: Path) -> None:
    graph.dataset.store.dump(folder / _TRIG, format=ox.RdfFormat.TRIG)


def _open_databases(kept: Cache, digest: str, sources: Sources) -> CompiledGraph | None:
    key = _key(digest, "on disk")
    entry = kept.find(key)
    if entry is None:
        return None
    try:
        names = (entry / _NAMES).read_bytes()
        dataset = _place(ox.Store.read_only(str(entry / _DATASET)), sources)
        union = ox.Store.read_only(str(entry / _UNION))
    except OSError:
        return None
    search_index = _once(lambda: SearchIndex.open(entry / _SEARCH))
    queryable = QueryableDataset(dataset, union, functions=search_functions(search_index))
    measure = _once(lambda: measure_dataset(dataset))
    return CompiledGraph(dataset, queryable, lambda: decode_names(names), search_index, measure)


def _write_databases(graph: CompiledGraph, folder: Path) -> None:
    store = graph.dataset.store
    _add_to_database(folder / _DATASET, store)
    # The union comes with its graphs: what is written of them is copied, which is faster than written again.
    shutil.copytree(folder / _DATASET, folder / _UNION)
    _add_to_database(folder / _UNION, merge_graphs(store))
    SearchIndex.build(graph.dataset, folder / _SEARCH).close()
    (folder / _NAMES).write_text(encode_names(read_names(graph.dataset)), encoding="utf-8")


def _add_to_database(folder: Path, quads: Iterable[ox.Quad]) -> None:
    try:
        database = ox.Store(str(folder))
        database.bulk_extend(quads)
        database.flush()
    except RuntimeError as error:
        # What Oxigraph raises where the database cannot read back what it wrote.
        raise OSError(str(error)) from error
