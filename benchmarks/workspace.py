"""Generated graphs for a run, each made once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.generator import write_folder, write_quads
from benchmarks.measuring import ROOT
from tipgraph.sources import Sources

SEED: Final = 1
_EVERY: Final = 97
"""One in so many statements of the report is left out of a damaged graph."""


@dataclass(frozen=True)
class Workspace:
    """A folder of generated graphs."""

    folder: Path

    def quads(self, triples: int) -> Path:
        """A generated graph as a file."""
        path = self.folder / f"{triples}.nq"
        if not path.exists():
            write_quads(path, Sources(ROOT), triples, SEED)
        return path

    def root(self, triples: int, *, damaged: bool = False) -> Path:
        """A generated graph as a folder for ``--root``; a ``damaged`` one lacks statements of the report."""
        path = self.folder / f"{triples}{'-damaged' if damaged else ''}"
        if not path.exists():
            path.mkdir()
            write_folder(path, Sources(ROOT), triples, SEED)
            if damaged:
                report = path / "data" / "report-2010" / "generated.ttl"
                lines = report.read_text(encoding="utf-8").splitlines(keepends=True)
                report.write_text(
                    "".join(line for n, line in enumerate(lines) if n % _EVERY), encoding="utf-8"
                )
        return path
