"""The graph held against its shapes (SHACL): what is wrong, on which line, and what to do.

A fast engine validates by default and the reference engine checks it; both give the same ``Report``.
"""

from tipgraph.validation.checking import validate_dataset, validate_files
from tipgraph.validation.engines import Engine
from tipgraph.validation.formats import REPORT_FORMATS, report_triples, write_report
from tipgraph.validation.live import LiveValidation
from tipgraph.validation.report import Report, Result, Severity

__all__ = [
    "REPORT_FORMATS",
    "Engine",
    "LiveValidation",
    "Report",
    "Result",
    "Severity",
    "report_triples",
    "validate_dataset",
    "validate_files",
    "write_report",
]
