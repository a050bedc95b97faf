"""Canonical Turtle, so that one new fact is one new line in a diff; and the line on which each fact stands.

The canonical form of a graph: the header comment; the prefixes that are used, sorted; one block for each
subject, sorted. In a block ``a`` comes first, then the other predicates by name, one object on a line, each
line with its own `` ;`` and the final ``.`` alone. Numbers inside names sort as numbers. Blank nodes are
written as trees, on one line where they fit and one statement on a line where they do not.
"""

from __future__ import annotations

import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias, TypeGuard

import pyoxigraph as ox

from tipgraph.canonical import Term, label_blank_nodes
from tipgraph.errors import SourceError, parse_error
from tipgraph.vocabulary import RDF, XSD, shorten

Subject: TypeAlias = ox.NamedNode | ox.BlankNode
_SortKey: TypeAlias = tuple[list[int | str], str]

_WIDTH: Final = 110
_INDENT: Final = "    "
_DEPTH: Final = 50
"""How deep blank nodes are written inside each other."""

_TYPE: Final = ox.NamedNode(f"{RDF}type")
_FIRST: Final = ox.NamedNode(f"{RDF}first")
_REST: Final = ox.NamedNode(f"{RDF}rest")
_NIL: Final = ox.NamedNode(f"{RDF}nil")

_BARE: Final[Mapping[str, re.Pattern[str]]] = {
    f"{XSD}boolean": re.compile(r"true|false"),
    f"{XSD}integer": re.compile(r"[+-]?[0-9]+"),
    f"{XSD}decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
}
"""Datatype → the lexical forms that Turtle writes without quotes (Turtle 1.1, section 2.5)."""

_CONTROL_CHARACTER: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_ESCAPES: Final[Mapping[str, str]] = {"\b": r"\b", "\t": r"\t", "\f": r"\f", "\r": r"\r"}

