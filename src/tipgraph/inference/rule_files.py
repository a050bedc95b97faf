"""The rules of ``ontology/rules/``: SPARQL CONSTRUCT queries, for what OWL cannot say.

Each file holds one query; its comment lines say what it derives and why. It reads the union of all graphs.
What it may use is the part of SPARQL for which "run until nothing new follows" has one answer: patterns with
property paths, ``FILTER``, ``BIND``, ``VALUES``, ``UNION``, ``GRAPH``, ``OPTIONAL``, ``MINUS``, ``EXISTS``
and ``NOT EXISTS``. From the text this module learns what a rule reads, what it holds for absent and what it
derives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, NoReturn

import pyoxigraph as ox

from tipgraph.errors import OntologyError
from tipgraph.inference.paths import Alternative, Chain, Inverse, PropertyPath, Repeated, keys_of
from tipgraph.inference.rules import RDF_TYPE, Key, Pattern, Rule, Slot
from tipgraph.terms import Term
from tipgraph.tokens import Token, locate, read_tokens


class Standing(Enum):
    """How a pattern bears on the rule: it must match, it may, or it must not."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    ABSENT = "absent"


@dataclass(frozen=True)
class PathPattern:
    """Two nodes and the property path from the first to the second."""

    ends: tuple[Slot, Slot]
    path: PropertyPath


@dataclass(frozen=True, eq=False)
class FileRule(Rule):
    """A rule of a file; ``body`` and ``paths`` are what can take part in a match, wherever it stands.

    ``computes`` says whether it makes values with ``BIND``.
    """

    paths: tuple[PathPattern, ...] = ()
    required: frozenset[Key] = frozenset()
    negated: frozenset[Key] = frozenset()
    computes: bool = False
    file: Path = Path()
    reason: str = ""

    def reads(self) -> list[Key]:
        """What the rule takes for true."""
        return sorted(self.required, key=str)

    def negates(self) -> list[Key]:
        """What the rule holds for absent, and what it may or may not find."""
        return sorted(self.negated, key=str)


_REFUSED_CLAUSES: Final = frozenset(
    {"FROM", "SELECT", "SERVICE", "BASE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET"}
)
_REFUSED_FUNCTIONS: Final = frozenset({"BNODE", "NOW", "RAND", "STRUUID", "UUID"})
"""Functions that give another answer each time: with them a rule would never be done."""


def read_rules(folder: Path, prefixes: Mapping[str, str]) -> list[FileRule]:
    """The rules of every ``.rq`` file in ``folder``, sorted by file name; ``prefixes`` need no declaration.

    Raises ``OntologyError`` with file and line on a file that cannot be read or is no such rule.
    """
    return [rule for path in sorted(folder.glob("*.rq")) for rule in read_rule_file(path, prefixes)]


