"""The tokens of a SPARQL query (SPARQL 1.1, section 19.8), with the place of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# Bounded, so that a long text without a colon is not read to its end from each of its words.
_PREFIX: Final = r"(?:[^\W\d_](?:[\w.·-]{0,99}[\w·-])?)?"
_LOCAL: Final = r"(?:[\w:·-]|%[0-9A-Fa-f]{2}|\\[_~.!$&'()*+,;=/?\#@%-]|\.(?=[\w:·.%\\-]))*+"
_TOKEN: Final = re.compile(
    rf"""
    (?P<space>\s+|\#[^\r\n]*)
    |(?P<iri><(?:[^<>"{{}}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{{4}}|\\U[0-9A-Fa-f]{{8}})*+>)
    |(?P<string>
        '''(?:'{{0,2}}(?:[^'\\]|\\.))*+'''
        |\"\"\"(?:\"{{0,2}}(?:[^\"\\]|\\.))*+\"\"\"
        |'(?!'')(?:[^'\\\r\n]|\\.)*+'
        |\"(?!\"\")(?:[^\"\\\r\n]|\\.)*+\"
     )
    |(?P<unclosed>'''.*|\"\"\".*|'[^\r\n]*|\"[^\r\n]*)
    |(?P<variable>[?$]\w+)
    |(?P<blank>_:\w(?:[\w.·-]*[\w·-])?)
    |(?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
    |(?P<name>{_PREFIX}:{_LOCAL})
    |(?P<number>[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<word>[^\W\d]\w*)
    |(?P<open>[({{\[])
    |(?P<close>[)}}\]])
    |(?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A piece of a query: the name of its rule in this module, its text, and where it begins.

    ``depth`` is how many brackets enclose it; a bracket itself lies outside of what it encloses.
    """

    kind: str
    text: str
    start: int
    depth: int

    @property
    def end(self) -> int:
        """Where the next token may begin."""
        return self.start + len(self.text)

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, in any case."""
        return self.kind == "word" and self.text.upper() in words


def read_tokens(text: str) -> list[Token]:
    """The tokens of ``text`` without white space and comments; whatever fits no rule is of kind ``other``."""
    tokens = []
    depth = 0
    for found in _TOKEN.finditer(text):
        kind = str(found.lastgroup)
        if kind == "space":
            continue
        if kind == "close":
            depth = max(0, depth - 1)
        tokens.append(Token(kind, found[0], found.start(), depth))
        if kind == "open":
            depth += 1
    return tokens


def locate(text: str, offset: int) -> tuple[int, int]:
    """The line and column of a place in ``text``, both from one."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
