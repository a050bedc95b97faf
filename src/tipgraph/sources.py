"""Where the four folders are: ``ontology/``, ``data/``, ``shapes/`` and ``queries/``.

A checkout comes first, so that whoever edits a file sees the effect; the copy inside the installed package
comes last, so that ``pip install tipgraph`` works with no checkout.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tipgraph.errors import SourceError
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
        """The prefix table of ``ontology/prefixes.ttl``."""
        return read_prefixes(self.ontology / "prefixes.ttl")

    def graph_files(self) -> list[SourceFile]:
        """Every Turtle file with its named graph, sorted by path.

        ``ontology/*.ttl`` is ``graph:ontology``, ``data/<name>/*.ttl`` is ``graph:<name>`` and
        ``data/catalog.ttl`` is ``graph:catalog``.
        """
        found = [SourceFile(path, GRAPH_ONTOLOGY) for path in self.ontology.glob("*.ttl")]
        for path in self.data.rglob("*.ttl"):
            inside = path.relative_to(self.data)
            if len(inside.parts) > 1:
                found.append(SourceFile(path, GRAPH + inside.parts[0]))
            elif inside.name == "catalog.ttl":
                found.append(SourceFile(path, GRAPH_CATALOG))
        return sorted(found, key=lambda file: file.path)


def locate_sources(root: Path | None = None) -> Sources:
    """The sources at ``root``, else of a checkout at or above the working folder, else the package's own.

    Raises ``SourceError`` when ``root`` holds no ``ontology/prefixes.ttl``.
    """
    if root is not None:
        if not (root / _MARKER).is_file():
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


def _is_sources(folder: Path) -> bool:
    return (folder / _MARKER).is_file() and (folder / "data").is_dir() and (folder / "shapes").is_dir()
