"""RDF that a stranger sends, parsed only within bounds.

Oxigraph's parsers bound neither the expansion of entities nor, in every syntax, the depth to which things are
nested, and one that runs out of memory or stack ends the process. So the text is measured first. That is a
first line of defence: parse such text in a worker all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from tipgraph.errors import ParseError, SourceError, parse_error
from tipgraph.serialization import SYNTAXES, Syntax

_SYNTAX_OF: Final[Mapping[str, Syntax]] = {syntax.media_type: syntax for syntax in SYNTAXES.values()}

_TURTLE_TOKENS: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""'
    r"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'(?:[^'\\\n]|\\.)*'"
    r"|<[^<>\"{}|^`\\\s]*>"
    r"|\#[^\n]*"
    r"|(?P<open><<|[(\[{])|(?P<close>>>|[)\]}])",
    re.DOTALL,
)
_JSON_TOKENS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(?P<open>[\[{])|(?P<close>[\]}])', re.DOTALL)
_XML_TOKENS: Final = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"
    r"|(?P<close></)|<[^!?/>](?:[^<>\"']|\"[^\"]*\"|'[^']*')*/>|(?P<open><[^!?/])",
    re.DOTALL,
)
_ENTITY: Final = re.compile(r"<!ENTITY\s+(%?)\s*([^\s]+)\s+(\"[^\"]*\"|'[^']*'|[^>]*)")
_REFERENCE: Final = re.compile(r"&([^#;\s&<]+);")
_SAFE_REFERENCES: Final = frozenset(("amp", "lt", "gt", "quot", "apos"))


@dataclass(frozen=True)
class UploadLimits:
    """How much RDF of a stranger is read; the size in bytes, after the expansion of entities too."""

    size: int = 10 << 20
    depth: int = 100
    statements: int = 200_000


def load_untrusted(
    content: bytes, media_type: str, limits: UploadLimits | None = None, *, base_iri: str | None = None
) -> ox.Store:
    """A store of the RDF in ``content``; nothing is fetched for it, no context and no entity.

    Raises ``SourceError`` on a media type that is no RDF syntax and on what exceeds ``limits``, and
    ``ParseError`` on what is malformed.
    """
    limits = limits or UploadLimits()
    syntax = _SYNTAX_OF.get(media_type.partition(";")[0].strip().lower())
    if syntax is None:
        raise SourceError(f"{media_type!r} is no RDF syntax", f"use one of {', '.join(_SYNTAX_OF)}")
    if len(content) > limits.size:
        raise _exceeded(f"it is larger than {limits.size:,} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"the upload is not UTF-8: {error.reason} at byte {error.start}"
        raise ParseError(message, "save it as UTF-8") from None
    if syntax.format == ox.RdfFormat.RDF_XML:
        _check_entities(text, limits)
    _check_depth(text, syntax, limits)
    store = ox.Store()
    try:
        for number, quad in enumerate(ox.parse(text, format=syntax.format, base_iri=base_iri)):
            if number >= limits.statements:
                raise _exceeded(f"it has more than {limits.statements:,} statements")
            store.add(quad)
    except SyntaxError as error:
        raise parse_error(Path("upload"), error) from None
    except ValueError as error:
        raise ParseError(f"upload: {error}", "correct it; nothing was read from it") from None
    return store


def _exceeded(what: str) -> SourceError:
    return SourceError(f"the upload is not read: {what}", "send less, or run tipgraph on your own machine")


def _check_depth(text: str, syntax: Syntax, limits: UploadLimits) -> None:
    tokens = {
        ox.RdfFormat.RDF_XML: _XML_TOKENS,
        ox.RdfFormat.JSON_LD: _JSON_TOKENS,
    }.get(syntax.format, _TURTLE_TOKENS)
    depth = 0
    for token in tokens.finditer(text):
        if token.lastgroup == "open":
            depth += 1
            if depth > limits.depth:
                line = text.count("\n", 0, token.start()) + 1
                raise _exceeded(f"it is nested more than {limits.depth} deep in line {line}")
        elif token.lastgroup == "close":
            depth = max(0, depth - 1)


def _check_entities(text: str, limits: UploadLimits) -> None:
    """Refuse entities that lie elsewhere, are made of others, or make the text larger than it may be."""
    lengths: dict[str, int] = {}
    for is_parameter, name, value in _ENTITY.findall(text):
        if is_parameter or value[:1] not in ("'", '"'):
            raise _exceeded(f"its entity {name} lies outside it")
        if set(_REFERENCE.findall(value)) - _SAFE_REFERENCES:
            raise _exceeded(f"its entity {name} is made of others")
        lengths[name] = max(lengths.get(name, 0), len(value))
    expanded = len(text) + sum(lengths.get(name, 0) for name in _REFERENCE.findall(text))
    if expanded > limits.size:
        raise _exceeded(f"with its entities it is larger than {limits.size:,} bytes")
