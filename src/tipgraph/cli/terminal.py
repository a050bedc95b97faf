"""What a person sees: tables, text that wraps, a sign of life while something takes long."""

from __future__ import annotations

import shutil
import sys
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
_WIDEST: Final = 110


def write_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, numeric: Collection[int] = ()
) -> None:
    """Write a table to stdout: ruled and wrapped on a terminal, else one line for each row, nothing cut.

    ``numeric`` are the numbers of the columns to align to the right.
    """
    if sys.stdout.isatty():
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
