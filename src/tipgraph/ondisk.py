"""A dataset of the user's own that is kept on disk, for graphs that memory cannot hold.

The folder holds one Oxigraph database and a note of what is in it. The named graphs are in the database as
they were in the files; its default graph is the union of everything, each triple once, as queries see it. So
the union is made when the files are loaded, and not in memory when the first query comes. What pages tell of
the whole is counted then too; and where it is small enough, the names and the full-text index are made.
"""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyoxigraph as ox

from tipgraph.describe import Names, decode_names, encode_names, read_names
from tipgraph.errors import SourceError, parse_error
from tipgraph.search import SearchIndex
from tipgraph.sizes import Sizes
from tipgraph.store import Dataset, GraphName, Object, Reader, Subject, note_cut, syntax_of
from tipgraph.vocabulary import RDF

_NOTE: Final = "tipgraph.json"
_DATABASE: Final = "database"
_NAMES: Final = "names.json"
_SEARCH: Final = "search.sqlite"
_FORMAT: Final = 2
_BATCH: Final = 1 << 16
"""Triples with blank nodes that are handed over at a time."""
_MOST_INDEXED: Final = 1_000_000
"""Quads of a store up to which its names and texts are gathered, which takes memory."""
_MOST_FOUND: Final = 2_000
"""Triples that a look-up finds; there may be millions, of a class or with a property."""
_MOST_CLASSES: Final = 1_000
_CLASSES: Final = f"""
SELECT ?class (COUNT(*) AS ?resources) {{ ?resource <{RDF}type> ?class FILTER(isIRI(?class)) }}
GROUP BY ?class ORDER BY DESC(?resources) ?class
"""


def load_to_disk(paths: Iterable[Path], folder: Path, *, tell: Callable[[str], None] = lambda _: None) -> int:
    """How many quads the new store ``folder`` holds, loaded from RDF files of any syntax, gzipped or not.

    Memory stays bounded whatever the size of the files. The folder appears when all is in it: a run that is
    cut off, a malformed file or a full disk leave nothing of that name. Raises ``SourceError`` on a file or
    folder that cannot be read or written, or where ``folder`` is there already, and ``ParseError`` on
    malformed RDF.
    """
    paths = list(paths)
    if folder.exists():
        raise SourceError(f"{folder} is there already", "name a new folder, or remove this one first")
    for path in paths:
        _syntax_of(path)
        if not path.is_file():
            raise SourceError(f"{path} is no file", "name RDF files")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        sizes = _load(paths, draft, tell)
        note = {"format": _FORMAT, "sizes": asdict(sizes)}
        (draft / _NOTE).write_text(json.dumps(note) + "\n", encoding="utf-8")
        draft.rename(folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return sizes.quads


@dataclass(frozen=True)
class DiskStore:
    """What ``load_to_disk`` put into a folder. The default graph of the dataset's store is the union."""

    dataset: Dataset
    sizes: Sizes
    names: Callable[[], Names] | None
    """Returns what ``describe.read_names`` does; ``None`` where the store is too large for it."""
    search_index: SearchIndex | None


def open_on_disk(folder: Path, prefixes: Mapping[str, str]) -> DiskStore:
    """The store in ``folder``, read-only.

    A fork of the process must not use what was opened before it: the database has threads of its own. Raises
    ``SourceError`` where the folder holds no such store.
    """
    try:
        note = json.loads((folder / _NOTE).read_bytes())
        sizes = Sizes(**note["sizes"]) if note["format"] == _FORMAT else None
        database = ox.Store.read_only(str(folder / _DATABASE)) if sizes else None
        names = (folder / _NAMES).read_bytes() if (folder / _NAMES).exists() else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"{folder} holds no store of tipgraph: {error}", "make one with tipgraph load FILE --store DIR"
        ) from error
    if sizes is None or database is None:
        raise SourceError(f"{folder} is a store of another version of tipgraph", "load the files again")
    return DiskStore(
        Dataset(database, dict(prefixes), reader=DiskReader(database)),
        sizes,
        (lambda: decode_names(names)) if names is not None else None,
        SearchIndex.open(folder / _SEARCH) if names is not None else None,
    )


