"""Loads RDF files into a new store on disk."""

from __future__ import annotations

import glob
import gzip
import io
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyoxigraph as ox

from tipgraph.errors import SourceError, parse_error
from tipgraph.ondisk.gathering import gather
from tipgraph.ondisk.layout import DATABASE, let_hold, locked, new_state, remove_unless_used, unwritable
from tipgraph.sizes import Sizes
from tipgraph.store import syntax_of

_BATCH: Final = 1 << 16
"""Triples with blank nodes that are handed over at a time."""


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
            if path.exists():
                raise SourceError(f"{path} is no file", "name RDF files")
            raise SourceError(f"{path} does not exist", "check the path")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = _new_draft(folder)
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        # So that nobody takes it for one that was left behind.
        with locked(draft):
            state = new_state(draft)
            sizes = _load(paths, state, tell)
            let_hold(draft, state, sizes)
            draft.rename(folder)
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return sizes.quads


def _new_draft(folder: Path) -> Path:
    """An empty folder beside ``folder``; those that runs left there which were killed are removed."""
    name = f".{folder.name}-loading-"
    for left in folder.parent.glob(f"{glob.escape(name)}*"):
        if left.is_dir():
            remove_unless_used(left)
    draft = folder.parent / f"{name}{secrets.token_hex(4)}"
    draft.mkdir()
    return draft


def _load(paths: Iterable[Path], state: Path, tell: Callable[[str], None]) -> Sizes:
    database = ox.Store(str(state / DATABASE))
    for path in paths:
        tell(f"loading {path}")
        try:
            _load_file(database, path)
        except SyntaxError as error:
            raise parse_error(path, error) from error
    database.flush()
    quads = len(database)
    tell("making the union of the graphs")
    graphs = _add_union(database, state / "union.nt")
    database.flush()
    if loose := quads - sum(graphs.values()):
        graphs[""] = loose
    tell("gathering names and texts")
    return gather(database, state, graphs)


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
