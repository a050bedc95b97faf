"""Every exception that tipgraph raises on purpose.

::

    TipgraphError                 exit code 3
    ├── UsageError                exit code 2: the call itself is wrong
    ├── SourceError               a folder, file or graph is missing or cannot be read or written
    ├── ParseError                a file is not well-formed RDF; carries file, line and column
    ├── OntologyError             an axiom or rule cannot be used, or the facts contradict it
    ├── UnknownNameError          no resource, query, graph or format bears that name
    ├── AmbiguousNameError        several resources bear it
    ├── AddressError              no server can listen at that host and port
    ├── BusyError                 the server has no place for another request at present
    ├── PeerError                 another store cannot be reached, refuses, or answers nonsense
    │   └── PeerTimeoutError      it does not answer in time
    └── QueryError                a SPARQL query cannot be answered
        ├── QuerySyntaxError      it is not well-formed; carries line and column
        ├── UpdateRefusedError    it is an update, and this graph is read-only
        ├── ServiceRefusedError   it would reach out to another host
        ├── ServiceFailedError    another host that it asks gave no answer
        ├── ParameterError        a parameter is missing, unknown or of the wrong type
        ├── QueryTimeoutError     it was stopped because it ran too long
        ├── QueryMemoryError      it was stopped because it needed too much memory
        └── ResultTooLargeError   its answer is larger than may be sent

A message is one lower-case sentence that names what is wrong and where; the hint says what to do next.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar


class TipgraphError(Exception):
    """An error that the user can understand and act on."""

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(TipgraphError):
    """The call itself is wrong: an option, an argument or their combination."""

    exit_code = 2


class SourceError(TipgraphError):
    """A folder, file or graph is missing, or cannot be read or written."""


class ParseError(TipgraphError):
    """A file is not well-formed RDF; ``line`` and ``column`` count from one where they are known."""

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        *,
        path: Path | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.path = path
        self.line = line
        self.column = column


def parse_error(path: Path, error: SyntaxError) -> ParseError:
    """The ``ParseError`` that names file, line and column of the ``SyntaxError`` of pyoxigraph's parser."""
    line, column = error.lineno, error.offset
    where = f"{path}:{line}:{column}" if line else f"{path}"
    reason = re.sub(r"^Parser error (at line \d+ (column \d+|between .*?)|between line .*?): ", "", error.msg)
    hint = "correct the file at that place; nothing was read from it"
    if "LoadDocumentCallback" in reason:
        reason = "its JSON-LD context lies at another address, and nothing is fetched from the network"
        hint = "copy the context into the file"
    if "No scheme found" in reason:
        hint = "write the IRI in full, or declare what it is relative to with @base"
    # Lower case as all messages, unless the first word is an acronym.
    reason = re.sub(r"^[A-Z](?![A-Z])", lambda first: first[0].lower(), reason)
    return ParseError(
        f"{where}: {reason}",
        hint,
        path=path,
        line=line,
        column=column,
    )


class OntologyError(TipgraphError):
    """An axiom or rule cannot be used, or the asserted facts contradict it."""


class UnknownNameError(TipgraphError):
    """No resource, query, graph or format bears the name that was asked for."""


class AmbiguousNameError(TipgraphError):
    """Several resources bear the name that was asked for."""


class AddressError(TipgraphError):
    """No server can listen at that host and port."""


class BusyError(TipgraphError):
    """The server has no place for another request at present."""


class PeerError(TipgraphError):
    """Another store cannot be reached, refuses what it is asked, or answers what cannot be understood."""


class PeerTimeoutError(PeerError):
    """Another store does not answer in time."""


class QueryError(TipgraphError):
    """A SPARQL query cannot be answered."""


class QuerySyntaxError(QueryError):
    """A SPARQL query is not well-formed; ``line`` and ``column`` count from one where they are known."""

    def __init__(
        self, message: str, hint: str | None = None, *, line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(message, hint)
        self.line = line
        self.column = column


class UpdateRefusedError(QueryError):
    """The request is a SPARQL update, and the graph is read-only."""


class ServiceRefusedError(QueryError):
    """The query would reach out to another host with ``SERVICE`` or a remote ``FROM``."""


class ServiceFailedError(QueryError):
    """An endpoint that the query asks with ``SERVICE`` gave no answer that can be used."""


class ParameterError(QueryError):
    """A query parameter is missing, unknown or not of its declared type."""


class QueryTimeoutError(QueryError):
    """The query was stopped because it ran longer than it may."""


class QueryMemoryError(QueryError):
    """The query was stopped because it needed more memory than it may use."""


class ResultTooLargeError(QueryError):
    """The answer to the query is larger than may be sent."""