def read_rule_file(path: Path, prefixes: Mapping[str, str]) -> list[FileRule]:
    """The rules of one file: one for each triple of its template."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OntologyError(
            f"{path} cannot be read: {error}", "check its permissions and its encoding"
        ) from error
    return _RuleReader(path, text, prefixes).read()


class _RuleReader:
    """Reads one file from its tokens; Oxigraph has the last word on what is well-formed."""

    def __init__(self, path: Path, text: str, prefixes: Mapping[str, str]) -> None:
        self._path = path
        self._text = text
        self._tokens = read_tokens(text)
        self._next = 0
        self._prefixes = dict(prefixes)
        self._body: list[Pattern] = []
        self._paths: list[PathPattern] = []
        self._reads: set[Key] = set()
        self._negated: set[Key] = set()

    def read(self) -> list[FileRule]:
        self._check_tokens()
        try:
            ox.Store().query(self._text, prefixes=self._prefixes)
        except SyntaxError as error:
            raise OntologyError(f"{self._path}: {error}", "correct the rule; it is a SPARQL query") from error
        while self._accept("PREFIX"):
            prefix = self._take().text.removesuffix(":")
            self._prefixes[prefix] = self._take().text[1:-1]
        if not self._accept("CONSTRUCT"):
            self._refuse("a rule is a CONSTRUCT query")
        if self._accept("WHERE"):
            self._refuse("a rule has a template between CONSTRUCT and WHERE")
        heads: list[Pattern] = []
        self._take()
        while not self._accept("}"):
            self._triples(heads.append)
        self._accept("WHERE")
        start = self._take().end
        while not self._accept("}"):
            self._element(Standing.REQUIRED)
        end = self._tokens[self._next - 1].start
        if not heads:
            self._refuse("the template of a rule has at least one triple")
        bound = {token.text[1:] for token in self._tokens if start <= token.start < end}
        for variable in (variable for head in heads for variable in head.variables()):
            if variable.value not in bound:
                self._refuse(f"the variable {variable} of the template is not in the body")
        return [
            FileRule(
                self._path.stem,
                tuple(self._body),
                head,
                where=self._expand_names(start, end),
                required=frozenset(self._reads),
                negated=frozenset(self._negated),
                paths=tuple(self._paths),
                computes=any(token.is_word("BIND") for token in self._tokens),
                file=self._path,
                reason=self._header(),
            )
            for head in heads
        ]

    # -- graph patterns -------------------------------------------------------------------------------------

    def _group(self, standing: Standing) -> None:
        self._take()
        while not self._accept("}"):
            self._element(standing)

    def _element(self, standing: Standing) -> None:
        if self._accept("OPTIONAL"):
            self._group(standing if standing is Standing.ABSENT else Standing.OPTIONAL)
        elif self._accept("MINUS"):
            self._group(Standing.ABSENT)
        elif self._accept("UNION") or self._accept("."):
            pass
        elif self._accept("GRAPH"):
            self._take()
            self._group(standing)
        elif self._accept("FILTER"):
            if self._accept("EXISTS"):
                self._group(standing)
            else:
                self._expression()
        elif self._accept("BIND"):
            self._expression()
        elif self._accept("VALUES"):
            while self._take().text != "{":
                pass
            while self._take().text != "}":
                pass
        elif self._peek().text == "{":
            self._group(standing)
        else:
            self._triples(
                lambda pattern: self._note(pattern, standing), lambda path: self._note_path(path, standing)
            )

    def _expression(self) -> None:
        """Pass over an expression; what it reads may count either way, so that has to be complete first."""
        depth = 0
        while True:
            token = self._take()
            if token.is_word("EXISTS"):
                self._group(Standing.ABSENT)
            elif token.kind == "open":
                depth += 1
            elif token.kind == "close":
                depth -= 1
            else:
                continue
            if depth == 0:
                return

    def _note(self, pattern: Pattern, standing: Standing) -> None:
        if standing is not Standing.ABSENT:
            self._body.append(pattern)
        if standing is Standing.REQUIRED:
            self._reads.add(Key.of(pattern))
        else:
            self._negated.add(Key.of(pattern))

    def _note_path(self, pattern: PathPattern, standing: Standing) -> None:
        if standing is not Standing.ABSENT:
            self._paths.append(pattern)
        (self._reads if standing is Standing.REQUIRED else self._negated).update(keys_of(pattern.path))

    # -- triples --------------------------------------------------------------------------------------------

    def _triples(
        self, note: Callable[[Pattern], None], note_path: Callable[[PathPattern], None] | None = None
    ) -> None:
        """Read a subject with its predicates and objects."""
        subject = self._term()
        while True:
            if self._accept(";"):
                continue
            if self._peek().text in (".", "}") or self._peek().kind == "open":
                break
            path = self._path_alternative()
            while True:
                value = self._term()
                if isinstance(path, ox.NamedNode | ox.Variable):
                    note(Pattern(subject, path, value))
                elif note_path is not None:
                    note_path(PathPattern((subject, value), path))
                if not self._accept(","):
                    break
            if not self._accept(";"):
                break
        self._accept(".")

    def _path_alternative(self) -> PropertyPath | ox.Variable:
        if self._peek().kind == "variable":
            return ox.Variable(self._take().text[1:])
        parts = [self._path_chain()]
        while self._accept("|"):
            parts.append(self._path_chain())
        return parts[0] if len(parts) == 1 else Alternative(tuple(parts))

    def _path_chain(self) -> PropertyPath:
        parts = [self._path_step()]
        while self._accept("/"):
            parts.append(self._path_step())
        return parts[0] if len(parts) == 1 else Chain(tuple(parts))

    def _path_step(self) -> PropertyPath:
        if self._accept("^"):
            return Inverse(self._path_step())
        if self._accept("("):
            path = self._path_alternative()
            self._take()
            if isinstance(path, ox.Variable):
                self._refuse("a property path has no variables")
        elif self._peek().text == "!":
            self._refuse("a rule may not use a negated property set")
        else:
            iri = self._term()
            if not isinstance(iri, ox.NamedNode):
                self._refuse("a predicate is an IRI or a variable")
            path = iri
        for mark, least, unbounded in (("*", 0, True), ("+", 1, True), ("?", 0, False)):
            if self._accept(mark):
                return Repeated(path, least, unbounded)
        return path

    def _term(self) -> Slot:
        token = self._take()
        if token.kind == "variable":
            return ox.Variable(token.text[1:])
        if token.kind == "iri":
            return ox.NamedNode(token.text[1:-1])
        if token.kind == "name":
            return ox.NamedNode(self._iri_of(token))
        if token.text == "a":
            return RDF_TYPE
        if token.kind == "blank" or token.text in ("[", "("):
            self._refuse("a rule has no blank nodes and lists; use a variable")
        literal = token.text
        if token.text in ("+", "-") or self._peek().kind == "language":
            literal += self._take().text
        elif self._peek().text == "^" and self._tokens[self._next + 1].text == "^":
            self._next += 2
            literal += f"^^{self._term()}"
        (quad,) = ox.parse(f"<x:s> <x:p> {literal} .", format=ox.RdfFormat.TURTLE)
        value: Term = quad.object
        return value

    # -- tokens ---------------------------------------------------------------------------------------------

    def _check_tokens(self) -> None:
        for number, token in enumerate(self._tokens):
            word = token.text.upper() if token.kind == "word" else ""
            if word in _REFUSED_CLAUSES or word in _REFUSED_FUNCTIONS:
                self._next = number + 1
                self._refuse(f"a rule may not use {word}")

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _accept(self, text: str) -> bool:
        if self._next < len(self._tokens) and self._peek().text.upper() == text:
            self._next += 1
            return True
        return False

    def _iri_of(self, token: Token) -> str:
        prefix, _, local = token.text.partition(":")
        return self._prefixes[prefix] + local.replace("\\", "")

    def _expand_names(self, start: int, end: int) -> str:
        """The text between two places with every prefixed name written out, so that it needs no prologue."""
        parts, at = [], start
        for token in self._tokens:
            if token.kind == "name" and start <= token.start < end:
                parts += [self._text[at : token.start], f"<{self._iri_of(token)}>"]
                at = token.end
        return "".join([*parts, self._text[at:end]]).strip() + "\n"

    def _header(self) -> str:
        lines = self._text.splitlines()
        comments = [line.lstrip("# ").rstrip() for line in lines[: _first(lines)]]
        return " ".join(comment for comment in comments if comment)

    def _refuse(self, reason: str) -> NoReturn:
        token = self._tokens[max(0, min(self._next, len(self._tokens)) - 1)]
        line, _ = locate(self._text, token.start)
        raise OntologyError(
            f"{self._path}:{line}: {reason}",
            "a rule is CONSTRUCT { … } WHERE { … } with patterns, paths, FILTER, BIND, VALUES, UNION, GRAPH,"
            " OPTIONAL, MINUS and (NOT) EXISTS",
        )


def _first(lines: list[str]) -> int:
    """How many comment lines stand at the top."""
    return next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