class DiskReader(Reader):
    """Looks things up in a database whose default graph is the union, each quad as it was in the files.

    A look-up finds so many triples; ``read_graph`` and ``read_all`` give everything.
    """

    is_whole = False

    def __init__(self, database: ox.Store, most: int = _MOST_FOUND) -> None:
        super().__init__(database)
        self._most: Final = most

    def quads_for_pattern(
        self,
        subject: Subject | None,
        predicate: ox.NamedNode | None,
        object: Object | None,
        graph_name: GraphName | None = None,
    ) -> Iterator[ox.Quad]:
        """The quads of the first triples that have these parts; a cut is noted."""
        union = ox.DefaultGraph()
        is_of_union = graph_name is None or graph_name == union
        found = self._store.quads_for_pattern(
            subject, predicate, object, union if is_of_union else graph_name
        )
        for quad in islice(found, self._most):
            if not is_of_union:
                yield quad
                continue
            yield from (
                told
                for told in self._as_loaded(quad.triple)
                if graph_name is None or told.graph_name == union
            )
        if next(found, None) is not None:
            parts = [part if part is None else str(part) for part in (subject, predicate, object, graph_name)]
            note_cut(f"more than {self._most:,} triples of {' '.join(part or '?' for part in parts[:3])}")

    def read_graph(self, graph: ox.NamedNode) -> Iterator[ox.Quad]:
        """All quads of a named graph."""
        found: Iterator[ox.Quad] = self._store.quads_for_pattern(None, None, None, graph)
        return found

    def read_all(self) -> Iterator[ox.Quad]:
        """All quads, as the files had them."""
        union = self._store.quads_for_pattern(None, None, None, ox.DefaultGraph())
        return (told for quad in union for told in self._as_loaded(quad.triple))

    def _as_loaded(self, triple: ox.Triple) -> Iterator[ox.Quad]:
        found = list(self._store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None))
        named = [quad for quad in found if quad.graph_name != ox.DefaultGraph()]
        # A triple of no named graph was outside any; of one that was in both, that can no longer be told.
        return iter(named or found)


def _load(paths: Iterable[Path], draft: Path, tell: Callable[[str], None]) -> Sizes:
    database = ox.Store(str(draft / _DATABASE))
    for path in paths:
        tell(f"loading {path}")
        try:
            _load_file(database, path)
        except SyntaxError as error:
            raise parse_error(path, error) from error
    database.flush()
    quads = len(database)
    tell("making the union of the graphs")
    graphs = _add_union(database, draft / "union.nt")
    database.flush()
    if loose := quads - sum(graphs.values()):
        graphs[""] = loose
    sizes = Sizes(len(database) - quads + loose, dict(sorted(graphs.items())), *_count_classes(database))
    if quads <= _MOST_INDEXED:
        tell("gathering names and texts")
        dataset = Dataset(database, reader=DiskReader(database, most=_MOST_INDEXED))
        (draft / _NAMES).write_text(encode_names(read_names(dataset)), encoding="utf-8")
        SearchIndex.build(dataset, draft / _SEARCH).close()
    return sizes


def _count_classes(database: ox.Store) -> tuple[dict[str, int], int]:
    """The largest classes, and how many there are; each triple is in the default graph once."""
    classes: dict[str, int] = {}
    count = 0
    solutions = database.query(_CLASSES)
    assert isinstance(solutions, ox.QuerySolutions)
    for solution in solutions:
        count += 1
        if count <= _MOST_CLASSES:
            classes[solution["class"].value] = int(solution["resources"].value)
    return classes, count


def _add_union(database: ox.Store, path: Path) -> Counter[str]:
    """How many triples each named graph has, once they are in the default graph, by way of the file ``path``.

    The store writes and reads text many times faster than Python hands over quads. But it gives new labels to
    the blank nodes that it reads, so the few triples that have some are handed over.
    """
    with path.open("wb") as file:
        lines = _Lines(file)
        graphs: Counter[str] = Counter()
        for graph in database.named_graphs():
            before = lines.count
            database.dump(lines, format=ox.RdfFormat.N_TRIPLES, from_graph=graph)
            lines.end()
            graphs[graph.value if isinstance(graph, ox.NamedNode) else str(graph)] = lines.count - before
    database.bulk_load(path=path, format=ox.RdfFormat.N_TRIPLES)
    path.unlink()
    for start in range(0, len(lines.kept), _BATCH):
        content = b"".join(lines.kept[start : start + _BATCH])
        triples = (quad.triple for quad in ox.parse(content, format=ox.RdfFormat.N_TRIPLES))
        database.bulk_extend(ox.Quad(*triple) for triple in triples)
    return graphs


class _Lines(io.BytesIO):
    """Takes N-Triples: lines that surely have no blank node go to ``file``, the others are kept."""

    def __init__(self, file: BinaryIO) -> None:
        self.kept: list[bytes] = []
        self.count = 0
        self._file = file
        self._rest = b""

    def write(self, content: Any, /) -> int:
        *lines, self._rest = (self._rest + content).split(b"\n")
        self.count += len(lines)
        # A literal may look like a blank node; then its line takes the slower way.
        plain = [line for line in lines if b"_:" not in line]
        if len(plain) < len(lines):
            self.kept += [line + b"\n" for line in lines if b"_:" in line]
        if plain:
            self._file.write(b"\n".join(plain) + b"\n")
        return len(content)

    def end(self) -> None:
        """Take what is left for a line."""
        if self._rest:
            self.write(b"\n")


def _load_file(database: ox.Store, path: Path) -> None:
    base = path.resolve().as_uri()
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as content:
            database.bulk_load(content, format=_syntax_of(path), base_iri=base)  # type: ignore[arg-type]
    else:
        database.bulk_load(path=path, format=_syntax_of(path), base_iri=base)


def _syntax_of(path: Path) -> ox.RdfFormat:
    return syntax_of(path.with_suffix("") if path.suffix.lower() == ".gz" else path)


def _unwritable(folder: Path, error: OSError) -> SourceError:
    reason = (error.strerror or str(error)).lower()
    return SourceError(
        f"{folder} cannot be written: {reason}", "check the permissions, and the space on the disk"
    )
