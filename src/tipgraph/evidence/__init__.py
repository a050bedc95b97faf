"""Evidence that checks itself: passages found in the text of the source, and facts held against them.

The project keeps positions and digests of passages and never their words. Whoever has the text of the source
gives it, and the words are found again by position or, in another edition, by digest.
"""

from tipgraph.evidence.checking import EvidenceReport, Failure, check_evidence
from tipgraph.evidence.coverage import Coverage, SectionCoverage, measure_coverage
from tipgraph.evidence.passages import PassageRecord, find_passages, passages_of, read_passages

__all__ = [
    "Coverage",
    "EvidenceReport",
    "Failure",
    "PassageRecord",
    "SectionCoverage",
    "check_evidence",
    "find_passages",
    "measure_coverage",
    "passages_of",
    "read_passages",
]
