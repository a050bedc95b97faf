"""What is said between a client and a store in the SPARQL 1.1 Protocol, apart from how it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

RESULTS_JSON: Final = "application/sparql-results+json"
N_TRIPLES: Final = "application/n-triples"


@dataclass(frozen=True)
class PeerQuery:
    """A query for a store, and the media type that it is to answer with.

    The graphs are those of the SPARQL 1.1 Protocol, section 2.1.4; ``None`` leaves them to the query.
    """

    text: str
    media_type: str
    default_graphs: Sequence[str] | None = None
    named_graphs: Sequence[str] | None = None

    def parameters(self) -> dict[str, Any]:
        """Those of the request."""
        graphs = {"default-graph-uri": self.default_graphs, "named-graph-uri": self.named_graphs}
        return {"query": self.text} | {name: list(given) for name, given in graphs.items() if given}


@dataclass(frozen=True)
class PeerAnswer:
    """What a store answered, and whether it has more to say."""

    content: bytes
    is_cut: bool = False
