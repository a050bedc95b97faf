"""A dataset of the user's own that is kept on disk, for graphs that memory cannot hold.

The folder holds one Oxigraph database and a note of what is in it. The named graphs are in the database as
they were in the files; its default graph is the union of everything, each triple once, as queries see it. So
the union is made when the files are loaded, and not in memory when the first query comes.
"""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyoxigraph as ox

from tipgraph.errors import SourceError, parse_error
from tipgraph.store import Dataset, syntax_of

_NOTE: Final = "tipgraph.json"
_DATABASE: Final = "database"
_FORMAT: Final = 1
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
            raise SourceError(f"{path} is no file", "name RDF files")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        count = _load(paths, draft, tell)
        (draft / _NOTE).write_text(json.dumps({"format": _FORMAT, "quads": count}) + "\n", encoding="utf-8")
        draft.rename(folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return count


def open_on_disk(folder: Path, prefixes: Mapping[str, str]) -> Dataset:
    """The dataset that ``load_to_disk`` put into ``folder``, read-only; its default graph is the union.

    A fork of the process must not use what was opened before it: the database has threads of its own. Raises
    ``SourceError`` where the folder holds no such store.
    """
    try:
        note = json.loads((folder / _NOTE).read_bytes())
        known = note["format"] == _FORMAT
        database = ox.Store.read_only(str(folder / _DATABASE)) if known else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"{folder} holds no store of tipgraph: {error}", "make one with tipgraph load FILE --store DIR"
        ) from error
    if database is None:
        raise SourceError(f"{folder} is a store of another version of tipgraph", "load the files again")
    return Dataset(database, dict(prefixes))


def _load(paths: Iterable[Path], draft: Path, tell: Callable[[str], None]) -> int:
    database = ox.Store(str(draft / _DATABASE))
    for path in paths:
        tell(f"loading {path}")
        try:
            _load_file(database, path)
        except SyntaxError as error:
            raise parse_error(path, error) from error
    database.flush()
    count = len(database)
    tell("making the union of the graphs")
    _add_union(database, draft / "union.nt")
    database.flush()
    return count


def _add_union(database: ox.Store, path: Path) -> None:
    """Add the triples of the named graphs to the default graph, by way of the file ``path``.

    The store writes and reads text many times faster than Python hands over quads. But it gives new labels to
    the blank nodes that it reads, so the few triples that have some are handed over.
    """
    with path.open("wb") as file:
        lines = _Lines(file)
        for graph in database.named_graphs():
            database.dump(lines, format=ox.RdfFormat.N_TRIPLES, from_graph=graph)
            lines.end()
    database.bulk_load(path=path, format=ox.RdfFormat.N_TRIPLES)
    path.unlink()
    for start in range(0, len(lines.kept), _BATCH):
        content = b"".join(lines.kept[start : start + _BATCH])
        triples = (quad.triple for quad in ox.parse(content, format=ox.RdfFormat.N_TRIPLES))
        database.bulk_extend(ox.Quad(*triple) for triple in triples)


class _Lines(io.BytesIO):
    """Takes N-Triples: lines that surely have no blank node go to ``file``, the others are kept."""

    def __init__(self, file: BinaryIO) -> None:
        self.kept: list[bytes] = []
        self._file = file
        self._rest = b""

    def write(self, content: Any, /) -> int:
        *lines, self._rest = (self._rest + content).split(b"\n")
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
