"""What a person sees: tables, text that wraps, a sign of life while something takes long."""

from __future__ import annotations

import shutil
import sys
import textwrap
import threading
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

import click

from tipgraph.cli.files import write_output

_Value = TypeVar("_Value")
_PATIENCE: Final = 1.0
"""Seconds after which a person wonders whether anything happens."""
_GAP: Final = 2
_LONGEST_WORD: Final = 24
"""Columns that a table gives to the longest of words, such as an IRI, before it breaks it."""
_WIDEST: Final = 110


def write_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, numeric: Collection[int] = ()
) -> None:
    """Write a table to stdout: one line for each row, nothing cut; ruled and wrapped on a terminal.

    Where the terminal is too narrow for its columns, each row is a block of lines.

    ``numeric`` are the numbers of the columns to align to the right.
    """
    if sys.stdout.isatty():
        if _is_too_wide(columns, rows):
            _write_records(columns, rows)
        else:
            _write_ruled_table(columns, rows, numeric)
    else:
        write_output(table_text(columns, rows, numeric=numeric).encode(), None)


def table_text(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, numeric: Collection[int] = ()
) -> str:
    """A table as plain lines, each cell as wide as its column needs."""
    cells = [[_in_one_line(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(columns, *cells, strict=True)]
    lines = []
    for row in (columns, ["-" * width for width in widths], *cells):
        padded = (
            _pad(cell, width, right=number in numeric)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append((" " * _GAP).join(padded).rstrip())
    return "\n".join([*lines, ""])


def _write_ruled_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], numeric: Collection[int]
) -> None:
    # Loaded here, because it takes longer to load than most queries to run.
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(Text(column), overflow="fold", justify="right" if number in numeric else "left")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(no_color=click.get_current_context().color is False).print(table)


def _is_too_wide(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the columns of a ruled table would cut most of what is in them into pieces."""
    needed = sum(
        min(_LONGEST_WORD, max((_width(word) for cell in column for word in cell.split()), default=0))
        + _GAP
        + 1
        for column in zip(columns, *rows, strict=True)
    )
    return needed > shutil.get_terminal_size().columns


def _write_records(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write each row as lines of its own, a column on each."""
    margin = max(map(_width, columns)) + _GAP
    width = max(shutil.get_terminal_size().columns - margin, _LONGEST_WORD)
    for row in rows:
        click.echo()
        for column, cell in zip(columns, row, strict=True):
            lines = textwrap.wrap(cell, width, break_long_words=False, break_on_hyphens=False)
            if not lines:
                continue
            click.echo(click.style(_pad(column, margin, right=False), bold=True) + lines[0])
            for line in lines[1:]:
                click.echo(" " * margin + line)


def _in_one_line(cell: str) -> str:
    return " ".join(cell.split()) if "\n" in cell or "\r" in cell or "\t" in cell else cell


def _width(text: str) -> int:
    """How many columns of a terminal ``text`` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _pad(text: str, width: int, *, right: bool) -> str:
    blank = " " * (width - _width(text))
    return blank + text if right else text + blank


def write_heading(text: str) -> None:
    """Write a heading to stdout with an empty line before it."""
    click.echo()
    click.echo(click.style(text, bold=True))


def text_width() -> int:
    """How many columns running text may take: those of the terminal, up to what reads well."""
    return min(shutil.get_terminal_size().columns, _WIDEST) if sys.stdout.isatty() else _WIDEST


def wait_for(work: Callable[[], _Value], doing: str) -> _Value:
    """What ``work`` returns or raises; on a terminal, says what it is ``doing`` once that takes long.

    The work is done in a thread of its own, because Oxigraph does not let go of a query when it is
    interrupted: so Ctrl-C ends the wait, and with it the process.
    """
    values: list[_Value] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            values.append(work())
        except BaseException as error:
            # Raised again by the thread that waits.
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    if thread.is_alive():
        with _sign_of_life(doing):
            thread.join()
    if errors:
        raise errors[0]
    return values[0]


@contextmanager
def _sign_of_life(doing: str) -> Iterator[None]:
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(f"{doing} ..."):
        yield
