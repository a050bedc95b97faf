"""A report as SARIF 2.1.0, which code review shows as annotations on the lines at fault.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tipgraph.terms import Term
from tipgraph.validation.report import Report, Result, Severity
from tipgraph.validation.text import name_term
from tipgraph.vocabulary import shorten

_LEVELS: Final[Mapping[Severity, str]] = {
    Severity.VIOLATION: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}
_BASE: Final = "ROOT"
"""What the paths of files are relative to: the working folder."""


def report_sarif(report: Report, prefixes: Mapping[str, str]) -> str:
    """The report as a SARIF log of one run, a rule for each shape that is broken."""
    rules = {_rule_name(result, prefixes): result for result in reversed(report.results)}
    order = {name: number for number, name in enumerate(sorted(rules))}
    run = {
        "tool": {
            "driver": {
                "name": "tipgraph",
                "version": importlib.metadata.version("tipgraph"),
                "semanticVersion": importlib.metadata.version("tipgraph"),
                "informationUri": "https://w3id.org/tipgraph/",
                "rules": [_rule(name, rules[name]) for name in order],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"uri": f"{Path.cwd().as_uri()}/"}},
        "results": [_result(result, order, prefixes) for result in report.results],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _rule_name(result: Result, prefixes: Mapping[str, str]) -> str:
    return shorten((result.shape or result.component).value, prefixes)


def _rule(name: str, result: Result) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": name,
        "shortDescription": {"text": result.message},
        "help": {"text": result.message},
        "defaultConfiguration": {"level": _LEVELS[result.severity]},
        "properties": {"constraint": result.component.value},
    }
    if result.shape is not None and result.shape.value.startswith(("http://", "https://")):
        rule["helpUri"] = result.shape.value
    return rule


def _result(result: Result, order: Mapping[str, int], prefixes: Mapping[str, str]) -> dict[str, Any]:
    rule = _rule_name(result, prefixes)
    focus = name_term(result.focus_node, prefixes)
    found: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": order[rule],
        "level": _LEVELS[result.severity],
        "message": {"text": f"{focus}: {result.message}"},
        "partialFingerprints": {"tipgraph/v1": _fingerprint(rule, result.focus_node, result.value)},
        "properties": {"focusNode": focus},
    }
    if result.path is not None:
        found["properties"]["path"] = str(result.path)
    if result.value is not None:
        found["properties"]["value"] = name_term(result.value, prefixes)
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": focus, "kind": "resource"}]}
    if result.file is not None:
        location["physicalLocation"] = {"artifactLocation": _artifact(result.file)}
        if result.line is not None:
            location["physicalLocation"]["region"] = {"startLine": result.line}
    found["locations"] = [location]
    return found


def _artifact(path: Path) -> dict[str, str]:
    here, place = Path.cwd(), path.resolve()
    if place.is_relative_to(here):
        # A URI reference, in which a space and a # are escaped.
        relative = place.as_uri().removeprefix(f"{here.as_uri()}/")
        return {"uri": relative, "uriBaseId": _BASE}
    return {"uri": place.as_uri()}


def _fingerprint(rule: str, focus: Term, value: Term | None) -> str:
    """The same for the same fault, wherever its line moves."""
    return hashlib.sha256("\n".join((rule, str(focus), str(value))).encode()).hexdigest()[:32]
