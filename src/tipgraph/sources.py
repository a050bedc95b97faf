"""Where the four folders are: ``ontology/``, ``data/``, ``shapes/`` and ``queries/``.

A checkout comes first, so that whoever edits a file sees the effect; the copy inside the installed package
comes last, so that ``pip install tipgraph`` works with no checkout.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tipgraph.errors import ParseError, SourceError, parse_error
from tipgraph.vocabulary import GRAPH, GRAPH_CATALOG, GRAPH_ONTOLOGY, read_prefixes

_MARKER: Final = Path("ontology") / "prefixes.ttl"


@dataclass(frozen=True)
class SourceFile:
    """A Turtle file and the IRI of the named graph that it is part of."""

    path: Path
    graph: str


@dataclass(frozen=True)
class Sources:
    """A folder that holds ``ontology/``, ``data/``, ``shapes/`` and ``queries/``."""

    root: Path

    @property
    def ontology(self) -> Path:
        """The folder of the ontology, its concept schemes and its alignments."""
        return self.root / "ontology"

    @property
    def rules(self) -> Path:
        """The folder of the CONSTRUCT rules that run after the OWL closure."""
        return self.root / "ontology" / "rules"

    @property
    def data(self) -> Path:
        """The folder with one folder for each named graph of facts."""
        return self.root / "data"

    @property
    def shapes(self) -> Path:
        """The folder of the SHACL shapes."""
        return self.root / "shapes"

    @property
    def queries(self) -> Path:
        """The folder of the query library."""
        return self.root / "queries"

    def prefixes(self) -> dict[str, str]:
        """The prefix table of ``ontology/prefixes.ttl``.

        Raises ``SourceError`` when that file cannot be read and ``ParseError`` when it is not Turtle.
        """
        path = self.ontology / "prefixes.ttl"
        try:
            return read_prefixes(read_file(path))
        except SyntaxError as error:
            raise parse_error(path, error) from error

    def turtle_files(self) -> list[Path]:
        """Every Turtle file of the ontology, the data and the shapes, sorted by path."""
        return sorted(
            path for folder in (self.ontology, self.data, self.shapes) for path in _find_turtle(folder)
        )

    def graph_files(self) -> list[SourceFile]:
        """Every Turtle file with its named graph, sorted by path.

        ``ontology/*.ttl`` is ``graph:ontology``, ``data/<name>/*.ttl`` is ``graph:<name>`` and
        ``data/catalog.ttl`` is ``graph:catalog``.
        """
        ontology = (path for path in _find_turtle(self.ontology) if path.parent == self.ontology)
        found = [SourceFile(path, GRAPH_ONTOLOGY) for path in ontology]
        for path in _find_turtle(self.data):
            inside = path.relative_to(self.data)
            if len(inside.parts) > 1:
                found.append(SourceFile(path, GRAPH + inside.parts[0]))
            elif inside.name == "catalog.ttl":
                found.append(SourceFile(path, GRAPH_CATALOG))
        return sorted(found, key=lambda file: file.path)


def locate_sources(root: Path | None = None) -> Sources:
    """The sources at ``root``, else of a checkout at or above the working folder, else the package's own.

    Raises ``SourceError`` when ``root`` holds no ``ontology/prefixes.ttl`` or cannot be looked into.
    """
    if root is not None:
        try:
            is_marked = (root / _MARKER).is_file()
        except OSError as error:
            raise _unreadable(root, error) from error
        if not is_marked:
            raise SourceError(
                f"{root} is not a tipgraph folder: it has no {_MARKER.as_posix()}",
                "give --root the folder that holds ontology/, data/, shapes/ and queries/",
            )
        return Sources(root.resolve())
    here = Path.cwd()
    package = Path(__file__).resolve().parent
    for folder in (here, *here.parents, package.parent.parent, package / "_sources"):
        if _is_sources(folder):
            return Sources(folder)
    raise SourceError("ontology/ and data/ were not found", "reinstall tipgraph, or give --root DIR")


def read_file(path: Path) -> bytes:
    """The content of ``path``, without a byte order mark.

    Raises ``SourceError`` when the path is missing, a folder or unreadable.
    """
    try:
        return path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except FileNotFoundError as error:
        raise SourceError(f"{path} does not exist", "check the path") from error
    except IsADirectoryError as error:
        raise SourceError(f"{path} is a folder, not a file", "name the files in it") from error
    except OSError as error:
        raise _unreadable(path, error) from error


def read_text(path: Path) -> str:
    """The content of the UTF-8 file ``path``, its line endings as they are.

    Raises ``SourceError`` as ``read_file`` does, and ``ParseError`` where a byte is not UTF-8.
    """
    content = read_file(path)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        is_pdf = content.startswith(b"%PDF")
        raise ParseError(
            f"{path}:{line}: the byte {content[error.start]:#04x} is not UTF-8",
            "take the text out of the PDF first" if is_pdf else "save the file as UTF-8",
            path=path,
            line=line,
        ) from error


def _find_turtle(folder: Path) -> Iterator[Path]:
    """Every Turtle file in ``folder`` and below it.

    Raises ``SourceError`` on a folder that cannot be listed: its facts would be missing without a word.
    """

    def refuse(error: OSError) -> None:
        raise _unreadable(Path(error.filename), error) from error

    if folder.is_dir():
        for name, _, files in os.walk(folder, onerror=refuse):
            yield from (Path(name) / file for file in files if file.endswith(".ttl"))


def _unreadable(path: Path, error: OSError) -> SourceError:
    reason = (error.strerror or "unknown reason").lower()
    return SourceError(f"{path} cannot be read: {reason}", "check its permissions")


def _is_sources(folder: Path) -> bool:
    return (folder / _MARKER).is_file() and (folder / "data").is_dir() and (folder / "shapes").is_dir()
