"""RDF that a stranger sends, held against the shapes without touching a file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tipgraph.serialization import SYNTAXES
from tipgraph.store import Dataset
from tipgraph.terms import Term
from tipgraph.untrusted import UploadLimits, load_untrusted
from tipgraph.validation.checking import asserted_triples, make_report
from tipgraph.validation.engines import run_engine
from tipgraph.validation.places import PlaceFinder
from tipgraph.validation.report import Report
from tipgraph.validation.shapes import read_shapes, require_support
from tipgraph.vocabulary import RDF

NAME: Final = "upload"
"""What the file is called in messages and reports; it has no path."""


class UploadValidator:
    """The shapes, and the graph that uploads may refer to, read once; forked processes share them."""

    def __init__(self, dataset: Dataset, shapes: Path, limits: UploadLimits | None = None) -> None:
        # The engine is loaded now: who validates a stranger's text may open no file.
        import pyrudof  # noqa: F401

        self._known: Final = asserted_triples(dataset)
        self._shapes: Final = read_shapes(shapes, dataset.prefixes)
        require_support(self._shapes, shapes, "rudof")
        self._limits: Final = limits or UploadLimits()

    def validate(self, content: bytes, media_type: str) -> Report:
        """What breaks the shapes of all that ``content`` describes.

        Raises as ``untrusted.load_untrusted`` does.
        """
        own = load_untrusted(content, media_type, self._limits, base_iri=f"urn:{NAME}")
        described: set[Term] = {quad.subject for quad in own}
        typed = {quad.subject for quad in own if quad.predicate.value == f"{RDF}type"}
        data = dict.fromkeys([*self._known, *(quad.triple for quad in own)])
        findings = run_engine("rudof", list(data), self._shapes, focus=described)
        kind = media_type.partition(";")[0].strip().lower()
        suffix = next(syntax.suffix for syntax in SYNTAXES.values() if syntax.media_type == kind)
        places = PlaceFinder.of_content(Path(f"{NAME}{suffix}"), content, f"urn:{NAME}")
        return make_report(findings, self._shapes, places, len(typed))
