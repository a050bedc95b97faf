"""``tipgraph format``: Turtle files in their canonical form."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path

import click

from tipgraph.cli import Settings
from tipgraph.cli.files import write_file
from tipgraph.errors import SourceError
from tipgraph.sources import locate_sources, read_text
from tipgraph.turtle import format_turtle


@click.command(
    short_help="Write Turtle in its canonical form.",
    epilog="""\b
Examples:
  tipgraph format
  tipgraph format --check
  tipgraph format data/report-2010/ecowas.ttl
""",
)
@click.option("--check", is_flag=True, help="Change nothing; name the files that differ and exit with 1.")
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.pass_obj
def format_files(settings: Settings, check: bool, files: tuple[Path, ...]) -> int:
    """Write Turtle files in their canonical form, in which one new fact is one new line.

    Without FILE, every Turtle file of ontology/, data/ and shapes/. A comment is kept at the top of the file
    only: below, it is an error, because the canonical form would lose it. When one file has an error, no
    file is changed.
    """
    sources = locate_sources(settings.root)
    prefixes = sources.prefixes()
    paths = list(files) or [_shown(path) for path in sources.turtle_files()]
    if not paths:
        raise SourceError(f"{sources.root} holds no Turtle file", "name the files to format")
    changes: dict[Path, str] = {}
    for path in paths:
        if path.is_file() and path.suffix.lower() != ".ttl":
            raise SourceError(f"{path} is no Turtle file", "format takes files that end in .ttl")
        text = read_text(path)
        canonical = format_turtle(text, path=path, prefixes=prefixes)
        if canonical == text:
            continue
        changes[path] = canonical
        if check:
            line, found, wanted = _first_difference(text, canonical)
            click.echo(f"{path}:{line}: {_quoted(found)} should be {_quoted(wanted)}")
    if not check:
        for path, canonical in changes.items():
            write_file(path, canonical.encode())
            click.echo(path)
    outcome = "not canonical" if check else "rewritten"
    click.echo(f"{len(changes)} of {len(paths)} files {outcome}", err=True)
    return 1 if check and changes else 0


def _first_difference(text: str, canonical: str) -> tuple[int, str | None, str | None]:
    """The number of the first line in which the texts differ, and that line in both."""
    pairs = zip_longest(text.split("\n"), canonical.split("\n"))
    return next((line, found, wanted) for line, (found, wanted) in enumerate(pairs, 1) if found != wanted)


def _quoted(line: str | None) -> str:
    return "the end of the file" if line is None else repr(line)


def _shown(path: Path) -> Path:
    """``path`` as a person in the working folder would type it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