_HEADER: Final = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*(?:[ \t]*#[^\r\n]*\Z)?")

_TOKEN: Final = re.compile(
    r'''
      """ (?: [^"\\] | \\. | "(?!"") )* """
    | \'\'\' (?: [^'\\] | \\. | '(?!'') )* \'\'\'
    | " (?: [^"\\\n] | \\. )* "
    | ' (?: [^'\\\n] | \\. )* '
    | < [^<>\s]* >
    | \\.
    | (?P<comment> \# [^\r\n]* )
    | (?P<label> _: [^\s;,()\[\]<>"'\#]+ )
    ''',
    re.VERBOSE | re.DOTALL,
)
"""The tokens of well-formed Turtle that can hold a ``#``, or that the messages of this module point at."""


def format_turtle(text: str, *, path: Path, prefixes: Mapping[str, str] | None = None) -> str:
    """The canonical form of the Turtle ``text``: the same triples, the same header comment.

    ``path`` is for messages. A name is shortened by a prefix of ``prefixes`` where one fits, else by one that
    the text declares. Raises ``ParseError`` on malformed Turtle, and ``SourceError`` where the canonical form
    would lose something: a comment below the header, or the label of a blank node that no tree can hold.
    """
    try:
        parser = ox.parse(text, format=ox.RdfFormat.TURTLE)
        triples = [quad.triple for quad in parser]
    except SyntaxError as error:
        raise parse_error(path, error) from error
    header, header_end = _read_header(text)
    graph = _Graph(triples)
    for token in _TOKEN.finditer(text, header_end):
        if token["comment"]:
            raise SourceError(
                f"{path}:{_line_of(token)}: a comment below the header would be lost: {token[0].strip()}",
                "move it into the header comment, or say it in an rdfs:comment or skos:editorialNote",
            )
        if token["label"] and ox.BlankNode(token[0][2:].rstrip(".")) in graph.labelled:
            raise SourceError(
                f"{path}:{_line_of(token)}: the blank node {token[0].rstrip('.')} is no tree: it is referred "
                "to more than once, or lies in a cycle or too deep in other blank nodes",
                "give it an IRI",
            )
    if graph.labelled:
        raise SourceError(f"{path}: blank nodes lie more than {_DEPTH} deep in each other", "give one an IRI")
    # The project's own names come first, so that a file cannot rename them.
    return _write_document(graph, {**(prefixes or {}), **parser.prefixes}, header)


def serialize_graph(triples: Iterable[ox.Triple], prefixes: Mapping[str, str], header: str = "") -> str:
    """The canonical Turtle of ``triples`` under the comment lines ``header``, each with its ``#``.

    The same graph gives the same text, whatever the order of the triples and the labels of blank nodes. A
    blank node that no tree can hold, because it is referred to twice, lies in a cycle or too deep in others,
    gets the label that RDF Dataset Canonicalization (RDFC-1.0) gives it. Raises ``SourceError`` on a triple
    term of RDF 1.2.
    """
    triples = list(triples)
    graph = _Graph(triples)
    if graph.labelled:
        quads = label_blank_nodes(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
        graph = _Graph(quad.triple for quad in quads)
    return _write_document(graph, prefixes, header)


class LineIndex:
    """Where each triple of a Turtle text stands; lines count from one."""

    def __init__(self, lines: Mapping[tuple[Term | None, ...], int]) -> None:
        self._lines = lines

    def line_of(
        self, subject: Subject, predicate: ox.NamedNode | None = None, object: Term | None = None
    ) -> int | None:
        """The line of the triple; of the first one that matches where the object, or more, is left out.

        Blank nodes have no name outside their file, so every blank node as ``object`` matches every other.
        Without a predicate it is the line on which the subject's first block begins.
        """
        return self._lines.get((subject, predicate, None if isinstance(object, ox.BlankNode) else object))


def index_lines(
    text: str, *, base_iri: str | None = None, syntax: ox.RdfFormat = ox.RdfFormat.TURTLE
) -> LineIndex:
    """The line of each triple of the well-formed ``text``, in Turtle or another RDF syntax.

    It is the one on which the object stands; in RDF/XML the one on which its element ends. Where the object
    is a blank node, it is the line of the first statement inside it. Of JSON-LD, whose context may come last,
    only the lines are known that name a resource. ``base_iri`` is what relative IRIs are relative to. Raises
    ``SyntaxError`` on malformed text.
    """
    if syntax == ox.RdfFormat.JSON_LD:
        return LineIndex(_json_ld_lines(text, base_iri))
    # The parser asks for more text only when it needs some to finish a triple, so a reader that hands out
    # one line at a time knows on which line each triple was finished.
    reader = _LineReader(text.encode())
    parser = ox.parse(reader, format=syntax, base_iri=base_iri)
    first_lines = _first_lines_of_long_strings(text)
    rows = ["", *text.split("\n")]
    lines: dict[tuple[Term | None, ...], int] = {}
    inside: dict[ox.BlankNode, int] = {}
    done = 0
    for quad in parser:
        subject, predicate, obj = quad.triple
        line = first_lines.get(reader.line, reader.line)
        if isinstance(subject, ox.BlankNode):
            inside.setdefault(subject, line)
        elif (subject, None, None) not in lines:
            names = {shorten(subject.value, parser.prefixes), f"<{subject.value}>"}
            between = [number for number in range(done + 1, line) if names & set(rows[number].split()[:1])]
            # Blocks begin without white space, but in a layout that is not canonical they need not.
            lines[subject, None, None] = min(between, key=lambda row: rows[row][:1].isspace(), default=line)
        if isinstance(obj, ox.BlankNode):
            line = inside.get(obj, line)
        else:
            lines.setdefault((subject, predicate, obj), line)
        lines.setdefault((subject, predicate, None), line)
        if isinstance(subject, ox.NamedNode):
            done = reader.line
    return LineIndex(lines)


def _json_ld_lines(text: str, base_iri: str | None) -> dict[tuple[Term | None, ...], int]:
    parser = ox.parse(text, format=ox.RdfFormat.JSON_LD, base_iri=base_iri)
    subjects = {quad.subject for quad in parser if isinstance(quad.subject, ox.NamedNode)}
    named: dict[str, int] = {}
    for found in re.finditer(r'"@id"\s*:\s*"([^"\\]+)"', text):
        named.setdefault(found[1], text.count("\n", 0, found.start(1)) + 1)
    lines: dict[tuple[Term | None, ...], int] = {}
    for subject in subjects:
        names = (subject.value, shorten(subject.value, parser.prefixes))
        if places := [named[name] for name in names if name in named]:
            lines[subject, None, None] = min(places)
    return lines


class _LineReader(io.BytesIO):
    """A binary file that gives one line for each read; ``line`` is the number of the last one."""

    line = 0

    def read(self, size: int | None = -1) -> bytes:
        line = self.readline()
        if line:
            self.line += 1
        return line


def _first_lines_of_long_strings(text: str) -> dict[int, int]:
    """For each line on which a string of several lines ends, the line on which that string begins."""
    found = {}
    for token in _TOKEN.finditer(text):
        breaks = token[0].count("\n")
        if breaks:
            first = _line_of(token)
            found[first + breaks] = first
    return found


def _line_of(token: re.Match[str]) -> int:
    return token.string.count("\n", 0, token.start()) + 1


def _read_header(text: str) -> tuple[str, int]:
    """The comment lines at the top of ``text``, and the position at which they end."""
    header = _HEADER.match(text)
    assert header is not None  # it matches the empty string
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", header[0])]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines).strip("\n")), header.end()


class _Graph:
    """Triples by subject, with the blank nodes that no tree can hold in ``labelled``."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self._objects: dict[Subject, dict[ox.NamedNode, list[Term]]] = defaultdict(lambda: defaultdict(list))
        references: Counter[Term] = Counter()
        for subject, predicate, obj in dict.fromkeys(triples):
            if isinstance(obj, ox.Triple):
                raise SourceError(
                    f"the triple term {obj} cannot be written as Turtle 1.1",
                    "describe the statement as a resource",
                )
            self._objects[subject][predicate].append(obj)
            if isinstance(obj, ox.BlankNode):
                references[obj] += 1
        self.labelled: set[Term] = {node for node, count in references.items() if count > 1}
        self.roots = [node for node in self._objects if not references[node] or node in self.labelled]
        in_cycles = self._objects.keys() - self._walk_trees()
        self.labelled.update(in_cycles)
        self.roots.extend(in_cycles)

    def _walk_trees(self) -> set[Subject]:
        """The subjects that the trees under the roots hold; a tree that is too deep is cut in two."""
        reached: set[Subject] = set()
        waiting = [(root, 0) for root in self.roots]
        while waiting:
            node, depth = waiting.pop()
            if depth > _DEPTH:
                self.labelled.add(node)
                self.roots.append(node)
                depth = 0
            cells = self._list_cells(node)
            subjects: Sequence[Subject] = cells or [node]
            reached.update(subjects)
            for subject in subjects:
                for predicate, obj in self.statements(subject):
                    if self.is_tree(obj) and not (cells and predicate == _REST):
                        waiting.append((obj, depth + 1))
        return reached

    def statements(self, subject: Subject) -> Iterator[tuple[ox.NamedNode, Term]]:
        """Each predicate and object of ``subject``."""
        for predicate, objects in self._objects.get(subject, {}).items():
            for obj in objects:
                yield predicate, obj

    def is_tree(self, term: Term) -> TypeGuard[ox.BlankNode]:
        """Whether ``term`` is a blank node that is written where it is referred to."""
        return isinstance(term, ox.BlankNode) and term not in self.labelled

    def list_items(self, node: ox.BlankNode) -> list[Term] | None:
        """The items of the RDF list that ``node`` is the head of; ``None`` when it is no well-formed list."""
        cells = self._list_cells(node)
        return [self._objects[cell][_FIRST][0] for cell in cells] if cells else None

    def _list_cells(self, node: Term) -> list[ox.BlankNode]:
        """The cells of the well-formed RDF list that begins with ``node``; none if there is no such list."""
        cells: list[ox.BlankNode] = []
        while node != _NIL:
            if not self.is_tree(node):
                return []
            statements = self._objects.get(node, {})
            if {name: len(objects) for name, objects in statements.items()} != {_FIRST: 1, _REST: 1}:
                return []
            cells.append(node)
            node = statements[_REST][0]
        return cells


def _write_document(graph: _Graph, prefixes: Mapping[str, str], header: str) -> str:
    writer = _Writer(graph, prefixes)
    blocks = [writer.block(subject) for subject in sorted(graph.roots, key=writer.sort_key)]
    declarations = [f"@prefix {prefix}: <{prefixes[prefix]}> .\n" for prefix in sorted(writer.used)]
    parts = [f"{header}\n" if header else "", "".join(declarations), *blocks]
    return "\n".join(part for part in parts if part)


class _Writer:
    """Writes the subjects of a graph; ``used`` grows with the prefixes that it takes."""

    def __init__(self, graph: _Graph, prefixes: Mapping[str, str]) -> None:
        self.used: set[str] = set()
        self._graph = graph
        self._prefixes = prefixes
        self._names: dict[ox.NamedNode, str] = {}
        self._trees: dict[ox.BlankNode, str] = {}

    def sort_key(self, subject: Subject) -> tuple[bool, _SortKey, str]:
        """The key by which blocks sort: IRIs by name, then blank nodes by what is said of them."""
        if isinstance(subject, ox.BlankNode):
            # Of two of which the same is said, one can have a label and the other none.
            return True, _sort_key(self._tree(subject)), self._subject(subject)
        return False, _sort_key(self._name(subject)), ""

    def block(self, subject: Subject) -> str:
        """All statements of ``subject``, the last line a lone ``.``."""
        lines = [self._subject(subject)]
        for predicate, obj in self._sorted_statements(subject):
            lines += self._lines(f"{_INDENT}{predicate} ", obj, " ;")
        return "\n".join([*lines, f"{_INDENT}.", ""])

    def _subject(self, subject: Subject) -> str:
        if isinstance(subject, ox.NamedNode):
            return self._name(subject)
        return "[]" if self._graph.is_tree(subject) else str(subject)

    def _lines(self, lead: str, term: Term, end: str) -> list[str]:
        """``lead``, ``term`` and ``end`` on one line, or over several where a tree would make it too wide."""
        line = f"{lead}{self._inline(term)}{end}"
        if not self._graph.is_tree(term):
            return [line]
        if len(line) <= _WIDTH and "\n" not in line:
            return [line]
        indent = " " * (len(lead) - len(lead.lstrip()))
        inner = indent + _INDENT
        items = self._graph.list_items(term)
        if items is not None:
            inside = [text for item in items for text in self._lines(inner, item, "")]
            return [f"{lead}(", *inside, f"{indent}){end}"]
        statements = self._sorted_statements(term)
        inside = [text for name, obj in statements for text in self._lines(f"{inner}{name} ", obj, " ;")]
        return [f"{lead}[", *inside, f"{indent}]{end}"]

    def _sorted_statements(self, subject: Subject) -> list[tuple[str, Term]]:
        named = [
            ("a" if predicate == _TYPE else self._name(predicate), obj)
            for predicate, obj in self._graph.statements(subject)
        ]
        return sorted(
            named, key=lambda pair: (pair[0] != "a", _sort_key(pair[0]), _sort_key(self._inline(pair[1])))
        )

    def _inline(self, term: Term) -> str:
        """``term`` without line breaks, but for those inside a long string."""
        if isinstance(term, ox.NamedNode):
            return "()" if term == _NIL else self._name(term)
        if isinstance(term, ox.Literal):
            return self._literal(term)
        if self._graph.is_tree(term):
            return self._tree(term)
        return str(term)

    def _tree(self, node: ox.BlankNode) -> str:
        if node not in self._trees:
            items = self._graph.list_items(node)
            if items is None:
                statements = self._sorted_statements(node)
                inside = " ; ".join(f"{predicate} {self._inline(obj)}" for predicate, obj in statements)
                self._trees[node] = f"[ {inside} ]" if inside else "[]"
            else:
                self._trees[node] = f"( {' '.join(map(self._inline, items))} )"
        return self._trees[node]

    def _name(self, iri: ox.NamedNode) -> str:
        if iri not in self._names:
            name = self._names[iri] = shorten(iri.value, self._prefixes)
            if not name.startswith("<"):
                self.used.add(name.partition(":")[0])
        return self._names[iri]

    def _literal(self, literal: ox.Literal) -> str:
        bare = _BARE.get(literal.datatype.value)
        if bare and bare.fullmatch(literal.value):
            return literal.value
        quoted = _quote(literal.value)
        if literal.language:
            direction = f"--{literal.direction.value}" if literal.direction else ""
            return f"{quoted}@{literal.language}{direction}"
        if literal.datatype.value == f"{XSD}string":
            return quoted
        return f"{quoted}^^{self._name(literal.datatype)}"


def _quote(value: str) -> str:
    """``value`` as a Turtle string; as a long one, with its line breaks as they are, where it has any."""
    text = value.replace("\\", "\\\\")
    if "\n" in text:
        # No two quotes in a row and none at the end, so that the closing three cannot be mistaken.
        text = re.sub(r'"(?="|\Z)', r"\"", text)
        mark = '"""'
    else:
        text = text.replace('"', r"\"")
        mark = '"'
    return f"{mark}{_CONTROL_CHARACTER.sub(_escape, text)}{mark}"


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04X}"


def _sort_key(text: str) -> _SortKey:
    """A key that sorts digits inside ``text`` as numbers: ``article-5`` before ``article-15``."""
    parts = re.split(r"([0-9]+)", text)
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], text
